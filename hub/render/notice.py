"""The mail that tells sponsors about their guests: plain text, one message for all of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from hub.events.base import Language
from hub.render.catalogue import CATALOGUE
from hub.render.notice_words import WORDS


@dataclass(frozen=True, slots=True)
class Line:
    """One guest in a notice.

    Attributes:
        employer: whom the guest works for.
        link: the page where the sponsor extends or ends; None: there is none.
        taken_over: the sponsor hears of this guest for the first time.
    """

    name: str
    employer: str | None
    last_day: date
    link: str | None = field(default=None, repr=False)
    taken_over: bool = False


def day_of(day: date, language: Language) -> str:
    """A day in words: `donderdag 31 december 2026`."""
    words = CATALOGUE[language]
    return f"{words.days[day.weekday()]} {day.day} {words.months[day.month - 1]} {day.year}"


def reminder(
    lines: Sequence[Line], *, name: str, organisation: str, language: Language
) -> tuple[str, str]:
    """Subject and text of one message about all these guests; the subject names nobody."""
    words, alone = WORDS[language], len(lines) == 1
    first = day_of(lines[0].last_day, language)
    subject = words["subject_one" if alone else "subject_many"]
    parts = [
        words["hello" if name else "hello_nobody"].format(name=name),
        words["one" if alone else "many"].format(organisation=organisation),
        *("\n".join(_line(one, language)) for one in lines),
        words["then"],
        words["alone" if any(one.link for one in lines) else "no_link"],
        organisation,
    ]
    return subject.format(day=first, number=len(lines)), "\n\n".join(parts) + "\n"


def _line(one: Line, language: Language) -> Iterator[str]:
    words = WORDS[language]
    shown = f"{one.name} ({one.employer})" if one.employer else one.name
    yield words["line"].format(name=shown, day=day_of(one.last_day, language))
    if one.taken_over:
        yield f"  {words['taken_over']}"
    if one.link:
        yield f"  {words['link'].format(link=one.link)}"
