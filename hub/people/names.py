"""Dutch names made comparable: diacritics, infixes, birth and partner names, initials."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from hub.people.callnames import official, share_a_name

Relation = Literal["same", "initials", "differs", "unknown"]

INFIXES = frozenset(
    [
        "van",
        "von",
        "de",
        "den",
        "der",
        "des",
        "het",
        "t",
        "s",
        "d",
        "l",
        "te",
        "ten",
        "ter",
        "in",
        "op",
        "aan",
        "bij",
        "uit",
        "voor",
        "onder",
        "over",
        "tot",
        "la",
        "le",
        "les",
        "du",
        "da",
        "di",
        "do",
        "dos",
        "das",
        "del",
        "della",
        "el",
        "al",
        "ben",
        "bin",
        "ibn",
        "zu",
        "zum",
        "zur",
        "vom",
        "v",
        "vd",
    ]
)
_ONE_INFIX = {"den": "de", "der": "de", "d": "de", "het": "t", "v": "van", "ten": "te", "ter": "te"}
_TITLES = frozenset(
    ["dhr", "mevr", "mw", "drs", "dr", "ir", "ing", "mr", "prof", "bsc", "msc", "phd"]
)
_GENERATIONS = {"jr": "junior", "junior": "junior", "sr": "senior", "senior": "senior"}
_NO_NAMES = _TITLES | _GENERATIONS.keys()
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "\u0131": "i", "æ": "ae", "œ": "oe", "ð": "d"}
)
_QUOTES = str.maketrans(dict.fromkeys("\u2018\u2019\u201a\u0060\u00b4\u02bc", "'"))
_HYPHENS = re.compile(r"\s*[-\u2010-\u2015/]\s*")
_ASIDES = re.compile(r"\([^)]*\)|\[[^]]*\]")


@dataclass(frozen=True, slots=True)
class Surname:
    """One family name: `van de` and `berg`; infixes that are often mixed up are one."""

    infix: str
    core: str

    def agrees(self, other: "Surname") -> bool:
        """The same name, where a missing infix says nothing."""
        if self.core != other.core:
            return False
        return not self.infix or not other.infix or self.infix == other.infix


@dataclass(frozen=True, slots=True)
class Names:
    """What somebody may be called.

    Attributes:
        given: given names in plain letters, in order; a single letter is an initial.
        surnames: birth name, partner name and the parts of a double name.
        generation: `junior` or `senior` where the name says so.
    """

    given: tuple[str, ...] = ()
    surnames: frozenset[Surname] = frozenset()
    generation: str = ""

    @property
    def cores(self) -> frozenset[str]:
        """The family names without their infixes."""
        return frozenset(one.core for one in self.surnames)


def plain(text: str) -> str:
    """Small letters without diacritics, one kind of apostrophe and of space."""
    if text.isascii():  # nearly always, and four times as fast
        return " ".join(text.casefold().replace("`", "'").split())
    letters = unicodedata.normalize("NFKD", text.translate(_QUOTES).casefold())
    bare = "".join(one for one in letters if not unicodedata.combining(one))
    return " ".join(bare.translate(_LETTERS).split())


def names_of(
    *,
    given: str | None = None,
    infix: str | None = None,
    family: str | None = None,
    partner: str | None = None,
    shown: str | None = None,
) -> Names:
    """The names of one account; the shown name is taken apart only where no family name is known."""
    if not family and not partner and shown:
        shown_given, family = _apart(shown)
        given = given or shown_given
    generation = _generation(f"{given} {family} {partner}")
    surnames = [*_surnames(family or "", infix or ""), *_surnames(partner or "", "")]
    return Names(tuple(_given(given or "")), frozenset(surnames), generation)


def _apart(shown: str) -> tuple[str, str]:
    """Given names and family name of `Anna de Vries`, `Vries, Anna de` or `Vries, de, Anna`."""
    text = _ASIDES.sub(" ", shown)
    if "," not in text:
        words = [one for one in text.split() if plain(one).strip(".") not in _TITLES]
        return " ".join(words[:1]), " ".join(words[1:])
    family, _, rest = text.partition(",")
    words = rest.replace(",", " ").split()
    infix = [one for one in words if plain(one).strip("'.") in INFIXES and not one[:1].isupper()]
    given = [one for one in words if one not in infix]
    return " ".join(given), " ".join([*infix, family])


def _generation(text: str) -> str:
    found = (_GENERATIONS[one] for one in re.findall(r"\w+", plain(text)) if one in _GENERATIONS)
    return next(found, "")


def _words(text: str) -> list[str]:
    """The words of a name in plain letters, without titles."""
    apart = re.sub(r"\b([dl])'(?=\w)", r"\1 ", plain(text)).replace("'", "")
    words = [one for one in re.split(r"[\W_]+", apart) if one]
    return [one for one in words if one not in _NO_NAMES] or words


def _given(text: str) -> Iterator[str]:
    """Given names; `JW` is two initials, as nobody is called without a vowel."""
    for word in _words(text):
        spread = len(word) <= 4 and not set(word) & set("aeiouy")
        yield from word if spread else (word,)


def _surnames(text: str, infix: str) -> Iterator[Surname]:
    """The parts of a double name, each with its infix; a field of its own is that of the first."""
    if "," in text:
        family, _, rest = text.partition(",")
        text = f"{rest} {family}"
    for part in _HYPHENS.split(text):
        made = _surname(_words(part), infix)
        infix = ""
        if made.core:
            yield made


def _surname(words: list[str], infix: str) -> Surname:
    names = [at for at, one in enumerate(words) if one not in INFIXES]
    if not names:  # a name that is nothing but infixes, such as Van
        return Surname(_infix(_words(infix)), "".join(words))
    start, end = names[0], names[-1] + 1
    return Surname(_infix(words[:start] or words[end:] or _words(infix)), "".join(words[start:end]))


def _infix(words: Iterable[str]) -> str:
    spread = (part for one in words for part in (("van", "de") if one == "vd" else (one,)))
    return " ".join(_ONE_INFIX.get(one, one) for one in spread)


def families_agree(one: Names, other: Names) -> bool:
    """Whether a family name of one is a family name of the other."""
    return any(mine.agrees(theirs) for mine in one.surnames for theirs in other.surnames)


def compare_given(one: Names, other: Names) -> Relation:
    """How given names stand to each other.

    `same`: the first of one is among those of the other, or what people of that name are called.
    `initials`: only initials could be compared, and they allow it.
    """
    if one.generation and other.generation and one.generation != other.generation:
        return "differs"
    if not one.given or not other.given:
        return "unknown"
    mine, theirs = _full(one), _full(other)
    if mine and theirs:
        first = any(share_a_name(mine[0], their) for their in theirs)
        back = any(share_a_name(theirs[0], my) for my in mine)
        as_one = "".join(mine) == "".join(theirs)  # some write Anne-Marie, others Annemarie
        return "same" if first or back or as_one else "differs"
    return "initials" if _initials(one) & _initials(other) else "differs"


def _full(names: Names) -> list[str]:
    """Names that are written out."""
    return [one for one in names.given if len(one) > 1]


def _initials(names: Names) -> set[str]:
    return {called[0] for one in names.given for called in official(one)}
