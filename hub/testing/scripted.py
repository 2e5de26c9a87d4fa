"""A source in memory and its connector: every batch, fault and answer is scripted by the test."""

import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.contract import (
    Batch,
    Checkpoint,
    Connector,
    Context,
    Finding,
    Gone,
    Present,
    ReadRequest,
    Record,
    Removal,
    Slice,
    Stream,
    Unknown,
    Unreadable,
)
from hub.errors import HubError, RejectedError
from hub.events.base import Family, Model, Payload
from hub.events.incident import Incident, IncidentState

MAJORS = Stream("majors", frozenset({Family.INCIDENT}), timedelta(seconds=60))


def incident(title: str = "E-mail does not work", **changes: Any) -> Incident:
    """A valid incident, open since a fixed moment; other fields by keyword."""
    given: dict[str, Any] = {
        "title": {"nl": title},
        "state": IncidentState.OPEN,
        "since": datetime(2026, 11, 2, 7, 30, tzinfo=UTC),
    }
    return Incident.model_validate(given | changes)


@dataclass(slots=True)
class ScriptedSource:
    """What the other side holds and how it behaves; alive beside any number of connectors.

    Attributes:
        streams: of the connector; the first one is the default of `put`.
        subjects: what exists, by key. Change it freely, or by `put`, `edit` and `remove`.
        swept: the containers that a sweep reads and finishes; None: everything, as one slice.
        slices: what a sweep reads and finishes, one after the other, instead of `swept`.
        batch_size: records in a batch.
        resumable: batches carry a position from which the reading goes on.
        deltas: the last batch says where deltas go on, and delta readings work.
        forgotten: how many of the first changes are too old for a delta to begin there.
        between: called after each batch, for what happens while a reading goes on.
        answers: what `look_up` says about a key, or raises; else Present, or Unknown when absent.
        removals, unreadable: handed over once, in the next reading.
        ignored: rows that the filter should have kept out, said on the last batch.
        findings: what `check` says.
        requests, look_ups: what was asked, in order.
    """

    streams: Sequence[Stream] = (MAJORS,)
    subjects: dict[str, Record] = field(default_factory=dict)
    swept: Sequence[str] | None = None
    slices: Sequence[Slice] | None = None
    batch_size: int = 100
    resumable: bool = False
    deltas: bool = False
    forgotten: int = 0
    between: Callable[[], None] = lambda: None
    answers: dict[str, Present | Gone | Unknown | HubError] = field(default_factory=dict)
    removals: list[Removal] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    ignored: int = 0
    findings: Sequence[Finding] = (Finding("ok", "source in memory"),)
    requests: list[ReadRequest] = field(default_factory=list)
    look_ups: list[str] = field(default_factory=list)
    _stream_of: dict[str, str] = field(default_factory=dict)
    _changes: list[str] = field(default_factory=list)
    _faults: deque[tuple[HubError, int]] = field(default_factory=deque)
    _broken: HubError | None = None

    def put(
        self,
        key: str,
        payload: Payload | None = None,
        *,
        container: str = "open",
        stream: str | None = None,
        **more: Any,
    ) -> Record:
        """Add or replace a subject; `more` are further fields of its record."""
        record = Record(key, payload or incident(f"Disturbance {key}"), container, **more)
        self.subjects[key] = record
        self._stream_of[key] = stream or self.streams[0].name
        self._changes.append(key)
        return record

    def populate(self, count: int) -> None:
        """Put subjects `s-0001` and on."""
        for number in range(1, count + 1):
            self.put(f"s-{number:04}")

    def edit(self, key: str, *, container: str | None = None, **changes: Any) -> Record:
        """Change fields of a subject's payload, or the container where it stands."""
        old = self.subjects[key]
        payload = type(old.payload).model_validate(dict(old.payload) | changes)
        new = replace(old, payload=payload, container=container or old.container)
        self.subjects[key] = new
        self._changes.append(key)
        return new

    def remove(self, key: str, *, proof: str | None = None) -> None:
        """Take a subject away; with `proof` the next reading hands over a removal, else silence."""
        record = self.subjects.pop(key)
        if proof is not None:
            self.removals.append(Removal(key, record.payload.family, proof))

    def fail_next(self, error: HubError, *, after_batches: int = 0) -> None:
        """The next reading raises after so many batches; several calls queue up."""
        self._faults.append((error, after_batches))

    def fail(self, error: HubError) -> None:
        """Every reading and look-up raises until `heal`."""
        self._broken = error

    def heal(self) -> None:
        """Forget all faults."""
        self._broken = None
        self._faults.clear()

    def connector(self, context: Context) -> "ScriptedConnector":
        """A connector that reads this source."""
        return ScriptedConnector(ScriptedSettings(), context, self)

    def plugin(self) -> type["ScriptedConnector"]:
        """A connector class as a registry wants it: made from settings and context only."""
        source = self

        class Bound(ScriptedConnector):
            def __init__(self, config: ScriptedSettings, context: Context) -> None:
                super().__init__(config, context, source)

        return Bound

    def batches(self, request: ReadRequest) -> Iterator[Batch]:
        """The batches that answer a request.

        Raises:
            HubError: as scripted.
        """
        self.requests.append(request)
        error, after = self._fault()
        for number, batch in enumerate(self._answer(request)):
            if error and number >= after:
                raise error
            yield batch
            self.between()
        if error:
            raise error

    def answer(self, key: str) -> Present | Gone | Unknown:
        """What a look-up says.

        Raises:
            HubError: as scripted.
        """
        self.look_ups.append(key)
        if self._broken:
            raise self._broken
        found = Present(self.subjects[key]) if key in self.subjects else Unknown()
        said = self.answers.get(key, found)
        if isinstance(said, HubError):
            raise said
        return said

    def _fault(self) -> tuple[HubError | None, int]:
        if self._broken:
            return self._broken, 0
        return self._faults.popleft() if self._faults else (None, 0)

    def _answer(self, request: ReadRequest) -> Iterator[Batch]:
        if request.reading == "delta":
            return self._delta(request)
        return self._sweep(request)

    def _sweep(self, request: ReadRequest) -> Iterator[Batch]:
        fresh = _Place(len(self._changes), self.slices)
        place = _Place.of(request.since) or fresh
        position, pieces, turn = place.position, place.slices or [Slice()], place.number
        parts = [self._part(request.stream, one) for one in pieces]
        for number, records in list(enumerate(parts))[turn:]:
            rest = [one for one in records if number > turn or one.key > place.key]
            for end, some in self._pages(rest):
                after = replace(place, number=number, key=some[-1].key if some else "")
                resume = after.checkpoint() if self.resumable and some else None
                finished = self._finished(place.slices, number) if end else ()
                last = end and number == len(parts) - 1
                yield self._batch(some, resume, finished, position, last=last)

    def _finished(self, slices: Sequence[Slice] | None, number: int) -> Sequence[Slice]:
        if slices is not None:
            return [slices[number]]
        return [Slice()] if self.swept is None else [Slice(name) for name in self.swept]

    def _delta(self, request: ReadRequest) -> Iterator[Batch]:
        since, position = int(request.since.value) if request.since else 0, len(self._changes)
        if since < self.forgotten:
            raise RejectedError("The source keeps its changes for a shorter time than this.")
        newest = {key: number for number, key in enumerate(self._changes) if number >= since}
        here = [key for key in newest if self._reads(request.stream, key)]
        here.sort(key=newest.__getitem__)
        for last, some in self._pages([self.subjects[key] for key in here]):
            after = newest[some[-1].key] + 1 if some else position
            resume = Checkpoint(str(after)) if self.resumable else None
            yield self._batch(some, resume, (), position, last=last)

    def _pages(self, records: Sequence[Record]) -> Iterator[tuple[bool, Sequence[Record]]]:
        for start in range(0, max(len(records), 1), self.batch_size):
            last = start + self.batch_size >= len(records)
            yield last, records[start : start + self.batch_size]

    def _part(self, stream: str, piece: Slice) -> list[Record]:
        here = sorted(key for key in self.subjects if self._reads(stream, key))
        return [self.subjects[key] for key in here if _inside(self.subjects[key], piece)]

    def _reads(self, stream: str, key: str) -> bool:
        if key not in self.subjects or self._stream_of[key] != stream:
            return False
        return self.swept is None or self.subjects[key].container in self.swept

    def _batch(
        self,
        part: Sequence[Record],
        resume: Checkpoint | None,
        finished: Sequence[Slice],
        position: int,
        *,
        last: bool,
    ) -> Batch:
        if not last:
            return Batch(part, finished=finished, resume=resume)
        removals, self.removals = self.removals, []
        unreadable, self.unreadable = self.unreadable, []
        next_delta = Checkpoint(str(position)) if self.deltas else None
        records: list[Record | Removal] = [*part, *removals]
        return Batch(records, unreadable, finished, resume, next_delta, self.ignored)


