"""Persons as people look them up: by number, name, address or account; what is known of one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.errors import RejectedError
from hub.people import invited
from hub.people.states import State
from hub.store import persons, reviews, subjects, trail
from hub.store.store import Tx

SOME = 6  # persons named in a message
LEAST = 4  # characters of a number that is not whole
NUMBER = re.compile(r"[0-9a-f-]{4,36}")
UUID_BEGUN = re.compile(r"[0-9a-f]{8}(-[0-9a-f-]{0,27})?")
UUID_LENGTH = 36
EVENTS = 200  # newest facts of an account
UNSHOWN = {"birth_date", "contact_mail"}  # for matching and invitations only


def account(tx: Tx, text: str) -> Any:
    """The account `INSTANCE/KEY`; of a UUID the beginning is enough, as plans show it.

    Raises:
        RejectedError: there is none, or more than one begins like this.
    """
    instance, _, key = text.partition("/")
    row = persons.named(tx, instance, key) or _beginning(tx, instance, key)
    if row is None:
        raise RejectedError(
            f"No account is called {text}: write INSTANCE/KEY, as `hub people show` does."
        )
    return row


def _beginning(tx: Tx, instance: str, begun: str) -> Any:
    """The one account whose UUID begins like this; no other kind of key is ever cut short."""
    if not UUID_BEGUN.fullmatch(begun.lower()):
        return None
    keys = [one for one in persons.keys_beginning(tx, instance, begun) if len(one) == UUID_LENGTH]
    if len(keys) > 1:
        raise RejectedError(f"More than one account begins with {instance}/{begun}: write more.")
    return persons.named(tx, instance, keys[0]) if keys else None


def person(tx: Tx, text: str) -> Any:
    """The one person that this names; of a merged one, whom it became.

    Args:
        text: a number or the beginning of one, an account, a work address, or words of a name.

    Raises:
        RejectedError: nobody, or more than one.
    """
    row = _one(text, _candidates(tx, text))
    while row.merged_into is not None:
        row = persons.by_ids(tx, [row.merged_into])[row.merged_into]
    return row


def merged(tx: Tx, text: str) -> Any:
    """A person that was merged into another one, by its own number.

    Raises:
        RejectedError: nobody, or more than one.
    """
    return _one(text, [row for row in persons.find(tx, text, SOME) if row.id.startswith(text)])


def _candidates(tx: Tx, text: str) -> list[Any]:
    if "/" in text:
        found = account(tx, text)
        if found.person is None:
            raise RejectedError(f"{text} is linked to nobody yet: `hub people review list`.")
        return list(persons.by_ids(tx, [found.person]).values())
    if "@" in text:
        return list(persons.by_ids(tx, persons.by_mail(tx, text.strip().casefold())).values())
    rows = persons.find(tx, text, SOME + 1)
    if NUMBER.fullmatch(text.lower()):
        numbered = [row for row in rows if row.id.startswith(text.lower())]
        return numbered or rows
    whole = [row for row in rows if (row.name or "").lower() == text.lower()]
    living = [row for row in whole or rows if row.state != State.MERGED]
    return living or whole or rows


def _one(text: str, rows: Sequence[Any]) -> Any:
    if not rows:
        raise RejectedError(
            f"Nobody is called {text}: `hub people list --name WORD` looks for names."
        )
    if len(rows) > 1:
        named = ", ".join(f"{row.id[:8]} ({row.name or 'no name'})" for row in rows[:SOME])
        more = " and more" if len(rows) > SOME else ""
        raise RejectedError(f"{text} is more than one person: {named}{more}. Give the number.")
    return rows[0]


def question(tx: Tx, ident: int) -> Any:
    """What waits under this number.

    Raises:
        RejectedError: nothing does.
    """
    row = reviews.by_id(tx, ident)
    if row is None or row.state != "open":
        raise RejectedError(
            f"Nothing waits under {ident}: `hub people review list` shows what does."
        )
    return row


def listed(tx: Tx, state: State | None, text: str | None, limit: int) -> list[dict[str, Any]]:
    """Persons as JSON values, by name; without those that were merged or forgotten unless asked."""
    hidden = {State.MERGED, State.ERASED}
    wanted = [str(one) for one in State if (one is state if state else one not in hidden)]
    return [
        {
            "id": row.id,
            "name": row.name,
            "state": row.state,
            "since": row.since.isoformat(),
            "until": row.until.isoformat() if row.until else None,
            "accounts": row.accounts,
        }
        for row in persons.listed(tx, wanted, text, limit)
    ]


def shown(tx: Tx, who: str, *, actor: str, now: datetime) -> dict[str, Any]:
    """All that is known of one person; that somebody looked is recorded.

    Raises:
        RejectedError: nobody, or more than one.
    """
    row = person(tx, who)
    trail.note(tx, actor=actor, action="people show", what={"person": row.id}, now=now)
    return known(tx, row)


def known(tx: Tx, row: Any) -> dict[str, Any]:
    """All that is known of a stored person, as JSON values."""
    return {
        "id": row.id,
        "name": row.name,
        "state": row.state,
        "since": row.since.isoformat(),
        "until": row.until.isoformat() if row.until else None,
        "attributes": row.attributes or {},
        "accounts": [_account(one) for one in persons.of_persons(tx, [row.id])],
        "merged": [
            {"id": one.id, "name": one.name, "until": one.until.isoformat() if one.until else None}
            for one in persons.merged_into(tx, row.id)
        ],
        "questions": [_question(one) for one in reviews.of_persons(tx, [row.id])],
        "invitations": invited.known(tx, [row.id]),
    }


def _account(row: Any) -> dict[str, Any]:
    state = row.state or {}
    return {
        "account": f"{row.instance}/{row.key}",
        "name": state.get("display_name"),
        "tier": row.tier,
        "evidence": row.evidence,
        "since": row.since.isoformat(),
        "enabled": state.get("enabled"),
        "starts": state.get("starts"),
        "ends": state.get("ends"),
        "gone": row.removed_at.isoformat() if row.removed_at else None,
    }


def _question(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "account": f"{row.instance}/{row.key}",
        "person": row.person,
        "tier": row.tier,
        "evidence": row.evidence,
        "since": row.opened_at.isoformat(),
    }


def questions(tx: Tx, limit: int) -> list[dict[str, Any]]:
    """What waits for a human, with the names on both sides, as JSON values."""
    rows = reviews.all_open(tx, limit)
    people = persons.by_ids(tx, {row.person for row in rows})
    accounts = {one.subject: one for one in persons.accounts(tx, {row.subject for row in rows})}
    found = []
    for row in rows:
        one = accounts[row.subject]
        sides = {"account_name": (one.state or {}).get("display_name"), "has_person": one.person}
        found.append(_question(row) | sides | {"person_name": people[row.person].name})
    return found


def history(tx: Tx, who: str, *, actor: str, now: datetime) -> list[dict[str, Any]]:
    """What happened to one person and by whom, oldest first; that somebody looked is recorded.

    Raises:
        RejectedError: nobody, or more than one.
    """
    row = person(tx, who)
    trail.note(tx, actor=actor, action="people history", what={"person": row.id}, now=now)
    accounts = persons.of_persons(tx, [row.id])
    names = {one.subject: f"{one.instance}/{one.key}" for one in accounts}
    lines = [
        line for one in trail.about(tx, "people", row.id) for line in _decided(one, row.id, names)
    ]
    for one in accounts:
        lines += _changed(one, subjects.events_of(tx, one.subject, EVENTS))
    return sorted(lines, key=lambda line: str(line["at"]))


def _decided(line: Any, ident: str, names: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    """What a line of the audit trail says of this person; accounts by their names, where known."""
    base = {"at": line.at.isoformat(), "by": line.actor}
    if line.action != "people":
        details = {name: one for name, one in line.what.items() if name != "persons"}
        if "account" in details:
            details["account"] = names.get(details["account"], details["account"])
        yield base | {"what": line.action.removeprefix("people "), "details": details}
        return
    for one, whose, tier in line.what.get("linked", ()):
        if whose == ident:
            details = {"account": names.get(one, one), "tier": tier}
            yield base | {"what": "link", "details": details}
    for whose, old, new in line.what.get("states", ()):
        if whose == ident:
            yield base | {"what": "state", "details": {"from": old, "to": new}}


def _changed(one: Any, events: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Which fields of an account its source changed, from what to what; the newest events first."""
    before: Mapping[str, Any] | None = None
    for event in reversed(events):
        data = event.body["data"]
        removed = event.type.split(".")[-2] == "removed"
        fields = {} if removed else _fields(before or {}, data)
        base = {"at": event.at.isoformat(), "by": one.instance}
        details = {"account": f"{one.instance}/{one.key}", "fields": fields}
        if removed:
            details["reason"] = data.get("reason")
        yield base | {"what": "removed" if removed else "changed", "details": details}
        before = before if removed else data


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    names = sorted((before.keys() | after.keys()) - UNSHOWN)
    pairs = {name: [before.get(name), after.get(name)] for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
