"""One pass of one target, from the question whether it may be tried to how it stands after it."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from hub.contract import Capabilities, Target
from hub.engine.delivery.calls import Caller, as_hub_error
from hub.engine.delivery.health import DOWN, Health
from hub.engine.delivery.pipeline import Pipeline, Turn
from hub.engine.delivery.riding import FRESH, LINGER, Ride
from hub.store import ledger, outbox, requirements
from hub.store.store import Store, Tx


@dataclass
class Deliverer:
    """One pass of one target at a time.

    Attributes:
        point: told the name of each point where a crash matters, for tests that kill there.
        note: told (event, keys) when an outage begins or ends, once each.
        veil: over secrets in what the target says.
        claim: the first statement of each of its transactions; raises where another process
            delivers to this target now.
    """

    target_id: str
    target: Target[Any]
    store: Store
    now: Callable[[], datetime]
    rng: random.Random
    note: Callable[..., None]
    point: Callable[[str], None] = lambda _name: None
    veil: Callable[[str], str] = str
    claim: Callable[[Tx], None] = lambda _tx: None
    line: Pipeline | None = field(default=None, init=False)
    _capabilities: Capabilities | None = field(default=None, init=False)
    _begun: tuple[Pipeline, Turn, float] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.health = Health(self.target_id, self.now, self.rng, self.note, self.veil)

    async def deliver(self, linger: float = 0.0) -> Counter[str]:
        """Send what is due; the count of outcomes by status. Never raises for the target's sake.

        Args:
            linger: seconds that what was delivered may wait to be recorded, for others to ride along.
        """
        if (begun := self._take_begun()) is not None:
            return self._over(await self._pass(*begun))
        line = self._line(linger) if self._capabilities is not None else None
        began = await self.store.write(self._begin, line)
        if began is None:
            return Counter()
        counts: Counter[str] = Counter()
        if line is not None and isinstance(began, Turn):
            counts = await self._pass(line, began)
        elif await self._abilities() is not None:
            line = self._line(linger)
            counts = await self._pass(line, await self.store.write(line.fetch))
        else:
            await self.store.write(self._end, [])
        return self._over(counts)

    def _over(self, counts: Counter[str]) -> Counter[str]:
        if counts["unresolved"]:
            self._capabilities = None  # somebody may make the group: ask anew next time
        if self.health.stopped is not None:
            counts["failed"] += 1
        return counts

    def first_ride(self) -> Ride | None:
        """A part in a transaction of others, with which a pass begins; the caller holds off others.

        None while it is not known what the target can do.
        """
        if self._capabilities is None:
            return None
        line = self._line(LINGER)

        def start(turn: Turn) -> None:
            self._begun = line, turn, asyncio.get_running_loop().time()

        def fetch(tx: Tx) -> Turn | None:
            return cast("Turn | None", self._begin(tx, line))

        return Ride(self.target_id, fetch, start, goes_on=False)

    @property
    def begun(self) -> bool:
        """Whether a pass has begun in a transaction of others, a moment ago."""
        now = asyncio.get_running_loop().time()
        return self._begun is not None and now - self._begun[2] < FRESH

    def _take_begun(self) -> tuple[Pipeline, Turn] | None:
        begun, fresh = self._begun, self.begun
        self._begun = None
        return begun[:2] if begun is not None and fresh else None

    def _line(self, linger: float) -> Pipeline:
        abilities = cast("Capabilities", self._capabilities)
        return Pipeline(
            self.target_id,
            self.store,
            abilities,
            self.health,
            self.claim,
            self.point,
            self._close,
            linger,
        )

    async def _pass(self, line: Pipeline, first: Turn) -> Counter[str]:
        caller = Caller(
            self.target, self.store, line.abilities, self.health, line.intend, self.point
        )
        self.line = line
        try:
            counts = await line.run(caller, first)
        finally:
            self.line = None
        if not line.closed:
            await self.store.write(self._end, line.unsent)
        return +counts

    def _begin(self, tx: Tx, line: Pipeline | None) -> Turn | bool | None:
        """None: nothing to do now. Fetches at once when it is known what the target can do."""
        self.claim(tx)
        row = ledger.targets(tx).get(self.target_id)
        if row is None or row.address_wanted is not None:
            return None
        if row.retry_at is not None and row.retry_at > self.now():
            return None
        self.health.begin(row)
        began = self._found(tx, line)
        if not began:  # a pass says it at its end
            requirements.say_waiting(tx, self.target_id)
        return began

    def _found(self, tx: Tx, line: Pipeline | None) -> Turn | bool | None:
        if line is None:
            return outbox.any_due(tx, self.target_id, self.now()) or None
        turn = line.fetch(tx)
        return turn if turn.found.any else None

    async def _abilities(self) -> Capabilities | None:
        if self._capabilities is None:
            try:
                self._capabilities = await self.target.capabilities()
            except Exception as raised:  # noqa: BLE001  a target's bug must not stop the others
                error = as_hub_error(self.target, raised)
                self.health.failed(error)
                self.health.stopped = error
        return self._capabilities

    def _end(self, tx: Tx, unsent: list[Any]) -> None:
        self.claim(tx)
        outbox.not_sent(tx, unsent)
        self._close(tx)

    def _close(self, tx: Tx) -> None:
        self.health.save_end(tx)
        requirements.say_waiting(tx, self.target_id)

    async def short_wait(self) -> float | None:
        """Seconds until what failed is due again; None: nothing is, or the target is down."""
        return await self.store.read(self._short_wait)

    def _short_wait(self, tx: Tx) -> float | None:
        row = ledger.targets(tx).get(self.target_id)
        moment = outbox.next_retry(tx, self.target_id)
        if row is None or row.address_wanted is not None or row.health in DOWN:
            return None
        if row.retry_at is not None and row.retry_at > self.now():
            moment = row.retry_at  # asked to slow down: all of it waits
        return None if moment is None else max(0.0, (moment - self.now()).total_seconds())
