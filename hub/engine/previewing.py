"""A changed way of reading people is looked at first: what it would change is shown, not done.

Another filter, base, attribute or account that reads may make everybody look new, changed or gone. So
a sweep under a changed configuration stores nothing of what it read. What differs from what is known
waits in one hold of the instance; released, the next sweep carries it out, for a day.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.contract import Batch, Gone, Present, Record, Removal
from hub.engine import approving, intake, settle
from hub.engine.configuration import Source
from hub.events.base import Family
from hub.store import erasure, holds, persons, streams, subjects, waiting
from hub.store.store import Tx
from hub.store.streams import SETTINGS, Reading

ACTION = "preview"
REST = timedelta(days=1)  # between two looks: what you see stays what you release
MISSING = "missing"
ORDER = ("gone", "changed", "new")
Key = tuple[str, str]  # family and key
Line = Mapping[str, Any]


@dataclass
class Look:
    """What one sweep would change, found batch by batch without storing anything."""

    reading: Reading
    lines: dict[Key, dict[str, Any]] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)
    _seen: set[Key] = field(default_factory=set)
    _unreadable: set[str] = field(default_factory=set)
    _finished: list[dict[str, Any]] = field(default_factory=list)
    _incomplete: list[str | None] = field(default_factory=list)

    def take(self, tx: Tx, batch: Batch) -> None:
        """Compare a batch with what is known."""
        records = self._not_forgotten(tx, [one for one in batch.records if isinstance(one, Record)])
        gone = [one for one in batch.records if isinstance(one, Removal)]
        named: list[Record | Removal] = [*records, *gone]
        keys = [intake.key_of(one) for one in named]
        known = subjects.known(tx, self.reading.instance, keys)
        changed: dict[int, Record] = {}
        for one in records:
            self._compare(one, known.get(intake.key_of(one)), changed)
        for row in subjects.by_ids(tx, list(changed)):
            self._note(
                intake.key_of(changed[row.id]), "changed", row.id, fields=_differ(row, changed)
            )
        for proven in gone:
            old = known.get(intake.key_of(proven))
            if old is not None and old.removed_at is None:
                self._note(intake.key_of(proven), "gone", old.id, reason=proven.reason[:64])
        self.rows.update({"same": len(named), "unreadable": len(batch.unreadable)})
        self._finished += [intake.slice_of(one) for one in batch.finished]
        self._unreadable |= {one.key for one in batch.unreadable if one.key is not None}
        self._incomplete += [one.container for one in batch.unreadable if one.key is None]

    def _not_forgotten(self, tx: Tx, records: Sequence[Record]) -> list[Record]:
        people = [one.key for one in records if intake.key_of(one)[0] == Family.PERSON]
        gone = erasure.among(tx, self.reading.instance, str(Family.PERSON), people)
        return [one for one in records if one.key not in gone]

    def _compare(self, one: Record, old: Any, changed: dict[int, Record]) -> None:
        key = intake.key_of(one)
        self._seen.add(key)
        self.lines.pop(key, None)
        if old is None or old.removed_at is not None:
            self._note(key, "new", None if old is None else old.id)
        elif intake.mark_of(one) != old.fingerprint:
            changed[old.id] = one

    def _note(self, key: Key, change: str, subject: int | None, **more: Any) -> None:
        line = {"change": change, "family": key[0], "key": key[1], "stream": self.reading.stream}
        self.lines[key] = line | ({} if subject is None else {"subject": subject}) | more

    def suspects(self, tx: Tx) -> list[Any]:
        """Subjects that it should have seen and did not, unless it was incomplete."""
        pieces = [] if None in self._incomplete else list(settle.union(self._finished))
        but = [one for one in self._incomplete if one is not None]
        whose = self.reading.instance, self.reading.stream, self.reading.sweep
        rows = waiting.unseen(tx, *whose, pieces=pieces, but=but)
        return [
            row
            for row in rows
            if (row.family, row.key) not in self._seen and row.key not in self._unreadable
        ]

    def conclude(self, suspects: Sequence[Any], answers: Mapping[int, settle.Answer]) -> None:
        """Suspects are gone, with the reason that a look-up gave, unless it found them."""
        for row in suspects:
            answer = answers.get(row.id)
            if isinstance(answer, Present):
                continue
            reason = answer.reason[:64] if isinstance(answer, Gone) else MISSING
            self._note((row.family, row.key), "gone", row.id, reason=reason)

    def counts(self) -> Counter[str]:
        """How many are new, changed and gone."""
        return Counter(line["change"] for line in self.lines.values())


def _differ(row: Any, changed: Mapping[int, Record]) -> list[str]:
    """The fields that differ; none of them: whom it points to."""
    before, after = row.state or {}, intake.body_of(changed[row.id])
    names = sorted(one for one in {**before, **after} if before.get(one) != after.get(one))
    return names or ["references"]


# --- the hold ------------------------------------------------------------------------------------


def show(tx: Tx, look: Look, source: Source, now: datetime) -> str | None:
    """Put what the look found into the instance's hold; its hash where that is news.

    What the look found nothing of leaves the hold, which closes when nothing is left in it.
    """
    old = holds.find_open(tx, source.id, ACTION)
    mark = source.fingerprint[:SETTINGS]
    kept = [one for one in (old.content if old else ()) if one["stream"] != look.reading.stream]
    lines = [*kept, *({**line, "configuration": mark} for line in look.lines.values())]
    if lines:
        lines.sort(key=lambda one: (ORDER.index(one["change"]), one["family"], one["key"]))
        return holds.put_open(tx, source.id, ACTION, lines, now)
    holds.close_if_open(tx, old, now)
    return None


def rest(tx: Tx, look: Look, now: datetime) -> None:
    """The stream is well, and is read again in a day: until then the hold stays as it was shown."""
    reading = look.reading
    values = {"sweep_open": False, "checkpoint": None, "failures": 0}
    row = streams.guard(tx, reading, due=now + REST, **values)
    streams.set_health(tx, reading, row, "ok", None)
    streams.end_run(tx, reading, outcome="previewed", counts=dict(look.counts()), now=now)


def forget_other(tx: Tx, source: Source, now: datetime) -> None:
    """A hold of another configuration than the one that holds now is over: it is read at once."""
    old = holds.find_open(tx, source.id, ACTION)
    if old is None or old.content[0]["configuration"] == source.fingerprint[:SETTINGS]:
        return
    holds.end(tx, old.id, "closed", now)
    holds.put_content(tx, old.id, [])
    for name in {line["stream"] for line in old.content}:
        streams.make_due(tx, source.id, name)


def release(tx: Tx, row: Any, *, actor: str, now: datetime) -> list[str]:
    """What was shown may be carried out, within a day; the streams to be read now."""
    holds.end(tx, row.id, "released", now)
    what: dict[str, Any] = {"hold": row.hash, "instance": row.instance, "action": row.action}
    what |= Counter(line["change"] for line in row.content)
    what["subjects"] = [f"{row.instance}/{one['key']}" for one in row.content if _goes(one)]
    from hub.store import trail  # noqa: PLC0415  a cold start counts

    trail.note(tx, actor=actor, action="release", what=what, now=now)
    names = sorted({line["stream"] for line in row.content})
    for name in names:
        streams.make_due(tx, row.instance, name)
    return names


def _goes(line: Line) -> bool:
    return bool(line["change"] == "gone")


@dataclass(frozen=True, slots=True)
class Agreed:
    """What an administrator saw and released of one stream.

    Attributes:
        gone: subjects that may go, whatever their number.
        seen: every subject that was shown, whose person may change on targets.
    """

    gone: frozenset[int] = frozenset()
    seen: frozenset[int] = frozenset()

    def persons(self, tx: Tx) -> set[str]:
        """Whose accounts on targets this is about."""
        rows = persons.links(tx, self.seen).values()
        return {one.person for one in rows if one.person is not None}


def agreed(tx: Tx, source: Source, stream: str, now: datetime) -> Agreed | None:
    """What was released of this stream within a day, for the configuration as it is; None: nothing."""
    mark = source.fingerprint[:SETTINGS]
    for row in holds.released(tx, source.id, ACTION):
        lines = [line for line in row.content if line["stream"] == stream]
        if not lines or lines[0]["configuration"] != mark:
            continue
        if row.ended_at <= now - approving.VALID:
            return None
        gone = (line["subject"] for line in lines if _goes(line))
        return Agreed(
            frozenset(gone), frozenset(one["subject"] for one in lines if "subject" in one)
        )
    return None


def carried_out(tx: Tx, source: Source, stream: str) -> None:
    """It is done: what was released counts no more, and its keys are forgotten."""
    for row in holds.released(tx, source.id, ACTION):
        left = [line for line in row.content if line["stream"] != stream]
        if len(left) < len(row.content):
            holds.put_content(tx, row.id, left)
