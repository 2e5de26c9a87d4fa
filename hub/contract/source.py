"""The door for connectors: streams, batches, records."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel

from hub.errors import Coded
from hub.events.base import Family, Payload
from hub.http import HttpFactory

ConfigT = TypeVar("ConfigT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that comes from outside, so that a plug-in needs no globals.

    Attributes:
        instance: the id of the configured instance (of the target, for a target).
        http: makes HTTP clients with this instance's TLS, proxy, time-outs and redaction.
        log: a bound structured logger; an event name and keys, never prose or bodies.
        now: the present moment, UTC. Never use it for a checkpoint.
    """

    instance: str
    http: HttpFactory
    log: Any
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of reading, with its own rhythm, checkpoint and health.

    Attributes:
        name: stable; part of the stored identity.
        families: what its records are.
        every: pause between readings; None: it is only received, never read.
        sweep_every: pause between sweeps where deltas exist: between two of them every reading is
            a delta, where the sweep told a position for it; where not, nothing is read till then. A sweep comes first, after a changed configuration, and when the position for
            deltas is lost or refused. None: every reading is a sweep.
        confirm: complete sweeps before a suspect that no look-up answers is removed.
        recheck: how often a shown subject outside every finished slice is looked up, by sweeps;
            None: never.
        partitions: names for scale-out; empty: one.
        look_ups: how many subjects at most are looked up in one run; the others wait for the next.
    """

    name: str
    families: frozenset[Family]
    every: timedelta | None
    sweep_every: timedelta | None = None
    confirm: int = 2
    recheck: timedelta | None = None
    partitions: tuple[str, ...] = ()
    look_ups: int = 200


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a reading resumes: made from the source's data, never from our clock. Opaque to us."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What to read: a stream (or partition of it), which reading, and from where.

    Attributes:
        since: sweep: the position to resume from, None from the start; delta: where deltas go on.
    """

    stream: str
    reading: Literal["sweep", "delta"] = "sweep"
    since: Checkpoint | None = None
    partition: str = ""


@dataclass(frozen=True, slots=True)
class Ref:
    """How a subject points to a person or group: a name in a named numbering."""

    role: str
    namespace: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Record:
    """The whole state of one subject.

    Attributes:
        key: from the source, never changes, never an e-mail address.
        payload: the state; only fields that a route can publish.
        container: the part of the stream it stands in now (`open`, `solved`, a unit).
        at: where it stands in time, for sliced streams, UTC.
        revision: grows with each change in the source; None where the source has none.
        changed_at: when the source says that it last changed, UTC.
        photo: of a person the bytes of `payload.photo`, as `hub.events.photo.taken` gives both.
    """

    key: str
    payload: Payload
    container: str = ""
    at: datetime | None = None
    revision: int | None = None
    changed_at: datetime | None = None
    refs: tuple[Ref, ...] = ()
    photo: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Removal:
    """Positive proof that a subject is gone, with a short reason (`demoted`, `deleted`)."""

    key: str
    family: Family
    reason: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that could not be understood; `key` or `container` None where it did not say.

    Attributes:
        coded: what the reason says, for pages in other languages; None: only the reason does.
    """

    reason: str
    key: str | None = None
    container: str | None = None
    coded: Coded | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the stream that this sweep covered completely: from <= at < until; None: open."""

    container: str | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step of a reading found; stored together or not at all.

    Attributes:
        finished: parts now completely seen within this sweep.
        resume: the position after this batch; None: a crash starts a new sweep. In a delta it is
            where the next delta goes on after a crash; None: where this one began.
        next_delta: on the last batch, where deltas go on. Of a sweep: taken before it began, also
            when it was resumed (so `resume` carries it), or what changed meanwhile is lost.
        ignored: rows that the source sent though the filter excludes them (`filter_ignored`).
    """

    records: Sequence[Record | Removal] = ()
    unreadable: Sequence[Unreadable] = ()
    finished: Sequence[Slice] = ()
    resume: Checkpoint | None = None
    next_delta: Checkpoint | None = None
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check: what was looked at, how it stands, what to do about it."""

    level: Literal["ok", "warning", "failed"]
    what: str
    advice: str = ""


class Connector(ABC, Generic[ConfigT]):
    """Adapts one kind of source. No network in the constructor.

    Class attributes:
        name: as in YAML (`connector: topdesk`).
        settings: the closed, frozen, described pydantic model of `settings:`.
    """

    name: ClassVar[str]
    settings: ClassVar[type[BaseModel]]

    def __init__(self, config: ConfigT, context: Context) -> None:
        self.config = config
        self.context = context

    @abstractmethod
    def streams(self) -> Sequence[Stream]:
        """The streams that this configuration reads or receives."""

    @abstractmethod
    async def check(self) -> Sequence[Finding]:
        """What works and what is missing; cheap, least rights, changes nothing, never raises."""

    @abstractmethod
    def read(self, request: ReadRequest) -> AsyncIterator[Batch]:
        """Batches until the reading is complete; one of the five errors when it can't be.

        A delta hands over what changed since `request.since`, and `Removal`s where the source
        proves them; it finishes no slice, and concludes nothing from absence.

        Raises:
            RejectedError: in a delta: the source does not know that position (any more). The hub
                forgets it and reads a sweep at once.
        """

    async def close(self) -> None:
        """Release connections."""
