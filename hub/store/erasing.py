"""What is left of the values of an audit row when somebody is taken out of it. Pure."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

import orjson

ERASED = "erased"  # stands where a value was
FIELDS = "fields"
EMPTIED = (FIELDS, "asked")  # all below is erased in a mapping that names one of them


class Names:
    """Who is taken out.

    Args:
        persons: numbers of persons; they stay.
        texts: what must not be found again, as whole words, whatever the case of its letters.
    """

    def __init__(self, persons: Collection[str] = (), texts: Collection[str] = ()) -> None:
        wanted = sorted({one for one in texts if one.strip()}, key=len, reverse=True)
        known = [*wanted, *persons]
        self._texts = _pattern(wanted, whole=True)
        self._any = _pattern(known, whole=True)
        # in the stored text a quote or backslash is written otherwise
        self._stored = _pattern(
            [json.dumps(one, ensure_ascii=False)[1:-1] for one in known], whole=False
        )

    def erased(self, text: str) -> Any:
        """These values, as they are stored, without them; None when they name nobody."""
        if not self._stored.search(text):
            return None
        before = orjson.loads(text)
        after = self._without(before)
        return None if after == before else after

    def _without(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list):
            return [self._without(one) for one in value]
        if isinstance(value, str | int | float) and self._texts.search(str(value)):
            return ERASED
        return value

    def _mapping(self, value: Mapping[str, Any]) -> dict[str, Any]:
        made = {}
        meant = self._names(value)
        for number, (name, one) in enumerate(value.items()):
            key = f"{ERASED} {number}" if self._texts.search(name) else name
            made[key] = _emptied(one) if name in EMPTIED and meant else self._without(one)
        return made

    def _names(self, value: Mapping[str, Any]) -> bool:
        """Whether this mapping itself, not one within it, names one of them."""
        below = [one if isinstance(one, list) else [one] for one in value.values()]
        leaves = [str(one) for part in below for one in part if not isinstance(one, dict | list)]
        return any(self._any.search(one) for one in [*value, *leaves])


def _emptied(value: Any) -> Any:
    """The same shape, with the names of fields and none of their values."""
    if isinstance(value, Mapping):
        return {name: _emptied(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_emptied(one) for one in value]
    return ERASED


def _pattern(texts: Collection[str], *, whole: bool) -> re.Pattern[str]:
    """Any of these; of none at all, nothing."""
    found = "|".join(map(re.escape, texts)) or r"(?!)"
    return re.compile(rf"(?<!\w)(?:{found})(?!\w)" if whole else found, re.IGNORECASE)
