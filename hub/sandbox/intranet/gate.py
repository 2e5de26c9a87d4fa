"""The gate before the API: size, tokens, planted faults, idempotent answers and the request log."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.sandbox.intranet import problems
from hub.sandbox.intranet.faults import Fault, FaultBook
from hub.sandbox.intranet.options import IntranetOptions
from hub.sandbox.intranet.state import (
    Answer,
    IdempotentAnswers,
    LoggedRequest,
    digest,
    mark,
    plain,
)

MAX_BODY = 64 * 1024
MAX_BATCH = 8 * 1024 * 1024
MAX_PHOTO = 1024 * 1024
PHOTO = "/v1/photo/"
BATCH = "/v1/batch"
SCIM = "/scim/"

_READING = ("GET", "HEAD", "OPTIONS")
_LOGIN_PAGE = "<!doctype html><title>Inloggen</title><h1>Inloggen</h1><form method=post></form>"


class BrokenOffError(ConnectionResetError):
    """The connection ends here on purpose; a server that serves the sandbox closes it."""


@dataclass(frozen=True)
class _Incoming:
    scope: Scope
    body: bytes
    headers: Headers

    @property
    def method(self) -> str:
        return str(self.scope["method"])

    @property
    def path(self) -> str:
        return str(self.scope["path"])

    @property
    def key(self) -> str | None:
        return self.headers.get("idempotency-key") if self.method == "PUT" else None

    @property
    def text(self) -> str:
        return self.body[: limit(self.path)].decode("utf-8", "replace")

    @property
    def fingerprint(self) -> str:
        return mark(self.method, self.path, self.text)


@dataclass(frozen=True)
class _Reply:
    answer: Answer
    applied: bool = False
    replayed: bool = False
    sent: int | None = None  # bytes of the body that really leave; None: all


async def capture(app: ASGIApp, scope: Scope, body: bytes) -> Answer:
    """Run an ASGI app for one request and return its whole answer."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start = sent[0]
    content = b"".join(part.get("body", b"") for part in sent[1:])
    return Answer(start["status"], tuple((k, v) for k, v in start["headers"]), content)


def limit(path: str) -> int:
    """Return how many bytes a body may have."""
    if path.startswith(PHOTO):
        return MAX_PHOTO
    return MAX_BATCH if path == BATCH or path.startswith(SCIM) else MAX_BODY


async def _read(receive: Receive, most: int) -> bytes:
    """Read the body, one byte past the limit at most."""
    body = bytearray()
    while len(body) <= most:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return bytes(body[: most + 1])


