"""The pages of the sandbox intranet: whole HTML from stored objects, without JavaScript."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from hub.sandbox.intranet import catalogue, tiles
from hub.sandbox.intranet.directory import Directory
from hub.sandbox.intranet.models import Kind
from hub.sandbox.intranet.options import IntranetOptions, Language
from hub.sandbox.intranet.pictures import Album
from hub.sandbox.intranet.profiles import Profiles
from hub.sandbox.intranet.state import LoggedRequest, ObjectStore

_REQUESTS_SHOWN = 200
_LONGEST_WORDS = 100

_TEMPLATES = Environment(
    loader=PackageLoader("hub.sandbox.intranet"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Viewer:
    """Who looks: language of the page, group (None: of no group), and the person, if known."""

    language: Language
    group: str | None
    person: str | None = None


@dataclass(frozen=True)
class Asked:
    """Whom somebody looks for: words, group (None: everybody) and page from 1."""

    words: str = ""
    group: str | None = None
    page: int = 1


class Pages:
    """Writes the pages; what the addresses serve is exactly what these methods return."""

    def __init__(
        self,
        options: IntranetOptions,
        store: ObjectStore,
        log: Sequence[LoggedRequest],
        now: Callable[[], datetime],
    ) -> None:
        self.options = options
        self.directory = Directory(options, store)
        self.profiles = Profiles(store, self.directory)
        self.album = Album(store)
        self._store = store
        self._log = log
        self._now = now

    def dashboard(self, viewer: Viewer) -> str:
        """Return the dashboard with the tile at its fixed place."""
        found = tiles.tiles_for(self._store, self._groups(viewer), self._now())
        return self._render("dashboard.html", "/", viewer, tiles=found)

    def timeline(self, viewer: Viewer) -> str:
        """Return the timeline: published posts first, then those of colleagues."""
        seen = tiles.posts_for(self._store, self._groups(viewer))
        found = [(one, tiles.read_post(one)) for one in seen]
        return self._render("timeline.html", "/timeline", viewer, posts=found)

    def people(self, viewer: Viewer, asked: Asked) -> str:
        """Return the list of colleagues who fit."""
        found = self.profiles.search(asked.words, asked.group, asked.page)
        words = {"q": asked.words, "in": asked.group or ""}
        here = words | {"page": str(found.page)}
        content = {"found": found, "asked": asked, "words": words, "here": here}
        return self._render("people.html", "/people", viewer, **content)

    def person(self, viewer: Viewer, key: str) -> str | None:
        """Return the profile of a colleague; None: there is none to see."""
        shown = self.profiles.get(key)
        if shown is None:
            return None
        path = f"/people/{quote(key, safe='')}"
        return self._render("person.html", path, viewer, person=shown)

    def nobody(self, viewer: Viewer) -> str:
        """Return the page in the place of a profile that is not there."""
        return self._render("nobody.html", "/people", viewer)

    def requests(self, viewer: Viewer) -> str:
        """Return the newest requests to the API."""
        newest = list(self._log)[: -_REQUESTS_SHOWN - 1 : -1]
        return self._render("requests.html", "/requests", viewer, requests=newest)

    def style(self) -> str:
        """Return the style sheet."""
        return _TEMPLATES.get_template("intranet.css").render()

    def _groups(self, viewer: Viewer) -> list[str]:
        """The groups of a viewer: chosen by hand, and those in which the person is."""
        chosen = [viewer.group] if viewer.group else []
        return [*chosen, *(self.directory.groups_of(viewer.person) if viewer.person else ())]

    def _render(self, template: str, path: str, viewer: Viewer, **content: Any) -> str:
        now, language = self._now(), viewer.language
        return _TEMPLATES.get_template(template).render(
            {"here": {}, **content},
            me=self.profiles.get(viewer.person),
            profiles=self.profiles,
            album=self.album,
            t=catalogue.TEXTS[language],
            catalogue=catalogue,
            options=self.options,
            viewer=viewer,
            language=language,
            path=path,
            url=partial(_url, viewer=viewer),
            when=partial(catalogue.moment, now=now, language=language),
            greeting=catalogue.greeting(now, language),
            local=partial(tiles.in_language, language=language),
        )


def _url(path: str, viewer: Viewer, **changed: str) -> str:
    who = {"lang": viewer.language, "group": viewer.group, "person": viewer.person}
    chosen = {**who, **changed}
    return f"{path}?{urlencode({key: value for key, value in chosen.items() if value})}"


def page_router(pages: Pages) -> APIRouter:
    """Return the addresses that people open."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def dashboard(request: Request) -> Response:
        return _html(pages, pages.dashboard(_viewer(request, pages)))

    @router.get("/timeline")
    async def timeline(request: Request) -> Response:
        return _html(pages, pages.timeline(_viewer(request, pages)))

    if Kind.PERSON in pages.options.kinds:
        _people(router, pages)

    @router.get("/requests")
    async def requests(request: Request) -> Response:
        return _html(pages, pages.requests(_viewer(request, pages)))

    @router.get("/assets/intranet.css")
    async def style() -> Response:
        return Response(pages.style(), media_type="text/css")

    return router


def _people(router: APIRouter, pages: Pages) -> None:
    @router.get("/people")
    async def people(request: Request) -> Response:
        query = request.query_params
        number = query.get("page", "")
        page = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1
        asked = Asked(query.get("q", "")[:_LONGEST_WORDS], query.get("in") or None, page)
        return _html(pages, pages.people(_viewer(request, pages), asked))

    @router.get("/people/{key}/photo")
    async def photo(key: str) -> Response:
        found = pages.album.response(key) if pages.profiles.get(key) else None
        return found or Response(status_code=404)

    @router.get("/people/{key}")
    async def person(request: Request, key: str) -> Response:
        viewer = _viewer(request, pages)
        shown = pages.person(viewer, key)
        if shown is None:
            return _html(pages, pages.nobody(viewer), 404)
        return _html(pages, shown)


def _viewer(request: Request, pages: Pages) -> Viewer:
    options = pages.options
    person = request.query_params.get("person")
    group = request.query_params.get("group")
    wanted = [request.query_params.get("lang", "").lower()]
    accepted = request.headers.get("accept-language", "").lower().split(",")
    wanted += [one.split(";")[0].strip().split("-")[0] for one in accepted]
    known: dict[str, Language] = {"nl": "nl", "en": "en"}
    language = next((known[one] for one in wanted if one in known), options.language)
    known_group = group if group in options.groups else None
    return Viewer(language, known_group, person if pages.profiles.get(person) else None)


def _html(pages: Pages, page: str, status: int = 200) -> Response:
    headers = {
        "Content-Security-Policy": _policy(pages.options.tile_url),
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
    }
    return HTMLResponse(page, status, headers=headers)


def _policy(tile_url: str | None) -> str:
    parts = urlsplit(tile_url or "")
    frame = f"{parts.scheme}://{parts.netloc}" if tile_url else "'none'"
    return (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; "
        f"frame-src {frame}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
