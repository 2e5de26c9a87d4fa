"""What many people who leave at once have in common, as a person would ask about it. Pure.

The words stand in `hub.render.people_words`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

LEAST = 3  # fewer have something in common by chance
MOST = 80  # percent of those who leave
MOVED = "moved to "  # how a connector says where somebody stands now; what follows is the place


class Together(StrEnum):
    """What they have in common."""

    EVERYBODY = "everybody"
    MOVED = "moved"
    UNCHOSEN = "unchosen"
    MISSING = "missing"
    DELETED = "deleted"
    DISABLED = "disabled"
    ENDED = "ended"
    DEPARTMENT = "department"
    FIELD = "field"


REASONS = {
    "outside filter or group": Together.UNCHOSEN,
    "missing": Together.MISSING,
    "deleted": Together.DELETED,
    "disabled": Together.DISABLED,
    "ended": Together.ENDED,
}


@dataclass(frozen=True, slots=True)
class Crowd:
    """Those who would leave or change, and among how many.

    Attributes:
        leaving: of each who leaves: the reason, and the department where it is known.
        everybody: how many people there are, those who leave among them.
        departments: how many of everybody are in each.
        fields: how many people get another value of each field.
    """

    leaving: Sequence[tuple[str, str | None]]
    everybody: int
    departments: Mapping[str, int] = field(default_factory=dict)
    fields: Mapping[str, int] = field(default_factory=dict)


def together(crowd: Crowd) -> list[dict[str, Any]]:
    """What they have in common, as JSON values: `code`, how many (`n`), and of what."""
    return [{**one, "code": str(one["code"])} for one in _found(crowd)]


def _found(crowd: Crowd) -> Iterator[dict[str, Any]]:
    number = len(crowd.leaving)
    if LEAST <= number == crowd.everybody:
        yield {"code": Together.EVERYBODY, "n": number}
    reasons = Counter(reason for reason, _ in crowd.leaving)
    for reason, many in reasons.most_common(1):
        code = Together.MOVED if reason.startswith(MOVED) else REASONS.get(reason)
        if code is not None and _most(many, number):
            yield {"code": code, "n": many, "what": reason.removeprefix(MOVED)}
    yield from _department(crowd)
    for name, many in sorted(crowd.fields.items()):
        if many >= LEAST and many * 5 > crowd.everybody:
            yield {"code": Together.FIELD, "n": many, "what": name}


def _department(crowd: Crowd) -> Iterator[dict[str, Any]]:
    """All of one, where there are others too."""
    known = Counter(one for _, one in crowd.leaving if one is not None)
    for name, many in known.most_common(1):
        whole = many == crowd.departments.get(name) and len(crowd.departments) > 1
        if whole and _most(many, len(crowd.leaving)):
            yield {"code": Together.DEPARTMENT, "n": many, "what": name}


def _most(many: int, of: int) -> bool:
    return many >= LEAST and 100 * many >= MOST * of
