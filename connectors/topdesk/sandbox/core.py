"""The sandbox TOPdesk as one object: clock, state, story, faults, log, ASGI application."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.topdesk.sandbox.access import Account, Accounts, say_error
from connectors.topdesk.sandbox.calendar import Calendar
from connectors.topdesk.sandbox.clock import VirtualClock
from connectors.topdesk.sandbox.control import Control
from connectors.topdesk.sandbox.faults import Faults
from connectors.topdesk.sandbox.incidents import Incidents
from connectors.topdesk.sandbox.options import SandboxOptions
from connectors.topdesk.sandbox.state import TopdeskState
from connectors.topdesk.sandbox.story import Story
from connectors.topdesk.sandbox.supporting import LISTS, Supporting
from connectors.topdesk.sandbox.webhook import Receiver, Webhook, real_time
from connectors.topdesk.sandbox.wire import LoggedRequest, Wire
from connectors.topdesk.sandbox.writes import Writes

API = "/tas/api"


class TopdeskSandbox:
    """A small server that behaves like TOPdesk's REST API.

    Args:
        options: how it behaves.
        now: an outside clock; None: its own, which only `clock`, the control API and
            `options.speed` move.

    Attributes:
        clock: virtual time.
        state: incidents and the ways to change them.
        story: the steps of the morning.
        faults: rules for bad days.
        accounts: who may log in.
        account: the account of the options; its rights may be changed.
        webhook: calls somebody when a major changes; its receiver may be changed.
        app: the ASGI application.
    """

    def __init__(
        self, options: SandboxOptions | None = None, now: Callable[[], datetime] | None = None
    ) -> None:
        self.options = options or SandboxOptions()
        chosen = self.options
        self.clock = VirtualClock(chosen.start + chosen.begun, speed=chosen.speed, now=now)
        self.state = TopdeskState(chosen, self.clock.now)
        self.story = Story(self.state)
        self.faults = Faults(self._touch)
        self.account = Account(
            chosen.username, chosen.password, self.state.operator(0),
            set(chosen.denied), set(chosen.branch_filter),
        )  # fmt: skip
        self.accounts = Accounts(self.account)
        self.webhook = Webhook(real_time if self.clock.movable else self.clock.now)
        if chosen.webhook_url:
            self.webhook.receiver = Receiver(
                chosen.webhook_url, chosen.webhook_secret, chosen.webhook_hmac
            )
        self.state.changed = self.webhook.changed
        handlers = {HTTPException: say_error}
        api = Starlette(routes=self._routes(), exception_handlers=handlers)
        self._wire = Wire(api, self.faults, self.clock.now)
        self.app: ASGIApp = _Front(self, Control(self).app(), self._wire)

    @property
    def requests(self) -> deque[LoggedRequest]:
        """What was asked so far, oldest first; the control API's own requests are left out."""
        return self._wire.requests

    def reset(self) -> None:
        """Everything as at the start."""
        if self.clock.movable:
            self.clock.set(self.options.start + self.options.begun)
        self.state.reset()
        self.story.reset()
        self.faults.clear()
        self.requests.clear()
        self.webhook.forget()

    def transport(self) -> httpx.AsyncBaseTransport:
        """A transport for `httpx.AsyncClient` that reaches this sandbox without a network."""
        return _InProcess(self.app)

    def _touch(self, ident: str) -> None:
        row = self.state.incidents.get(ident)
        if row is not None:
            later = row["modificationDate"] + timedelta(seconds=1)
            self.state.edit(ident, at=max(later, self.clock.now()))

    def _routes(self) -> list[BaseRoute]:
        reads = Incidents(self.state, self.options, self.accounts.of)
        calendar = Calendar(self.state, self.options, self.accounts.of)
        rest = Supporting(self.state, self.options, self.accounts, self.accounts.of)
        return [
            *_incident_routes(reads, Writes(reads)),
            *(Route(API + path, rest.listing) for path in LISTS),
            *_rest_routes(rest),
            Route(f"{API}/changeCalendar", calendar.listing),
            Route(f"{API}/changeCalendar/{{id}}", calendar.details),
        ]


class _Front:
    """The door: the control API, or TOPdesk. An object, because uvicorn misreads bound methods."""

    def __init__(self, sandbox: TopdeskSandbox, control: ASGIApp, desk: ASGIApp) -> None:
        self._sandbox, self._control, self._desk = sandbox, control, desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a `reset` rule raises ConnectionResetError, which servers expect."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["path"].startswith("/__sim/"):
            await self._control(scope, receive, send)
        else:
            self._play()
            await self._desk(scope, receive, send)

    def _play(self) -> None:
        if self._sandbox.options.autoplay:
            self._sandbox.story.play_until(self._sandbox.clock.now())


def _incident_routes(reads: Incidents, writes: Writes) -> list[BaseRoute]:
    routes: list[BaseRoute] = [
        Route(f"{API}/incidents", reads.listing),
        Route(f"{API}/incidents", writes.create, methods=["POST"]),
    ]
    for key in ("id/{id}", "number/{number}"):
        base = f"{API}/incidents/{key}"
        routes += [
            Route(base, reads.one),
            Route(base, writes.change, methods=["PUT", "PATCH"]),
            Route(f"{base}/progresstrail/count", reads.count),
        ]
        routes += [
            Route(f"{base}/{w}", reads.trail) for w in ("progresstrail", "actions", "requests")
        ]
        for which in ("archive", "unarchive"):
            routes.append(Route(f"{base}/{which}", writes.archive, methods=["PUT", "PATCH"]))
    return routes


def _rest_routes(rest: Supporting) -> list[BaseRoute]:
    return [
        Route(f"{API}/version", rest.version),
        Route(f"{API}/productVersion", rest.version),
        Route(f"{API}/login/operator", rest.login),
        Route(f"{API}/logout", rest.logout),
        Route(f"{API}/operators/current", rest.operator),
        Route(f"{API}/operators/id/{{id}}/filters/{{kind}}", rest.filters),
        Route(f"{API}/categories", rest.categories),
        Route(f"{API}/persons", rest.persons),
        Route(f"{API}/persons/lookup", rest.lookup),
        Route(f"{API}/operatorChanges", rest.changes),
        Route(f"{API}/operatorChanges/{{id}}", rest.change),
        Route("/tas/public/ssp/content/detail/incident", rest.portal),
    ]


async def _lifespan(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


class _InProcess(httpx.AsyncBaseTransport):
    """ASGI in this process; a broken connection looks to httpx as it does on a network."""

    def __init__(self, app: ASGIApp) -> None:
        self._inner = httpx.ASGITransport(app=app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(request)
        except ConnectionResetError as error:
            raise httpx.ReadError(str(error), request=request) from error
