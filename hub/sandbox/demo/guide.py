"""The demo's own page: what happens, what to look at, and what waits for whoever watches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from hub.events.base import Language
from hub.render import people_words
from hub.render.policy import policy
from hub.sandbox.demo.catalogue import TEXTS
from hub.sandbox.demo.people import seed
from hub.sandbox.demo.people.company import Company
from hub.sandbox.demo.people.invite import Invited, is_used
from hub.sandbox.demo.people.watch import Held, counted, hold_of
from hub.sandbox.demo.program import program
from hub.sandbox.demo.scene import Scene
from hub.web.language import chosen

ZONE = ZoneInfo("Europe/Amsterdam")
SHOWN = 40  # lines of the story
KEPT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True)
class Told:
    """One line of the story."""

    at: datetime
    text: str
    language: Language
    person: bool = False

    @property
    def clock(self) -> str:
        """The time on the story's clock."""
        return f"{self.at.astimezone(ZONE):%H:%M}"


@dataclass
class Guide:
    """The page, with what was told so far.

    Attributes:
        desk: what happened at the service desk.
        invited: who has a code on paper; None: nobody yet.
        program: how whoever watches types `hub`.
    """

    scene: Scene
    company: Company
    desk: list[Told] = field(default_factory=list)
    invited: Invited | None = None
    program: str = field(default_factory=program)
    _held: bool = False

    def __post_init__(self) -> None:
        """Read the templates once."""
        loader = PackageLoader("hub.sandbox.demo")
        templates = Environment(
            loader=loader,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._page = templates.get_template("guide.html")
        self._style, self._script = (_source(loader, name) for name in ("guide.css", "guide.js"))

    @property
    def app(self) -> Starlette:
        """The application, for a loopback port."""
        pages = {"/": self.index, "/plan/{name}": self.plan, "/paper": self.paper}
        return Starlette(routes=[Route(path, page) for path, page in pages.items()])

    async def index(self, request: Request) -> Response:
        """The story, and where to look."""
        language = chosen(request, "nl")
        text = self._page.render(await self._view(language))
        safe = policy(style=self._style, script=self._script, frame_ancestors=())
        headers = {"Content-Security-Policy": safe, "Cache-Control": "no-store"}
        return HTMLResponse(text, headers=headers)

    async def plan(self, request: Request) -> Response:
        """A plan as it stood at one moment of the story."""
        return _kept(request, self.company.plans.get(request.path_params["name"], {}))

    async def paper(self, request: Request) -> Response:
        """The code as it is printed."""
        return _kept(request, self.invited.letters if self.invited else {})

    async def _view(self, language: Language) -> dict[str, Any]:
        scene, words, invited = self.scene, TEXTS[language], self.invited
        hold = await hold_of(scene)
        self._held = self._held or hold is not None
        linked, _ = await scene.store.read(counted)
        profiles = scene.intranet.pages.profiles
        both = profiles.search(self.company.both.name, None, 1).shown
        return {
            "t": words,
            "language": language,
            "other": "en" if language == "nl" else "nl",
            "now": f"{scene.clock.now().astimezone(ZONE):%H:%M}",
            "company": self.company,
            "workers": seed.WORKERS,
            "shown": profiles.search("", None, 1).count,
            "linked": linked,
            "hold": hold,
            "held_before": self._held,
            "hold_says": says(hold, language).replace("`", "") if hold else "",
            "invited": invited,
            "came_in": invited is not None and await scene.store.read(is_used, invited.person),
            "config": scene.config,
            "program": self.program,
            "intranet": scene.intranet_address,
            "profile": both[0].key if both else "",
            "tile": scene.tiles["everyone"],
            "told": self._told(language),
            "style": Markup(self._style),  # noqa: S704  # nosec B704  # our own file
            "script": Markup(self._script),  # noqa: S704  # nosec B704  # our own file
        }

    def _told(self, language: Language) -> Sequence[Told]:
        """The newest first."""
        people = [Told(at, says[language], language, person=True) for at, says in self.company.told]
        return sorted([*people, *self.desk], key=lambda one: one.at, reverse=True)[:SHOWN]


def _kept(request: Request, pages: Mapping[Language, str]) -> Response:
    text = pages.get(chosen(request, "nl"))
    if text is None:
        return HTMLResponse("<!doctype html><title>404</title>", 404)
    return HTMLResponse(text, headers={"Content-Security-Policy": KEPT_POLICY})


def says(hold: Held, language: Language) -> str:
    """A hold as a person would say it."""
    asked = " ".join(people_words.together(one, language) for one in hold.asked)
    return TEXTS[language]["hold_says"].format(number=hold.people, asked=asked)


def _source(loader: PackageLoader, name: str) -> str:
    return loader.get_source(Environment(autoescape=True), name)[0].strip()
