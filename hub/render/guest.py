"""The page where a sponsor extends or ends a guest: phone first, without any script."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from hub.events.base import Language
from hub.render.frame import Frame
from hub.render.notice import day_of
from hub.render.notice_words import WORDS
from hub.render.tile import Page

END = "end"
Step = Literal["choose", "confirm", "done", "over", "refused", "busy"]

_FRAME = Frame("guest")


@dataclass(frozen=True, slots=True)
class GuestView:
    """What the page shows.

    Attributes:
        last_day: the last day of access as it stands.
        ended: whether that day is over.
        choices: last days to choose from.
        can_end: whether an earlier end can be chosen.
        choice: a day as `2027-03-31`, or `end`.
    """

    step: Step
    name: str = ""
    last_day: date | None = None
    ended: bool = False
    choices: Sequence[date] = ()
    can_end: bool = False
    choice: str = ""


def guest_html(
    view: GuestView, *, organisation: str, phone: str | None, language: Language
) -> Page:
    """The page in one language; `phone`: whom to call."""
    words = WORDS[language]
    kind = END if view.choice == END else "until"
    return _FRAME.page(
        "guest.html",
        language=language,
        organisation=organisation,
        heading=words["title"] if view.step in {"choose", "confirm"} else words[view.step],
        view=view,
        words=words,
        text=_text(view, kind, language),
        choices=[*_choices(view, language)],
        yes=words[f"yes_{kind}"],
        phone=phone,
    )


def _choices(view: GuestView, language: Language) -> list[tuple[str, str]]:
    words = WORDS[language]
    days = [
        (day.isoformat(), words["until"].format(day=day_of(day, language))) for day in view.choices
    ]
    return [*days, (END, words["end"])] if view.can_end else days


def _text(view: GuestView, kind: str, language: Language) -> str:
    words = WORDS[language]
    if view.step == "choose" and view.last_day is not None:
        sentence = words["who_ended" if view.ended else "who"]
        return sentence.format(name=view.name, day=day_of(view.last_day, language))
    if view.step in {"confirm", "done"}:
        day = day_of(date.fromisoformat(view.choice), language) if kind == "until" else ""
        start = "sure" if view.step == "confirm" else "done"
        return words[f"{start}_{kind}"].format(name=view.name, day=day)
    return words[f"{view.step}_why"]
