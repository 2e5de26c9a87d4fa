"""What the people in a hold have in common: what to ask before it is released."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.events.base import Family
from hub.people.reasons import stands
from hub.people.standing import account_of
from hub.people.states import MAY_LOG_IN
from hub.people.together import Crowd, together
from hub.store import persons, subjects
from hub.store.store import Tx

PERSON = str(Family.PERSON)


def said(tx: Tx, row: Any, now: datetime) -> list[dict[str, Any]]:
    """What those in a hold have in common; nothing where it is about no people or of groups."""
    if row.action not in {"removal", "people", "attributes", "preview"}:
        return []
    lines = [one for one in row.content if "person" in one or one.get("family") == PERSON]
    if not lines:
        return []
    crowd = _on_target(tx, lines, now) if "person" in lines[0] else _of_source(tx, row, lines)
    return together(crowd)


def _of_source(tx: Tx, row: Any, lines: Sequence[Mapping[str, Any]]) -> Crowd:
    """Accounts of one source that go, or would look otherwise."""
    live = subjects.live(tx, row.instance, [PERSON])
    department = {one.id: (one.state or {}).get("department") for one in live}
    going = [one for one in lines if one.get("change", "gone") == "gone"]
    changed = [one for one in lines if one.get("change") == "changed"]
    return Crowd(
        [(one["reason"], department.get(one["subject"])) for one in going],
        len(live),
        Counter(one for one in department.values() if one),
        Counter(name for one in changed for name in one["fields"]),
    )


def _on_target(tx: Tx, lines: Sequence[Mapping[str, Any]], now: datetime) -> Crowd:
    """Persons who would lose their account on a target, or look otherwise there."""
    rows = persons.by_ids(tx, [one["person"] for one in lines])
    states = sorted(map(str, MAY_LOG_IN))
    active = {row.id: row for one in states for row in persons.in_state(tx, one)}
    department = {ident: _department(row) for ident, row in (active | rows).items()}
    going = [one["person"] for one in lines if "fields" not in one]
    reasons: dict[str, set[str]] = {one: set() for one in going}
    for one in persons.of_persons(tx, going):
        reasons[one.person].add(stands(account_of(one).payload, now)["stands"])
    return Crowd(
        [(_only(reasons[one]), department.get(one)) for one in going],
        len(department),
        Counter(one for one in department.values() if one),
        Counter(name for one in lines for name in one.get("fields", ())),
    )


def _department(row: Any) -> str | None:
    known = (row.attributes or {}).get("department")
    return None if known is None else str(known["value"])


def _only(found: set[str]) -> str:
    return found.pop() if len(found) == 1 else ""
