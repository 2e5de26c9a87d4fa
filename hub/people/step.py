"""The step between intake and projection: changed accounts become accounts of persons.

All of it happens in the transaction that takes the accounts in, so that a kill leaves nothing half
done and nobody is made twice. Taking the same account in again changes nothing.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.people import policy as policies
from hub.people.matching import Decision, Match, Profile
from hub.people.near import Near, profile_in
from hub.people.policy import Policy
from hub.people.profile import anchors
from hub.people.standing import Account, account_of, stands
from hub.people.states import State, next_change
from hub.store import managers, persons, reviews, sessions, subjects, trail
from hub.store.persons import Link
from hub.store.store import Tx

ACTOR = "hub"


def take(tx: Tx, seen: Sequence[Account], now: datetime) -> dict[int, datetime | None]:
    """Decide what these accounts are to persons, and how those persons stand.

    Returns:
        When to look at each account again though nothing changed.
    """
    step = _Step(tx, policies.current(tx), now, {one.subject: one for one in seen})
    step.note_anchors()
    step.decide()
    return step.store()


def refresh(tx: Tx, ids: Iterable[str], now: datetime) -> list[list[str]]:
    """Bring these persons up to date with their accounts; state changes as person, from, to."""
    policy = policies.current(tx)
    rows = persons.by_ids(tx, sorted(set(ids)))
    found: dict[str, list[Account]] = {one: [] for one in rows}
    for row in persons.of_persons(tx, list(rows)):
        found[row.person].append(account_of(row))
    changes, moved = [], []
    for ident, row in rows.items():
        values = stands(row, found[ident], policy, now)
        if any(getattr(row, name) != value for name, value in values.items()):
            changes.append({"id_": ident} | values)
        if values["state"] != row.state:
            moved.append([ident, row.state, values["state"]])
    persons.update_many(tx, changes)
    sessions.end_all(tx, [one for one, _, state in moved if state not in sessions.MAY_LOOK])
    return moved


def settle(tx: Tx, ids: Iterable[str], now: datetime) -> None:
    """After a decision of a person: these persons, and when to look at each of their accounts."""
    whose = sorted(set(ids))
    refresh(tx, whose, now)
    persons.touch(tx, whose)
    managers.touch_reports(tx, whose)
    rows = persons.of_persons(tx, whose)
    moments = look_again(tx, [account_of(row) for row in rows], now)
    subjects.update(tx, [{"id_": one, "look_again": at} for one, at in moments.items()])


def look_again(tx: Tx, accounts: Sequence[Account], now: datetime) -> dict[int, datetime | None]:
    """When time alone changes how these accounts or their persons stand."""
    links = persons.links(tx, [one.subject for one in accounts])
    whose = {one.subject: one.person for one in links.values() if one.person}
    rows = persons.by_ids(tx, sorted(set(whose.values())))
    soon = policies.current(tx).sponsors.soon
    found = {}
    for one in accounts:
        row = rows.get(whose.get(one.subject, ""))
        grace = row.until if row is not None and row.state == State.SUSPENDED else None
        moments = (at for at in (next_change(one.payload, now, soon), grace) if at is not None)
        found[one.subject] = min(moments, default=None)
    return found


@dataclass
class _Step:
    """One transaction's accounts, decided one after the other in their order of appearance."""

    tx: Tx
    policy: Policy
    now: datetime
    seen: dict[int, Account]
    links: dict[int, Link] = field(default_factory=dict)
    profiles: dict[int, Profile] = field(default_factory=dict)
    shared: dict[int, set[tuple[str, str]]] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)
    made: dict[int, Link] = field(default_factory=dict)
    fresh: dict[str, list[int]] = field(default_factory=dict)
    asks: list[dict[str, Any]] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    waking: set[int] = field(default_factory=set)

    def note_anchors(self) -> None:
        """Store what these accounts are found by, so that they find each other too."""
        self.links = persons.links(self.tx, self.seen)
        for one in self.seen.values():
            if one.payload is not None:
                self.profiles[one.subject] = profile_in(one, self.policy)
        self.shared = {one: set(anchors(profile)) for one, profile in self.profiles.items()}
        known = [one for one in self.links if one in self.profiles]
        before = persons.anchors(self.tx, known)
        self.changed = {
            one
            for one, listed in self.shared.items()
            if one not in self.links or listed != before.get(one, set())
        }
        wanted = {one: self.shared[one] for one in sorted(self.changed)}
        persons.put_anchors(self.tx, wanted, self.changed & set(known))

    def decide(self) -> None:
        """Find for each account whose it may be, and choose."""
        self._let_go()
        asking = [one for one in sorted(self.profiles) if self._is_open(one)]
        near = Near(self.tx, self.policy, self.profiles, self.shared, asking)
        for one in asking:
            link = self.links.get(one)
            found = near.match(one)
            if link is not None and link.person is not None:
                self._suggest(one, found)
            elif found.decision is Decision.LINK:
                self._link(one, found.persons[0], found, near)
            elif found.decision is Decision.REVIEW:
                self._wait(one, found, near)
            else:
                person = str(uuid.uuid4())
                self.fresh[person] = []
                self._link(one, person, found, near)
            if one in self.changed or one in self.made:
                self.waking |= near.waiting(one)
        if self.made or not self.changed.isdisjoint(asking):
            self.waking |= near.released(self.tx)
        self.asked = [one for one in asking if one in self.links]

    def _is_open(self, one: int) -> bool:
        link = self.links.get(one)
        return link is None or link.person is None or one in self.changed

    def _let_go(self) -> None:
        """What waited and is gone from its source waits no more."""
        gone = [
            one
            for one, link in self.links.items()
            if link.person is None and self.seen[one].payload is None
        ]
        open_ = [row[0] for row in reviews.of_accounts(self.tx, gone) if row[3] == "open"]
        reviews.end(self.tx, open_, "closed", self.now)
        persons.put_anchors(self.tx, {}, gone)
        persons.put_links(self.tx, [], gone, self.now)
        for one in gone:
            del self.links[one]

    def _link(self, one: int, person: str, found: Match, near: Near) -> None:
        signs = [str(sign) for sign in found.signs]
        self.made[one] = Link(one, person, str(found.tier), signs)
        if person in self.fresh:
            self.fresh[person].append(one)
        near.add(one, person)

    def _wait(self, one: int, found: Match, near: Near) -> None:
        signs = [str(sign) for sign in found.signs]
        link = self.links.get(one)
        if link is None or link.tier != found.tier:
            self.made[one] = Link(one, None, str(found.tier), signs)
        near.wait(one, found.persons)
        self._suggest(one, found)

    def _suggest(self, one: int, found: Match) -> None:
        """Ask; for an account that has a person already: whether both persons are one."""
        for person in found.persons:
            given = {"subject": one, "person": person, "tier": str(found.tier)}
            self.asks.append(given | {"evidence": [str(sign) for sign in found.signs]})

    def store(self) -> dict[int, datetime | None]:
        """Write persons and links; what was decided goes into the audit trail, without names."""
        new = [self._new(ident, accounts) for ident, accounts in self.fresh.items()]
        persons.insert(self.tx, new)
        made = list(self.made.values())
        persons.put_links(self.tx, made, set(self.made) & set(self.links), self.now)
        reviews.replace(self.tx, self.asks, self.asked, self.now)
        touched = {link.person for link in (self.links | self.made).values() if link.person}
        moved = refresh(self.tx, touched - set(self.fresh), self.now)
        persons.touch(self.tx, touched - set(self.fresh))  # what each is in may differ all the same
        if self.policy.accounts:
            managers.touch_reports_to(self.tx, list(self.made))
        if made or moved:
            self._audit(made, moved)
        subjects.mark_dirty(self.tx, self.waking)
        return look_again(self.tx, list(self.seen.values()), self.now)

    def _new(self, ident: str, accounts: Sequence[int]) -> dict[str, Any]:
        values = stands(None, [self.seen[one] for one in accounts], self.policy, self.now)
        return {"id": ident, "made_at": self.now} | values

    def _audit(self, made: Sequence[Link], moved: Sequence[list[str]]) -> None:
        linked = [[one.subject, one.person, one.tier] for one in made if one.person]
        waits = [[one.subject, one.tier] for one in made if not one.person]
        what = {"linked": linked, "waits": waits, "states": moved}
        trail.note(
            self.tx,
            actor=ACTOR,
            action="people",
            what={name: rows for name, rows in what.items() if rows},
            now=self.now,
        )