@dataclass(frozen=True, slots=True)
class _Place:
    """How far a sweep is, with what it had set out to read: also after the source moved on."""

    position: int
    slices: Sequence[Slice] | None
    number: int = 0
    key: str = ""

    @classmethod
    def of(cls, since: Checkpoint | None) -> "_Place | None":
        if since is None or not since.value:
            return None
        position, slices, number, key = json.loads(since.value)
        found = None if slices is None else [_slice(*one) for one in slices]
        return cls(position, found, number, key)

    def checkpoint(self) -> Checkpoint:
        slices = self.slices
        shown = None if slices is None else [[s.container, s.start, s.end] for s in slices]
        value = [self.position, shown, self.number, self.key]
        return Checkpoint(json.dumps(value, default=datetime.isoformat))


def _slice(container: str | None, start: str | None, end: str | None) -> Slice:
    moments = (datetime.fromisoformat(one) if one else None for one in (start, end))
    return Slice(container, *moments)


def _inside(record: Record, piece: Slice) -> bool:
    if piece.container not in {None, record.container}:
        return False
    if record.at is None:
        return piece.start is None and piece.end is None
    after = piece.start is None or piece.start <= record.at
    return after and (piece.end is None or record.at < piece.end)


class ScriptedSettings(Model):
    """No settings: the script is all."""


class ScriptedConnector(Connector[ScriptedSettings]):
    """Reads and looks up in a `ScriptedSource`."""

    name = "scripted"
    settings = ScriptedSettings

    def __init__(self, config: ScriptedSettings, context: Context, source: ScriptedSource) -> None:
        super().__init__(config, context)
        self.source = source
        self.closed = False

    def streams(self) -> Sequence[Stream]:
        """Those of the source."""
        return self.source.streams

    async def check(self) -> Sequence[Finding]:
        """As scripted."""
        return self.source.findings

    async def read(self, request: ReadRequest) -> AsyncIterator[Batch]:
        """As scripted."""
        for batch in self.source.batches(request):
            yield batch

    async def look_up(self, family: Family, key: str) -> Present | Gone | Unknown:  # noqa: ARG002 - the door's signature
        """As scripted."""
        return self.source.answer(key)

    async def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True
