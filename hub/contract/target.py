"""The door for targets: what an intranet can do, and what became of each object."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Literal

from pydantic import BaseModel

from hub.contract.source import ConfigT, Context, Finding
from hub.events.objects import Kind


@dataclass(frozen=True, slots=True)
class Ability:
    """What a target can do with one kind.

    Attributes:
        batch_max: the most items of one `publish`; they are of one kind and one state.
        identity: keyed: our key is its key, repeating a create is harmless; searchable: after a
            create of which the end is not known it is found before it is created again; none:
            such a create can't be recognised, so a person decides about it.
        max_title: the longest title in characters; None: no limit.
        own_ids: of persons: a manager is named by the target's own id. Then `Delivery.requires` has
            it, and a body names a manager only from when that one stands there.
    """

    upsert: bool = True
    delete: bool = True
    conditional: bool = False
    batch_max: int = 1
    identity: Literal["keyed", "searchable", "none"] = "keyed"
    max_title: int | None = None
    locales: tuple[str, ...] = ("nl", "en")
    own_ids: bool = False


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Per kind what a target can do, and for whom.

    Attributes:
        groups: those that the intranet knows; None: it can't tell.
        at_once: calls in flight that it bears.
    """

    kinds: Mapping[Kind, Ability]
    groups: frozenset[str] | None = None
    at_once: int = 8


@dataclass(frozen=True, slots=True)
class Delivery:
    """One object as it should look.

    Attributes:
        body: JSON values of the kind's model in `hub.events.objects`; empty when absent.
        token: names this very version; a repeat of a call carries the same token.
        remote_id, remote_version: as the target last told us; None before the first time.
        requires: remote ids of the objects that it requires, and of the manager that a body names
            where the target has `own_ids`, by kind and key; they stand there.
        content: of a present photo the bytes that its body tells of.
    """

    kind: Kind
    key: str
    state: Literal["present", "absent"]
    body: Mapping[str, Any]
    token: str
    remote_id: str | None = None
    remote_version: str | None = None
    requires: Mapping[tuple[Kind, str], str] = field(default_factory=dict)
    content: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one delivery.

    Attributes:
        status: done; conflict (somebody else changed it); gone (no longer there);
            rejected (never, see `reason`); retry (later, see `after`: surely not done now, where a
            repeated create would be a second object).
        after: seconds until the next try, where the target said so.
    """

    status: Literal["done", "conflict", "gone", "rejected", "retry"]
    reason: str = ""
    after: float | None = None
    remote_id: str | None = None
    remote_version: str | None = None


@dataclass(frozen=True, slots=True)
class Remote:
    """An object as it stands on the target.

    Attributes:
        away: it was taken away as far as this target does that: an account switched off.
    """

    key: str
    remote_id: str
    version: str | None
    body: Mapping[str, Any]
    away: bool = False


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
        """An outcome per item, in order.

        Raises:
            RejectedError: the call as a whole is refused, nothing is done: it is sent in halves.
            RateLimitedError: nothing is done; `everyone` says whether others would fare better.
            HubError: any other: the outcome of the whole call is unknown.
        """

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
