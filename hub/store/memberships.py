"""Queries on groups and who is in them: what sources say, and what stands for it on targets."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from hub.events.base import Family
from hub.events.group import MEMBER
from hub.events.objects import Kind
from hub.store import bulk
from hub.store.store import Tx
from hub.store.subjects import chunks
from hub.store.tables import account, obj, person, ref, requirement, stale_group, subject

_LIVE = sa.and_(subject.c.family == str(Family.MEMBERSHIP), subject.c.removed_at.is_(None))
_MEMBER = sa.and_(ref.c.subject == subject.c.id, ref.c.role == MEMBER)
_SETTLED = sa.select(person.c.id).where(person.c.stale.is_(False)).limit(1)
_NAMED = subject.alias("named")  # the account that a membership names


# --- what changed --------------------------------------------------------------------------------


def mark_groups(tx: Tx, ids: Collection[int]) -> None:
    """What stands on targets for these groups is looked at again."""
    for part in chunks(set(ids)):
        query = sa.select(stale_group.c.subject).where(stale_group.c.subject.in_(part))
        known = set(tx.execute(query).scalars())
        bulk.insert(tx, stale_group, [{"subject": one} for one in part if one not in known])


def all_groups_stale(tx: Tx) -> None:
    """The same of every group."""
    query = sa.select(subject.c.id).where(subject.c.family == str(Family.GROUP))
    mark_groups(tx, list(tx.execute(query).scalars()))


def stale_groups(tx: Tx) -> list[Any]:
    """Groups that changed since their objects were brought up to date, as subjects."""
    query = sa.select(subject).join(stale_group, stale_group.c.subject == subject.c.id)
    # by the short table: by subjects SQLite would go through all of them
    return list(tx.execute(query.order_by(stale_group.c.subject)))


def groups_fresh(tx: Tx, ids: Collection[int]) -> None:
    """What stands on targets is as these groups say."""
    for part in chunks(ids):
        tx.execute(stale_group.delete().where(stale_group.c.subject.in_(part)))


def touch_members(tx: Tx, ids: Collection[int]) -> None:
    """The persons whom these memberships name are looked at again."""
    for part in chunks(ids):
        _touch(tx, _persons_of().where(subject.c.id.in_(part)))


def touch_groups(tx: Tx, groups: Collection[tuple[str, str]]) -> None:
    """Everybody in these groups, by instance and key, is looked at again."""
    by_instance: dict[str, list[str]] = {}
    for instance, key in groups:
        by_instance.setdefault(instance, []).append(key)
    for instance, keys in by_instance.items():
        for part in chunks(keys):
            mine = sa.and_(subject.c.instance == instance, subject.c.container.in_(part))
            _touch(tx, _persons_of().where(mine, _LIVE))


def touch_lanes(tx: Tx, target_id: str, keys: Collection[str]) -> None:
    """Everybody who stands in these groups on a target is looked at again."""
    for part in chunks(keys):
        inside = sa.select(requirement.c.object).where(
            requirement.c.target == target_id,
            requirement.c.kind == str(Kind.GROUP),
            requirement.c.key.in_(part),
        )
        named = sa.select(requirement.c.key).where(
            requirement.c.object.in_(inside), requirement.c.kind == str(Kind.PERSON)
        )
        _touch(tx, named)


def _persons_of() -> sa.Select[Any]:
    """The persons behind the accounts that memberships name."""
    same = sa.and_(
        _NAMED.c.instance == ref.c.namespace,
        _NAMED.c.family == str(Family.PERSON),
        _NAMED.c.key == ref.c.value,
    )
    return (
        sa.select(account.c.person)
        .select_from(subject)
        .join(ref, _MEMBER)
        .join(_NAMED, same)
        .join(account, account.c.subject == _NAMED.c.id)
        .where(account.c.person.is_not(None))
    )


def _touch(tx: Tx, ids: sa.Select[Any]) -> None:
    if tx.execute(_SETTLED).first() is None:
        return  # everybody is looked at anyhow, as the first time
    mine = sa.and_(person.c.id.in_(ids), person.c.stale.is_(False))
    tx.execute(person.update().where(mine).values(stale=True))


# --- what sources say ----------------------------------------------------------------------------


def of_accounts(tx: Tx, keys: Collection[str]) -> list[Any]:
    """Memberships that go on, of accounts with these keys, in order of appearance.

    As id, the account's instance (`whose`) and key (`member`), and the group's instance and key.
    """
    found: list[Any] = []
    query = (
        sa.select(
            subject.c.id,
            ref.c.namespace.label("whose"),
            ref.c.value.label("member"),
            subject.c.instance,
            subject.c.container.label("group"),
        )
        .join(subject, _MEMBER)
        .where(_LIVE)
    )
    for part in chunks(keys):
        found += tx.execute(query.where(ref.c.value.in_(part)).order_by(subject.c.id)).all()
    return found


def naming(tx: Tx, accounts: Collection[tuple[str, str]]) -> list[Any]:
    """Every membership that names one of these accounts, by instance and key; ended ones too."""
    query = sa.select(subject, ref.c.namespace.label("whose"), ref.c.value.label("member"))
    query = query.join(ref, _MEMBER).order_by(subject.c.id)
    rows = [
        row
        for part in chunks({key for _, key in accounts})
        for row in tx.execute(query.where(ref.c.value.in_(part)))
    ]
    return [row for row in rows if (row.whose, row.member) in accounts]


def names_of(tx: Tx, groups: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What sources call these groups, by instance and key."""
    found = {}
    for part in chunks({key for _, key in groups}):
        mine = sa.and_(subject.c.family == str(Family.GROUP), subject.c.key.in_(part))
        for row in tx.execute(sa.select(subject).where(mine)):
            if row.state is not None and (row.instance, row.key) in groups:
                found[row.instance, row.key] = str(row.state["name"])
    return found


