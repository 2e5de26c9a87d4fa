"""The page where a sponsor extends or ends a guest: phone first, without any script."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from markupsafe import Markup

from hub.events.base import Language
from hub.render.notice import day_of
from hub.render.notice_words import WORDS
from hub.render.policy import digest
from hub.render.tile import Page, asset, templates

END = "end"
Step = Literal["choose", "confirm", "done", "over", "refused", "busy"]

_STYLE = asset("tile.css") + "\n" + asset("guest.css")


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
    html = (
        templates()
        .get_template("guest.html")
        .render(
            view=view,
            words=words,
            title=words["title"] if view.step in {"choose", "confirm"} else words[view.step],
            text=_text(view, kind, language),
            choices=[*_choices(view, language)],
            yes=words[f"yes_{kind}"],
            organisation=organisation,
            phone=phone,
            language=language,
            other="en" if language == "nl" else "nl",
            style=Markup(_STYLE),  # noqa: S704  # nosec B704  # ours
        )
    )
    return Page(html, _policy())


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


def _policy() -> str:
    own = ("default-src 'none'", f"style-src {digest(_STYLE)}", "base-uri 'none'")
    return "; ".join((*own, "form-action 'self'", "frame-ancestors 'none'"))
