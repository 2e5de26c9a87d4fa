"""What a file of people would do, found on a throw-away copy of the store.

The copy takes the file as the store itself would, plans, and is thrown away: nothing is guessed, and
nothing is left behind.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hub.contract import Understood, Unreadable
from hub.engine import previewing, reconcile, uploads
from hub.engine.reading import Report
from hub.engine.runner import Runner
from hub.errors import Coded, RejectedError
from hub.people.finding import UNSHOWN
from hub.store import brought, holds, persons, reviews, trail
from hub.store.store import Store, Tx

NEW = "none"  # the tier of an account that nobody else has a part in
ALL = 1_000_000  # questions
MOST = 100  # numbers of persons in one row of the trail; of more it says how many
GROUPS = ("new", "linked", "doubtful", "changed", "back", "absent")


class TooManyError(RejectedError):
    """So many rows can't be understood that the file would not be taken.

    Attributes:
        rows: those, as `rehearse` gives them.
    """

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(
            f"{len(rows)} rows can't be understood, which is too many: is this the right file? Else "
            "correct them where they come from. Nothing is stored.",
            coded=Coded(uploads.TOO_MANY),
        )
        self.rows = rows


@dataclass(frozen=True, slots=True)
class _State:
    """What the store says of one instance's people at one moment."""

    accounts: Mapping[str, Any]
    names: Mapping[str, str | None]
    asked: Mapping[tuple[str, str], Any]
    plan: reconcile.Plan


@asynccontextmanager
async def stage(runner: Runner) -> AsyncIterator[Runner]:
    """The same hub on a throw-away copy of its store: it reads, decides, plans and sends nothing."""
    copy = await runner.store.shadow()
    try:
        twin = replace(runner, store=copy, log=_Silent(), wake=lambda _what: None, heads=None)
        await twin.start()
        yield twin
    finally:
        await copy.close()


async def rehearse(twin: Runner, instance: str, stream: str, data: bytes) -> dict[str, Any]:
    """What this file would do, as JSON values.

    Args:
        twin: a hub on a copy, which takes the file in earnest.
        instance, stream: whose list it is.
        data: the file.

    Raises:
        RejectedError: the file can't be used; the message says why.
        TooManyError: because of its rows.
        BadConfigError: the instance takes no files.
    """
    understood = await uploads.understand(twin.sources[instance], stream, data)
    before = await twin.store.read(_state, instance, twin.now())
    try:
        report, settings = await _taken(twin, instance, stream, data, understood)
    except RejectedError as error:
        if error.coded is None or error.coded.code != uploads.TOO_MANY:
            raise
        raise TooManyError(_unreadable(understood)) from error
    after = await twin.store.read(_state, instance, twin.now())
    return {
        "instance": instance,
        "mode": twin.sources[instance].mode,
        "storable": uploads.takes(twin.sources[instance], stream),
        "same_file": report.outcome == "same",
        "settings_first": settings,
        **_file(understood),
        **_people(instance, understood, (before, after), report.counts),
        **_targets(before.plan, after.plan),
    }


async def _taken(
    twin: Runner, instance: str, stream: str, data: bytes, understood: Understood
) -> tuple[Report, bool]:
    """The file taken, and whether changed settings had to be released for it beforehand."""
    given: Any = {"actor": "hub", "understood": understood}
    report = await twin.take_file(instance, stream, data, **given)
    if report.outcome != "previewed":
        return report, False
    row = await twin.store.read(holds.find_open, instance, previewing.ACTION)
    await twin.store.write(previewing.release, row, actor="hub", now=twin.now())
    return await twin.take_file(instance, stream, data, **given), True


def without_others(found: Mapping[str, Any]) -> dict[str, Any]:
    """The same for who may bring this list and is no administrator: nothing that others know.

    Whose account a row would be, what speaks for it, and what stands on targets is left out: else a list
    of guesses would be a way to ask who works here.
    """
    linked = [{name: row[name] for name in ("account", "name")} for row in found["linked"]]
    doubtful = [row | {"persons": []} for row in found["doubtful"]]
    plan = {**found["plan"], "steps": [], "holds": []}
    return {**found, "linked": linked, "doubtful": doubtful, "plan": plan}


def persons_in(found: Mapping[str, Any]) -> list[str]:
    """Whose names somebody sees who looks at this, beside those in the file."""
    linked = {row["person"] for row in found["linked"] if "person" in row}
    return sorted(linked | {one["person"] for row in found["doubtful"] for one in row["persons"]})


async def looked(store: Store, found: Mapping[str, Any], actor: str, now: datetime) -> None:
    """Note in the store itself who looked at what a file would do, by number."""
    ids, accounts = persons_in(found), len(found["changed"]) + len(found["absent"])
    what = {"instance": found["instance"], "persons": ids[:MOST], "number": len(ids) + accounts}
    if what["number"]:
        action = "people import preview"
        await store.write(trail.note, actor=actor, action=action, what=what, now=now)


