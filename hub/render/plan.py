"""A plan as one page for a change board: no script, no request, fit for A4."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

from markupsafe import Markup

from hub.events.base import Language, Text
from hub.render.catalogue import CATALOGUE
from hub.render.clock import Clock, zone
from hub.render.naming import named_there, short
from hub.render.people_words import together
from hub.render.people_words import why as why_of
from hub.render.plan_words import PLAN_WORDS, PlanWords
from hub.render.policy import digest
from hub.render.tile import asset, templates
from hub.render.typed import typed

Action = Literal["create", "update", "remove", "withheld", "stay"]
SIGNS: Mapping[Action, str] = {
    "create": "+",
    "update": "~",
    "remove": "\N{MINUS SIGN}",
    "withheld": "\N{MIDDLE DOT}",
    "stay": "=",
}
LISTED = 20  # titles in one hold


@dataclass(frozen=True, slots=True)
class Why:
    """One cause: a subject of a source (`<instance>.<stream>`), through a route; UTC."""

    source: str
    subject: str
    route: str
    seen_at: datetime | None = None
    removed: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One object of the plan.

    Attributes:
        tile, audience: by name, as in hub.yaml.
        before, after: its body there and as desired; None where there is none.
        blocked: why it is not done now; empty: it would be.
        person: of a person's account the reason, as `hub.people.reasons` gives it.
        title: what people call it, where its body does not say so.
    """

    action: Action
    target: str
    tile: str
    audience: str
    key: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    blocked: str = ""
    whys: tuple[Why, ...] = ()
    person: Mapping[str, Any] | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """Changes that wait; `foreseen`: they will, once the hub runs with this configuration."""

    hash: str
    instance: str
    action: str
    size: int
    since: datetime
    bodies: Sequence[Mapping[str, Any]]
    foreseen: bool
    together: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One instance as configured."""

    id: str
    name: str
    connector: str
    mode: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class PlanView:
    """Everything that the page shows.

    Attributes:
        titles: of tiles, by name.
        readings: stream to the reason why it could not be read; empty: it was read.
        time_zone: IANA name of the organisation's clock.
    """

    organisation: str
    made_at: datetime
    version: str
    time_zone: str
    fingerprint: str
    sources: Sequence[Source]
    readings: Mapping[str, str]
    lines: Sequence[Line]
    holds: Sequence[Hold]
    titles: Mapping[str, Text]


def plan_html(view: PlanView, *, language: Language) -> str:
    """The page, whole; its policy stands inside, so that a file from a disk keeps it.

    Raises:
        BadConfigError: the time zone can't be used.
    """
    say = _Say(PLAN_WORDS[language], language, _clock(view, language))
    style = asset("plan.css")
    moving = [one for one in view.lines if one.action in {"create", "update", "remove"}]
    return (
        templates()
        .get_template("plan.html")
        .render(
            language=language,
            style=Markup(style),  # noqa: S704  # nosec B704  # ours
            policy=f"default-src 'none'; style-src {digest(style)}; base-uri 'none'; form-action 'none'",
            words=say.words,
            say=say,
            view=view,
            signs=SIGNS,
            counts=_counts(view),
            changes=_places(moving),
            withheld=_places(one for one in view.lines if one.action == "withheld"),
            stays=_places(one for one in view.lines if one.action == "stay"),
            listed=LISTED,
        )
    )


def _clock(view: PlanView, language: Language) -> Clock:
    return Clock(view.made_at, zone(view.time_zone), CATALOGUE[language], dated=True)


def _counts(view: PlanView) -> list[tuple[str, int]]:
    """Per kind of line how many; each is named on the page by its own word."""
    counted = [(name, sum(one.action == name for one in view.lines)) for name in SIGNS]
    return [*counted[:3], ("hold", len(view.holds)), *counted[3:]]


def _places(lines: Iterable[Line]) -> list[tuple[str, list[tuple[str, str, list[Line]]]]]:
    """Lines by target, then by tile and audience."""
    found = sorted(lines, key=lambda one: (one.target, one.tile, one.audience, one.key))
    return [
        (target, [(tile, audience, list(same)) for (tile, audience), same in _tiles(within)])
        for target, within in groupby(found, key=lambda one: one.target)
    ]


def _tiles(lines: Iterable[Line]) -> Iterable[tuple[tuple[str, str], Iterable[Line]]]:
    return groupby(lines, key=lambda one: (one.tile, one.audience))


@dataclass(frozen=True, slots=True)
class _Say:
    """Values in the page's language, on the organisation's clock."""

    words: PlanWords
    language: Language
    clock: Clock

    def when(self, moment: datetime) -> Markup:
        """A moment with its date."""
        return self.clock.mark(moment)

    def title(self, line: Line) -> str:
        """The words of a line; its key where it has none."""
        said = line.title or (line.person or {}).get("title")
        return said or self.title_of(line.after or line.before or {}) or short(line.key)

    def title_of(self, body: Mapping[str, Any]) -> str:
        """The title in a body, of people and groups the name; empty where there is none."""
        title = body.get("display_name") or body.get("name") or body.get("title") or {}
        return self._text(title) if isinstance(title, Mapping) else str(title)

    def state(self, line: Line) -> str:
        """The state that it has afterwards, in words."""
        state = str((line.after or line.before or {}).get("state", ""))
        return self.words.states.get(state, state)

    def place(self, tile: str, audience: str, titles: Mapping[str, Text]) -> str:
        """Tile and audience in words; accounts have neither."""
        if not tile:
            return self.words.people
        return self.words.for_whom.format(
            tile=self.tile(tile, titles), audience=self.whom(audience)
        )

    def person(self, line: Line) -> str:
        """Why a person's account is made, changed or taken away."""
        words = why_of(line.person or {}, self.language)
        return words[:1].upper() + words[1:]

    def tile(self, name: str, titles: Mapping[str, Text]) -> str:
        """A tile by its title; its name where it has none any more."""
        return self._text(titles[name]) if name in titles else name

    def whom(self, audience: str) -> str:
        """An audience by name, in words."""
        return self.words.everyone if audience == "everyone" else audience

    def blocked(self, line: Line) -> str:
        """Why it is not done now."""
        return self.words.blocks.get(line.blocked, line.blocked.rstrip("."))

    def differences(self, line: Line) -> list[tuple[str, str, str]]:
        """(field, before, after) of an update."""
        before, after = line.before or {}, line.after or {}
        if line.action != "update":
            return []
        names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        names = [name for name in names if name != "sha256"]  # of a picture: says nothing to people
        people = (line.person or {}).get("names", {})
        return [
            (
                self.words.fields.get(name, name),
                self.value(named_there(before.get(name), people)),
                self.value(named_there(after.get(name), people)),
            )
            for name in names
        ]

    def together(self, found: Mapping[str, Any]) -> Markup:
        """What the people in a hold have in common."""
        return typed(together(found, self.language))

    def value(self, value: Any) -> str:
        """A field's value for people."""
        if value is None or value in ([], {}):
            return self.words.none
        if isinstance(value, bool):
            return self.words.yes if value else self.words.no
        if isinstance(value, list | tuple):
            return ", ".join(map(self.value, value))
        return self._mapped(value) if isinstance(value, Mapping) else self._plain(str(value))

    def _mapped(self, value: Mapping[str, Any]) -> str:
        if "everyone" in value:
            return self.words.everyone
        if "href" in value or "groups" in value:
            return self.value(value.get("href") or value.get("groups"))
        return self._text(value)

    def _text(self, text: Mapping[Any, Any]) -> str:
        return str(text.get(self.language) or next(iter(text.values()), ""))

    def _plain(self, text: str) -> str:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return self.words.states.get(text, text)
        return self.clock.say(moment) if moment.tzinfo else text
