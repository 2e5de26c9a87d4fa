"""What is different from one kind of directory to the next; a file per vendor fills it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

Values = Mapping[str, list[bytes]]


class UnreadableError(ValueError):
    """An entry can't be understood; the text names the attribute and quotes no value."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one vendor says what we need to know.

    Attributes:
        people: the condition of a person's account.
        people_changed: the same for deltas, where some conditions lose deletions; None: the same.
        groups: the condition of a group.
        attributes: field of a person to the attributes that may hold it, the first one wins.
        photos: attributes that may hold a picture; the first one with a value wins.
        state: further attributes that `enabled` and `ends` need.
        members: attributes of a group with the names of its members.
        number: attribute of a group with the number that `primary` names; None: has none.
        primary: attribute of a person with the number of a group that does not list them.
        enabled: whether the account may be used.
        ends: when the account ends, UTC; None: never.
    """

    people: str
    people_changed: str | None
    groups: str
    attributes: Mapping[str, tuple[str, ...]]
    photos: tuple[str, ...]
    state: tuple[str, ...]
    members: tuple[str, ...]
    number: str | None
    primary: str | None
    enabled: Callable[[Values], bool]
    ends: Callable[[Values], datetime | None]


def first(values: Values, name: str) -> str | None:
    """The first value of an attribute as plain ASCII text; None: it has none.

    Raises:
        UnreadableError: it is no such text.
    """
    found = values.get(name)
    if not found:
        return None
    try:
        return found[0].decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{name} is no text") from error


def number(values: Values, name: str) -> int | None:
    """The first value of an attribute as a number; None: it has none.

    Raises:
        UnreadableError: it is none.
    """
    text = first(values, name)
    try:
        return None if text is None else int(text)
    except ValueError as error:
        raise UnreadableError(f"{name} is no number") from error
