"""Does a text name a person by mail address, telephone, citizen or personnel number?

A bare name can't be recognised, and isn't: `text: category` exists for who needs that certainty.
"""

import re
import unicodedata
from collections.abc import Iterable

from hub.events.text import visible

_MAIL = re.compile(
    r"[\w.+'-]+\s*(?:@|[(\[{]\s*(?:at|@)\s*[)\]}])\s*\w[\w-]*(?:\.\w[\w-]*)+", re.IGNORECASE
)
_EXTENSION = re.compile(
    r"\b(?:tel(?:efoon)?(?:nr|nummer)?|tst|toestel|doorkies(?:nummer)?|ext(?:ension)?|phone)"
    r"\b[\s.:]*\(?\d[\d\s-]{2,}",
    re.IGNORECASE,
)
_NUMBER_RUN = re.compile(r"(?<!\d)(?:\+|\(?0|\(\+)[\d\s().\-/_]{6,}\d")
_NO_PREFIX = re.compile(r"(?<!\d)31[\s.-]?6(?:[\s.-]?\d){8}(?!\d)")
_DATE = re.compile(
    r"(?<!\d)(?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|1[0-2])\1(?:19|20)\d\d"
    r"(?=\s+\d{1,2}[:.]\d\d(?!\d)|\s*(?:$|[^\d\s.\-/()]))"
)
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
_JOINERS = dict.fromkeys(map(ord, "\u200c\u200d"))
_BSN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)


def names_someone(text: str, personnel_numbers: Iterable[str] = ()) -> bool:
    """Whether the text holds a mail address, telephone, citizen (BSN) or personnel number."""
    plain = _plain(text)
    if _MAIL.search(plain) or _EXTENSION.search(plain):
        return True
    if any(re.search(pattern, plain) for pattern in personnel_numbers):
        return True
    return _has_phone(_DATE.sub(" ; ", plain)) or _has_bsn(plain)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", visible(text))
    return folded.translate(_DASHES).translate(_JOINERS)


def _has_phone(text: str) -> bool:
    if _NO_PREFIX.search(text):
        return True
    return any(_is_phone(run.group()) for run in _NUMBER_RUN.finditer(text))


def _is_phone(run: str) -> bool:
    """Dutch national numbers have ten digits, 0800 and 0900 also eight; E.164 ends at fifteen."""
    digits = re.sub(r"\D", "", run.replace("(0)", ""))
    if "+" in run or digits.startswith("00"):
        return len(digits) >= 9
    return len(digits) >= 10 or (len(digits) == 8 and digits[:4] in {"0800", "0900"})


def _has_bsn(text: str) -> bool:
    return any(
        _passes_eleven(re.sub(r"\D", "", run.group(1)))
        for pattern in _BSN_RUNS
        for run in pattern.finditer(text)
    )


def _passes_eleven(digits: str) -> bool:
    """The test of the citizen number: 9a + 8b + ... + 2h - i is a multiple of eleven."""
    padded = digits.zfill(9)
    total = sum(weight * int(digit) for weight, digit in zip(_BSN_WEIGHTS, padded, strict=True))
    return total % 11 == 0 and int(digits) > 0


_BSN_RUNS = tuple(
    re.compile(rf"(?<!\d)(?=((?:\d[ .\-]?){{{length - 1}}}\d)(?!\d))") for length in (8, 9)
)
