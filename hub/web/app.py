"""The web application: `/t/{token}`, `/t/{token}.json`, and for this machine health and metrics.

The doors for callers from outside stand in `hub.web.calls`.
"""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.events.base import Language
from hub.render.document import tile_json
from hub.render.policy import framers
from hub.render.tile import note_html, tile_html
from hub.render.view import TileView
from hub.web import answers
from hub.web.language import chosen

FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-real-ip")


class TileSource(Protocol):
    """Where the pages find a tile."""

    async def tile(self, token: str) -> TileView | None:
        """The tile behind an unguessable token; None: there is none."""
        ...


class Health(Protocol):
    """How the hub is doing."""

    async def health(self) -> Mapping[str, Any]:
        """JSON values with `status`: ok, degraded or failed, and details for the administrator."""
        ...

    def metrics(self) -> bytes:
        """The metrics in Prometheus's text format."""
        ...


@dataclass(frozen=True, slots=True)
class WebOptions:
    """How the pages behave.

    Attributes:
        frame_ancestors: origins that may show a tile in a frame; empty: none.
        language: for visitors whose browser prefers neither Dutch nor English.
    """

    frame_ancestors: tuple[str, ...] = ()
    language: Language = "nl"


def app(
    tiles: TileSource,
    health: Health,
    options: WebOptions,
    now: Callable[[], datetime],
    calls: Sequence[Route] = (),
) -> Starlette:
    """The application, ready for an ASGI server; `calls`: the doors for callers from outside.

    The server must not write an access log: a tile's address is its only key.

    Raises:
        BadConfigError: an entry of `frame_ancestors` is not an origin.
    """
    framers(options.frame_ancestors)
    site = _Site(tiles, health, options, now)
    site_app = Starlette(
        routes=[
            Route("/", site.root),
            Route("/t/{token}.json", site.document),
            Route("/t/{token}", site.tile),
            Route("/healthz", site.healthz),
            Route("/metrics", site.metrics),
            *calls,
        ],
        exception_handlers={HTTPException: site.refused, Exception: site.broken},
    )
    site_app.router.redirect_slashes = False
    return site_app


@dataclass(frozen=True, slots=True)
class _Site:
    """The pages, with everything that they need from outside."""

    tiles: TileSource
    state: Health
    options: WebOptions
    now: Callable[[], datetime]

    async def root(self, _request: Request) -> Response:
        """Nothing: which tiles there are is nobody's business."""
        return answers.bare(status=204)

    async def tile(self, request: Request) -> Response:
        """The tile as a page."""
        view = await self.tiles.tile(request.path_params["token"])
        if view is None:
            return self._note(request, missing=True)
        found = tile_html(
            view,
            language=self._language(request),
            now=self.now(),
            frame_ancestors=self.options.frame_ancestors,
        )
        return answers.page(found, request=request)

    async def document(self, request: Request) -> Response:
        """The tile as JSON."""
        view = await self.tiles.tile(request.path_params["token"])
        if view is None:
            return answers.problem(404, "This tile does not exist")
        return answers.data(tile_json(view, now=self.now()), request=request)

    async def healthz(self, request: Request) -> Response:
        """200 while the hub works, 503 when it has failed; for this machine only."""
        if not _local(request):
            return self._note(request, missing=True)
        body = await self.state.health()
        return answers.data(body, status=503 if body.get("status") == "failed" else 200)

    async def metrics(self, request: Request) -> Response:
        """Prometheus's text; for this machine only."""
        if not _local(request):
            return self._note(request, missing=True)
        media_type = "text/plain; version=0.0.4; charset=utf-8"
        return answers.bare(self.state.metrics(), media_type=media_type)

    async def refused(self, request: Request, error: Exception) -> Response:
        """Another path, or another method than reading."""
        if not isinstance(error, HTTPException) or error.status_code == 404:
            return self._note(request, missing=True)
        answer = answers.bare(status=error.status_code)
        answer.headers.update(error.headers or {})
        return answer

    async def broken(self, request: Request, _error: Exception) -> Response:
        """Something went wrong: plain words to the visitor; the server logs the cause."""
        if request.url.path.endswith(".json"):
            return answers.problem(500, "This tile cannot be shown right now")
        if request.url.path.startswith(("/in/", "/hooks/")):
            return answers.problem(500, "The hub failed; its log says more")
        if request.url.path == "/healthz":
            return answers.data({"status": "failed"}, status=503)
        return self._note(request, missing=False)

    def _language(self, request: Request) -> Language:
        return chosen(request, self.options.language)

    def _note(self, request: Request, *, missing: bool) -> Response:
        found = note_html(
            "missing" if missing else "broken",
            language=self._language(request),
            frame_ancestors=self.options.frame_ancestors,
        )
        return answers.page(found, status=404 if missing else 500)


def _local(request: Request) -> bool:
    """Whether it comes from this machine itself, and not through a proxy that runs on it."""
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