class Gate:
    """ASGI middleware in front of `/v1` and SCIM; everything else passes through untouched.

    SCIM looks at tokens itself, because its errors have another shape.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        options: IntranetOptions,
        faults: FaultBook,
        answers: IdempotentAnswers,
        log: list[LoggedRequest],
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._app = app
        self._options = options
        self._faults = faults
        self._answers = answers
        self._log = log
        self._now = now
        self._sleep = sleep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not f"{scope['path']}/".startswith(("/v1/", SCIM)):
            await self._app(scope, receive, send)
            return
        scope = {**scope, "state": {**scope.get("state", {})}}
        incoming = _Incoming(
            scope, await _read(receive, limit(scope["path"])), Headers(scope=scope)
        )
        reply = await self._reply(incoming)
        self._note(incoming, reply)
        await self._send(reply, send)

    async def _reply(self, incoming: _Incoming) -> _Reply:
        where = (incoming.method, incoming.path)
        late = self._faults.take(*where, "latency")
        if late is not None:
            await self._sleep(late.seconds)
        if self._faults.take(*where, "down") is not None:
            return await self._plain(incoming, PlainTextResponse("no server available", 503))
        refused = self._unauthorized(incoming) or _too_large(incoming)
        if refused is not None:
            return await self._plain(incoming, refused)
        if self._faults.take(*where, "poison") is not None:
            failed = problems.answer(500, "internal", "Try again later.")
            return await self._plain(incoming, failed)
        fault = self._faults.take(*where, "status", "html200", "truncate", "reset")
        if fault is None:
            return await self._once(incoming)
        return await self._broken(incoming, fault)

    async def _plain(self, incoming: _Incoming, response: Response) -> _Reply:
        return _Reply(await capture(response, incoming.scope, b""))

    def _unauthorized(self, incoming: _Incoming) -> Response | None:
        if incoming.path.startswith(SCIM):
            return None
        scheme, _, token = incoming.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _equal(token, self._options.token):
            return None
        if scheme.lower() != "bearer" or not _equal(token, self._options.readonly_token):
            detail = "Send the header `Authorization: Bearer TOKEN` with a token of this intranet."
            challenge = {"WWW-Authenticate": "Bearer"}
            return problems.answer(401, "unauthorized", detail, headers=challenge)
        if incoming.method in _READING:
            return None
        return problems.answer(403, "read-only-token", "Use a token that may write.")

    async def _once(self, incoming: _Incoming) -> _Reply:
        """Carry a request out, or give the answer that its idempotency key already has."""
        kept = self._answers.find(incoming.key) if incoming.key else None
        if kept is None:
            return await self._carry_out(incoming)
        if kept[0] != incoming.fingerprint:
            return await self._plain(incoming, problems.key_reused())
        marked = replace(kept[1], headers=(*kept[1].headers, (b"idempotent-replay", b"true")))
        return _Reply(marked, replayed=True)

    async def _carry_out(self, incoming: _Incoming) -> _Reply:
        answer = await capture(self._app, incoming.scope, incoming.body)
        done = incoming.path.startswith(SCIM) and _wrote(incoming, answer)
        applied = done or bool(incoming.scope["state"].get("applied"))
        if incoming.key and answer.status < 300:
            self._answers.keep(incoming.key, incoming.fingerprint, answer)
        return _Reply(answer, applied=applied)

    async def _broken(self, incoming: _Incoming, fault: Fault) -> _Reply:
        carried_out = fault.kind == "truncate" or fault.carried_out
        done = await self._once(incoming) if carried_out else None
        applied = done.applied if done else False
        if fault.kind == "html200":
            return await self._plain(incoming, HTMLResponse(_LOGIN_PAGE))
        if fault.kind == "status":
            plain = await self._plain(incoming, self._failing(fault))
            return replace(plain, applied=applied)
        answer = done.answer if done else Answer(200, ((b"content-length", b"2"),), b"{}")
        return _Reply(answer, applied, sent=len(answer.body) // 2 if fault.kind != "reset" else 0)

    def _failing(self, fault: Fault) -> Response:
        headers = {}
        if fault.retry_after == "seconds":
            headers["Retry-After"] = str(round(fault.seconds))
        if fault.retry_after == "date":
            at = self._now() + timedelta(seconds=fault.seconds)
            headers["Retry-After"] = format_datetime(at, usegmt=True)
        name = problems.NAMES[fault.status]
        return problems.answer(fault.status, name, "Try again later.", headers=headers)

    def _note(self, incoming: _Incoming, reply: _Reply) -> None:
        self._log.append(
            LoggedRequest(
                at=self._now(),
                method=incoming.method,
                path=incoming.path,
                query=incoming.scope["query_string"].decode("latin-1"),
                status=reply.answer.status if reply.sent is None else None,
                idempotency_key=incoming.key,
                digest=digest(plain(incoming.text)),
                body="" if incoming.path.startswith(PHOTO) else incoming.text,
                applied=reply.applied,
                replayed=reply.replayed,
            )
        )
        broken = {} if reply.sent is None else {"status": None}
        operations = incoming.scope["state"].get("operations", ())
        self._log.extend(replace(one, **broken) for one in operations)

    async def _send(self, reply: _Reply, send: Send) -> None:
        answer = reply.answer
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": list(answer.headers),
            }
        )
        if reply.sent is None:
            await send({"type": "http.response.body", "body": answer.body})
            return
        part = answer.body[: reply.sent]
        await send({"type": "http.response.body", "body": part, "more_body": True})
        raise BrokenOffError("the sandbox broke this connection off, as a planted fault asks")


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _wrote(incoming: _Incoming, answer: Answer) -> bool:
    return incoming.method not in _READING and answer.status < 300


def _too_large(incoming: _Incoming) -> Response | None:
    most = limit(incoming.path)
    if len(incoming.body) <= most:
        return None
    return problems.answer(413, "payload-too-large", f"Send at most {most // 1024} KiB.")