def groups_of(tx: Tx, instance_id: str) -> list[Any]:
    """The groups of an instance that go on."""
    query = sa.select(subject).where(
        subject.c.instance == instance_id,
        subject.c.family == str(Family.GROUP),
        subject.c.removed_at.is_(None),
    )
    return list(tx.execute(query.order_by(subject.c.id)))


def by_ids(tx: Tx, ids: Collection[int]) -> list[Any]:
    """Memberships as causes: subjects with a route."""
    query = sa.select(subject, sa.literal("groups").label("route")).order_by(subject.c.id)
    return [row for part in chunks(ids) for row in tx.execute(query.where(subject.c.id.in_(part)))]


# --- what stands for it on a target --------------------------------------------------------------


def standing(tx: Tx, target_id: str, people: Collection[str]) -> list[Any]:
    """The memberships of these persons that a target has or should have, with `person`."""
    columns = (obj.c.id, obj.c.key, obj.c.lane, obj.c.state, obj.c.withdrawn)
    query = (
        sa.select(requirement.c.key.label("person"), *columns)
        .join(obj, obj.c.id == requirement.c.object)
        .where(
            requirement.c.target == target_id,
            requirement.c.kind == str(Kind.PERSON),
            obj.c.kind == str(Kind.MEMBERSHIP),
        )
    )
    rows = [row for part in chunks(people) for row in tx.execute(_of(query, part))]
    return sorted(rows, key=lambda row: int(row.id))


def _of(query: sa.Select[Any], people: Collection[str]) -> sa.Select[Any]:
    return query.where(requirement.c.key.in_(people))


def objects_of(tx: Tx, person_id: str) -> list[Any]:
    """The memberships of one person on every target."""
    mine = sa.and_(requirement.c.kind == str(Kind.PERSON), requirement.c.key == person_id)
    query = sa.select(obj).join(requirement, requirement.c.object == obj.c.id)
    mine = sa.and_(mine, obj.c.kind == str(Kind.MEMBERSHIP))
    return list(tx.execute(query.where(mine).order_by(obj.c.id)))


def sizes(tx: Tx, target_id: str) -> dict[str, int]:
    """How many members each group on a target should have, by the group's key."""
    query = (
        sa.select(obj.c.lane, sa.func.count())
        .where(
            obj.c.target == target_id,
            obj.c.kind == str(Kind.MEMBERSHIP),
            obj.c.state == "present",
        )
        .group_by(obj.c.lane)
    )
    return {row[0]: row[1] for row in tx.execute(query)}


def groups_there(tx: Tx, target_id: str) -> list[Any]:
    """Every group that a target has, or had."""
    query = sa.select(obj).where(obj.c.target == target_id, obj.c.kind == str(Kind.GROUP))
    return list(tx.execute(query.order_by(obj.c.id)))


def without_account(tx: Tx, target_id: str) -> dict[tuple[str, str], int]:
    """Per group, by instance and key, its members who have no account on a target."""
    same = sa.and_(
        _NAMED.c.instance == ref.c.namespace,
        _NAMED.c.family == str(Family.PERSON),
        _NAMED.c.key == ref.c.value,
    )
    there = sa.and_(
        obj.c.target == target_id,
        obj.c.kind == str(Kind.PERSON),
        obj.c.key == account.c.person,
        obj.c.state == "present",
    )
    query = (
        sa.select(subject.c.instance, subject.c.container, sa.func.count())
        .select_from(subject)
        .join(ref, _MEMBER)
        .outerjoin(_NAMED, same)
        .outerjoin(account, account.c.subject == _NAMED.c.id)
        .outerjoin(obj, there)
        .where(_LIVE, obj.c.id.is_(None))
        .group_by(subject.c.instance, subject.c.container)
    )
    return {(row[0], row[1]): row[2] for row in tx.execute(query)}
