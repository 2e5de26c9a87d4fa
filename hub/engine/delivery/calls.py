"""One call to a target, and what it takes to know of each of its items how it ended."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.contract import Ability, Capabilities, Delivery, Outcome, Remote, Target
from hub.engine.delivery.health import Health
from hub.engine.delivery.pictures import publish
from hub.errors import HubError, RateLimitedError, RejectedError, RetryableError
from hub.events.objects import KINDS, Kind
from hub.store.store import Store

FRUITLESS = 16  # failed calls in a row after which a batch is not split any further


@dataclass(slots=True)
class Result:
    """How one item ended.

    Attributes:
        outcome: what the target said of it.
        error: why there is no outcome; with neither it was not sent.
        alone: it failed in a call of its own, so that it may be its own fault.
        uncertain: it may have been created, and can't be found.
        drifted: somebody else changed (True) or removed (False) it; None: nobody did.
    """

    row: Any
    outcome: Outcome | None = None
    error: HubError | None = None
    alone: bool = True
    uncertain: bool = False
    drifted: bool | None = None


@dataclass
class Caller:
    """Sends batches to one target during one pass.

    Attributes:
        intend: commits that these rows are about to be sent.
        point: told the name of each point where a crash matters.
        required: per row in hand the remote ids of what it requires, where it requires anything.
    """

    target: Target[Any]
    store: Store
    abilities: Capabilities
    health: Health
    intend: Callable[[Sequence[Any]], Awaitable[None]]
    point: Callable[[str], None]
    required: dict[int, Mapping[tuple[Kind, str], str]] = field(default_factory=dict)

    def most(self, kind: str) -> int:
        """How many items of a kind a call takes; a target that was down is tried with one."""
        return 1 if self.health.probing else max(1, self.abilities.kinds[KINDS[kind]].batch_max)

    async def send(self, rows: Sequence[Any]) -> list[Result]:
        """Send rows of one kind and state, that fit into one call; a result for each."""
        ability = self.abilities.kinds[KINDS[rows[0].kind]]
        if ability.identity != "keyed":
            await self.intend(rows)
        found = await self._searched(rows) if ability.identity == "searchable" else {}
        results = found if isinstance(found, list) else await self._sent(rows, ability, found)
        self._judge(results)
        return results

    async def _sent(
        self, rows: Sequence[Any], ability: Ability, found: dict[str, Remote]
    ) -> list[Result]:
        first = await self._call(rows, ability, found)
        if not self._splits(rows, ability, first):
            self._count(first)
            return first
        return await self._halved(rows, ability, found)

    def _judge(self, results: Iterable[Result]) -> None:
        for one in results:
            if one.outcome is not None and one.outcome.status == "done":
                self.health.barren = 0
            elif one.outcome is not None or one.error is not None:
                self.health.barren += 1

    # --- splitting --------------------------------------------------------------------------

    def _splits(self, rows: Sequence[Any], ability: Ability, results: Sequence[Result]) -> bool:
        """Whether one bad item may be what the others suffer from."""
        error = results[0].error
        if len(rows) == 1 or error is None or self.health.stopped is not None:
            return False
        if isinstance(error, RejectedError):
            return True
        passing = isinstance(error, RetryableError) and not isinstance(error, RateLimitedError)
        known = ability.identity == "keyed"
        return passing and known and not self.health.probing and any(r.attempts for r in rows)

    async def _halved(
        self, rows: Sequence[Any], ability: Ability, found: dict[str, Remote]
    ) -> list[Result]:
        """Halves, one after the other, broad before deep: what is well is delivered first."""
        results: list[Result] = []
        parts = deque(_halves(rows))
        fruitless = 0
        while parts:
            part = parts.popleft()
            if self.health.stopped is not None or fruitless >= FRUITLESS:
                results += [Result(row) for row in part]
                continue
            some = await self._call(part, ability, found)
            error = some[0].error
            fruitless = 0 if error is None else fruitless + (not isinstance(error, RejectedError))
            if self._splits_on(part, error):
                parts.extend(_halves(part))
            else:
                self._count_part(error)
                results += some
        if fruitless >= FRUITLESS:
            self._count([one for one in results if one.error is not None][:1])
        return results

    def _splits_on(self, part: Sequence[Any], error: HubError | None) -> bool:
        if error is None or len(part) == 1:
            return False
        return isinstance(error, RetryableError | RejectedError) and not _is_limit(error)

    def _count_part(self, error: HubError | None) -> None:
        """Within a batch that is split failures are expected; what stops all of it is not."""
        if error is None or isinstance(error, RejectedError):
            self.health.answered()
        elif not isinstance(error, RetryableError) or _is_limit(error):
            self.health.failed(error)

    def _count(self, results: Sequence[Result]) -> None:
        error = results[0].error if results else None
        if error is None or isinstance(error, RejectedError):
            self.health.answered()
        else:
            self.health.failed(error)

    # --- one call ---------------------------------------------------------------------------

    async def _searched(self, rows: Sequence[Any]) -> dict[str, Remote] | list[Result]:
        """Those of doubtful creates that stand there; results where it can't be asked."""
        doubtful = [row.key for row in rows if row.intent is not None and row.remote_id is None]
        if not doubtful:
            return {}
        try:
            found = await self._find(rows[0].kind, doubtful)
        except Exception as raised:  # noqa: BLE001  a target's bug must not stop the others
            error = as_hub_error(self.target, raised)
            self.health.failed(error)
            return [Result(row, error=error, alone=False) for row in rows]
        return found

    async def _find(self, kind: str, keys: Sequence[str]) -> dict[str, Remote]:
        """Exact matches only, whatever the target takes for one."""
        found = await self.target.find(Kind(kind), keys)
        self.point("looked")
        return {key: one for key, one in found.items() if one.key == key and one.remote_id}

    async def _call(
        self, rows: Sequence[Any], ability: Ability, found: dict[str, Remote]
    ) -> list[Result]:
        """One `publish`, and a second one for what somebody else had changed."""
        try:
            results = await self._publish(rows, found)
        except Exception as raised:  # noqa: BLE001  a target's bug must not stop the others
            return self._broke(rows, ability, as_hub_error(self.target, raised))
        again = [one for one in results if _is_disputed(one)]
        return await self._again(results, again, ability) if again else results

    async def _publish(self, rows: Sequence[Any], found: dict[str, Remote]) -> list[Result]:
        kind = KINDS[rows[0].kind]
        if found:
            items = [self._delivery(kind, row, *_known(row, found.get(row.key))) for row in rows]
        else:
            items = [self._delivery(kind, row, row.remote_id, row.remote_version) for row in rows]
        outcomes = await publish(self.target, self.store, items)
        self.point("sent")
        return [Result(row, one) for row, one in zip(rows, outcomes, strict=True)]

    def _broke(self, rows: Sequence[Any], ability: Ability, error: HubError) -> list[Result]:
        """Nobody knows what became of these, but where the target surely did nothing."""
        unknown = isinstance(error, RetryableError) and not isinstance(error, RateLimitedError)
        lost = unknown and ability.identity == "none"
        return [
            Result(
                row,
                error=error,
                alone=len(rows) == 1,
                uncertain=lost and row.state == "present" and row.remote_id is None,
            )
            for row in rows
        ]

    async def _again(
        self, results: list[Result], disputed: Sequence[Result], ability: Ability
    ) -> list[Result]:
        """Somebody else changed or removed these: look, then write only our objects."""
        rows = [one.row for one in disputed]
        try:
            found = await self._found(rows, ability)
            open_rows = [r for r in rows if r.key in found or r.state == "present"]
            second = {one.row.id: one for one in await self._rewritten(open_rows, found)}
        except Exception as raised:  # noqa: BLE001  a target's bug must not stop the others
            error = as_hub_error(self.target, raised)
            second = {one.row.id: one for one in self._broke(rows, ability, error)}
            found = {}
        settled = {row.id: Result(row, Outcome("done")) for row in rows} | second
        for one in settled.values():
            if one.error is None:
                one.drifted = one.row.key in found
        return [settled.get(one.row.id, one) for one in results]

    async def _found(self, rows: Sequence[Any], ability: Ability) -> dict[str, Remote]:
        if ability.identity == "none":
            return {}
        return await self._find(rows[0].kind, [row.key for row in rows])

    async def _rewritten(self, rows: Sequence[Any], found: dict[str, Remote]) -> list[Result]:
        if not rows:
            return []
        kind = KINDS[rows[0].kind]
        known = [(row, found.get(row.key)) for row in rows]
        items = [
            self._delivery(kind, row, *((one.remote_id, one.version) if one else (None, None)))
            for row, one in known
        ]
        outcomes = await publish(self.target, self.store, items)
        self.point("sent")
        return [Result(row, one) for row, one in zip(rows, outcomes, strict=True)]

    async def take_down(self, row: Any) -> bool:
        """It stands there for people whom it no longer concerns; whether it is away now."""
        token = f"{row.id}-{row.seq}-{row.hash[:8]}-down"
        item = Delivery(Kind(row.kind), row.key, "absent", {}, token, row.remote_id)
        try:
            (outcome,) = await self.target.publish([item])
        except Exception as raised:  # noqa: BLE001  a target's bug must not stop the others
            self.health.failed(as_hub_error(self.target, raised))
            return False
        self.health.answered()
        return outcome.status in {"done", "gone"}

    def _delivery(
        self, kind: Kind, row: Any, remote_id: str | None, version: str | None
    ) -> Delivery:
        token = f"{row.id}-{row.seq}-{row.hash[:8]}-{version or 'new'}".replace('"', "")
        body = row.body if row.state == "present" else {}
        requires = self.required.get(row.id, {}) if self.required else {}
        return Delivery(kind, row.key, row.state, body, token, remote_id, version, requires)


def _known(row: Any, found: Remote | None) -> tuple[str | None, str | None]:
    if found is None:
        return row.remote_id, row.remote_version
    return found.remote_id, found.version


def _is_disputed(one: Result) -> bool:
    status = one.outcome.status if one.outcome is not None else ""
    return status == "conflict" or (status == "gone" and one.row.state == "present")


def _is_limit(error: HubError) -> bool:
    return isinstance(error, RateLimitedError) and error.everyone


def _halves(rows: Sequence[Any]) -> list[Sequence[Any]]:
    middle = (len(rows) + 1) // 2
    return [rows[:middle], rows[middle:]]


def as_hub_error(target: Target[Any], raised: Exception) -> HubError:
    """A plug-in's own fault: its text may hold anything, so only its kind is told."""
    if isinstance(raised, HubError):
        return raised
    fault = RetryableError(
        f"The target {target.name} broke with {type(raised).__name__}: this is a fault in the "
        "target. Report it to its author; the other targets go on."
    )
    fault.__cause__ = raised
    return fault
