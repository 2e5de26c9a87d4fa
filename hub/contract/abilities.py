"""What a connector may be able to do beside reading."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from hub.contract.source import Batch, Record
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
