"""The personal page: a page of its own at the top, never in a frame, without a script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from hub.events.base import Language
from hub.render.catalogue import CATALOGUE
from hub.render.clock import Clock, zone
from hub.render.frame import Frame
from hub.render.me_words import ME_WORDS
from hub.render.rows import phrase
from hub.render.tile import Page
from hub.render.view import ServiceDesk

_FRAME = Frame("me")
Standing = Literal["shown", "unavailable", "unknown", "log-in"]
Note = Literal["log-in", "left", "nobody", "refused", "down"]


@dataclass(frozen=True, slots=True)
class TicketRow:
    """One ticket of the person who looks."""

    number: str
    status: str
    title: str
    url: str
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Tickets:
    """What one source said, or why it says nothing.

    Attributes:
        name: what the source is called.
        more: there are others, which only the source shows.
    """

    name: str
    standing: Standing
    rows: Sequence[TicketRow] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One open session of the person who looks."""

    id: int
    here: bool
    how: str
    device: str
    opened_at: datetime
    used_at: datetime


@dataclass(frozen=True, slots=True)
class House:
    """What all these pages share: whose they are, and where people can ask."""

    organisation: str
    time_zone: str
    service_desk: ServiceDesk


@dataclass(frozen=True, slots=True)
class MeView:
    """What one person sees.

    Attributes:
        known: what is known of the person, by attribute, in the order to show it.
        proof: goes with every form, so that only this page can send it.
    """

    name: str
    known: Mapping[str, str]
    tickets: Sequence[Tickets]
    sessions: Sequence[SessionRow]
    proof: str = field(repr=False)


def me_html(view: MeView, house: House, *, language: Language, now: datetime) -> Page:
    """The page of one person."""
    clock = Clock(now, zone(house.time_zone), CATALOGUE[language])
    words = ME_WORDS[language]
    known = [(words.fields[name], value) for name, value in view.known.items()]
    others = [one for one in view.sessions if not one.here]
    return _FRAME.page(
        "me.html",
        view=view,
        known=known,
        others=others,
        heading=words.hello.format(name=view.name),
        say=lambda sentence, at: clock.fill(sentence, at=at),
        **_shared(house, language),
    )


def me_note(
    what: Note, house: House, *, language: Language, log_in: bool, leave: str | None = None
) -> Page:
    """A page without a person on it: why, and what to do.

    Args:
        log_in: there is an identity provider to log in at.
        leave: where to log out there too.
    """
    words = ME_WORDS[language]
    title, text = {
        "log-in": (words.log_in_title, words.log_in_text if log_in else words.invited_text),
        "left": (words.left_title, words.left),
        "nobody": (words.nobody_title, words.nobody),
        "refused": (words.refused_title, words.refused),
        "down": (words.down_title, words.down),
    }[what]
    button = (words.log_in if what == "log-in" else words.again) if log_in else ""
    return _FRAME.page(
        "me_note.html",
        heading=title,
        text=text,
        button=button,
        leave=leave,
        **_shared(house, language),
    )


def _shared(house: House, language: Language) -> dict[str, Any]:
    desk = house.service_desk
    return {
        "language": language,
        "words": ME_WORDS[language],
        "organisation": house.organisation,
        "hours": phrase(desk.hours, language) if desk.hours else None,
        "phone": desk.phone,
        "portal": desk.url,
        "to_portal": CATALOGUE[language].portal,
    }
