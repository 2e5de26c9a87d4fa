"""Queries on persons, their accounts, what these are found by, and the policy."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.events.base import Family
from hub.store import bulk
from hub.store.store import Tx
from hub.store.subjects import chunks, mark_dirty
from hub.store.tables import account, anchor, obj, person, subject
from hub.store.tables import policy as told

_COLUMNS = (
    account.c.subject,
    account.c.person,
    account.c.tier,
    account.c.evidence,
    account.c.since,
    subject.c.instance,
    subject.c.stream,
    subject.c.key,
    subject.c.version,
    subject.c.state,
    subject.c.missing,
    subject.c.staged,
    subject.c.removed_at,
)
STALE: dict[str, Any] = {"stale": True}
_STALE = sa.select(person).where(person.c.stale.is_(True)).order_by(person.c.id)
_ANY_STALE = sa.select(person.c.id).where(person.c.stale.is_(True)).limit(1)
_ACCOUNTS = sa.select(*_COLUMNS).join(subject, subject.c.id == account.c.subject)


@dataclass(frozen=True, slots=True)
class Link:
    """What an account is to persons; `person` None: it waits for a human."""

    subject: int
    person: str | None
    tier: str
    evidence: Sequence[str]


def policy(tx: Tx, name: str) -> Mapping[str, Any] | None:
    """What the running hub was told last, or None."""
    found: Mapping[str, Any] | None = tx.execute(
        sa.select(told.c.body).where(told.c.name == name)
    ).scalar()
    return found


def put_policy(tx: Tx, name: str, body: Mapping[str, Any]) -> None:
    """Keep what the running hub was told."""
    tx.execute(told.delete().where(told.c.name == name))
    tx.execute(told.insert().values(name=name, body=body))


def mark_all(tx: Tx) -> None:
    """Every account is looked at again."""
    ids = sa.select(subject.c.id).where(subject.c.family == str(Family.PERSON))
    mark_dirty(tx, list(tx.execute(ids).scalars()))


def links(tx: Tx, subjects: Iterable[int]) -> dict[int, Link]:
    """What these accounts are to persons; those that nobody decided of yet are left out."""
    names = ("subject", "person", "tier")
    rows = bulk.where_in(tx, account, "subject", subjects, names)
    return {row[0]: Link(row[0], row[1], row[2], ()) for row in rows}


def accounts(tx: Tx, subjects: Collection[int]) -> list[Any]:
    """These accounts, with what their sources say."""
    return list(_in(tx, account.c.subject, subjects))


def of_persons(tx: Tx, ids: Collection[str]) -> list[Any]:
    """The accounts of these persons, with what their sources say, in order of appearance."""
    return list(_in(tx, account.c.person, ids))


def _in(tx: Tx, column: sa.Column[Any], values: Collection[Any]) -> Iterator[Any]:
    for part in chunks(values):
        yield from tx.execute(_ACCOUNTS.where(column.in_(part)).order_by(account.c.subject)).all()


def put_links(tx: Tx, made: Sequence[Link], known: Collection[int], now: datetime) -> None:
    """Store what accounts are to persons; the known ones replace what was there."""
    for part in chunks(known):
        tx.execute(account.delete().where(account.c.subject.in_(part)))
    rows = [
        {
            "subject": one.subject,
            "person": one.person,
            "tier": one.tier,
            "evidence": list(one.evidence),
            "since": now,
        }
        for one in made
    ]
    bulk.insert(tx, account, rows)


# --- anchors -----------------------------------------------------------------------------------


def anchors(tx: Tx, subjects: Iterable[int]) -> dict[int, set[tuple[str, str]]]:
    """What these accounts are found by, as kind and value."""
    found: dict[int, set[tuple[str, str]]] = {}
    for row in bulk.where_in(tx, anchor, "subject", subjects, ("subject", "kind", "value")):
        found.setdefault(row[0], set()).add((row[1], row[2]))
    return found


def put_anchors(
    tx: Tx, rows: Mapping[int, Collection[tuple[str, str]]], known: Collection[int]
) -> None:
    """Replace what these accounts are found by; only the known ones can have had others."""
    for part in chunks(known):
        tx.execute(anchor.delete().where(anchor.c.subject.in_(part)))
    bulk.insert(
        tx,
        anchor,
        [
            {"subject": one, "kind": kind, "value": value}
            for one, listed in rows.items()
            for kind, value in sorted(listed)
        ],
    )


def sharing(tx: Tx, values: Iterable[str]) -> dict[tuple[str, str], list[int]]:
    """The accounts that have one of these values, by kind and value."""
    found: dict[tuple[str, str], list[int]] = {}
    rows = bulk.where_in(tx, anchor, "value", values, ("kind", "value", "subject"))
    for row in rows:
        found.setdefault((row[0], row[1]), []).append(row[2])
    return found


# --- persons -----------------------------------------------------------------------------------


def insert(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store new persons."""
    bulk.insert(tx, person, rows)


