"""How accounts and persons are named to people: by name, with so much of the key as finds them."""

import re
from collections.abc import Mapping
from typing import Any

_LONG = re.compile(r"\b([0-9a-f]{8})(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)


def short(text: str) -> str:
    """A key, or text with keys in it, where each UUID is its first eight characters."""
    return _LONG.sub(r"\1", text)


def with_key(key: str, name: str | None) -> str:
    """`Noor Berg (ad/3a688de0)`; without a name the key alone."""
    return f"{name} ({short(key)})" if name else short(key)


def named_there(value: Any, names: Mapping[str, str]) -> Any:
    """The value of a field that may be the key of a person, with that person's name."""
    if isinstance(value, str) and value in names:
        return with_key(value, names[value])
    return value
