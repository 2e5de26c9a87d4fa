"""The page where a one-time code is typed: phone first, readable without a script."""

from dataclasses import dataclass, field
from typing import Literal

from hub.events.base import Language
from hub.render.frame import Frame
from hub.render.invitation_words import WORDS
from hub.render.tile import Page

Fault = Literal["", "wrong", "elsewhere", "slow"]

_FRAME = Frame("welcome", "welcome.js")


@dataclass(frozen=True, slots=True)
class Door:
    """What the page shows.

    Attributes:
        step: `form`: type the code; `confirm`: what will happen; `done`: where it leads.
        fault: why it is the form again.
        code, number: what was typed, for the second button.
        until: a day in words: until when a device may see the pages.
        link: where it leads.
    """

    step: Literal["form", "confirm", "done"]
    fault: Fault = ""
    name: str = ""
    code: str = field(default="", repr=False)
    number: str = field(default="", repr=False)
    until: str = ""
    link: str = ""


def welcome_html(
    door: Door,
    *,
    organisation: str,
    phone: str | None,
    then: str,
    asked: bool,
    language: Language,
) -> Page:
    """The page in one language.

    Args:
        phone: whom to call; None: nobody.
        then: what a code leads to.
        asked: whether the employee number is asked beside the code.
    """
    blanks = {"organisation": organisation, "name": door.name, "until": door.until, "phone": phone}
    words = {key: text.format_map(_Blanks(blanks)) for key, text in WORDS[language].items()}
    heading = {"form": "welcome", "confirm": "hello_page", "done": "done"}[door.step]
    return _FRAME.page(
        "welcome.html",
        language=language,
        organisation=organisation,
        heading=words[heading],
        door=door,
        words=words,
        then=then,
        asked=asked,
        phone=phone,
    )


class _Blanks(dict[str, str | None]):
    """Blanks of sentences for paper stay empty here."""

    def __missing__(self, key: str) -> str:
        return ""