def update(tx: Tx, ident: str, **values: Any) -> None:
    """Change one person."""
    tx.execute(person.update().where(person.c.id == ident).values(values | STALE))


def update_many(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Change persons; each row has `id_` and the same columns as the others."""
    if not rows:
        return
    columns: dict[str, Any] = {name: sa.bindparam(name) for name in rows[0] if name != "id_"}
    mine = person.c.id == sa.bindparam("id_")
    statement = person.update().where(mine).values(columns | STALE)
    tx.execute(statement, [dict(row) for row in rows])


def objects_of(tx: Tx, key: str) -> list[Any]:
    """Objects of the persons who have an account with this key."""
    mine = sa.and_(subject.c.key == key, subject.c.family == str(Family.PERSON))
    whose = sa.select(account.c.person).join(subject, subject.c.id == account.c.subject)
    where = sa.and_(obj.c.kind == "person", obj.c.key.in_(whose.where(mine)))
    return list(tx.execute(sa.select(obj).where(where).order_by(obj.c.id)))


def causes(tx: Tx, ident: str) -> list[Any]:
    """The accounts behind a person's objects, as subjects with a route."""
    query = sa.select(subject, sa.literal("people").label("route")).join(
        account, account.c.subject == subject.c.id
    )
    return list(tx.execute(query.where(account.c.person == ident).order_by(subject.c.id)))


def in_state(tx: Tx, state: str) -> list[Any]:
    """Persons in a state."""
    return list(tx.execute(sa.select(person).where(person.c.state == state)))


def stale(tx: Tx) -> list[Any]:
    """Persons that changed since their accounts on targets were brought up to date."""
    return list(tx.execute(_STALE))


def any_stale(tx: Tx) -> bool:
    """Whether there is anybody of them."""
    return tx.execute(_ANY_STALE).first() is not None


def fresh(tx: Tx, ids: Collection[str]) -> None:
    """Their accounts on targets are as these persons say."""
    for part in chunks(ids):
        tx.execute(person.update().where(person.c.id.in_(part)).values(stale=False))


def touch(tx: Tx, ids: Collection[str]) -> None:
    """These persons' accounts and groups on targets are looked at again."""
    for part in chunks(ids):
        mine = sa.and_(person.c.id.in_(part), person.c.stale.is_(False))
        tx.execute(person.update().where(mine).values(STALE))


def all_stale(tx: Tx) -> None:
    """Every person's accounts on targets are looked at again."""
    tx.execute(person.update().values(STALE))


_DESCRIBED = sa.select(person.c.id, person.c.attributes)


def by_ids(tx: Tx, ids: Collection[str]) -> dict[str, Any]:
    """Persons by id."""
    found: dict[str, Any] = {}
    for part in chunks(ids):
        rows = tx.execute(sa.select(person).where(person.c.id.in_(part)))
        found |= {row.id: row for row in rows}
    return found


def described(tx: Tx, ids: Collection[str]) -> dict[str, Mapping[str, Any]]:
    """What is known of persons, by id: attributes with where they come from."""
    found: dict[str, Mapping[str, Any]] = {}
    for part in chunks(ids):
        rows = tx.execute(_DESCRIBED.where(person.c.id.in_(part)))
        found |= {ident: attributes or {} for ident, attributes in rows}
    return found


def absorbed(tx: Tx, ident: str) -> list[Any]:
    """Persons that became this one, over however many merges."""
    found: list[Any] = []
    over = [ident]
    while over:
        rows = list(tx.execute(sa.select(person).where(person.c.merged_into.in_(over))))
        found += rows
        over = [row.id for row in rows]
    return found


def merged_into(tx: Tx, ident: str) -> list[Any]:
    """Persons that were merged into this one and can still be told apart."""
    query = sa.select(person).where(person.c.merged_into == ident, person.c.state == "merged")
    return list(tx.execute(query.order_by(person.c.id)))


def find(tx: Tx, text: str, limit: int) -> list[Any]:
    """Persons whose number begins like this, or whose name has these words; by name."""
    named = sa.func.lower(person.c.name).contains(text.lower(), autoescape=True)
    numbered = person.c.id.startswith(text.lower(), autoescape=True)
    query = sa.select(person).where(sa.or_(named, numbered))
    return list(tx.execute(query.order_by(person.c.name, person.c.id).limit(limit)))


def listed(tx: Tx, states: Collection[str], text: str | None, limit: int) -> list[Any]:
    """Persons in these states, with how many accounts each has; by name.

    Args:
        text: only those with it in their name.
    """
    number = sa.func.count(account.c.subject).label("accounts")
    query = (
        sa.select(person.c.id, person.c.name, person.c.state, person.c.since, person.c.until)
        .add_columns(number)
        .outerjoin(account, account.c.person == person.c.id)
        .where(person.c.state.in_(states))
        .group_by(person.c.id, person.c.name, person.c.state, person.c.since, person.c.until)
        .order_by(person.c.name, person.c.id)
        .limit(limit)
    )
    if text:
        named = sa.func.lower(person.c.name).contains(text.lower(), autoescape=True)
        query = query.where(named)
    return list(tx.execute(query))


def count_states(tx: Tx) -> dict[str, int]:
    """How many persons there are in each state."""
    query = sa.select(person.c.state, sa.func.count().label("number")).group_by(person.c.state)
    return {row.state: row.number for row in tx.execute(query)}


def by_mail(tx: Tx, address: str) -> list[str]:
    """The persons with an account that has this work address."""
    query = (
        sa.select(account.c.person)
        .join(anchor, anchor.c.subject == account.c.subject)
        .where(anchor.c.kind == "mail", anchor.c.value == address, account.c.person.is_not(None))
    )
    return sorted(set(tx.execute(query).scalars()))


def named(tx: Tx, instance_id: str, key: str) -> Any:
    """The account of this instance and key, or None."""
    mine = sa.and_(subject.c.instance == instance_id, subject.c.key == key)
    return tx.execute(_ACCOUNTS.where(mine, subject.c.family == str(Family.PERSON))).first()


def keys_beginning(tx: Tx, instance_id: str, text: str) -> list[str]:
    """The keys of accounts of this instance that begin like this; two at most."""
    begun = subject.c.key.startswith(text, autoescape=True)
    mine = sa.and_(subject.c.instance == instance_id, subject.c.family == str(Family.PERSON), begun)
    return list(tx.execute(sa.select(subject.c.key).where(mine).limit(2)).scalars())


def move(tx: Tx, subjects: Collection[int], to: str) -> None:
    """These accounts are of that person from now on; what it rested on stays."""
    for part in chunks(subjects):
        tx.execute(account.update().where(account.c.subject.in_(part)).values(person=to))


def waiting_with(tx: Tx, values: Collection[str]) -> set[int]:
    """Accounts that wait and are found by one of these values."""
    found: set[int] = set()
    for part in chunks(values):
        mine = sa.select(anchor.c.subject).where(anchor.c.value.in_(part))
        waits = sa.and_(account.c.person.is_(None), account.c.subject.in_(mine))
        found |= set(tx.execute(sa.select(account.c.subject).where(waits)).scalars())
    return found


def waiting_beside(tx: Tx, subjects: Collection[int]) -> list[Any]:
    """Accounts that wait and share something with one of these."""
    mine = sa.select(anchor.c.value).where(anchor.c.subject.in_(list(subjects)))
    others = sa.select(anchor.c.subject).where(anchor.c.value.in_(mine))
    waits = sa.and_(account.c.person.is_(None), account.c.subject.in_(others))
    return list(tx.execute(_ACCOUNTS.where(waits).order_by(account.c.subject)))
