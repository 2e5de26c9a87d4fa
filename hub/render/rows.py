"""Objects -> the rows of a page: every choice is made here, so that templates only write."""

from dataclasses import dataclass, replace
from typing import Literal

from markupsafe import Markup

from hub.events.base import Language, Text
from hub.events.objects import Link, TileItem
from hub.render.catalogue import Words, plain, spoken
from hub.render.clock import Clock

TITLE_MAX = 160  # characters; a longer text is cut, the portal has the rest
WORKAROUND_MAX = 280


State = Literal["open", "back", "solved", "planned", "busy", "done"]  # each a word and an icon


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text of the source; `lang` only where it differs from the page's language."""

    text: str
    lang: Language | None


@dataclass(frozen=True, slots=True)
class Way:
    """A link with its words."""

    href: str
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """One disturbance, or planned work, as the page shows it."""

    state: State
    word: str
    title: Phrase
    category: Phrase | None
    times: tuple[Markup, ...]
    workaround: Phrase | None
    ways: tuple[Way, ...]


def clip(text: str, limit: int) -> str:
    """At most `limit` characters, cut after a word and marked with an ellipsis."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    return (head.rsplit(maxsplit=1)[0] if " " in head[limit // 2 :] else head) + "…"


def phrase(text: Text, language: Language, limit: int = TITLE_MAX) -> Phrase:
    """`text` for a page in `language`, marked where it is in the other one."""
    lang = spoken(text, language)
    return Phrase(clip(plain(text, language), limit), None if lang == language else lang)


def row(item: TileItem, language: Language, clock: Clock) -> Row:
    """One item as the page shows it."""
    state = _state(item)
    words = clock.words
    return Row(
        state=state,
        word=str(getattr(words, state)),
        title=phrase(item.title, language),
        category=_category(item, language),
        times=_times(item, clock),
        workaround=_workaround(item, language),
        ways=tuple(_way(link, words) for link in item.links),
    )


def _state(item: TileItem) -> State:
    if item.state == "planned":
        return "planned"
    if item.until is not None:
        return "busy" if item.state == "open" else "done"
    if item.state == "solved":
        return "solved"
    return "back" if item.reopened else "open"


def _category(item: TileItem, language: Language) -> Phrase | None:
    """The category, unless the title says it already."""
    if item.category is None:
        return None
    category = phrase(item.category, language)
    repeated = category.text.lower() in plain(item.title, language).lower()
    return None if repeated else category


def _workaround(item: TileItem, language: Language) -> Phrase | None:
    """What to do meanwhile; of no use once it is solved."""
    if item.workaround is None or item.state == "solved":
        return None
    return phrase(item.workaround, language, WORKAROUND_MAX)


def _times(item: TileItem, clock: Clock) -> tuple[Markup, ...]:
    words = clock.words
    if item.until is not None:
        planned = replace(clock, dated=True, weekday=True)
        return (planned.fill(words.span, since=item.since, until=item.until),)
    if item.state == "solved":
        if item.solved_at is None:
            return (clock.fill(words.began, since=item.since),)
        return (clock.fill(words.lasted, since=item.since, solved=item.solved_at),)
    return clock.fill(words.since, since=item.since), _expected(item, clock)


def _expected(item: TileItem, clock: Clock) -> Markup:
    words = clock.words
    if item.expected_at is None:
        return Markup("{}").format(words.unexpected)
    sentence = words.overdue if item.expected_at < clock.now else words.expected
    return clock.fill(sentence, expected=item.expected_at)


def _way(link: Link, words: Words) -> Way:
    labels = {"details": words.details, "subscribe": words.subscribe}
    return Way(str(link.href), labels[link.rel])
