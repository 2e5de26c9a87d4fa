"""Provisioning: what each changed person's account on a target should look like.

A target is written only where `people.accounts` says `manage`. How many people may lose their account
at once is weighed over everybody at the end of a run; above the limit nobody loses one, and the list
waits in the hold `people` of that target. Everything else about people goes on.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.engine import departures, doubts, grouping, linking, managers, overhauls, portraits
from hub.engine.projection import Desired
from hub.events.objects import Kind, PersonEntry
from hub.people import policy as policies
from hub.people.policy import Policy
from hub.people.states import MAY_LOG_IN, State
from hub.settings.removals import Removals
from hub.store import desire, holds, memberships, named, objects, persons, streams, trail
from hub.store.ledger import SENDING
from hub.store.store import Tx

ROUTE = "people"
ACTION = "people"
ACTIONS = frozenset({ACTION, grouping.ACTION})
_NAMES = {"department": "department", "office": "office", "phone": "phone", "mobile": "mobile"}
_NAMES |= {"mail": "mail", "title": "title", "given_name": "given_name", "organisation": "employer"}


@dataclass(frozen=True, slots=True)
class Wish:
    """One person on one target.

    Attributes:
        row: the stored person.
        instance: whose mode decides whether it is sent.
        entry: None: the person should have no account there.
        there: the object as it is; None: there never was one.
        portrait: the picture beside it.
    """

    row: Any
    instance: str
    entry: PersonEntry | None
    there: Any
    portrait: portraits.Portrait = field(default_factory=portraits.Portrait)

    @property
    def is_loss(self) -> bool:
        """Whether somebody who can use the account now could not any more.

        Who is forgotten was named by an administrator, and is not weighed.
        """
        if self.there is None or self.there.state != "present" or self.row.state == State.ERASED:
            return False
        if not self.there.body["active"]:
            return False
        return self.entry is None or not self.entry.active


def provision(
    tx: Tx,
    now: datetime,
    *,
    released: Mapping[str, Collection[str]] | None = None,
    let_go: Mapping[str, Collection[grouping.Line]] | None = None,
    agreed: Collection[str] = (),
    changed: Mapping[str, Collection[str]] | None = None,
    recent: timedelta | None = None,
) -> int:
    """Bring the accounts and groups of changed persons up to date; how many persons there were.

    Args:
        tx, now: the transaction and the moment.
        released: per target persons of whom an administrator said that they lose it there.
        let_go: the same of groups, and of who is in them.
        agreed: the same of persons, for every target, whatever becomes of them.
        changed: per target persons of whom an administrator said that their fields may change.
        recent: people come one by one: those who lost theirs within this time, and since the last
            release, are weighed with those who lose it now.
    """
    stale = memberships.stale_groups(tx)
    if not stale and not persons.any_stale(tx):
        return 0
    policy = policies.current(tx)
    going = grouping.publish(tx, stale, policy, now)
    rows = persons.stale(tx)
    accounts: dict[str, list[Any]] = {}
    for one in persons.of_persons(tx, [row.id for row in rows]):
        accounts.setdefault(one.person, []).append(one)
    above = managers.above(tx, policy) if policy.accounts else {}
    waits, unchanged = {}, set()
    for target_id, what in policy.accounts.items():
        wishes = _wishes(tx, target_id, rows, accounts, policy, above=above)
        free = {*(changed or {}).get(target_id, ()), *agreed}
        leaving = {*(released or {}).get(target_id, ()), *agreed}
        if what == linking.LINK:
            waits[target_id] = _link(
                tx, target_id, wishes, leaving, limits=policy.removals, now=now
            )
            continue
        same = overhauls.weigh(tx, target_id, wishes, free, limits=policy.changes, now=now)
        unchanged |= same
        waits[target_id] = _settle(
            tx,
            target_id,
            [one for one in wishes if one.row.id not in same],
            leaving,
            policy=policy,
            now=now,
            recent=recent,
        )
    people = grouping.People(rows, accounts, waits, doubts.held(tx), policy)
    held = grouping.fill(tx, people, stale, going, now=now, let_go=let_go or {}).union(
        unchanged, *waits.values()
    )
    persons.fresh(tx, [row.id for row in rows if row.id not in held])
    return len(rows) - len(held)


def _settle(
    tx: Tx,
    target_id: str,
    wishes: Sequence[Wish],
    let_go: Collection[str],
    *,
    policy: Policy,
    now: datetime,
    recent: timedelta | None,
) -> set[str]:
    """Weigh and carry out; those who wait."""
    losing = [one for one in wishes if one.is_loss and one.row.id not in let_go]
    lost = _lost(tx, target_id, now - recent) if recent and losing else 0
    waits = _weigh(tx, target_id, losing, policy.removals, now, lost=lost)
    moving = managers.known(tx, target_id, [one for one in wishes if one.row.id not in waits])
    linking.take_over(tx, target_id, moving)
    for one in moving:
        if one.entry is None:
            _take_away(tx, one, now)
        elif one.there is not None and one.there.instance != one.instance:
            objects.set_instance(tx, one.there.id, one.instance)
    desire.put_many(
        tx, [(one.instance, _desired(target_id, one)) for one in moving if one.entry], now
    )
    portraits.settle(tx, target_id, moving, now)
    managers.follow(tx, target_id, moving, policy, now)
    return waits


def _link(
    tx: Tx,
    target_id: str,
    wishes: Sequence[Wish],
    let_go: Collection[str],
    *,
    limits: Removals,
    now: datetime,
) -> set[str]:
    """The same where accounts are referenced only: whoever leaves loses the groups there."""
    losing = [one for one in wishes if one.entry is None and one.row.state != State.ERASED]
    losing = [one for one in losing if one.there is not None and one.there.state == "present"]
    losing = [one for one in losing if one.row.id not in let_go]
    waits = _weigh(tx, target_id, losing, limits, now, lost=0)  # grace parts those who came apart
    linking.settle(tx, target_id, [one for one in wishes if one.row.id not in waits], now)
    return waits


def _weigh(
    tx: Tx,
    target_id: str,
    losing: Sequence[Wish],
    limits: Removals,
    now: datetime,
    *,
    lost: int,
) -> set[str]:
    """Those who wait: all of them, or none."""
    old = holds.find_open(tx, target_id, ACTION)
    ids = {one.row.id for one in losing}
    stay = _kept(tx, target_id, ids)
    leaving = [one for one in losing if one.row.id not in stay]
    if not leaving or (old is None and not _too_many(tx, target_id, len(leaving), limits, lost)):
        holds.close_if_open(tx, old, now)
        return stay
    content = sorted(map(_line, leaving), key=lambda line: str(line["person"]))
    holds.put_open(tx, target_id, ACTION, content, now)
    return ids


def _kept(tx: Tx, target_id: str, losing: Collection[str]) -> set[str]:
    """Of whom an administrator said that they keep it; who came back since is no longer of them.

    They stay stale as long as they are kept, so that each of them is looked at every time.
    """
    dropped = holds.last_dropped(tx, target_id, ACTION)
    if dropped is None:
        return set()
    same = [line for line in dropped.content if line["person"] in losing]
    if len(same) < len(dropped.content):
        holds.put_content(tx, dropped.id, same)
    return {line["person"] for line in same}


def _too_many(tx: Tx, target_id: str, leaving: int, limits: Removals, lost: int = 0) -> bool:
    leaving, everybody = leaving + lost, objects.active_people(tx, target_id) + lost
    return leaving == everybody >= departures.AT_LEAST or departures.many(
        leaving, everybody, limits
    )


def _lost(tx: Tx, target_id: str, since: datetime) -> int:
    """How many were suspended of late, and had an account there."""
    here, there = named.released_at(tx, target_id, ACTION), named.released_at(tx, None, "removal")
    begin = max(since, here or since, there or since)
    return named.lost_since(tx, target_id, begin)


def _line(one: Wish) -> dict[str, Any]:
    return {"person": one.row.id, "state": one.row.state, "leaves": one.entry is None}


def _take_away(tx: Tx, one: Wish, now: datetime) -> None:
    if one.there is not None and one.there.state == "present":
        desire.make_absent(tx, one.there.id, now)
    if one.there is not None and one.row.state == State.ERASED:
        objects.forget_body(tx, one.there.id)


def _desired(target_id: str, one: Wish) -> Desired:
    body = one.entry.model_dump(mode="json", exclude_none=True) if one.entry else {}
    return Desired(target_id, Kind.PERSON, one.row.id, body, "", "", ROUTE)


def _wishes(
    tx: Tx,
    target_id: str,
    rows: Sequence[Any],
    accounts: Mapping[str, Sequence[Any]],
    policy: Policy,
    *,
    above: Mapping[str, str],
) -> list[Wish]:
    there = objects.by_keys(tx, target_id, str(Kind.PERSON), [row.id for row in rows])
    modes = {name: row.mode for name, row in streams.instances(tx).items()}
    gallery = portraits.Gallery(tx, target_id, policy, [row.id for row in rows])
    wishes = []
    for row in rows:
        old = there.get(row.id)
        found = _instance(accounts.get(row.id, ()), policy, modes)
        instance = found or (old.instance if old is not None else "")
        entry = entry_of(row, policy, above.get(row.id)) if instance else None
        if entry is not None and old is None and not entry.active:
            entry = None  # nobody makes an account for somebody who may not use it
        wishes.append(Wish(row, instance, entry, old, gallery.portrait(row, entry, old)))
    return wishes


def _instance(accounts: Iterable[Any], policy: Policy, modes: Mapping[str, str]) -> str:
    """The most trusted instance of those that know the person; one that sends, if there is one."""
    names = [one.instance for one in accounts if one.removed_at is None]
    order = policy.authority_of.get("user_name", policy.authority)
    names.sort(key=lambda one: order.index(one) if one in order else len(order))
    sending = [one for one in names if modes.get(one) in SENDING]
    return next(iter([*sending, *names]), "")


def entry_of(row: Any, policy: Policy, manager: str | None = None) -> PersonEntry | None:
    """What a person's account should look like; None: there should be none. Pure.

    Somebody who is suspended keeps an account that is switched off. Who has nothing to log in with
    has none.
    """
    if row.state not in {*MAY_LOG_IN, State.SUSPENDED}:
        return None
    known = {name: one["value"] for name, one in (row.attributes or {}).items()}
    user_name = next((known[name] for name in policy.user_name if known.get(name)), None)
    if not user_name or not known.get("display_name"):
        return None
    values = {field: known.get(name) for field, name in _NAMES.items()}
    family = " ".join(str(known[one]) for one in ("infix", "family_name") if known.get(one))
    return PersonEntry(
        user_name=user_name,
        display_name=known["display_name"],
        family_name=family or None,
        external=bool(known.get("external", False)),
        active=row.state in MAY_LOG_IN,
        manager=manager,
        **values,
    )


def without_login(tx: Tx) -> int:
    """How many persons have no account on a target because they have nothing to log in with."""
    policy = policies.current(tx)
    if not policy.accounts:
        return 0
    rows = [row for state in sorted(MAY_LOG_IN) for row in persons.in_state(tx, str(state))]
    return sum(entry_of(row, policy) is None for row in rows)


def release(tx: Tx, row: Any, *, actor: str, now: datetime) -> dict[str, int]:
    """Those in the hold who should still lose their account, or leave a group, do."""
    holds.end(tx, row.id, "released", now)
    ids = {line["person"] for line in row.content if line["person"] is not None}
    if row.action == grouping.ACTION:
        lines = {(line["group"], line["person"]) for line in row.content}
        provision(tx, now, let_go={row.instance: lines})
    elif row.action == overhauls.ACTION:
        provision(tx, now, changed={row.instance: ids})
    else:
        provision(tx, now, released={row.instance: ids})
    what = {"hold": row.hash, "target": row.instance, "action": row.action, "persons": sorted(ids)}
    trail.note(tx, actor=actor, action="release", what=what, now=now)
    return {"changed": len(row.content)}
