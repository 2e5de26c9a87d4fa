"""A one-time code as a mail, and as an A4 page with a QR code: PDF, or HTML for the printer.

The PDF uses the fonts that every reader has, which know Western European letters only: a name with
others loses its marks there (`Şahin` becomes `Sahin`). The HTML page prints any script.
"""

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from hub.events.base import Language
from hub.render.catalogue import CATALOGUE
from hub.render.clock import zone
from hub.render.invitation_words import WORDS
from hub.render.tile import asset, templates

if TYPE_CHECKING:
    from fpdf import FPDF

FONT, MARGIN, QR = "Helvetica", 22, 62  # millimetres
CODE_PAGE = "windows-1252"  # of the fonts that every reader has
_NO_MARK = str.maketrans("łŁđĐıħĦŧŦ", "lLdDihHtT")  # letters that are none with a mark


@dataclass(frozen=True, slots=True)
class Letter:
    """One person's code, and what goes with it.

    Attributes:
        address: where it is typed.
        until: the end of it, UTC.
        then: what it leads to: provider, intranet or device.
        number: whether the employee number is asked as well.
        phone: whom to call; None: nobody.
    """

    name: str
    code: str = field(repr=False)
    address: str
    until: datetime
    organisation: str
    then: str
    number: bool
    phone: str | None
    time_zone: str
    language: Language

    @property
    def link(self) -> str:
        """The address with the code behind the `#`, which no server and no log ever sees."""
        return f"{self.address}#{self.code}"

    def say(self, key: str) -> str:
        """A sentence with its blanks filled in."""
        return WORDS[self.language][key].format(
            organisation=self.organisation,
            name=self.name,
            address=self.address.removeprefix("https://"),
            phone=self.phone,
            until=day(self.until, self.time_zone, self.language),
        )


def day(moment: datetime, time_zone: str, language: Language) -> str:
    """A day in words: `3 februari 2027`."""
    local = moment.astimezone(zone(time_zone))
    return f"{local.day} {CATALOGUE[language].months[local.month - 1]} {local.year}"


def mail(letter: Letter) -> tuple[str, str]:
    """Subject and text."""
    say = letter.say
    parts = [
        say("hello"),
        f"{say('invited')}\n\n    {letter.code}",
        f"{say('open_link')}\n{letter.link}\n\n{say('type_mail')}",
        " ".join([*([say("number")] if letter.number else []), say(f"{letter.then}_then")]),
        f"{say('good')} {say('nobody')}",
        " ".join([say("stranger"), *([say("help")] if letter.phone else [])]),
    ]
    return say("subject"), "\n\n".join([*parts, letter.organisation]) + "\n"


def notes(letter: Letter) -> list[str]:
    """What stands below the code on paper."""
    keys = ["number"] if letter.number else []
    keys += [f"{letter.then}_then", "good", "nobody", "stranger"]
    return [letter.say(one) for one in [*keys, *(["help"] if letter.phone else [])]]


def html(letters: Sequence[Letter]) -> bytes:
    """One page for the printer per letter, in one file that needs nothing else."""
    first = letters[0]
    return (
        templates()
        .get_template("letter.html")
        .render(
            language=first.language,
            title=first.say("title"),
            style=Markup(asset("letter.css")),  # noqa: S704  # nosec B704  # ours
            letters=[(one, _svg(one.link), notes(one)) for one in letters],
        )
        .encode()
    )


def _svg(text: str) -> Markup:
    made = _qr(text).svg_inline(scale=4, border=2, omitsize=True, title="QR")
    return Markup(made)  # noqa: S704  # nosec B704  # paths made of numbers


def _qr(text: str) -> Any:
    import segno  # noqa: PLC0415  a cold start counts, and only paper needs it

    return segno.make(text, error="m", micro=False)


def pdf(letters: Sequence[Letter]) -> bytes:
    """One A4 page per letter."""
    from fpdf import FPDF  # noqa: PLC0415  a cold start counts, and only paper needs it

    made = FPDF(format="A4")
    made.core_fonts_encoding = CODE_PAGE
    made.set_title(western(letters[0].say("title")))
    made.set_lang(letters[0].language)
    made.set_margin(MARGIN)
    made.set_auto_page_break(auto=False)
    for one in letters:
        made.add_page()
        _page(made, one)
    written = io.BytesIO()
    made.output(written)
    return written.getvalue()


def _page(made: "FPDF", letter: Letter) -> None:
    _line(made, letter.say("title"), 20, bold=True)
    _line(made, letter.say("for"), 14)
    made.ln(6)
    _line(made, letter.say("scan"), 12)
    top = made.get_y() + 4
    _square(made, letter.link, MARGIN, top)
    made.set_y(top + QR + 6)
    _line(made, letter.say("type"), 12)
    made.ln(2)
    made.set_font("Courier", style="B", size=19)
    made.multi_cell(0, 10, letter.code, new_x="LMARGIN", new_y="NEXT")
    made.ln(4)
    for text in notes(letter):
        _line(made, text, 12)


def _line(made: "FPDF", text: str, size: int, *, bold: bool = False) -> None:
    made.set_font(FONT, style="B" if bold else "", size=size)
    made.multi_cell(0, size * 0.5, western(text), align="L", new_x="LMARGIN", new_y="NEXT")
    made.ln(1.5)


def _square(made: "FPDF", text: str, left: float, top: float) -> None:
    """The QR code as rectangles, sharp at any size."""
    rows = list(_qr(text).matrix_iter(border=0))
    side = QR / len(rows)
    made.set_fill_color(0)
    for y, row in enumerate(rows):
        for start, length in _runs(row):
            made.rect(left + start * side, top + y * side, length * side, side, style="F")


def _runs(row: Sequence[int]) -> list[tuple[int, int]]:
    """Where dark stretches begin, and how long they are."""
    runs: list[tuple[int, int]] = []
    for at, dark in enumerate(row):
        if dark and runs and sum(runs[-1]) == at:
            runs[-1] = runs[-1][0], runs[-1][1] + 1
        elif dark:
            runs.append((at, 1))
    return runs


def western(text: str) -> str:
    """The text in letters that every PDF reader has a font for: others lose their marks."""
    return "".join(_plain(one) for one in text)


def _plain(letter: str) -> str:
    found = _fits(letter) or _fits(letter.translate(_NO_MARK))
    return found or _fits(unicodedata.normalize("NFKD", letter)[:1]) or "?"


def _fits(letter: str) -> str:
    try:
        letter.encode(CODE_PAGE)
    except UnicodeEncodeError:
        return ""
    return letter
