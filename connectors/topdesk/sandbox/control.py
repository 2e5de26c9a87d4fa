"""The control API under `/__sim/`: for demos and tests in other processes."""

import hmac
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.topdesk.sandbox import rows
from connectors.topdesk.sandbox.access import say_error
from connectors.topdesk.sandbox.faults import FaultRule
from connectors.topdesk.sandbox.webhook import Receiver

if TYPE_CHECKING:
    from connectors.topdesk.sandbox.core import TopdeskSandbox


class Control:
    """Handlers that change the sandbox from outside.

    Args:
        sandbox: what they change.
    """

    def __init__(self, sandbox: "TopdeskSandbox") -> None:
        self._sandbox = sandbox

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route("/__sim/now", self._guarded(self.now)),
            Route("/__sim/reset", self._guarded(self.reset), methods=["POST"]),
            Route("/__sim/advance", self._guarded(self.advance), methods=["POST"]),
            Route("/__sim/step", self._guarded(self.step), methods=["POST"]),
            Route("/__sim/story", self._guarded(self.story)),
            Route("/__sim/faults", self._guarded(self.faults), methods=["GET", "POST", "DELETE"]),
            Route("/__sim/requests", self._guarded(self.requests), methods=["GET", "DELETE"]),
            Route("/__sim/rights", self._guarded(self.rights), methods=["PUT"]),
            Route("/__sim/webhook", self._guarded(self.webhook), methods=["GET", "PUT"]),
            Route("/__sim/incidents", self._guarded(self.add), methods=["POST"]),
            Route("/__sim/incidents/{id}", self._guarded(self.edit), methods=["PATCH", "DELETE"]),
            Route("/__sim/incidents/{id}/progress", self._guarded(self.progress), methods=["POST"]),
        ]
        return Starlette(routes=routes, exception_handlers={HTTPException: say_error})

    async def now(self, _: Request) -> Response:
        """The virtual moment."""
        return JSONResponse({"now": self._sandbox.clock.now().isoformat()})

    async def reset(self, _: Request) -> Response:
        """Everything as at the start, the clock and the log too."""
        self._sandbox.reset()
        return await self.now(_)

    async def advance(self, request: Request) -> Response:
        """Body {seconds, play}: move the clock, and with play (default) the story."""
        body = await _object(request)
        try:
            now = self._sandbox.clock.advance(float(body["seconds"]))
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise HTTPException(400, f"The clock was not moved: {error}") from error
        played = self._sandbox.story.play_until(now) if body.get("play", True) else []
        return JSONResponse({"now": now.isoformat(), "played": played})

    async def step(self, _: Request) -> Response:
        """The next step of the story; the clock follows where it may."""
        step = self._sandbox.story.play_next()
        if step is None:
            return Response(status_code=204)
        clock = self._sandbox.clock
        if clock.movable and clock.now() < step.at:
            clock.set(step.at)
        return JSONResponse({"name": step.name, "description": step.description,
                             "at": step.at.isoformat(), "now": clock.now().isoformat()})  # fmt: skip

    async def story(self, _: Request) -> Response:
        """All steps, the canaries, and what a correct tile shows now."""
        story = self._sandbox.story
        steps = [{"at": s.at.isoformat(), "name": s.name, "description": s.description}
                 for s in story.steps]  # fmt: skip
        expected = story.expected(self._sandbox.clock.now())
        body = {"steps": steps, "canaries": story.canaries, "expected": expected}
        return JSONResponse(body)

    async def faults(self, request: Request) -> Response:
        """List, add (body: a rule) or clear."""
        faults = self._sandbox.faults
        if request.method == "POST":
            faults.add(**_rule(await _object(request)).model_dump())
        elif request.method == "DELETE":
            faults.clear()
        return JSONResponse([r.model_dump() | {"seen": seen} for r, seen in faults.listed()])

    async def requests(self, request: Request) -> Response:
        """List or forget the requests so far."""
        if request.method == "DELETE":
            self._sandbox.requests.clear()
        log = [asdict(entry) | {"at": entry.at.isoformat()} for entry in self._sandbox.requests]
        return JSONResponse(log)

    async def rights(self, request: Request) -> Response:
        """Body {denied, branches}: what the account lacks, and all that it sees."""
        body = await _object(request)
        account = self._sandbox.account
        account.denied = set(body.get("denied", account.denied))
        account.branches = set(body.get("branches", account.branches))
        return JSONResponse(
            {"denied": sorted(account.denied), "branches": sorted(account.branches)}
        )

    async def webhook(self, request: Request) -> Response:
        """Body {url, secret, hmac}: whom to call when a major changes; the calls so far."""
        hook = self._sandbox.webhook
        if request.method == "PUT":
            body = await _object(request)
            url, secret = str(body.get("url", "")), str(body.get("secret", ""))
            hook.receiver = Receiver(url, secret, body.get("hmac") is True) if url else None
        calls = [asdict(one) | {"at": one.at.isoformat()} for one in hook.calls]
        return JSONResponse({"url": hook.receiver.url if hook.receiver else None, "calls": calls})

    async def add(self, request: Request) -> Response:
        """A new incident; entries of lists by name."""
        return self._shown(await _object(request), None)

    async def edit(self, request: Request) -> Response:
        """Change or delete an incident."""
        ident = request.path_params["id"]
        if ident not in self._sandbox.state.incidents:
            raise HTTPException(404, "no such incident")
        if request.method == "DELETE":
            self._sandbox.state.delete(ident)
            return Response(status_code=204)
        return self._shown(await _object(request), ident)

    async def progress(self, request: Request) -> Response:
        """Body {text, internal}: an entry in the progress trail."""
        body = await _object(request)
        internal = bool(body.get("internal", False))
        try:
            entry = self._sandbox.state.add_progress(
                request.path_params["id"], str(body["text"]), internal=internal
            )
        except KeyError as error:
            raise HTTPException(404, f"no such incident, or no text: {error}") from error
        return JSONResponse({"id": entry.id}, 201)

    def _shown(self, fields: dict[str, Any], ident: str | None) -> Response:
        state = self._sandbox.state
        at = datetime.fromisoformat(fields.pop("at")) if "at" in fields else None
        try:
            row = (
                state.edit(ident, at=at, **fields) if ident else state.add_incident(at=at, **fields)
            )
        except (KeyError, TypeError, ValueError) as error:
            raise HTTPException(400, f"not changed: {error}") from error
        return JSONResponse(rows.render(row, None, iso=True), 200 if ident else 201)

    def _guarded(self, handler: Any) -> Any:
        secret = self._sandbox.options.control_secret.encode()

        async def guarded(request: Request) -> Response:
            given = request.headers.get("x-sandbox-secret", "").encode()
            if secret and not hmac.compare_digest(secret, given):
                raise HTTPException(403, "X-Sandbox-Secret is missing or wrong")
            answer: Response = await handler(request)
            return answer

        return guarded


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise HTTPException(400, "the body is not JSON") from error
    if not isinstance(body, dict):
        raise HTTPException(400, "the body is not a JSON object")
    return body


def _rule(body: dict[str, Any]) -> FaultRule:
    try:
        return FaultRule(**body)
    except ValidationError as error:
        raise HTTPException(400, str(error.errors(include_url=False))) from error