def _state(tx: Tx, instance: str, now: datetime) -> _State:
    accounts = brought.accounts(tx, instance)
    asked = {
        (row.key, row.person): row for row in reviews.all_open(tx, ALL) if row.instance == instance
    }
    ids = {row.person for row in accounts.values() if row.person} | {one for _, one in asked}
    names = {one: row.name for one, row in persons.by_ids(tx, sorted(ids)).items()}
    return _State(accounts, names, asked, reconcile.plan(tx, now).of_people())


def _file(understood: Understood) -> dict[str, Any]:
    return {
        "file": dict(understood.form) | {"people": len(understood.batch.records)},
        "columns": [{"heading": name, "field": field} for name, field in understood.columns],
        "key": list(understood.key),
        "unreadable": _unreadable(understood),
    }


def _unreadable(understood: Understood) -> list[dict[str, Any]]:
    return [_row(one) for one in understood.batch.unreadable]


def _row(one: Unreadable) -> dict[str, Any]:
    coded = one.coded or Coded("")
    values = dict(coded.values)
    return {"reason": one.reason, "key": one.key, "code": coded.code, "values": values}


def _people(
    instance: str, understood: Understood, states: tuple[_State, _State], counts: Mapping[str, int]
) -> dict[str, Any]:
    before, after = states
    batch = understood.batch
    there = {one.key for one in (*batch.records, *batch.unreadable) if one.key is not None}
    found: dict[str, list[Any]] = {name: [] for name in GROUPS}
    for key, row in after.accounts.items():
        group, line = _line(key in there, before.accounts.get(key), row, after)
        if group:
            found[group].append({"account": f"{instance}/{key}", "name": _name(row), **line})
    waiting = _waiting(instance, before, after)
    doubtful = {row["account"] for row in waiting}
    found["new"] = [row for row in found["new"] if row["account"] not in doubtful]
    found["doubtful"] = waiting
    return {
        **found,
        "same": counts.get("same", 0),
        "forgotten": counts.get("forgotten", 0),
    }


def _name(row: Any) -> str | None:
    return (row.state or {}).get("display_name")


def _line(there: bool, old: Any, row: Any, after: _State) -> tuple[str, dict[str, Any]]:  # noqa: FBT001  one of four facts
    """In which group an account stands, and what there is to say of it; empty: in none."""
    if old is None:
        return _beginning(row, after)
    if old.removed_at is not None:
        return ("back", {}) if row.removed_at is None else ("", {})
    if not there:
        return "absent", {"follows": _follows(row), "name": _name(old)}
    fields = _fields(old.state or {}, row.state or {})
    return ("changed", {"fields": fields}) if fields else ("", {})


def _beginning(row: Any, after: _State) -> tuple[str, dict[str, Any]]:
    if row.person is None or row.tier == NEW:
        return "new", {}
    whose = {"person": row.person, "person_name": after.names.get(row.person)}
    return "linked", whose | {"tier": row.tier, "evidence": list(row.evidence)}


def _follows(row: Any) -> str:
    """What follows from being absent: it leaves, it waits for an administrator, or nothing."""
    if row.removed_at is not None:
        return "leaves"
    return "waits" if row.staged else "nothing"


def _fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What differs; of what is never shown only that it does."""
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return {
        name: [None, None] if name in UNSHOWN else [old.get(name), new.get(name)] for name in names
    }


def _waiting(instance: str, before: _State, after: _State) -> list[dict[str, Any]]:
    """What would be asked, and is not asked yet: by account, whose it may be."""
    found: dict[str, dict[str, Any]] = {}
    for (key, person), row in after.asked.items():
        if (key, person) in before.asked:
            continue
        name = _name(after.accounts[key])
        one = found.setdefault(key, {"account": f"{instance}/{key}", "name": name, "persons": []})
        who = {"person": person, "name": after.names.get(person)}
        one["persons"].append(who | {"tier": row.tier, "evidence": list(row.evidence)})
    return list(found.values())


def _targets(before: reconcile.Plan, after: reconcile.Plan) -> dict[str, Any]:
    """What the file adds to the plan, and to what waits for an administrator."""
    known = {_mark(one) for one in before.steps}
    held = {row["hash"] for row in before.holds}
    steps = [one for one in after.steps if _mark(one) not in known]
    new = [row for row in after.holds if row["hash"] not in held]
    shown = reconcile.as_json(reconcile.Plan(steps, new))
    totals = Counter((one.target, one.action) for one in steps)
    many = [{"target": at, "action": what, "number": n} for (at, what), n in totals.items()]
    return {"plan": {name: shown[name] for name in ("counts", "steps", "holds")} | {"totals": many}}


def _mark(one: reconcile.Step) -> tuple[Any, ...]:
    return one.target, one.kind, one.key, one.action, repr(one.after)


class _Silent:
    """A log that says nothing: what happens on the copy did not happen."""

    def bind(self, **_keys: Any) -> "_Silent":
        """The same."""
        return self

    def debug(self, _event: str, **_keys: Any) -> None:
        """Nothing."""

    info = warning = error = exception = debug


def sizes(found: Mapping[str, Any]) -> dict[str, int]:
    """How many of each, for a summary."""
    many = {name: len(found[name]) for name in (*GROUPS, "unreadable")}
    return many | {name: found[name] for name in ("same", "forgotten")}
