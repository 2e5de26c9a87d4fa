"""What was fetched: what needs no call, what can't be sent, and what goes out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.contract import Ability, Capabilities
from hub.engine.delivery.book import UNCERTAIN
from hub.events.objects import KINDS, Kind
from hub.store import outbox
from hub.store.outbox import Later, Sent
from hub.store.store import Tx

UNKNOWN_AUDIENCE = timedelta(hours=1)


@dataclass
class Found:
    """Fetched rows, sorted.

    Attributes:
        down: they stand there for people whom they no longer concern, and can't be corrected.
        intended: whether intents were written.
        required: remote ids of what the sendable ones require, by row.
    """

    sendable: list[Any] = field(default_factory=list)
    down: list[Any] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    intended: bool = False
    any: bool = False
    required: Mapping[int, Mapping[tuple[Kind, str], str]] = field(default_factory=dict)


def sort_out(tx: Tx, rows: Sequence[Any], abilities: Capabilities, now: datetime) -> Found:
    """Set aside what needs no call, or can't have one; intend the rest where it is harmless."""
    found = Found(any=bool(rows))
    never, unknown, uncertain = [], [], []
    for row in rows:
        ability = abilities.kinds.get(Kind(row.kind))
        if row.state == "absent" and row.done_seq == 0 and row.intent is None:
            never.append(Sent(row, None, None))
        elif ability is None or (reason := _cannot(row, abilities)):
            unknown.append(
                (row, f"This intranet has no {row.kind}." if ability is None else reason)
            )
        elif _is_doubtful(row, ability):
            uncertain.append((row, UNCERTAIN))
        else:
            found.sendable.append(row)
    outbox.done(tx, never, now)
    outbox.set_aside(tx, "uncertain", uncertain)
    found.counts["uncertain"] += len(uncertain)
    _wait(tx, found, unknown, now)
    _intend(tx, found, abilities)
    return found


def _is_doubtful(row: Any, ability: Ability) -> bool:
    """It may have been created, and can't be found again."""
    return ability.identity == "none" and row.intent is not None and row.remote_id is None


def _wait(tx: Tx, found: Found, unknown: Sequence[tuple[Any, str]], now: datetime) -> None:
    if not unknown:
        return
    due = now + UNKNOWN_AUDIENCE
    outbox.later(tx, [Later(row, due, reason) for row, reason in unknown], tries=0)
    found.counts["unresolved"] += len(unknown)
    shown = [row for row, _ in unknown if row.done_state == "present" == row.state]
    bodies = outbox.done_bodies(tx, [row.id for row in shown])
    found.down += [row for row in shown if _was_for_others(row, bodies.get(row.id))]


def _was_for_others(row: Any, done_body: Any) -> bool:
    return bool((done_body or {}).get("audience") != row.body.get("audience"))


def _intend(tx: Tx, found: Found, abilities: Capabilities) -> None:
    """A keyed target may be told again, so one statement for all of them is enough."""
    keyed = [r for r in found.sendable if abilities.kinds[KINDS[r.kind]].identity == "keyed"]
    outbox.intend(tx, keyed)
    found.intended = bool(keyed)


def _cannot(row: Any, abilities: Capabilities) -> str:
    """Why this object can't be sent to this target; empty when it can."""
    if abilities.groups is None or row.state != "present":
        return ""
    groups = row.body.get("audience", {}).get("groups", ())
    if unknown := sorted(set(groups) - abilities.groups):
        return (
            f"The audience names groups that this intranet does not have: {', '.join(unknown)}. "
            "Correct `audiences` in hub.yaml, or make the group."
        )
    return ""
