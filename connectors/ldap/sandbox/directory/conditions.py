"""Whether an entry fits a filter (RFC 4511, 4.5.1.7)."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from connectors.ldap.escape import parts
from connectors.ldap.sandbox.directory.tree import Entry
from connectors.ldap.sandbox.directory.wire import NESTED, condition
from hub.errors import BadConfigError

NAMES = {
    "member",
    "uniquemember",
    "manager",
    "owner",
    "seealso",
}  # their values are names of entries

EQUAL = {"equalityMatch", "approxMatch"}


def fits(raw: bytes) -> Callable[[Entry], bool]:
    """A filter as a question about an entry.

    Raises:
        GarbledError: it is no filter.
    """
    found = condition(raw)
    return lambda entry: _true(found, entry)


def _true(found: tuple[str, Any], entry: Entry) -> bool:
    name, inner = found
    if name in NESTED:
        within = (_true(one, entry) for one in inner)
        return all(within) if name == "and" else any(within) is (name == "or")
    if name == "present":
        return bool(entry.of(str(inner)))
    if name == "substringFilter":
        return _contains(inner, entry)
    # the schema gives nothing here an order: more, less and foreign rules are undefined
    return name in EQUAL and _equal(inner, entry)


def _equal(inner: Any, entry: Entry) -> bool:
    attribute, wanted = str(inner["attributeDesc"]), bytes(inner["assertionValue"])
    return _plain(attribute, wanted) in (_plain(attribute, each) for each in entry.of(attribute))


@lru_cache(maxsize=4096)  # each question compares one value with those of everybody
def _plain(attribute: str, value: bytes) -> str:
    """A value as it is compared: capitals and repeated spaces don't matter; names as names do."""
    text = value.decode(errors="replace")
    if attribute.lower() in NAMES:
        try:
            return ",".join(parts(text))
        except BadConfigError:
            return text.casefold()
    return " ".join(text.casefold().split())


def _contains(inner: Any, entry: Entry) -> bool:
    wanted = [(one.getName(), bytes(one.getComponent())) for one in inner["substrings"]]
    pieces = [(kind, part.decode(errors="replace").casefold()) for kind, part in wanted]
    values = (each.decode(errors="replace").casefold() for each in entry.of(str(inner["type"])))
    return any(_pieced(value, pieces) for value in values)


def _pieced(value: str, pieces: list[tuple[str, str]]) -> bool:
    at = 0
    for kind, part in pieces:
        if kind == "initial" and not value.startswith(part):
            return False
        if kind == "final":
            return len(value) - at >= len(part) and value.endswith(part)
        found = value.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True
