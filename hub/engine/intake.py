"""Intake: a batch in, what really changed out. One transaction per batch; removals are staged."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.contract import Batch, Record, Removal, Slice, Unreadable
from hub.events.base import Family, JsonText, Payload, canonical, digest
from hub.events.envelope import fact
from hub.events.group import MEMBER
from hub.events.payloads import dump, load
from hub.events.person import Person
from hub.store import erasure, photos, streams, subjects
from hub.store.store import Tx
from hub.store.streams import Reading
from hub.store.subjects import Known

_OF_THE_NEWER = ("revision", "container", "at", "pending", "pending_fingerprint")
# accepted, new, same, older, held, staged, unreadable, ignored, forgotten
Counts = Counter[str]


@dataclass(frozen=True, slots=True)
class Changed:
    """A subject whose state was accepted just now, as projection needs it.

    Attributes:
        body: the payload as JSON values.
        fresh: it was not known before, so that nothing can exist because of it.
    """

    id: int
    instance: str
    key: str
    payload: Payload
    body: Mapping[str, Any]
    episode: int
    reopened: int
    began_at: datetime | None
    look_again: datetime | None
    fresh: bool


Then = Callable[[Tx, Sequence[Changed]], None]


def leave_dirty(tx: Tx, changed: Sequence[Changed]) -> None:
    """Project them later."""
    subjects.mark_dirty(tx, [one.id for one in changed])


def apply(
    tx: Tx,
    reading: Reading,
    batch: Batch,
    *,
    now: datetime,
    reopen: timedelta,
    then: Then = leave_dirty,
) -> Counts:
    """Store a batch: records, events, what is finished, and where to resume, or nothing at all.

    The position moves first and the records follow: only the transaction makes that safe, which
    the test with the transaction taken out relies on.

    Raises:
        StreamLostError: another worker took the stream.
    """
    progress = _of_delta(batch) if reading.kind == "delta" else _of_sweep(batch)
    row = streams.guard(tx, reading, **progress)
    if reading.kind != "delta" and (covered := _covered(row, batch)):
        streams.guard(tx, reading, **covered)
    return _take(lambda: _Step(tx, reading, now, reopen), batch, then)


def _of_sweep(batch: Batch) -> dict[str, Any]:
    """How far the sweep is after this batch."""
    progress: dict[str, Any] = {"checkpoint": batch.resume.value if batch.resume else None}
    if batch.next_delta:
        progress["delta_checkpoint"] = batch.next_delta.value
    return progress


def _covered(row: Any, batch: Batch) -> dict[str, Any]:
    """What the sweep covered so far; empty when this batch says nothing of it."""
    finished, incomplete = [slice_of(one) for one in batch.finished], _incomplete(batch.unreadable)
    if not finished and not incomplete:
        return {}
    return {
        "finished": (row.finished or []) + finished,
        "incomplete": (row.incomplete or []) + incomplete,
    }


def _of_delta(batch: Batch) -> dict[str, Any]:
    """Where deltas go on after this batch; it covers nothing, whatever it says."""
    position = batch.next_delta or batch.resume
    return {"delta_checkpoint": position.value} if position else {}


def take_in(
    tx: Tx,
    reading: Reading,
    batch: Batch,
    *,
    now: datetime,
    reopen: timedelta,
    then: Then = leave_dirty,
) -> Counts:
    """Store the rows of a batch that is no step of a sweep: look-up answers.

    Args:
        tx, reading, batch, now, reopen: as for `apply`.
        then: what is done with the subjects that changed, in the same transaction.
    """
    streams.guard(tx, reading)
    return take_rows(tx, reading, batch, now=now, reopen=reopen, then=then)


def take_rows(
    tx: Tx,
    reading: Reading,
    batch: Batch,
    *,
    now: datetime,
    reopen: timedelta,
    then: Then = leave_dirty,
) -> Counts:
    """The same for received data, in the transaction that took the stream: it is still ours."""
    return _take(lambda: _Step(tx, reading, now, reopen), batch, then)


def _take(make: Callable[[], "_Step"], batch: Batch, then: Then) -> Counts:
    counts = Counts(ignored=batch.ignored, unreadable=len(batch.unreadable))
    step = make()
    records = _not_forgotten(step, batch.records)
    if forgotten := len(batch.records) - len(records):
        counts["forgotten"] += forgotten
    for part in _unique(records):
        step = make()
        counts += step.apply(part)
        then(step.tx, step.changed_now)
    _keep_unreadable(step.tx, step.reading, batch.unreadable, step.now)
    return counts


def _not_forgotten(step: "_Step", records: Sequence[Record | Removal]) -> Sequence[Any]:
    """Who asked to be forgotten is not stored again, not even for a moment, nor as a member."""
    about = [(_account(step, one), one) for one in records]
    named: dict[str, list[str]] = {}
    for account, _ in about:
        if account is not None:
            named.setdefault(account[0], []).append(account[1])
    gone = {
        (instance, key)
        for instance, keys in named.items()
        for key in erasure.among(step.tx, instance, str(Family.PERSON), keys)
    }
    return [one for account, one in about if account not in gone] if gone else records


def _account(step: "_Step", one: Record | Removal) -> tuple[str, str] | None:
    """The account that a record is, or that a membership names."""
    family = _family(one)
    if family == Family.PERSON:
        return step.reading.instance, one.key
    if family != Family.MEMBERSHIP or isinstance(one, Removal):
        return None
    member = next((ref for ref in one.refs if ref.role == MEMBER), None)
    return None if member is None else (member.namespace, member.value)


def accept_pending(tx: Tx, reading: Reading, rows: Sequence[Any], now: datetime) -> None:
    """A released hold: what the changed configuration made of these subjects is accepted."""
    streams.guard(tx, reading)
    step = _Step(tx, reading, now, timedelta(0))
    for row in rows:
        step.accept_body(row, row.pending, row.pending_fingerprint)
    step.flush()
    subjects.mark_dirty(tx, [row.id for row in rows])


def remove(tx: Tx, reading: Reading, rows: Sequence[Any], now: datetime) -> None:
    """Apply staged removals: an event each, and the subjects become dirty."""
    streams.guard(tx, reading)
    events = []
    for row in rows:
        data = {"key": row.key, "reason": row.staged}
        made = fact(
            reading.source,
            row.family,
            row.key,
            row.seq + 1,
            data,
            traceparent=reading.traceparent,
            removed=True,
        )
        events.append(_event(row.id, made, reading, now))
    subjects.add_events(tx, events)
    subjects.update(
        tx,
        [
            {
                "id_": row.id,
                "seq": row.seq + 1,
                "removed_at": now,
                "staged": None,
                "missing": 0,
                "pending": None,
                "pending_fingerprint": None,
            }
            for row in rows
        ],
    )
    subjects.mark_dirty(tx, [row.id for row in rows])


@dataclass
class _Step:
    """Rows of one part of a batch, in which each key occurs once; written in few statements."""

    tx: Tx
    reading: Reading
    now: datetime
    reopen: timedelta
    counts: Counts = field(default_factory=Counts)
    fresh: list[tuple[Record, dict[str, Any], Mapping[str, Any]]] = field(default_factory=list)
    same: list[int] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    changed_now: list[Changed] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    refs: dict[int, list[dict[str, str]]] = field(default_factory=dict)
    pictures: photos.Pictures = field(default_factory=photos.Pictures)

    def apply(self, records: Sequence[Record | Removal]) -> Counts:
        keys = [(_family(one), one.key) for one in records]
        known = subjects.known(self.tx, self.reading.instance, keys)
        for one, key in zip(records, keys, strict=True):
            if isinstance(one, Removal):
                self._stage(one, known.get(key))
            else:
                self._take(one, known.get(key))
        self.flush()
        return self.counts

    def _stage(self, removal: Removal, old: Known | None) -> None:
        if old is None or old.removed_at is not None:
            return
        self.counts["staged"] += 1
        subjects.set_where(self.tx, [old.id], staged=removal.reason[:64])

    def _take(self, record: Record, old: Known | None) -> None:
        body = body_of(record)
        text = JsonText(canonical(body))
        mark = digest(_with_refs(text, record))
        if old is None:
            self._new(record, body, text, mark)
        elif _older(record, old):
            self.counts["older"] += 1
            self._see(record, old, **{name: getattr(old, name) for name in _OF_THE_NEWER})
        elif mark == old.fingerprint and old.removed_at is None:
            self.counts["same"] += 1
            self._see_again(record, old)
        elif self._is_ours(record, old, mark):
            self.counts["held"] += 1
            self._see(record, old, pending=text, pending_fingerprint=mark)
            self.refs[old.id] = [_ref(one) for one in record.refs]
            if isinstance(record.payload, Person):
                self.pictures.waits(old.id, record.payload.photo, record.photo)
        else:
            self._change(record, old, body, text, mark)

    def _is_ours(self, record: Record, old: Known, mark: str) -> bool:
        """Whether the configuration, not the source, made the difference."""
        if old.removed_at is not None or record.revision != old.revision:
            return False
        return self.reading.changed or mark == old.pending_fingerprint

    def _see_again(self, record: Record, old: Known) -> None:
        """Nearly always nothing but the sweep is news, which one statement says of all."""
        if old.quiet and (self.reading.stream, record.container, record.at, record.revision) == (
            old.stream,
            old.container,
            old.at,
            old.revision,
        ):
            self.same.append(old.id)
        else:
            self._see(record, old)

    def _see(self, record: Record, old: Known, **extra: Any) -> None:
        self.seen.append(
            {
                "id_": old.id,
                "stream": self.reading.stream,
                "container": record.container,
                "at": record.at,
                "revision": record.revision,
                "sweep": self.reading.sweep,
                "missing": 0,
                "staged": None,
                "unverified_at": None,
                "looked_at": self.now,
                "pending": None,
                "pending_fingerprint": None,
            }
            | extra
        )

    def _new(self, record: Record, body: Mapping[str, Any], text: JsonText, mark: str) -> None:
        self.counts["accepted"] += 1
        self.counts["new"] += 1
        row = {"instance": self.reading.instance, "family": str(record.payload.family)}
        row |= {"key": record.key}
        row |= self._state(record, text, mark, seq=1) | _history(None, record.payload, self)
        self.fresh.append((record, row, body))

    def _change(
        self, record: Record, old: Known, body: Mapping[str, Any], text: JsonText, mark: str
    ) -> None:
        self.counts["accepted"] += 1
        row = {"id_": old.id, "removed_at": None, "pending": None, "pending_fingerprint": None}
        row |= {"unverified_at": None, "missing": 0, "staged": None}
        row |= self._state(record, text, mark, seq=old.seq + 1)
        row |= _history(old, record.payload, self)
        self.changed.append(row)
        self._note(old.id, record, body, row, old)

    def _state(self, record: Record, text: JsonText, mark: str, seq: int) -> dict[str, Any]:
        return {
            "stream": self.reading.stream,
            "version": record.payload.version,
            "state": text,
            "fingerprint": mark,
            "revision": record.revision,
            "seq": seq,
            "container": record.container,
            "at": record.at,
            "sweep": self.reading.sweep,
            "looked_at": self.now,
        }

    def _note(
        self,
        subject_id: int,
        record: Record,
        body: Mapping[str, Any],
        row: Mapping[str, Any],
        old: Known | None = None,
    ) -> None:
        made = fact(
            self.reading.source,
            record.payload.family,
            record.key,
            row["seq"],
            body,
            traceparent=self.reading.traceparent,
            time=record.changed_at,
            version=record.payload.version,
        )
        self.events.append(_event(subject_id, made, self.reading, self.now))
        self.refs[subject_id] = [_ref(one) for one in record.refs]
        if isinstance(record.payload, Person) and (old is not None or record.photo is not None):
            self.pictures.accept(subject_id, record.payload.photo, record.photo)
        self.changed_now.append(
            Changed(
                id=subject_id,
                instance=self.reading.instance,
                key=record.key,
                payload=record.payload,
                body=body,
                episode=row["episode"],
                reopened=row["reopened"],
                began_at=row["began_at"],
                look_again=old.look_again if old else None,
                fresh=old is None,
            )
        )

    def accept_body(self, row: Any, body: dict[str, Any], mark: str) -> None:
        """Accept a stored body as the subject's state."""
        payload = load(row.family, row.version, body)
        self.changed.append(
            {
                "id_": row.id,
                "state": body,
                "fingerprint": mark,
                "seq": row.seq + 1,
                "ended_at": payload.ended(),
                "pending": None,
                "pending_fingerprint": None,
            }
        )
        made = fact(
            self.reading.source,
            row.family,
            row.key,
            row.seq + 1,
            body,
            traceparent=self.reading.traceparent,
        )
        self.events.append(_event(row.id, made, self.reading, self.now))
        if isinstance(payload, Person):
            self.pictures.accept(row.id, payload.photo, None)

    def flush(self) -> None:
        ids = subjects.insert(self.tx, [row for _, row, _ in self.fresh])
        for record, row, body in self.fresh:
            self._note(ids[row["family"], row["key"]], record, body, row)
        subjects.update(self.tx, self.changed)
        subjects.update(self.tx, self.seen)
        seen = {"sweep": self.reading.sweep, "looked_at": self.now}
        subjects.set_where(self.tx, self.same, **seen)
        subjects.add_events(self.tx, self.events)
        old = {row["id_"] for row in (*self.changed, *self.seen)}
        subjects.put_refs(self.tx, self.refs, old & self.refs.keys())
        self.pictures.write(self.tx, self.now)


