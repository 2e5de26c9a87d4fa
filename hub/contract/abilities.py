"""What a connector may be able to do beside reading."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from hub.contract.source import Batch, Record, Ref
from hub.events.base import Family


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


@runtime_checkable
class Hints(Protocol):
    """Ability: the source can call the hub when something changed. Only that is believed.

    The hub proves the caller, reads at once, and throws the body away unread; the streams' own
    rhythm goes on all the same.
    """

    def hinted(self) -> Collection[str]:
        """The names of the streams to read again when the source calls."""
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


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a protocol, from a caller that has proven itself.

    Attributes:
        method: in capitals.
        base: the address that the caller used, up to where `path` begins.
        path: what follows `served_at`, beginning with `/`; or empty.
        headers: by name in small letters; the proof is not among them.
        at: when it came, UTC.
    """

    method: str
    base: str
    path: str
    at: datetime
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the caller is told. From status 400 on nothing of the call is stored."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Kept(Protocol):
    """What the hub keeps of this instance, within the one transaction of a call.

    A subject whose removal was stored is not there any more, also while that waits in a hold. Records
    carry `changed_at`: when a call touched them last.
    """

    def get(self, family: Family, keys: Collection[str]) -> Mapping[str, Record]:
        """Those of the subjects that are there, by key."""
        ...

    def find(self, family: Family, ref: Ref, *, gone: bool = False) -> Sequence[Record]:
        """Subjects with this very reference, in order of appearance.

        Args:
            gone: those that are there no more, as far as they are remembered.
        """
        ...

    def page(self, family: Family, start: int, count: int) -> tuple[int, Sequence[Record]]:
        """How many subjects are there, and so many of them, in order of appearance."""
        ...

    def is_forgotten(self, family: Family, ref: Ref) -> bool:
        """Whether somebody with this `ALIAS` asked to be forgotten, and must not come back."""
        ...

    def store(self, batch: Batch) -> None:
        """Take records and removals in; what was stored before in this call can be read."""
        ...


@runtime_checkable
class Serves(Protocol):
    """Ability: the hub answers a whole protocol for this source, also what is asked of it.

    Everything of one call happens in one transaction, and is answered after the commit. What is
    stored belongs to the connector's one stream that is never read. No network, no waiting.
    """

    @classmethod
    def served_at(cls) -> str:
        """Where below the instance's own address the protocol begins, such as `scim/v2`."""
        ...

    def serve(self, call: Call, kept: Kept) -> Reply:
        """What the call comes to. A call that makes no sense is an answer too; it never raises."""
        ...


@dataclass(frozen=True, slots=True)
class OwnTicket:
    """One ticket of the person who asked, in the source's own words; all moments UTC.

    Attributes:
        title: empty where no free text may be shown.
        url: its page in the source's own portal, where there is one.
        closed_at: None while it is open.
    """

    number: str
    status: str
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None = None
    title: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """The tickets of one person, the one that changed last first; `more`: there are others."""

    tickets: Sequence[OwnTicket]
    more: bool = False


@runtime_checkable
class Answers(Protocol):
    """Ability: own tickets of the person who looks, asked at that moment and stored nowhere.

    Every row is proven to be that person's before it is handed over. One row that is not proves that
    the source filters wrongly: then nothing of the answer is believed.
    """

    async def answer(self, asker: str) -> Answered:
        """The tickets of the one person whom the source knows by exactly this value.

        Raises:
            RejectedError: the source knows nobody by it, or more than one.
            BadConfigError, AuthFailedError, PermissionMissingError, RetryableError: it can't be
                asked now, or answered with something that is not this person's.
        """
        ...


@dataclass(frozen=True, slots=True)
class Understood:
    """What a file was taken for: shown to whoever brings it, before anything is stored.

    Attributes:
        form: what was found out about it, in order: a short word and its value, such as
            `encoding: utf-8`. Never a value of a row.
        columns: each heading with the field that it is taken for; None: it is not read.
        key: the headings whose cells name a row for good.
        batch: everybody in it, and the rows that can't be understood, with their lines.
    """

    form: Mapping[str, str]
    columns: Sequence[tuple[str, str | None]]
    key: Sequence[str]
    batch: Batch


@runtime_checkable
class TakesFiles(Protocol):
    """Ability: a file that somebody brings is the whole list of a stream.

    The hub takes it as a sweep: whoever is not in it is missing, and a second, different file must
    agree before anybody counts as gone.
    """

    @classmethod
    def uploads(cls, config: Any) -> Mapping[str, int]:
        """The streams that come as files with these settings, and the most bytes of one."""
        ...

    def understand(self, stream: str, data: bytes) -> Understood:
        """What stands in a file. Pure: it stores nothing, and asks nobody.

        Also of a stream that is read elsewhere, so that a file can be looked at beforehand.

        Raises:
            RetryableError: it is empty, cut off or damaged.
            BadConfigError: it can't be understood with these settings; the message says why.
        """
        ...
