"""Grouping: which groups stand on a target, and who is in them.

A target has the groups that `people.groups` chooses, and in each the persons whose accounts the source
names, groups within groups included, as far as they have an account there. Someone with two accounts
is in all groups of both. What takes people out of groups is weighed over everybody: a large group that
loses too many, or one that is chosen no more, waits in the hold `groups` of that target, and until then
nobody leaves any group there.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.engine import departures, doubts, linking
from hub.engine.projection import Desired, object_key
from hub.events.base import Family, fingerprint
from hub.events.group import Group
from hub.events.objects import GroupEntry, Kind, MembershipEntry, member_key
from hub.events.payloads import load
from hub.people import policy as policies
from hub.people.policy import Policy
from hub.people.reasons import Why
from hub.people.standing import account_of
from hub.people.states import MAY_LOG_IN, Event, State, event_of
from hub.settings.groups import GroupRule
from hub.store import bulk, desire, holds, links, memberships, objects, streams
from hub.store.store import Tx
from hub.store.tables import obj

ROUTE = "groups"
ACTION = "groups"
LONGEST = 150  # signs of a group's key: with a person's behind it a target takes it still
WEIGHED = {Why.LEFT, Why.GROUP_GONE, Why.NOT_CHOSEN}  # the rest was decided elsewhere

Line = tuple[str, str | None]  # the key of a group, and a person; None: the group itself
Going = Mapping[str, Mapping[str, Why]]  # target to groups that should go, and why


@dataclass(frozen=True, slots=True)
class People:
    """Persons that changed, and what is known of them.

    Attributes:
        rows: as stored.
        accounts: their accounts by person.
        waits: per target those who wait in another hold: nothing of theirs is touched.
        doubted: those of whom a source says that an account is gone, and an administrator not yet
            (`hub.engine.doubts`).
    """

    rows: Sequence[Any]
    accounts: Mapping[str, Sequence[Any]]
    waits: Mapping[str, Collection[str]]
    doubted: Collection[str]
    policy: Policy


@dataclass(frozen=True, slots=True)
class Loss:
    """Somebody who should leave a group on a target."""

    object: int
    group: str
    person: str
    why: Why


def group_key(instance: str, key: str) -> str:
    """The key on a target of a group that this instance calls so."""
    made = object_key(instance, key)
    return made if len(made) <= LONGEST else f"{made[:100]}.{fingerprint({'key': made})}"


def mark(tx: Tx, rows: Sequence[tuple[int, str]]) -> None:
    """Of subjects that changed, by id and family: groups, and whoever a membership names."""
    groups = [one for one, family in rows if family == Family.GROUP]
    members = [one for one, family in rows if family == Family.MEMBERSHIP]
    if (groups or members) and policies.current(tx).groups:
        memberships.mark_groups(tx, groups)
        memberships.touch_members(tx, members)


# --- groups --------------------------------------------------------------------------------------


def publish(tx: Tx, stale: Sequence[Any], policy: Policy, now: datetime) -> Going:
    """Bring groups that changed up to date; those that should go are left for `fill` to weigh.

    Whoever is in a group that comes or goes is looked at again.
    """
    known = streams.instances(tx)
    able = {
        name for name, row in known.items() if row.state == "active" and not row.withdrawn
    }  # of one that stands still all is left as it is
    rows = [row for row in stale if row.instance in able]
    going = {one: _publish(tx, one, rows, policy.groups[one], now) for one in policy.groups}
    for target_id, leaving in going.items():
        memberships.touch_lanes(tx, target_id, leaving)
    return going


def _publish(
    tx: Tx, target_id: str, rows: Sequence[Any], rules: Sequence[GroupRule], now: datetime
) -> dict[str, Why]:
    keys = {row.id: group_key(row.instance, row.key) for row in rows}
    there = objects.by_keys(tx, target_id, str(Kind.GROUP), list(keys.values()))
    going, wanted, fresh = {}, [], []
    for row in rows:
        old = there.get(keys[row.id])
        stands = old is not None and old.state == "present"
        entry = _entry(row, rules)
        if entry is not None:
            wanted.append((row.instance, _desired(target_id, keys[row.id], entry)))
            fresh += [] if stands else [(row.instance, row.key)]
        elif stands:
            going[keys[row.id]] = Why.NOT_CHOSEN if row.removed_at is None else Why.GROUP_GONE
    desire.put_many(tx, wanted, now)
    memberships.touch_groups(tx, fresh)
    return going


def _desired(target_id: str, key: str, entry: GroupEntry) -> Desired:
    body = entry.model_dump(mode="json", exclude_none=True)
    return Desired(target_id, Kind.GROUP, key, body, "", "", ROUTE, lane=key)


def _entry(row: Any, rules: Sequence[GroupRule]) -> GroupEntry | None:
    """What a group should look like; None: it is gone, or not chosen."""
    if row.removed_at is not None or row.state is None:
        return None
    group = load(str(Family.GROUP), row.version, row.state)
    if not isinstance(group, Group):
        raise TypeError(f"{type(group).__name__} is no group")
    rule = next((one for one in rules if one.chooses(row.instance, group.name)), None)
    if rule is None:
        return None
    return GroupEntry(name=rule.prefix + group.name, description=group.description)


# --- who is in them ------------------------------------------------------------------------------


def fill(
    tx: Tx,
    people: People,
    stale: Sequence[Any],
    going: Going,
    *,
    now: datetime,
    let_go: Mapping[str, Collection[Line]],
) -> set[str]:
    """Bring the memberships of these persons up to date; who waits because of their groups.

    Args:
        tx, people, now: the transaction, whom it concerns, and the moment.
        stale: the groups that changed, and what `publish` said of them, `going`.
        let_go: per target what an administrator said is to go.
    """
    inside = _inside(tx, people, now)
    held, kept = set[str](), set[str]()
    for target_id in people.policy.groups:
        one = _Target(tx, target_id, people, going[target_id], now)
        waits = one.fill(inside, let_go.get(target_id, ()))
        held |= {person for _, person in waits if person is not None}
        kept |= {group for group, person in waits if person is None}
    settled = [row.id for row in stale if group_key(row.instance, row.key) not in kept]
    memberships.groups_fresh(tx, settled)
    return held


def _inside(tx: Tx, people: People, now: datetime) -> dict[str, dict[str, str]]:
    """Per person the groups of all accounts in force: their key on a target, and their instance."""
    whose = {
        (one.instance, one.key): row.id
        for row in people.rows
        if row.state in MAY_LOG_IN
        for one in _in_force(people.accounts.get(row.id, ()), now)
    }
    found: dict[str, dict[str, str]] = {}
    names: dict[tuple[str, str], str] = {}
    for row in memberships.of_accounts(tx, list({key for _, key in whose})):
        person = whose.get((row.whose, row.member))
        name = (row.instance, row.group)
        if name not in names:
            names[name] = group_key(*name)
        if person is not None:
            found.setdefault(person, {})[names[name]] = row.instance
    return found


def _in_force(accounts: Sequence[Any], now: datetime) -> list[Any]:
    """Of an active person: an only account is in force."""
    there = [one for one in accounts if one.removed_at is None]
    if len(there) < 2:
        return there
    return [one for one in there if event_of(account_of(one).payload, now) is Event.IN_FORCE]


class _Target:
    """One target: what its memberships should be, weighed and carried out."""

    def __init__(
        self, tx: Tx, target_id: str, people: People, going: Mapping[str, Why], now: datetime
    ) -> None:
        self._tx, self._id, self._now = tx, target_id, now
        self._going = going
        self._waits = people.waits.get(target_id, ())
        self._people = people
        self._limits = people.policy.removals
        self._links = people.policy.accounts.get(target_id) == linking.LINK
        self._rows = [row for row in people.rows if row.id not in self._waits]
        groups = memberships.groups_there(tx, target_id)
        self._there = {row.key: row for row in groups if row.state == "present"}
        self._published = self._there.keys() - going.keys()

    def fill(
        self, inside: Mapping[str, Mapping[str, str]], let_go: Collection[Line]
    ) -> Collection[Line]:
        ids = [row.id for row in self._rows]
        given = {"target": self._id, "kind": str(Kind.PERSON), "state": "present"}
        able = {row[0] for row in bulk.where_in(self._tx, obj, "key", ids, ("key",), **given)}
        standing: dict[str, list[Any]] = {}
        for one in memberships.standing(self._tx, self._id, ids):
            standing.setdefault(one.person, []).append(one)
        losses: list[Loss] = []
        wanted: list[tuple[str, Desired]] = []
        for row in self._rows:
            there, ours = standing.get(row.id, ()), inside.get(row.id, {})
            groups = ours.keys() & self._published if row.id in able else set[str]()
            losses += self._losses(row, there, groups, able=row.id in able)
            known = {one.lane for one in there if one.state == "present" or one.withdrawn}
            wanted += [(ours[one], self._membership(one, row.id)) for one in groups - known]
        desire.put_many(self._tx, sorted(wanted, key=lambda one: one[1].key), self._now)
        if wanted and self._links:
            links.park(self._tx, self._id)
        return self._leave(losses, let_go)

    def _membership(self, group: str, person: str) -> Desired:
        body = MembershipEntry(group=group, person=person).model_dump(mode="json")
        ends = ((Kind.GROUP, group), (Kind.PERSON, person))
        key = member_key(group, person)
        return Desired(
            self._id, Kind.MEMBERSHIP, key, body, "", "", ROUTE, requires=ends, lane=group
        )

    def _losses(
        self, row: Any, there: Sequence[Any], groups: Collection[str], *, able: bool
    ) -> Iterator[Loss]:
        for one in there:
            if one.state == "present" and one.lane not in groups:
                why = self._why(row, one.lane, able=able)
                if why is not None:
                    yield Loss(one.id, one.lane, row.id, why)

    def _why(self, row: Any, group: str, *, able: bool) -> Why | None:
        """Why somebody leaves a group; None: they stay, as whoever is suspended does."""
        if not able:
            return Why.NO_ACCOUNT
        if group in self._going:
            return self._going[group]
        if group not in self._there:
            return Why.WITHDRAWN
        return None if row.state == State.SUSPENDED else Why.LEFT

    def _leave(self, losses: Sequence[Loss], let_go: Collection[Line]) -> Collection[Line]:
        """Those who leave do, or all of them wait; which these are."""
        lines: dict[Line, Why] = {(one, None): why for one, why in self._going.items()}
        lines |= {(one.group, one.person): one.why for one in losses if one.why in WEIGHED}
        doubted = {line for line in lines if line[1] in self._people.doubted} | self._early(lines)
        asked = {line: why for line, why in lines.items() if line not in {*let_go, *doubted}}
        waits = doubted.union(self._weigh(asked))
        leave = [one.object for one in losses if (one.group, one.person) not in waits]
        leave += [self._there[one].id for one in self._going if (one, None) not in waits]
        desire.make_all_absent(self._tx, leave, self._now)
        return waits

    def _early(self, lines: Mapping[Line, Why]) -> set[Line]:
        """Those who left a group, and whose accounts were not found since, or not looked for."""
        left = {line for line, why in lines.items() if why is Why.LEFT}
        mine = (self._people.accounts.get(person or "", ()) for _, person in left)
        there = {one.subject: one for many in mine for one in many if one.removed_at is None}
        absent = doubts.absent(list(there.values()))
        early = {
            (group_key(instance, key), person)
            for instance, key, person in doubts.early(self._tx, list(there.values()))
        }
        return {line for line in left if line in early or line[1] in absent}

    def _weigh(self, asked: Mapping[Line, Why]) -> Collection[Line]:
        """Those who wait: all of them, or none but whom an administrator keeps."""
        old = holds.find_open(self._tx, self._id, ACTION)
        stay = self._kept(asked)
        leaving = {line: why for line, why in asked.items() if line not in stay}
        if not leaving or (old is None and not self._too_many(leaving)):
            holds.close_if_open(self._tx, old, self._now)
            return stay
        content = [self._line(line, why) for line, why in leaving.items()]
        content.sort(key=lambda one: (one["group"], one["person"] or ""))
        holds.put_open(self._tx, self._id, ACTION, content, self._now)
        return asked.keys()

    def _kept(self, asked: Collection[Line]) -> set[Line]:
        """What an administrator said stays; what is back in its group is no longer of it."""
        dropped = holds.last_dropped(self._tx, self._id, ACTION)
        if dropped is None:
            return set()
        same = [line for line in dropped.content if (line["group"], line["person"]) in asked]
        if len(same) < len(dropped.content):
            holds.put_content(self._tx, dropped.id, same)
        return {(line["group"], line["person"]) for line in same}

    def _too_many(self, leaving: Mapping[Line, Why]) -> bool:
        if Why.NOT_CHOSEN in leaving.values():
            return True
        groups = Counter(group for group, person in leaving if person is not None)
        return departures.emptied(groups, memberships.sizes(self._tx, self._id), self._limits)

    def _line(self, line: Line, why: Why) -> dict[str, Any]:
        group, person = line
        name = self._there[group].body.get("name", group) if group in self._there else group
        return {"group": group, "name": name, "person": person, "reason": str(why)}