def _history(old: Any, payload: Payload, step: _Step) -> dict[str, Any]:
    """What the hub remembers of earlier endings, so that a return can be told from a new matter."""
    ended = payload.ended()
    memory = {"episode": 0, "reopened": 0, "began_at": None, "ended_at": ended}
    if old is None:
        return memory
    memory |= {"episode": old.episode, "reopened": old.reopened, "began_at": old.began_at}
    over = old.ended_at or old.removed_at
    if ended is not None or over is None:
        return memory
    if step.now - over > step.reopen:
        return memory | {"episode": old.episode + 1, "reopened": 0, "began_at": step.now}
    return memory | {"reopened": old.reopened + (1 if old.ended_at else 0)}


def body_of(record: Record) -> dict[str, Any]:
    """A record's payload as it is stored."""
    return dump(record.payload)


def mark_of(record: Record) -> str:
    """The fingerprint by which a record is known to be the same."""
    return digest(_with_refs(JsonText(canonical(body_of(record))), record))


def _with_refs(text: str, record: Record) -> str:
    """Whom a subject points to is part of its state, though not of its payload."""
    if not record.refs:
        return text
    refs = sorted([one.role, one.namespace, one.kind, one.value] for one in record.refs)
    return text + canonical({"refs": refs})


def _older(record: Record, old: Any) -> bool:
    return (
        record.revision is not None and old.revision is not None and record.revision < old.revision
    )


