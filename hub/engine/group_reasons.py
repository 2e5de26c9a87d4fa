"""Groups and who is in them, led back to what sources say: reasons of a plan, causes of an object."""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.engine.grouping import group_key
from hub.engine.person_reasons import account_named
from hub.events.objects import Kind, member_ends
from hub.people.reasons import Why
from hub.store import memberships, objects, persons
from hub.store.store import Tx

Reason = Mapping[str, Any]
Name = tuple[str, str, str]  # target, kind, key


def reasons(tx: Tx, steps: Sequence[Any]) -> dict[Name, Reason]:
    """Of steps of a plan that are about groups and memberships: code, accounts, and names.

    `title` is what people call it: a membership has no name of its own.
    """
    found = dict[Name, Reason]()
    for target in sorted({step.target for step in steps}):
        ours = [step for step in steps if step.target == target]
        found |= _Reasons(tx, target, ours).all()
    return found


class _Reasons:
    """The reasons on one target."""

    def __init__(self, tx: Tx, target_id: str, steps: Sequence[Any]) -> None:
        self._target = target_id
        self._groups = [one for one in steps if one.kind == Kind.GROUP]
        self._members = [one for one in steps if one.kind == Kind.MEMBERSHIP]
        self._there = {row.key: row for row in memberships.groups_there(tx, target_id)}
        people = {member_ends(one.key)[1] for one in self._members}
        self._people = persons.by_ids(tx, people)
        self._accounts = objects.by_keys(tx, target_id, str(Kind.PERSON), people)
        self._causes = _accounts_in(tx, people) if people else {}
        self._subjects = _subjects(tx, {row.instance for row in self._there.values()})

    def all(self) -> dict[Name, Reason]:
        found: dict[Name, Reason] = {}
        for one in self._groups:
            found[self._target, one.kind, one.key] = self._group(one)
        for one in self._members:
            found[self._target, one.kind, one.key] = self._member(one)
        return found

    def _group(self, step: Any) -> Reason:
        code = Why.CHANGED if step.action == "update" else Why.CHOSEN
        return {"code": str(self._gone(step.key) if step.after is None else code), "accounts": []}

    def _gone(self, key: str) -> Why:
        row = self._there.get(key)
        if row is not None and row.withdrawn:
            return Why.WITHDRAWN
        subject = self._subjects.get(key)
        gone = subject is None or subject.removed_at is not None
        return Why.GROUP_GONE if gone else Why.NOT_CHOSEN

    def _member(self, step: Any) -> Reason:
        group, person = member_ends(step.key)
        told = [{**one, "stands": "member"} for one in self._causes.get((group, person), ())]
        code = self._left(group, person) if step.after is None else Why.JOINS
        return {"code": str(code), "accounts": told, "title": self._title(group, person)}

    def _left(self, group: str, person: str) -> Why:
        account = self._accounts.get(person)
        if account is None or account.state != "present":
            return Why.NO_ACCOUNT
        there = self._there.get(group)
        return Why.LEFT if there is not None and there.state == "present" else self._gone(group)

    def _title(self, group: str, person: str) -> str:
        row, there = self._people.get(person), self._there.get(group)
        name = row.name if row is not None else None
        return title_of_member(name or person, there.body if there is not None else None, group)


def title_of_member(person: str, group: Mapping[str, Any] | None, key: str) -> str:
    """What people call it that somebody is in a group; `key`: of the group, where it has no name."""
    return f"{person}, {(group or {}).get('name', key)}"


def _accounts_in(tx: Tx, people: set[str]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Per group's key and person the accounts that are in it, with their names."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one, row in _memberships(tx, people):
        named = account_named(one.instance, one.key, one.state)
        found.setdefault((group_key(row.instance, row.group), one.person), []).append(named)
    return found


def _memberships(tx: Tx, people: set[str]) -> list[tuple[Any, Any]]:
    """Accounts of these persons, each with every membership that names it."""
    accounts = {(one.instance, one.key): one for one in persons.of_persons(tx, people)}
    rows = memberships.of_accounts(tx, list({key for _, key in accounts}))
    pairs = ((accounts.get((row.whose, row.member)), row) for row in rows)
    return [(one, row) for one, row in pairs if one is not None]


def _subjects(tx: Tx, instances: set[str]) -> dict[str, Any]:
    """The groups of these instances that go on, by their key on a target."""
    return {
        group_key(row.instance, row.key): row
        for one in sorted(instances)
        for row in memberships.groups_of(tx, one)
    }


def causes(tx: Tx, row: Any) -> list[Any]:
    """The subjects behind an object, with a route, whatever its kind."""
    if row.kind in {Kind.PERSON, Kind.PHOTO}:
        return persons.causes(tx, row.key)
    if row.kind == Kind.MEMBERSHIP:
        group, person = member_ends(row.key)
        ids = [
            each.id
            for _, each in _memberships(tx, {person})
            if group_key(each.instance, each.group) == group
        ]
        return memberships.by_ids(tx, ids)
    if row.kind == Kind.GROUP:
        found = _subjects(tx, {row.instance}).get(row.key)
        return memberships.by_ids(tx, [found.id]) if found is not None else []
    return objects.causes(tx, row.id)


def unpublished(tx: Tx, policy_groups: Sequence[str]) -> dict[str, int]:
    """Per target how many members of its groups are not in them, for want of an account there."""
    found = {}
    for target_id in policy_groups:
        there = {
            row.key for row in memberships.groups_there(tx, target_id) if row.state == "present"
        }
        missing = memberships.without_account(tx, target_id) if there else {}
        found[target_id] = sum(
            number for name, number in missing.items() if group_key(*name) in there
        )
    return found


def stands_for(tx: Tx, rows: Sequence[Any]) -> None:
    """Withdrawn or put back: whoever it concerns is looked at again."""
    people = [row.key for row in rows if row.kind in {Kind.PERSON, Kind.PHOTO}]
    people += [member_ends(row.key)[1] for row in rows if row.kind == Kind.MEMBERSHIP]
    persons.touch(tx, people)
    for row in rows:
        if row.kind == Kind.GROUP:
            memberships.touch_lanes(tx, row.target, [row.key])
            memberships.mark_groups(tx, [one.id for one in causes(tx, row)])
