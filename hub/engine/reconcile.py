"""Plan, explain, release, withdraw: what an administrator asks, answers and takes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from hub.contract import Batch, Gone, Present, Unknown
from hub.engine import (
    configuration,
    crowds,
    group_reasons,
    intake,
    portraits,
    provisioning,
    quarantine,
)
from hub.engine.person_reasons import PersonReasons, sides
from hub.engine.reading import proof_of
from hub.engine.settle import Answer
from hub.errors import BadConfigError
from hub.events.base import Family
from hub.people import guests
from hub.people import policy as policies
from hub.store import (
    desire,
    holds,
    ledger,
    notices,
    objects,
    persons,
    planned,
    reviews,
    streams,
    subjects,
    trail,
    waiting,
)
from hub.store.planned import PERSON, Planned
from hub.store.store import Tx
from hub.store.streams import Reading

GROUPED = frozenset({"group", "membership"})
PHOTO = "photo"
OF_PEOPLE = GROUPED | {PERSON, PHOTO}
USED = 30  # values of a source that are named


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a plan.

    Attributes:
        action: create | update | remove; what delivery would do to this object.
        blocked: why it is not done now (`watch`, `paused`, a hold, a reason); empty: it would be.
        before, after: the object's body there, and as desired; None where there is none.
        why: of a person, group or membership: the reason, as `hub.people.reasons` gives it.
    """

    target: str
    instance: str
    kind: str
    key: str
    action: Literal["create", "update", "remove"]
    blocked: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    why: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that delivery would change, what waits for an administrator, what a pilot keeps.

    Attributes:
        withheld: target, instance, kind, key, audience and body of what is outside the pilot.
    """

    steps: Sequence[Step]
    holds: Sequence[Mapping[str, Any]]
    withheld: Sequence[Mapping[str, Any]] = ()

    def of_people(self) -> "Plan":
        """Only what concerns persons, groups and who is in them."""
        steps = [step for step in self.steps if step.kind in OF_PEOPLE]
        kept = [row for row in self.withheld if row["kind"] in OF_PEOPLE]
        return replace(self, steps=steps, withheld=kept)

    def count(self, action: str) -> int:
        """How many steps of this action."""
        return sum(step.action == action for step in self.steps)


def plan(tx: Tx, now: datetime | None = None) -> Plan:
    """What differs from what stands on the targets; freshness is left out, it is no content.

    Args:
        tx: the transaction.
        now: the moment that reasons about people are of; None: without these reasons.
    """
    instances = streams.instances(tx)
    moved = {name for name, row in ledger.targets(tx).items() if row.address_wanted is not None}
    reasons = PersonReasons(tx, now) if now is not None else None
    steps = []
    for rows in planned.pending(tx):
        lines = [(row, action) for row in rows if (action := _action(row)) is not None]
        why = reasons.of(lines) if reasons is not None else {}
        steps += [
            _step(
                row,
                action,
                _blocked(row, instances.get(row.instance), moved),
                why.get((row.target, row.key)) if row.kind == PERSON else None,
            )
            for row, action in lines
        ]
    if now is not None:
        steps = _with_photos(tx, _with_groups(tx, steps))
    kept = [_kept(row) for row in objects.withheld(tx) if row.kind != "freshness"]
    return Plan(steps, [_asked(tx, row, now) for row in holds.all_open(tx)], kept)


def _asked(tx: Tx, row: Any, now: datetime | None) -> dict[str, Any]:
    """A hold with what its people have in common, where there is a moment to say it of."""
    return shown_hold(row) | ({} if now is None else {"together": crowds.said(tx, row, now)})


def _with_groups(tx: Tx, steps: Sequence[Step]) -> list[Step]:
    """The same steps; those of groups and of who is in them with why."""
    found = group_reasons.reasons(tx, [one for one in steps if one.kind in GROUPED])
    return [
        replace(step, why=found[step.target, step.kind, step.key]) if step.kind in GROUPED else step
        for step in steps
    ]


def _with_photos(tx: Tx, steps: Sequence[Step]) -> list[Step]:
    """The same steps; those of pictures with why."""
    found = portraits.reasons(tx, [one for one in steps if one.kind == PHOTO])
    return [replace(one, why=found.get((one.target, one.key), one.why)) if one.kind == PHOTO else one
            for one in steps]  # fmt: skip


def _kept(row: Any) -> dict[str, Any]:
    wanted = ("target", "instance", "kind", "key", "audience", "body")
    return {name: getattr(row, name) for name in wanted}


def _action(row: Planned) -> Literal["create", "update", "remove"] | None:
    if row.kind == "freshness":
        return None
    was = row.done_state == "present"
    if row.state == "present":
        if not was:
            return "create"
        return "update" if row.done_body != row.body else None
    return "remove" if was else None


def _blocked(row: Planned, instance: Any, moved: set[str]) -> str:
    if row.target in moved:
        return "the target's address changed: see `hub hold`"
    if row.withdrawn or instance is None:
        return ""
    if instance.paused:
        return "paused"
    if instance.mode not in ledger.SENDING:
        return str(instance.mode)
    return row.reason or ""


def _step(
    row: Planned,
    action: Literal["create", "update", "remove"],
    blocked: str,
    why: Mapping[str, Any] | None,
) -> Step:
    before, after = sides(row)
    return Step(
        target=row.target,
        instance=row.instance,
        kind=row.kind,
        key=row.key,
        action=action,
        blocked=blocked,
        before=before,
        after=after,
        why=why,
    )


def shown_hold(row: Any) -> dict[str, Any]:
    """A hold as screens and scripts see it."""
    return {
        "hash": row.hash,
        "instance": row.instance,
        "action": row.action,
        "opened_at": row.opened_at.isoformat(),
        "size": len(row.content),
        "content": row.content,
    }


# --- explain ------------------------------------------------------------------------------------


def explain(tx: Tx, text: str) -> list[dict[str, Any]]:
    """Objects that match a key, a subject or a part of it, each back to cause, run and route."""
    modes = {name: row.mode for name, row in streams.instances(tx).items()}
    found = {row.id: row for row in [*objects.find(tx, text), *persons.objects_of(tx, text)]}
    return [_explained(tx, row, modes.get(row.instance)) for row in found.values()]


def _explained(tx: Tx, row: Any, mode: str | None) -> dict[str, Any]:
    shown = {
        "target": row.target,
        "mode": mode,
        "kind": row.kind,
        "key": row.key,
        "desired": "withheld" if row.withheld else row.state,
        "body": row.body,
        "status": row.status,
        "reason": row.reason,
        "withdrawn": row.withdrawn,
        "published": row.done_state == "present",
        "published_at": _iso(row.done_at),
        "remote_version": row.remote_version,
        "versions": {"desired": row.seq, "done": row.done_seq},
    }
    causes = group_reasons.causes(tx, row)
    return shown | {"causes": [_cause(tx, one) for one in causes]}


def _cause(tx: Tx, one: Any) -> dict[str, Any]:
    return {
        "instance": one.instance,
        "stream": one.stream,
        "family": one.family,
        "subject": one.key,
        "route": one.route,
        "removed_at": _iso(one.removed_at),
        "unverified_at": _iso(one.unverified_at),
        "reopened": one.reopened,
        "events": [_event(row) for row in subjects.events_of(tx, one.id)],
    }


def _event(row: Any) -> dict[str, Any]:
    return {"at": _iso(row.at), "run": row.run, "type": row.type} | {
        name: row.body.get(name) for name in ("id", "seq", "time", "traceparent", "data")
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


# --- holds --------------------------------------------------------------------------------------


def held(tx: Tx, prefix: str) -> Any:
    """The open hold that a hash names.

    Raises:
        BadConfigError: none or several begin like this.
    """
    row = holds.by_hash(tx, prefix)
    if row is None:
        raise BadConfigError(
            f"No open hold is named {prefix}. Its content may have changed since you looked: "
            "run `hub hold list` and release what it shows now."
        )
    return row


def held_rows(tx: Tx, row: Any) -> list[Any]:
    """Subjects of a removal hold that are still missing."""
    rows = subjects.by_ids(tx, [line["subject"] for line in row.content])
    return [one for one in rows if one.removed_at is None and one.staged]


def release_removals(
    tx: Tx,
    reading: Reading,
    row: Any,
    answers: Mapping[int, Answer],
    *,
    actor: str,
    now: datetime,
    source: configuration.Source,
) -> dict[str, int]:
    """Apply the removals that are still true; what came back or can't be asked is kept.

    Whose accounts these were is not asked about again for the targets: it was said once.
    """
    rows = held_rows(tx, held(tx, row.hash))
    alive = [one for one in rows if isinstance(answers.get(one.id), Present)]
    intake.take_in(tx, reading, Batch(proof_of(alive, answers)), now=now, reopen=source.reopen)
    gone = [one for one in rows if isinstance(answers.get(one.id), Gone | Unknown)]
    intake.remove(tx, reading, gone, now)
    links = persons.links(tx, [one.id for one in gone]).values()
    whose = {one.person for one in links if one.person is not None}
    while whose and configuration.project_dirty(tx, now, agreed=whose):
        pass
    holds.end(tx, row.id, "released", now)
    counts = {"removed": len(gone), "back": len(alive), "kept": len(rows) - len(gone) - len(alive)}
    what = {"hold": row.hash, "instance": row.instance, "action": row.action} | counts
    what["subjects"] = [f"{one.instance}/{one.key}" for one in gone]
    trail.note(tx, actor=actor, action="release", what=what, now=now)
    return counts


def release_configuration(
    tx: Tx, reading: Reading, row: Any, *, actor: str, now: datetime
) -> dict[str, int]:
    """The changed configuration holds for everything from now on."""
    holds.end(tx, held(tx, row.hash).id, "released", now)
    intake.accept_pending(tx, reading, waiting.pending(tx, row.instance), now)
    configuration.apply_routing(tx, row.instance, now)
    what = {"hold": row.hash, "instance": row.instance, "action": row.action}
    what["changes"] = [_change(line) for line in row.content]
    trail.note(tx, actor=actor, action="release", what=what, now=now)
    return {"changed": len(row.content)}


def _change(line: Mapping[str, Any]) -> dict[str, Any]:
    """One object that a changed configuration altered, from what to what; null: it went."""
    name = f"{line['target']}/{line['object']}"
    to = line["to"]
    return {"object": name, "fields": None if to is None else trail.fields(line["from"], to)}


def release_address(tx: Tx, row: Any, *, actor: str, now: datetime) -> dict[str, int]:
    """The target at its new address starts with an empty ledger."""
    holds.end(tx, held(tx, row.hash).id, "released", now)
    wanted = ledger.targets(tx)[row.instance].address_wanted
    _change_ledger(tx, row, wanted)
    ledger.put_target(
        tx, row.instance, address=wanted, address_wanted=None, failures=0, retry_at=None
    )
    fields = {"address": [row.content[0]["from"], wanted]}
    what = {"hold": row.hash, "target": row.instance, "fields": fields}
    trail.note(tx, actor=actor, action="release", what=what, now=now)
    return {"changed": 1}


def _change_ledger(tx: Tx, row: Any, wanted: str) -> None:
    """What stands at the old address is noted, so that a return finds and mends what is there."""
    earlier = [one for one in holds.released(tx, row.instance, "address") if one.id != row.id]
    left = next((one for one in earlier if one.content[0]["from"] == wanted), None)
    standing = ledger.standing(tx, row.instance)
    holds.put_content(tx, row.id, [{**row.content[0], "left": standing}])
    ledger.forget_target(tx, row.instance)
    if left is not None:
        ledger.remember(tx, left.content[0].get("left", ()))


def drop(tx: Tx, prefix: str, *, actor: str, now: datetime) -> Any:
    """Keep the subjects of a removal hold, and do not ask again unless the set grows.

    Raises:
        BadConfigError: the hold is of another kind; put the old configuration back instead.
    """
    row = held(tx, prefix)
    if row.action not in {"removal", *provisioning.ACTIONS}:
        raise BadConfigError(
            "Only removals, and people who would lose an account or leave a group, can be dropped. "
            "To refuse a changed configuration or address, put the old one back in the YAML; to refuse "
            "changed fields, mend the source: the hold then closes by itself."
        )
    holds.end(tx, row.id, "dropped", now)
    what: dict[str, Any] = {"hold": row.hash, "instance": row.instance, "size": len(row.content)}
    what |= _named(row)
    trail.note(tx, actor=actor, action="drop", what=what, now=now)
    return row


def _named(row: Any) -> dict[str, list[str]]:
    if row.action in provisioning.ACTIONS:
        return {"persons": [line["person"] for line in row.content if line["person"] is not None]}
    return {"subjects": [f"{row.instance}/{line['key']}" for line in row.content]}


# --- withdraw and pause -------------------------------------------------------------------------


def to_withdraw(
    tx: Tx, *, instance: str | None = None, target: str | None = None, text: str | None = None
) -> list[Any]:
    """Objects that a withdrawal with these words would take away."""
    if text is not None:
        rows = objects.named(tx, text)
    elif instance is not None:
        rows = objects.of_instance(tx, instance)
    else:
        rows = objects.all_rows(tx)
    return [
        row
        for row in rows
        if (target is None or row.target == target)
        and row.ownership != desire.LINKED  # the hub did not make it
        and (row.state == "present" or row.done_state == "present" or row.intent is not None)
    ]


def withdraw(
    tx: Tx, rows: Sequence[Any], *, instance: str | None, actor: str, now: datetime
) -> int:
    """Take these objects away, and keep them away until it is undone."""
    for row in rows:
        desire.make_absent(tx, row.id, now, withdrawn=True)
    if instance is not None:
        streams.put_instance(tx, instance, withdrawn=True)
    group_reasons.stands_for(tx, rows)
    what = {"instance": instance, "objects": [f"{r.target}/{r.kind}/{r.key}" for r in rows]}
    trail.note(tx, actor=actor, action="withdraw", what=what, now=now)
    return len(rows)


def undo_withdrawal(
    tx: Tx, *, instance: str | None, text: str | None, actor: str, now: datetime
) -> int:
    """Whatever was withdrawn is projected again, as it should look now."""
    rows = objects.named(tx, text) if text else objects.all_rows(tx)
    back = [r for r in rows if r.withdrawn and instance in (None, r.instance)]
    ledger.set_ids(tx, [row.id for row in back], withdrawn=False)
    for one in {instance} if instance else {row.instance for row in back}:
        if one is not None and not text:
            streams.put_instance(tx, one, withdrawn=False)
    causes = [cause.id for row in back for cause in objects.causes(tx, row.id)]
    if instance is not None and text is None:  # what it found meanwhile has no object yet
        causes += [row.id for row in subjects.live(tx, instance, [str(one) for one in Family])]
    subjects.mark_dirty(tx, causes)
    group_reasons.stands_for(tx, back)
    what = {"instance": instance, "objects": [f"{r.target}/{r.kind}/{r.key}" for r in back]}
    trail.note(tx, actor=actor, action="withdraw undone", what=what, now=now)
    return len(back)


def pause(tx: Tx, names: Sequence[str], *, paused: bool, actor: str, now: datetime) -> list[str]:
    """Pause or resume instances: neither reading nor sending. Those that changed.

    What is resumed leaves quarantine as well: it is read at once.
    """
    known = streams.instances(tx)
    if unknown := sorted(set(names) - known.keys()):
        raise BadConfigError(
            f"No instance is called {', '.join(unknown)}; there are: {', '.join(sorted(known))}."
        )
    left = [] if paused else [row for row in _quarantined(tx) if row.instance in names]
    for row in left:
        streams.make_due(tx, row.instance, row.stream)
    apart = {row.instance for row in left}
    changed = [name for name in names if known[name].paused is not paused or name in apart]
    for name in changed:
        streams.put_instance(tx, name, paused=paused)
    if changed:
        action = "pause" if paused else "resume"
        what = {"instances": changed, "fields": {"paused": [not paused, paused]}}
        what |= {"left_quarantine": sorted(apart)} if apart else {}
        trail.note(tx, actor=actor, action=action, what=what, now=now)
    return changed


def _quarantined(tx: Tx) -> list[Any]:
    return [row for row in streams.all_streams(tx) if row.health == quarantine.HEALTH]


# --- status -------------------------------------------------------------------------------------


def status(tx: Tx) -> dict[str, Any]:
    """How everything stands, as JSON values."""
    runs = streams.last_runs(tx)
    unmatched = subjects.unmatched(tx)
    return {
        "instances": [_instance(row) for row in streams.instances(tx).values()],
        "streams": [_stream(row, runs) for row in streams.all_streams(tx)],
        "targets": [_target(row) for row in ledger.targets(tx).values()],
        "objects": [row._asdict() for row in objects.counts(tx)],
        "subjects": subjects.counts(tx),
        "unmatched": unmatched,
        "used": {name: _used(tx, name) for name in unmatched},
        "troubled": [_troubled(row) for row in objects.troubled(tx)],
        "unreadable": [_plain(row) for row in subjects.all_unreadable(tx)],
        "holds": [shown_hold(row) for row in holds.all_open(tx)],
        "tiles": [_plain(row) for row in streams.tile_tokens(tx)],
        "events": subjects.count_events(tx),
        "people": {
            "states": persons.count_states(tx),
            "waiting": reviews.count_open(tx),
            "without_login": provisioning.without_login(tx),
            "not_linked": objects.sought(tx),
            "not_in_groups": group_reasons.unpublished(tx, list(policies.current(tx).groups)),
            "without_sponsor": len(guests.without_sponsor(tx)),
            "notices": notices.counts(tx),
        },
    }


def _used(tx: Tx, instance: str) -> dict[str, Any]:
    """For each condition of its routes the values asked for, and those of its open subjects."""
    row = streams.instances(tx)[instance]
    asked: dict[str, set[str]] = {}
    for route in row.routing_wanted or row.routing or ():
        for field, values in route.get("when", {}).items():
            asked.setdefault(field, set()).update(values)
    states = subjects.open_states(tx, instance) if asked else []
    return {
        field: {"asked": sorted(values), "found": sorted(_values(states, field))[:USED]}
        for field, values in asked.items()
    }


def _values(states: Sequence[Mapping[str, Any]], field: str) -> set[str]:
    """A text in several languages counts in each."""
    found = [state.get(field) for state in states]
    texts = [one.values() if isinstance(one, Mapping) else [one] for one in found if one]
    return {str(text) for each in texts for text in each}


def _plain(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row._asdict().items()
    }


def _instance(row: Any) -> dict[str, Any]:
    wanted = ("id", "connector", "mode", "state", "paused", "withdrawn")
    return {name: getattr(row, name) for name in wanted}


def _stream(row: Any, runs: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    wanted = ("instance", "stream", "health", "reason", "since", "complete_at", "due", "failures")
    last = runs.get((row.instance, row.stream))
    shown = {name: value for name, value in _plain(row).items() if name in wanted}
    return shown | {"counts": last.counts if last is not None else None}


def _target(row: Any) -> dict[str, Any]:
    return _plain(row)


def _troubled(row: Any) -> dict[str, Any]:
    wanted = ("target", "kind", "key", "status", "reason", "attempts", "due")
    return {name: value for name, value in _plain(row).items() if name in wanted}


_STEP = tuple(field.name for field in fields(Step))  # asdict copies bodies: half of a long plan


def as_json(plan_: Plan) -> dict[str, Any]:
    """A plan as JSON values."""
    counts = {action: plan_.count(action) for action in ("create", "update", "remove")}
    return {
        "counts": counts,
        "steps": [{name: getattr(step, name) for name in _STEP} for step in plan_.steps],
        "holds": plan_.holds,
        "withheld": plan_.withheld,
    }