def key_of(one: Record | Removal) -> tuple[str, str]:
    """Family and key."""
    return _family(one), one.key


def _family(one: Record | Removal) -> str:
    return str(one.family if isinstance(one, Removal) else one.payload.family)


def _unique(records: Sequence[Record | Removal]) -> Iterator[list[Record | Removal]]:
    """Parts in which each key occurs once, so that A, B, A stay three facts; by revision."""
    part: dict[tuple[str, str], Record | Removal] = {}
    for one in _in_order(records):
        key = (_family(one), one.key)
        if key in part:
            yield list(part.values())
            part = {}
        part[key] = one
    yield list(part.values())


def _in_order(records: Sequence[Record | Removal]) -> list[Record | Removal]:
    """By revision; a removal has none, and stays behind the records of its key before it."""
    highest: dict[tuple[str, str], int] = {}
    ranks = []
    for one in records:
        key, before = (_family(one), one.key), highest.get((_family(one), one.key), 0)
        rank = before if isinstance(one, Removal) else one.revision or 0
        highest[key] = max(before, rank)
        ranks.append(rank)
    order = sorted(range(len(records)), key=ranks.__getitem__)
    return [records[place] for place in order]


def _event(
    subject_id: int, made: Mapping[str, Any], reading: Reading, now: datetime
) -> dict[str, Any]:
    return {
        "id": made["id"],
        "subject": subject_id,
        "type": made["type"],
        "body": made,
        "run": reading.run,
        "at": now,
    }


def _ref(one: Any) -> dict[str, str]:
    return {"role": one.role, "namespace": one.namespace, "kind": one.kind, "value": one.value}


def slice_of(one: Slice) -> dict[str, Any]:
    """A slice as it is stored."""
    return {
        "container": one.container,
        "start": one.start.isoformat() if one.start else None,
        "end": one.end.isoformat() if one.end else None,
    }


def _incomplete(rows: Sequence[Unreadable]) -> list[str | None]:
    return [row.container for row in rows if row.key is None]


def _keep_unreadable(tx: Tx, reading: Reading, rows: Sequence[Unreadable], now: datetime) -> None:
    """A known subject counts as seen: it exists, we only can't read it."""
    keys = {row.key for row in rows if row.key is not None}
    subjects.see_keys(tx, reading.instance, keys, reading.sweep)
    subjects.note_unreadable(
        tx,
        [
            {
                "instance": reading.instance,
                "stream": reading.stream,
                "key": row.key,
                "container": row.container,
                "reason": row.reason[:500],
                "run": reading.run,
                "at": now,
            }
            for row in rows
        ],
    )
