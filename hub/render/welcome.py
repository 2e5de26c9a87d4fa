"""The page where a one-time code is typed: phone first, readable without a script."""

from dataclasses import dataclass, field
from typing import Literal

from markupsafe import Markup

from hub.events.base import Language
from hub.render.invitation_words import WORDS
from hub.render.policy import digest
from hub.render.tile import Page, asset, templates

Fault = Literal["", "wrong", "elsewhere", "slow"]

_STYLE = asset("tile.css") + "\n" + asset("welcome.css")
_SCRIPT = asset("welcome.js")


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
    html = (
        templates()
        .get_template("welcome.html")
        .render(
            door=door,
            words=words,
            then=then,
            asked=asked,
            phone=phone,
            organisation=organisation,
            language=language,
            other="en" if language == "nl" else "nl",
            style=Markup(_STYLE),  # noqa: S704  # nosec B704  # ours
            script=Markup(_SCRIPT),  # noqa: S704  # nosec B704  # ours
        )
    )
    return Page(html, _policy())


class _Blanks(dict[str, str | None]):
    """Blanks of sentences for paper stay empty here."""

    def __missing__(self, key: str) -> str:
        return ""


def _policy() -> str:
    parts = ("default-src 'none'", f"style-src {digest(_STYLE)}", f"script-src {digest(_SCRIPT)}")
    more = ("base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'")
    return "; ".join((*parts, *more))
