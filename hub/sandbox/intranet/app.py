"""The sandbox intranet as one object: state, API, pages, control addresses and gate."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.sandbox.intranet import apidoc, problems
from hub.sandbox.intranet.api import API_VERSION, api_router
from hub.sandbox.intranet.control import control_router
from hub.sandbox.intranet.faults import FaultBook
from hub.sandbox.intranet.gate import Gate
from hub.sandbox.intranet.models import Kind
from hub.sandbox.intranet.options import IntranetOptions
from hub.sandbox.intranet.pages import Pages, page_router
from hub.sandbox.intranet.state import IdempotentAnswers, LoggedRequest, ObjectStore
from hub.sandbox.intranet.writing import Parts

if TYPE_CHECKING:
    from hub.sandbox.intranet.scim.app import ScimApp


class IntranetSandbox:
    """A small intranet that serves the reference open API and shows what was published.

    `now` gives aware UTC times. `app` is the ASGI application, `store` the objects, `requests`
    the log of the API, `faults` what is planted to go wrong, `pages` what people see.
    """

    def __init__(self, options: IntranetOptions, now: Callable[[], datetime]) -> None:
        self.options = options
        self.store = ObjectStore(now)
        self.requests: list[LoggedRequest] = []
        self.faults = FaultBook(now)
        self.pages = Pages(options, self.store, self.requests, now)
        self._answers = IdempotentAnswers()
        self.inner = self._build()
        self.app: ASGIApp = Gate(
            self.inner,
            options=options,
            faults=self.faults,
            answers=self._answers,
            log=self.requests,
            now=now,
            sleep=asyncio.sleep,
        )

    @cached_property
    def scim(self) -> "ScimApp":
        """The same people as SCIM; made when it is first asked, as its library takes long to load."""
        from hub.sandbox.intranet.scim import scim_app  # noqa: PLC0415  most sandboxes do without

        return scim_app(self.options, self.store, self.pages.directory)

    def reset(self) -> None:
        """Forget objects, log, kept answers and faults."""
        self.store.clear()
        if "scim" in self.__dict__:  # otherwise it has nothing to forget
            self.scim.people.clear()
        self.requests.clear()
        self.faults.clear()
        self._answers.clear()

    def document(self) -> dict[str, Any]:
        """Return the OpenAPI 3.1 document of the API."""
        return apidoc.document(self.inner, API_VERSION)

    async def _as_scim(self, scope: Scope, receive: Receive, send: Send) -> None:
        serve = cast("ASGIApp", self.scim)
        await serve(scope, receive, send)

    def _build(self) -> FastAPI:
        app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        problems.install(app)
        parts = (self.options, self.store, self.faults, self._answers, self.pages.directory)
        routers = (
            api_router(Parts(*parts)),
            page_router(self.pages),
            control_router(self, self.options.control_secret),
        )
        for router in routers:  # complete: to include them would prepare each route once more
            app.router.routes.extend(router.routes)
        app.add_api_route(
            "/v1/openapi.json", self.document, methods=["GET"], include_in_schema=False
        )
        if Kind.PERSON in self.options.kinds:
            app.mount("/scim", self._as_scim)
        return app


class IntranetEntry:
    """What the command line needs to start this sandbox."""

    name = "intranet"
    description = "A practice intranet: the reference open API, a dashboard and a timeline."
    settings: type[BaseModel] = IntranetOptions

    def build(self, settings: BaseModel) -> ASGIApp:
        """Build the application from an IntranetOptions; it follows the clock of the machine."""
        options = IntranetOptions.model_validate(settings.model_dump())
        return IntranetSandbox(options, lambda: datetime.now(UTC)).app
