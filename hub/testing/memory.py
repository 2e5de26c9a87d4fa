"""An intranet in memory, as a target: keyed, conditional, and as faulty as the test wants."""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hub.contract import (
    Ability,
    Account,
    Capabilities,
    Context,
    Delivery,
    Finding,
    Outcome,
    Remote,
    Sought,
    Target,
)
from hub.errors import HubError, RejectedError, RetryableError
from hub.events.base import Model
from hub.events.objects import Kind
from hub.testing.clock import fake_context


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as the intranet holds it; `token` is that of the write that made it so."""

    body: Mapping[str, Any]
    version: str
    token: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the target: which method, with what."""

    method: Literal["publish", "find", "list_remote", "check", "capabilities", "accounts"]
    items: tuple[Delivery, ...] = ()
    keys: tuple[str, ...] = ()


class MemorySettings(Model):
    """No settings: everything is an attribute."""


class MemoryTarget(Target[MemorySettings]):
    """Holds objects by kind and key.

    Attributes:
        objects: what stands on the intranet.
        calls: every call, in order; `writes` counts the deliveries that changed something.
        down: while true every call raises `RetryableError` and changes nothing.
        exists500: a create is stored, and still answered with a fault.
        identity: as in `Ability`; other than keyed, a repeated create lands in `duplicates`.
        groups: those that the intranet knows; None: it can't tell.
        known: accounts of its own, which the hub did not make.
        at_once: calls in flight that it says it bears; `most_at_once` there were.
        pause: awaited in each `publish` before anything happens, as a slow network would.
        faults: asked for each `publish` with its items; an error that it returns is raised, and
            nothing is stored.
        address_value: what `address` says.
    """

    name = "memory"
    settings = MemorySettings

    def __init__(
        self,
        config: MemorySettings | None = None,
        context: Context | None = None,
        *,
        identity: Literal["keyed", "searchable", "none"] = "keyed",
        batch_max: int = 10,
    ) -> None:
        super().__init__(config or MemorySettings(), context or fake_context("memory"))
        self.objects: dict[tuple[Kind, str], Stored] = {}
        self.duplicates: list[tuple[Kind, str]] = []
        self.calls: list[Call] = []
        self.writes = 0
        self.down = False
        self.exists500 = False
        self.identity = identity
        self.batch_max = batch_max
        self.groups: frozenset[str] | None = None
        self.known: list[Account] = []
        self.at_once = 8
        self.most_at_once = 0
        self.pause: Callable[[Sequence[Delivery]], Awaitable[None]] | None = None
        self.faults: Callable[[Sequence[Delivery]], HubError | None] = lambda _items: None
        self.address_value = "memory://intranet"
        self.closed = False
        self._failures: deque[tuple[HubError | Outcome, bool]] = deque()
        self._version = 0
        self._open = 0

    def fail_next(self, failure: HubError | Outcome, *, lost: bool = False) -> None:
        """Script the next failure; several calls queue up.

        Args:
            failure: an error is raised by the next `publish`; an outcome is given to the next item.
            lost: the error is raised after everything was stored: the answer got lost.
        """
        self._failures.append((failure, lost))

    def meddle(self, kind: Kind, key: str, **changes: Any) -> None:
        """Somebody else edits an object; its version moves on."""
        old = self.objects[kind, key]
        self.objects[kind, key] = Stored({**old.body, **changes}, self._next(), old.token)

    def address(self) -> str:
        """As scripted."""
        return self.address_value

    async def capabilities(self) -> Capabilities:
        """Everything, for all kinds."""
        self._called("capabilities")
        ability = Ability(
            conditional=True, batch_max=self.batch_max, identity=self.identity, max_title=120
        )
        return Capabilities(dict.fromkeys(Kind, ability), self.groups, self.at_once)

    async def check(self) -> Sequence[Finding]:
        """Well, or down."""
        self.calls.append(Call("check"))
        if self.down:
            return [Finding("failed", "the intranet in memory is down", "set `down` to False")]
        return [Finding("ok", "the intranet in memory answers")]

    async def publish(self, items: Sequence[Delivery]) -> Sequence[Outcome]:
        """An outcome per item, in order; faults as scripted."""
        self._open += 1
        self.most_at_once = max(self.most_at_once, self._open)
        try:
            if self.pause is not None:
                await self.pause(items)
            return self._published(items)
        finally:
            self._open -= 1

    def _published(self, items: Sequence[Delivery]) -> Sequence[Outcome]:
        self._called("publish", items=tuple(items))
        error, lost = self._fault()
        error = error or self.faults(items)
        if error and not lost:
            raise error
        outcomes = [self._one(item) for item in items]
        if error:
            raise error
        return outcomes

    async def find(self, kind: Kind, keys: Sequence[str]) -> Mapping[str, Remote]:
        """Those of the keys that stand there.

        Raises:
            RejectedError: its objects can't be recognised (identity none).
        """
        self._called("find", keys=tuple(keys))
        if self.identity == "none":
            raise RejectedError("The intranet in memory has no keys to search for.")
        return {key: self._remote(kind, key) for key in keys if (kind, key) in self.objects}

    async def list_remote(self, kind: Kind) -> AsyncIterator[Remote]:
        """Everything of this kind, in order of key."""
        self._called("list_remote")
        for key in sorted(key for found, key in self.objects if found is kind):
            yield self._remote(kind, key)

    async def accounts(self, people: Sequence[Sought]) -> Sequence[Account]:
        """All of its own, whoever is asked for."""
        self._called("accounts", keys=tuple(one.key for one in people))
        return list(self.known)

    async def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    def _called(
        self,
        method: Literal["publish", "find", "list_remote", "capabilities", "accounts"],
        *,
        items: tuple[Delivery, ...] = (),
        keys: tuple[str, ...] = (),
    ) -> None:
        self.calls.append(Call(method, items, keys))
        if self.down:
            raise RetryableError("The intranet in memory is down.")

    def _fault(self) -> tuple[HubError | None, bool]:
        if self._failures and isinstance(error := self._failures[0][0], HubError):
            return error, self._failures.popleft()[1]
        return None, False

    def _one(self, item: Delivery) -> Outcome:
        if self._failures and isinstance(outcome := self._failures[0][0], Outcome):
            self._failures.popleft()
            return outcome
        return self._present(item) if item.state == "present" else self._absent(item)

    def _present(self, item: Delivery) -> Outcome:
        found = self.objects.get((item.kind, item.key))
        if found is None and item.remote_version is not None:
            return Outcome("gone", "it no longer stands there")
        if found and item.remote_version is None and item.remote_id is None:
            return self._again(item, found)
        if found and item.remote_version not in {None, found.version}:
            return self._conflict(item, found)
        outcome = self._store(item)
        if found is None and self.exists500:
            raise RetryableError("The intranet in memory failed (500), though it stored the item.")
        return outcome

    def _again(self, item: Delivery, found: Stored) -> Outcome:
        if self.identity != "keyed":
            self.duplicates.append((item.kind, item.key))
            return self._store(item)
        if dict(found.body) == dict(item.body):
            return Outcome("done", remote_id=item.key, remote_version=found.version)
        return self._conflict(item, found)

    def _absent(self, item: Delivery) -> Outcome:
        found = self.objects.get((item.kind, item.key))
        if found and item.remote_version not in {None, found.version}:
            return self._conflict(item, found)
        if found:
            del self.objects[item.kind, item.key]
            self.writes += 1
        return Outcome("done")

    def _store(self, item: Delivery) -> Outcome:
        version = self._next()
        self.objects[item.kind, item.key] = Stored(dict(item.body), version, item.token)
        self.writes += 1
        return Outcome("done", remote_id=item.key, remote_version=version)

    def _conflict(self, item: Delivery, found: Stored) -> Outcome:
        return Outcome(
            "conflict",
            "somebody else changed it",
            remote_id=item.key,
            remote_version=found.version,
        )

    def _remote(self, kind: Kind, key: str) -> Remote:
        found = self.objects[kind, key]
        return Remote(key, key, found.version, dict(found.body))

    def _next(self) -> str:
        self._version += 1
        return f"v{self._version}"
