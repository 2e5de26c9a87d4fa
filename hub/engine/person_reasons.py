"""Why a plan makes, changes or takes away a person's account on a target."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.people import reasons
from hub.people.standing import term_of
from hub.store import persons, planned
from hub.store.planned import PERSON, Planned
from hub.store.store import Tx

Reason = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standings:
    """How the persons stand whose objects differ: their states, and their accounts in words."""

    states: Mapping[str, str]
    accounts: Mapping[str, Sequence[Reason]]


class PersonReasons:
    """The reasons of all persons whose objects differ, as they stand now.

    Args:
        tx: the transaction.
        now: the moment that the reasons are of.
    """

    def __init__(self, tx: Tx, now: datetime) -> None:
        self._tx, self._now = tx, now
        self._standings: Standings | None = None

    def of(self, lines: Collection[tuple[Planned, str]]) -> dict[tuple[str, str], Reason]:
        """By target and person.

        Args:
            lines: objects with what becomes of them; some at a time, because what changes is
                described too.
        """
        mine = [line for line in lines if line[0].kind == PERSON]
        if not mine:
            return {}
        if self._standings is None:
            self._standings = _standings(self._tx, self._now)
        states, accounts = self._standings.states, self._standings.accounts
        known = persons.described(self._tx, {row.key for row, action in mine if action == "update"})
        names = _managers(self._tx, [row for row, action in mine if action == "update"])
        return {
            (row.target, row.key): reasons.why(
                states[row.key], known.get(row.key, {}), accounts.get(row.key, ()), *sides(row)
            )
            | _named(row, names)
            for row, _ in mine
            if row.key in states
        }


def _standings(tx: Tx, now: datetime) -> Standings:
    states: dict[str, str] = {}
    told: dict[str, list[tuple[int, Reason]]] = {}
    for one in planned.standings(tx):
        states[one.person] = one.state
        if one.subject is not None:
            term = None if one.removed_at or one.body is None else term_of(one.version, one.body)
            said = account_named(str(one.instance), str(one.key), one.body) | reasons.stands(
                term, now
            )
            told.setdefault(one.person, []).append((one.subject, said))
    return Standings(states, {ident: _in_order(some) for ident, some in told.items()})


def account_named(instance: str, key: str, state: Mapping[str, Any] | None) -> Reason:
    """An account by its key, with the name that its source gives it where it gives one."""
    name = (state or {}).get("display_name")
    return {"account": f"{instance}/{key}"} | ({"name": name} if name else {})


def _managers(tx: Tx, rows: Sequence[Planned]) -> dict[str, str]:
    """The names of managers who change."""
    ids = {one for row in rows for one in _differing(row)}
    return {one.id: one.name for one in persons.by_ids(tx, ids).values() if one.name}


def _differing(row: Planned) -> set[str]:
    said = [(body or {}).get("manager") for body in sides(row)]
    return set() if said[0] == said[1] else {one for one in said if one}


def _named(row: Planned, names: Mapping[str, str]) -> Reason:
    """Whom the fields of this line name by a number."""
    found = {one: names[one] for one in sorted(_differing(row) & names.keys())} if names else {}
    return {"names": found} if found else {}


def _in_order(some: list[tuple[int, Reason]]) -> list[Reason]:
    if len(some) > 1:
        some.sort(key=lambda one: one[0])
    return [said for _, said in some]


def sides(row: Planned) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """An object's body there, and as desired; None: there is none."""
    return row.done_body, row.body if row.state == "present" else None
