"""The only door for connectors and targets.

A connector adapts one kind of source: it hands over whole states of subjects in batches, and knows
nothing of intranets. A target adapts one kind of intranet: it makes objects look as desired.
Base door for connectors, at most twelve names: Connector, Context, Stream, ReadRequest, Batch,
Record, Removal, Ref, Unreadable, Slice, Checkpoint, Finding. Abilities add at most four each:
LooksUp (Present, Gone, Unknown) and Receives (Received). `hub.testing` counts them.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel

from hub.events.base import Family, Payload
from hub.events.objects import Kind
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
        sweep_every: pause between sweeps where deltas exist; None: every reading is a sweep.
        confirm: complete sweeps before a suspect that no look-up answers is removed.
        recheck: how often a shown subject outside every finished slice is looked up; None: never.
        partitions: names for scale-out; empty: one.
    """

    name: str
    families: frozenset[Family]
    every: timedelta | None
    sweep_every: timedelta | None = None
    confirm: int = 2
    recheck: timedelta | None = None
    partitions: tuple[str, ...] = ()


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
    """

    key: str
    payload: Payload
    container: str = ""
    at: datetime | None = None
    revision: int | None = None
    changed_at: datetime | None = None
    refs: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class Removal:
    """Positive proof that a subject is gone, with a short reason (`demoted`, `deleted`)."""

    key: str
    family: Family
    reason: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that could not be understood; `key` or `container` None where it did not say."""

    reason: str
    key: str | None = None
    container: str | None = None


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
        resume: the position after this batch; None: a crash starts a new sweep.
        next_delta: on the last batch, where deltas go on; taken before the sweep began.
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
        """Batches until the reading is complete; one of the five errors when it can't be."""

    async def close(self) -> None:
        """Release connections."""


@dataclass(frozen=True, slots=True)
class Present:
    """It exists; the record names the container where it stands now."""

    record: Record


@dataclass(frozen=True, slots=True)
class Gone:
    """Positive proof that it left: demoted, unpublished, archived, outside base or filter."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not found, without proof that it is gone."""


@runtime_checkable
class LooksUp(Protocol):
    """Ability: ask the source about one subject. A missing right or fault raises."""

    async def look_up(self, family: Family, key: str) -> Present | Gone | Unknown:
        """What the source says about this subject now."""
        ...


@dataclass(frozen=True, slots=True)
class Received:
    """Data that came by request, for one stream; plain JSON values."""

    stream: str
    data: Mapping[str, Any]


@runtime_checkable
class Receives(Protocol):
    """Ability: data by request instead of by reading. Answered only after the commit."""

    def receive(self, received: Received) -> Batch:
        """The batch that the request means.

        Raises:
            RejectedError: the request can't be understood; the message says why.
        """
        ...


# --- the door for targets -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ability:
    """What a target can do with one kind.

    Attributes:
        identity: keyed: our key is its key, repeating a create is harmless; searchable: it must
            be found first; none: a create can't be recognised again.
        max_title: the longest title in characters; None: no limit.
    """

    upsert: bool = True
    delete: bool = True
    conditional: bool = False
    batch_max: int = 1
    identity: Literal["keyed", "searchable", "none"] = "keyed"
    max_title: int | None = None
    locales: tuple[str, ...] = ("nl", "en")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Per kind what a target can do, and for whom. `groups` None: it can't tell."""

    kinds: Mapping[Kind, Ability]
    groups: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One object as it should look.

    Attributes:
        body: JSON values of the kind's model in `hub.events.objects`; empty when absent.
        token: names this very version; a repeat of a call carries the same token.
        remote_id, remote_version: as the target last told us; None before the first time.
    """

    kind: Kind
    key: str
    state: Literal["present", "absent"]
    body: Mapping[str, Any]
    token: str
    remote_id: str | None = None
    remote_version: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one delivery.

    Attributes:
        status: done; conflict (somebody else changed it); gone (no longer there);
            rejected (never, see `reason`); retry (later, see `after`).
        after: seconds until the next try, where the target said so.
    """

    status: Literal["done", "conflict", "gone", "rejected", "retry"]
    reason: str = ""
    after: float | None = None
    remote_id: str | None = None
    remote_version: str | None = None


@dataclass(frozen=True, slots=True)
class Remote:
    """An object as it stands on the target."""

    key: str
    remote_id: str
    version: str | None
    body: Mapping[str, Any]


class Target(ABC, Generic[ConfigT]):
    """Adapts one kind of intranet. No network in the constructor; no retries: the engine retries.

    Class attributes: `name` and `settings`, as for a connector; `remote` False where nothing
    stands outside the store, so that nothing can drift.
    """

    name: ClassVar[str]
    settings: ClassVar[type[BaseModel]]
    remote: ClassVar[bool] = True

    def __init__(self, config: ConfigT, context: Context) -> None:
        self.config = config
        self.context = context

    @abstractmethod
    def address(self) -> str:
        """Which intranet this is, without secrets. Another address is another ledger."""

    @abstractmethod
    async def capabilities(self) -> Capabilities:
        """What it can do, as it says itself where it can say so."""

    @abstractmethod
    async def check(self) -> Sequence[Finding]:
        """What works and what is missing; changes nothing, never raises."""

    @abstractmethod
    async def publish(self, items: Sequence[Delivery]) -> Sequence[Outcome]:
        """An outcome per item, in order. An exception: the outcome of the whole call is unknown."""

    @abstractmethod
    async def find(self, kind: Kind, keys: Sequence[str]) -> Mapping[str, Remote]:
        """Those of the keys that exist."""

    @abstractmethod
    def list_remote(self, kind: Kind) -> AsyncIterator[Remote]:
        """Everything of this kind that our account can see.

        Raises:
            RejectedError: this intranet has no such list; what is ours is found one by one.
        """

    def differs(self, kind: Kind, body: Mapping[str, Any], remote: Remote) -> Sequence[str]:  # noqa: ARG002 - for targets that know better
        """Names of fields in which what stands there is not this body; pure.

        Override it where the intranet gives a body back in another shape than it took.
        """
        names = body.keys() | remote.body.keys()
        return sorted(name for name in names if body.get(name) != remote.body.get(name))

    async def close(self) -> None:
        """Release connections."""
