"""A changed configuration: what it would take away or alter waits in one hold per instance."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.contract import Connector, Stream
from hub.engine.projection import Matter, Projected, freshness, project
from hub.events.base import Family
from hub.events.payloads import load
from hub.events.person import Person
from hub.events.route import Route
from hub.settings.removals import Quarantine, Removals
from hub.store import (
    desire,
    holds,
    memberships,
    objects,
    persons,
    streams,
    subjects,
    waiting,
)
from hub.store.store import Tx

_GROUPED = frozenset({Family.GROUP, Family.MEMBERSHIP})
REMOVALS, QUARANTINE = Removals.by_default(), Quarantine.by_default()  # the defaults


@dataclass(frozen=True)
class Source:
    """One configured instance as the engine sees it.

    Attributes:
        fingerprint: of what decides how the source is read; never of mode, pace or name.
        every: an own rhythm for its streams; None: the connector's.
        stale_after: per tile.
        removals: how many people may leave at once before somebody is asked.
        quarantine: when a source of people is left alone.
    """

    id: str
    connector_name: str
    connector: Connector[Any]
    routes: tuple[Route, ...]
    mode: str
    fingerprint: str
    reopen: timedelta
    every: timedelta | None
    stale_after: Mapping[str, timedelta]
    removals: Removals = REMOVALS
    quarantine: Quarantine = QUARANTINE

    @property
    def routing(self) -> list[dict[str, Any]]:
        """The routes as they are stored."""
        return [route.model_dump(mode="json") for route in self.routes]


def register(tx: Tx, source: Source, now: datetime) -> None:
    """Note the instance as configured now; a changed routing waits until it is weighed."""
    old = streams.instances(tx).get(source.id)
    values: dict[str, Any] = {"mode": source.mode, "connector": source.connector_name}
    if old is None or old.routing is None:
        values |= {"routing": source.routing, "routing_wanted": None}
    else:
        wanted = source.routing if old.routing != source.routing else None
        values["routing_wanted"] = wanted
        if wanted or old.routing_wanted or old.state != "active":  # put back counts as well
            _all_dirty(tx, source.id)
    streams.put_instance(tx, source.id, state="active", **values)
    weigh(tx, source.id, now)


def stand_still(tx: Tx, known: Collection[str], broken: Collection[str]) -> list[str]:
    """Instances that can't be used now: reading stops, nothing is withdrawn.

    Returns:
        Those without a file any more (orphaned); those with a broken one have failed.
    """
    idle = [one for one in streams.instances(tx) if one not in known]
    for one in idle:
        streams.put_instance(tx, one, state="failed" if one in broken else "orphaned")
    return [one for one in idle if one not in broken]


def weigh(tx: Tx, instance_id: str, now: datetime) -> str | None:
    """Put into the hold what the changed configuration would take away or alter; accept the rest.

    Returns:
        The hash of a hold that was opened or changed; None otherwise.
    """
    row = streams.instances(tx)[instance_id]
    rows = waiting.pending(tx, instance_id)
    old = holds.find_open(tx, instance_id, "configuration")
    if row.routing_wanted is None and not rows and old is None:
        return None
    touched = rows if row.routing_wanted is None else _everything(tx, instance_id)
    content = _content(tx, touched, _routes(row.routing_wanted or row.routing), now)
    if content:
        return holds.put_open(tx, instance_id, "configuration", content, now)
    holds.close_if_open(tx, old, now)
    if row.routing_wanted is not None:
        apply_routing(tx, instance_id, now)
    return None


def _content(
    tx: Tx, touched: Sequence[Any], routes: Sequence[Route], now: datetime
) -> list[dict[str, Any]]:
    """Published objects that would go or change; the ones that go, and so may be leaks, first."""
    lines = []
    for one in touched:
        rows = [row for row in desire.of_subject(tx, one.id) if row.done_state == "present"]
        if not rows:
            continue
        wanted = project(matter(one, pending=True), routes, now).objects
        changes = [change for change in desire.compare(rows, wanted) if change.takes]
        lines += [_line(one, change) for change in changes]
    return sorted(lines, key=lambda line: (line["to"] is not None, line["object"]))


def _line(one: Any, change: desire.Change) -> dict[str, Any]:
    return {
        "subject": one.id,
        "target": change.target,
        "object": change.key,
        "from": change.old,
        "to": change.new,
    }


def _everything(tx: Tx, instance_id: str) -> list[Any]:
    return subjects.live(tx, instance_id, [str(family) for family in Family])


def _all_dirty(tx: Tx, instance_id: str) -> None:
    subjects.mark_dirty(tx, [row.id for row in _everything(tx, instance_id)])


def apply_routing(tx: Tx, instance_id: str, now: datetime) -> None:
    """The changed routes are the routes from now on."""
    row = streams.instances(tx)[instance_id]
    if row.routing_wanted is not None:
        streams.put_instance(tx, instance_id, routing=row.routing_wanted, routing_wanted=None)
    _drop_freshness(tx, instance_id, _routes(row.routing_wanted or row.routing), now)
    _all_dirty(tx, instance_id)


def _drop_freshness(tx: Tx, instance_id: str, routes: Sequence[Route], now: datetime) -> None:
    """A tile that a stream of this instance feeds no more must not wait for it."""
    fed = {
        (one, r.tile, r.audience, str(r.family))
        for r in routes
        if not r.withheld
        for one in r.targets
    }
    families = subjects.families(tx, instance_id)
    for row in objects.of_instance(tx, instance_id):
        if row.kind != "freshness" or row.state != "present":
            continue
        stream = str(row.body["source"]).removeprefix(f"{instance_id}.")
        brings = families.get(stream) or {str(one) for one in Family}
        if not any((row.target, row.tile, row.audience, one) in fed for one in brings):
            desire.make_absent(tx, row.id, now)


def held_subjects(tx: Tx, instance_id: str) -> set[int]:
    """Subjects in the open configuration hold of an instance."""
    row = holds.find_open(tx, instance_id, "configuration")
    return {line["subject"] for line in row.content} if row is not None else set()


def weigh_address(tx: Tx, target_id: str, old: str, new: str, now: datetime) -> None:
    """A target that moved: what stands in the ledger is shown, and waits."""
    row = holds.find_open(tx, target_id, "address")
    if old == new:
        holds.close_if_open(tx, row, now)
        return
    holds.put_open(tx, target_id, "address", [{"from": old, "to": new}], now)


def _routes(stored: Sequence[Mapping[str, Any]]) -> list[Route]:
    return [Route.model_validate(one) for one in stored]


def matter(row: Any, *, pending: bool = False) -> Matter:
    """A stored subject as projection sees it."""
    body = row.pending if pending and row.pending is not None else row.state
    gone = row.removed_at is not None or body is None
    payload = None if gone else load(row.family, row.version, body)
    return Matter(
        instance=row.instance,
        key=row.key,
        payload=payload,
        body=body if payload is not None and row.version == payload.version else None,
        episode=row.episode,
        reopened=row.reopened,
        began_at=row.began_at,
    )


class Routing:
    """The routes of every instance, held ones apart, within one transaction."""

    def __init__(self, tx: Tx) -> None:
        self._instances = streams.instances(tx)
        self._held = {
            row.instance: {line["subject"] for line in row.content}
            for row in holds.all_open(tx)
            if row.action == "configuration"
        }
        self._parsed: dict[tuple[str, bool], list[Route]] = {}

    def goes_on(self, instance_id: str) -> bool:
        """Whether the instance can be used; while it stands still all is left as it is."""
        instance = self._instances.get(instance_id)
        return instance is not None and instance.state == "active"

    def project(self, subject_id: int, one: Matter, now: datetime) -> Projected | None:
        """What this subject causes now; None while its instance stands still: left as it is."""
        if not self.goes_on(one.instance):
            return None
        instance = self._instances[one.instance]
        if instance.withdrawn:
            return Projected()
        held = subject_id in self._held.get(one.instance, ())
        return project(one, self._routes(instance, held=held), now)

    def _routes(self, instance: Any, *, held: bool) -> list[Route]:
        name = (instance.id, held)
        if name not in self._parsed:
            stored = instance.routing if held else instance.routing_wanted or instance.routing
            self._parsed[name] = _routes(stored)
        return self._parsed[name]


def project_dirty(tx: Tx, now: datetime, *, agreed: Collection[str] = ()) -> int:
    """Bring the objects of changed subjects up to date; how many subjects there were.

    When there were none: the accounts of changed persons, all at once, because how many people
    lose theirs is weighed over all of them.

    Args:
        agreed: persons of whom an administrator saw what becomes of them, and said yes.
    """
    rows = subjects.take_dirty(tx, now)
    if rows:
        _project(tx, [(row, matter(row), False) for row in rows], now)
    elif memberships.stale_groups(tx) or persons.any_stale(tx):
        from hub.engine import provisioning  # noqa: PLC0415  most have no people, and start sooner

        provisioning.provision(tx, now, agreed=agreed)
    return len(rows)


def project_these(tx: Tx, ids: Collection[int], now: datetime) -> None:
    """Bring the objects of these subjects up to date, and of no others that wait."""
    if ids:
        _project(tx, [(row, matter(row), False) for row in subjects.by_ids(tx, ids)], now)
        subjects.clean(tx, ids)


def project_changed(tx: Tx, changed: Sequence[Any], now: datetime) -> None:
    """Bring the objects of subjects up to date that were accepted just now, in memory still."""
    if changed:
        _project(tx, [(one, _accepted(one), one.fresh) for one in changed], now)


def _accepted(one: Any) -> Matter:
    return Matter(
        instance=one.instance,
        key=one.key,
        payload=one.payload,
        body=one.body,
        episode=one.episode,
        reopened=one.reopened,
        began_at=one.began_at,
    )


def _project(tx: Tx, rows: Sequence[tuple[Any, Matter, bool]], now: datetime) -> None:
    routing = Routing(tx)
    accounts = _accounts(tx, routing, rows, now)
    wanted, moments = [], []
    for row, one, fresh in rows:
        made = None if row.id in accounts else routing.project(row.id, one, now)
        look_again = made.look_again if made else accounts.get(row.id)
        if made is not None and not (fresh and not made.objects):
            wanted.append(desire.Wanted(row.id, row.instance, made.objects, fresh))
        if row.look_again != look_again:
            moments.append({"id_": row.id, "look_again": look_again})
    desire.desire(tx, wanted, now)
    subjects.update(tx, moments)
    _mark(tx, [(row.id, family) for row, _, _ in rows if (family := _family(row)) in _GROUPED])


def _mark(tx: Tx, rows: Sequence[tuple[int, str]]) -> None:
    if rows:
        from hub.engine import grouping  # noqa: PLC0415  most have no groups, and start sooner

        grouping.mark(tx, rows)


def _accounts(
    tx: Tx, routing: Routing, rows: Sequence[tuple[Any, Matter, bool]], now: datetime
) -> dict[int, datetime | None]:
    """Accounts go to the people step; when to look at each of them again.

    Of an instance that stands still only those that are gone, so that grace comes to its end.
    """
    theirs = [
        (row, one)
        for row, one, _ in rows
        if _family(row) == Family.PERSON and (routing.goes_on(one.instance) or one.payload is None)
    ]
    if not theirs:
        return {}
    from hub.people import step  # noqa: PLC0415  most have no people, and start sooner
    from hub.people.standing import Account  # noqa: PLC0415  as above

    seen = [
        Account(
            row.id, one.instance, one.payload if isinstance(one.payload, Person) else None, body
        )
        for row, one in theirs
        for body in [one.body if one.body is not None else getattr(row, "state", None) or {}]
    ]
    return step.take(tx, seen, now)


def _family(row: Any) -> str:
    """Of a stored subject, or of one that was accepted just now."""
    return str(row.payload.family if hasattr(row, "payload") else row.family)


def renew_freshness(
    tx: Tx, source: Source, stream: Stream, *, as_of: datetime, now: datetime, news: bool
) -> None:
    """Say how long the tiles may be believed, when less than half of that time is left.

    Args:
        stream: only routes that take one of its families rest on it.
        news: rows changed: a tile must not say that it is older than its rows.
    """
    row = streams.instances(tx)[source.id]
    if row.withdrawn or row.paused:
        return
    for route in _feeding(row):
        if route.family not in stream.families:
            continue
        stale_after = source.stale_after.get(route.tile, timedelta(minutes=5))
        for one in freshness(route, source.id, stream.name, as_of, stale_after):
            row = objects.get(tx, one.target, one.kind, one.key)
            if news or _fades(row, one.withheld, now, stale_after):
                desire.put(tx, source.id, one, now)


def _feeding(row: Any) -> list[Route]:
    """The routes; while a change of them waits, those of tiles that only the old ones feed too."""
    routes = [one for one in _routes(row.routing_wanted or row.routing) if not one.withheld]
    fed = {(route.tile, route.audience, route.family) for route in routes}
    old = _routes(row.routing)
    return routes + [r for r in old if (r.tile, r.audience, r.family) not in fed]


def _fades(
    row: Any,
    withheld: bool,  # noqa: FBT001  what it should be, no switch
    now: datetime,
    stale_after: timedelta,
) -> bool:
    if row is None or row.withheld != withheld:
        return True
    if row.state != "present" and not withheld:
        return True
    left = datetime.fromisoformat(row.body["fresh_until"]) - now
    return not stale_after / 2 <= left <= stale_after  # more is left only when a clock went back
