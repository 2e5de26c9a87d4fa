"""The tile as a page for an iframe: one file, no request besides itself, at most 20 KB."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hub.events.base import Language
from hub.render.catalogue import CATALOGUE, Words, plain
from hub.render.clock import Clock, zone
from hub.render.policy import policy
from hub.render.rows import Row, phrase, row
from hub.render.view import Belief, TileView, belief, disturbed, ordered

MAX_BYTES = 20_000
SHOWN = 3  # rows that stand open; the rest is folded

_TEMPLATES = Environment(
    loader=PackageLoader("hub.render"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)


def templates() -> Environment:
    """The templates of all pages: escaped, and strict about what is missing."""
    return _TEMPLATES


def asset(name: str) -> str:
    """A style or script without its comments and indentation."""
    source, _, _ = PackageLoader("hub.render").get_source(_TEMPLATES, name)
    bare = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    return "\n".join(line.strip() for line in bare.splitlines() if line.strip())


_STYLE = asset("tile.css")
_SCRIPT = asset("tile.js")


@dataclass(frozen=True, slots=True)
class Page:
    """A page and the `Content-Security-Policy` that it must be served with."""

    html: str
    csp: str


def tile_html(
    view: TileView, *, language: Language, now: datetime, frame_ancestors: Sequence[str] = ()
) -> Page:
    """The tile as a page in `language` at `now`.

    Rows that would make the page larger than 20 KB are left out and counted, solved ones first.

    Raises:
        BadConfigError: the time zone or an origin in `frame_ancestors` can't be used.
    """
    clock = Clock(now, zone(view.time_zone), CATALOGUE[language])
    rows = [row(item, language, clock) for item in ordered(view.items)]
    csp = policy(style=_STYLE, script=_SCRIPT, frame_ancestors=frame_ancestors)
    return Page(_fitting(_facts(view, language, clock), rows), csp)


def note_html(
    what: Literal["missing", "broken"], *, language: Language, frame_ancestors: Sequence[str] = ()
) -> Page:
    """A page that says in plain words why there is no tile."""
    words = CATALOGUE[language]
    title, text = {
        "missing": (words.missing_title, words.missing),
        "broken": (words.broken_title, words.broken),
    }[what]
    html = _TEMPLATES.get_template("note.html").render(
        language=language, title=title, text=text, **_inline()
    )
    return Page(html, policy(style=_STYLE, script=None, frame_ancestors=frame_ancestors))


def _inline() -> dict[str, Markup]:
    return {"style": Markup(_STYLE), "script": Markup(_SCRIPT)}  # noqa: S704  # nosec B704  # ours


def _fitting(facts: dict[str, Any], rows: Sequence[Row]) -> str:
    """The page with as many rows as fit: a fifth fewer at each try."""
    template = _TEMPLATES.get_template("tile.html")
    kept = len(rows)
    while True:
        html = template.render(
            shown=rows[: min(SHOWN, kept)],
            folded=rows[SHOWN:kept],
            cut=len(rows) - kept,
            **facts,
        )
        if kept == 0 or len(html.encode()) <= MAX_BYTES:
            return html
        kept = kept * 4 // 5


def _facts(view: TileView, language: Language, clock: Clock) -> dict[str, Any]:
    """What the template needs besides the rows."""
    trust = belief(view, clock.now)
    desk = view.service_desk
    return {
        "language": language,
        "words": clock.words,
        "title": phrase(view.title, language),
        "organisation": view.organisation,
        "tab": f"{plain(view.title, language)} · {view.organisation}",
        "trust": trust.trust,
        "preview": view.preview,
        "until": trust.until,
        "count": _count(view, clock.words),
        **_nothing(view, clock.words),
        "warning": _warning(trust, clock),
        "late_warning": _warning(trust, Clock(clock.now, clock.zone, clock.words, dated=True)),
        "updated": _updated(trust, clock),
        "hours": phrase(desk.hours, language) if desk.hours else None,
        "phone": desk.phone,
        "call": re.sub(r"[^0-9+]", "", desk.phone or ""),
        "portal": desk.url,
        **_inline(),
    }


def _nothing(view: TileView, words: Words) -> dict[str, str]:
    """What to say of an empty tile: a tile of planned work knows nothing of disturbances."""
    if view.disturbances:
        said = words.calm, words.calm_then, words.no_data_advice
    else:
        said = "" if view.items else words.quiet, words.quiet_then, words.quiet_unknown
    return dict(zip(("calm", "calm_then", "unknown"), said, strict=True))


def _count(view: TileView, words: Words) -> str | None:
    """How many go on, in words; None for none."""
    count = disturbed(view.items)
    return (
        (words.one_open if count == 1 else words.many_open.format(count=count)) if count else None
    )


def _warning(trust: Belief, clock: Clock) -> Markup:
    """What the page says once its rows are no longer to be believed."""
    if trust.until is None:
        return clock.fill(clock.words.undated)
    if trust.as_of is None:
        return clock.fill(clock.words.expired, until=trust.until)
    return clock.fill(clock.words.stale, as_of=trust.as_of)


def _updated(trust: Belief, clock: Clock) -> Markup | None:
    """When the rows were true and until when they may be believed."""
    if trust.until is None:
        return None
    if trust.as_of is None:
        return clock.fill(clock.words.valid, until=trust.until)
    return clock.fill(clock.words.updated, as_of=trust.as_of, until=trust.until)
