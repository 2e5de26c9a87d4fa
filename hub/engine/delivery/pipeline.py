"""One pass of one target: calls in flight all the time, and one hand that writes.

Workers make calls. Everything that concerns the store is done in turns, one transaction each: it
books what ended meanwhile, commits what is about to be sent and fetches what is due. Calls that
ended and are not recorded yet count as in flight: in batches a worker waits for the record, one by
one at most `UNRECORDED` for each call in flight wait for it. So much is repeated after a kill.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.contract import Capabilities
from hub.engine.delivery import sorting, superiors
from hub.engine.delivery.book import Book
from hub.engine.delivery.calls import Caller, Result
from hub.engine.delivery.health import Health
from hub.engine.delivery.lanes import Lanes
from hub.engine.delivery.riding import OPEN
from hub.store import outbox, requirements
from hub.store.store import Store, Tx

AHEAD = 8  # calls' worth of rows that are fetched at once for each call in flight
MOST = 2000  # rows in memory
UNRECORDED = 7  # answers, of one object each, that may wait for one commit for each call in flight


@dataclass
class Turn:
    """What one transaction does, and what it found.

    Attributes:
        fetch: how many rows; 0: none.
        anew: from the beginning, because nothing is in hand.
        held: ids of rows that are in hand.
    """

    results: list[Result]
    intents: list[Any]
    fetch: int
    anew: bool
    held: set[int]
    found: sorting.Found = field(default_factory=sorting.Found)

    @property
    def over(self) -> bool:
        """Everything is recorded, and there is nothing more."""
        return bool(self.results) and not self.held and not self.found.any


@dataclass
class Pipeline:
    """See the module.

    Attributes:
        claim: the first statement of each transaction.
        point: told the name of each point where a crash matters.
        close: writes how the target stands when a pass is over.
        linger: seconds that what was delivered may wait to be recorded, when nobody waits for it,
            so that others can ride along.
        hand: held by whoever takes a turn.
    """

    target_id: str
    store: Store
    abilities: Capabilities
    health: Health
    claim: Callable[[Tx], None]
    point: Callable[[str], None]
    close: Callable[[Tx], None]
    linger: float = 0.0
    hand: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    closed: bool = field(default=False, init=False)
    caller: Caller = field(init=False)
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._lanes = Lanes()
        self._held: dict[int, Any] = {}
        self._finished: list[Result] = []
        self._intents: list[Any] = []
        self._after = {"absent": 0, "present": 0}
        self._more = True
        self._workers: list[asyncio.Task[None]] = []
        self._poke = asyncio.Event()
        self._sleepers: list[asyncio.Future[None]] = []
        self._recorded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._broken: BaseException | None = None
        self._began = asyncio.get_running_loop().time()
        self._timer: asyncio.TimerHandle | None = None
        self._ended = False
        self._down: list[Any] = []
        self._writing = 0
        alone = max(one.batch_max for one in self.abilities.kinds.values()) == 1
        self._bearable = UNRECORDED * self.abilities.at_once if alone else 0

    async def run(self, caller: Caller, first: Turn) -> Counter[str]:
        """Send what is due until nothing is, or until the target can't take more.

        Args:
            caller: makes the calls.
            first: what `fetch` found.
        """
        self.caller = caller
        try:
            self._end_turn(first)
            goes_on = await self._followed(first)
            while goes_on:
                await self._poke.wait()
                self._poke.clear()
                await asyncio.sleep(0)  # whatever ended at the same moment is one group
                goes_on = await self._take_turn()
        finally:
            self._ended = True
            self._stop_timer()
            for worker in self._workers:
                worker.cancel()
            await asyncio.gather(*self._workers, return_exceptions=True)
        return self.counts

    # --- the hand that writes ---------------------------------------------------------------

    def fetch(self, tx: Tx) -> Turn:
        """The first turn of a pass, in the transaction that begins it."""
        turn = Turn([], [], self._room(), anew=True, held=set())
        self._write(tx, turn)
        return turn

    async def _take_turn(self) -> bool:
        """One transaction; whether the pass goes on."""
        if self._broken is not None:
            raise self._broken
        async with self.hand:
            turn, recorded = self._begin_turn()
            self._writing = len(turn.results)
            await self.store.write(self._write, turn)
            self._writing = 0
            self._end_turn(turn)
            self.closed = turn.over and self.health.stopped is None
            recorded.set_result(None)
        return await self._followed(turn)

    async def _followed(self, turn: Turn) -> bool:
        down, self._down = [*turn.found.down, *self._down], []
        await self._take_down(down)
        goes_on = self._go_on(turn)
        self._ended = not goes_on
        return goes_on

    def _begin_turn(self) -> tuple[Turn, asyncio.Future[None]]:
        results, intents, recorded = self._finished, self._intents, self._recorded
        self._finished, self._intents = [], []
        self._recorded = asyncio.get_running_loop().create_future()
        self._stop_timer()
        held = self._held.keys() - {one.row.id for one in results}
        return Turn(results, intents, self._room(), not held, held), recorded

    def _room(self) -> int:
        """How many rows to fetch now."""
        if self.health.stopped is not None:
            return 0
        if self.health.probing:
            return 0 if self._held else 1
        batch = max((one.batch_max for one in self.abilities.kinds.values()), default=1)
        most = min(MOST, AHEAD * self.abilities.at_once * batch)
        low = min(most // 2, 2 * self.abilities.at_once * batch)
        return most if self._more and self._lanes.size < low else 0

    def _write(self, tx: Tx, turn: Turn) -> None:
        self.claim(tx)
        if turn.results:
            book = Book(self.target_id, self.abilities, self.health, self.counts)
            book.write(tx, turn.results)
        if turn.intents:
            outbox.intend(tx, turn.intents)
        if turn.fetch or (turn.anew and self.health.stopped is None):
            self._fetch(tx, turn)
            if turn.over and superiors.apply(self.abilities) and self._again_with_managers(tx):
                self._fetch(tx, turn)
        self.health.save(tx)
        if turn.over and self.health.stopped is None:
            self.close(tx)  # spares a transaction, for which whoever brings the next object waits

    def _again_with_managers(self, tx: Tx) -> bool:
        return superiors.send_again(tx, self.target_id, self.health.now())

    def _fetch(self, tx: Tx, turn: Turn) -> None:
        if turn.anew:
            self._after = {"absent": 0, "present": 0}
        probing = self.health.probing
        rows = (
            outbox.probe(tx, self.target_id, self.health.now()) if probing else self._due(tx, turn)
        )
        self._sort_out(tx, turn, rows)

    def _sort_out(self, tx: Tx, turn: Turn, rows: Sequence[Any]) -> None:
        named: superiors.Named = {}
        if rows and superiors.apply(self.abilities):
            rows, named = superiors.named(tx, self.target_id, rows)
        turn.found = sorting.sort_out(tx, rows, self.abilities, self.health.now())
        self.counts += turn.found.counts
        required = requirements.remote_ids(
            tx, self.target_id, [row.id for row in turn.found.sendable if row.state == "present"]
        )
        turn.found.required = required | named

    def _due(self, tx: Tx, turn: Turn) -> list[Any]:
        """What has to go away first, each time from the start; the rest from where it was."""
        now = self.health.now()
        rows: list[Any] = []
        limit = max(turn.fetch, 1)
        for state in ("absent", "present"):
            after, wanted = self._after[state], limit - len(rows)
            if wanted <= 0:
                self._more = True
                break
            some = outbox.due(tx, self.target_id, now, state=state, after=after, limit=wanted)
            self._more = len(some) == wanted
            self._after[state] = some[-1].id if self._more else self._again(state, some)
            rows += [row for row in some if row.id not in turn.held]
        return rows

    def _again(self, state: str, some: Sequence[Any]) -> int:
        if state == "absent":
            return 0
        return int(some[-1].id) if some else self._after[state]

    def _end_turn(self, turn: Turn) -> None:
        for one in turn.results:
            self._held.pop(one.row.id, None)
            self.caller.required.pop(one.row.id, None)
        self.caller.required |= turn.found.required
        self._lanes.free([one.row for one in turn.results])
        self._held |= {row.id: row for row in turn.found.sendable}
        self._lanes.add(turn.found.sendable)
        if turn.intents or turn.found.intended:
            self.point("intent written")
        if turn.results:
            self.point("acknowledged")

    async def _take_down(self, rows: Sequence[Any]) -> None:
        for row in rows:
            if await self.caller.take_down(row):
                await self.store.write(self._taken_down, row)

    def _taken_down(self, tx: Tx, row: Any) -> None:
        self.claim(tx)
        outbox.taken_down(tx, row)

    def _go_on(self, turn: Turn) -> bool:
        calling = len(self._held) - self._lanes.size
        if self.health.stopped is not None:
            self._wake()
            return calling > 0
        self._start_workers()
        self._wake()
        if turn.found.any and not self._held:
            self._poke.set()  # all of it was set aside: there may be more
            return True
        return bool(self._held)

    # --- those who ride along -----------------------------------------------------------------

    def takes_along(self) -> bool:
        """Whether what a transaction of others makes due may join this pass."""
        age = asyncio.get_running_loop().time() - self._began
        well = self.health.stopped is None and not self.health.probing and self._broken is None
        return bool(self.linger) and not self._ended and well and age < OPEN

    def fetch_along(self, tx: Tx) -> Turn:
        """What is due and not in hand, in a transaction of others; the caller holds `hand`."""
        batch = max(one.batch_max for one in self.abilities.kinds.values())
        most = min(MOST, AHEAD * self.abilities.at_once * batch)
        turn = Turn([], [], most, anew=True, held=set(self._held))
        rows = outbox.all_due(tx, self.target_id, self.health.now(), limit=most)
        self._after, self._more = {"absent": 0, "present": 0}, len(rows) == most
        self._sort_out(tx, turn, [row for row in rows if row.id not in turn.held])
        return turn

    def set_off(self, turn: Turn) -> None:
        """After its commit: send what was found."""
        self._end_turn(turn)
        self._go_on(turn)
        self._down += turn.found.down
        if self._down or (self._lanes.size and not self._has_hand):
            self._poke.set()

    @property
    def unsent(self) -> list[Any]:
        """Rows in hand of which no call was made."""
        return self._lanes.rest()

    # --- the hands that call ----------------------------------------------------------------

    def _start_workers(self) -> None:
        wanted = min(self.abilities.at_once, len(self._held))
        while len(self._workers) < wanted:
            self._workers.append(asyncio.create_task(self._work()))

    async def _work(self) -> None:
        try:
            while True:
                rows = [] if self.health.stopped else self._lanes.take(self.caller.most)
                if rows:
                    await self._call(rows)
                else:
                    await self._sleep()
        except Exception as error:  # noqa: BLE001  raised by whoever runs the pass
            self._broken = error
            self._poke.set()

    async def _call(self, rows: list[Any]) -> None:
        results = await self.caller.send(rows)
        self._finished += results
        self._poke_in_time(results)
        while self._writing + len(self._finished) > self._bearable:
            await self._recorded

    def _poke_in_time(self, results: Sequence[Result]) -> None:
        """What was delivered may wait a moment, while nothing waits and a hand is free."""
        done = bool(self.linger) and all(
            one.outcome is not None and one.outcome.status == "done" for one in results
        )
        if not done or self._lanes.size or self.health.stopped or not self._has_hand:
            self._poke.set()
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self.linger, self._poke.set)

    @property
    def _has_hand(self) -> bool:
        return bool(self._sleepers) or len(self._workers) < self.abilities.at_once

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def intend(self, rows: Sequence[Any]) -> None:
        """Commit that these rows are about to be sent."""
        self._intents += rows
        await self._turn_taken()

    async def _turn_taken(self) -> None:
        self._poke.set()
        await self._recorded

    async def _sleep(self) -> None:
        sleeper = asyncio.get_running_loop().create_future()
        self._sleepers.append(sleeper)
        self._poke_when_low()
        await sleeper

    def _poke_when_low(self) -> None:
        """A worker that finds nothing asks for more."""
        if self._room():
            self._poke.set()

    def _wake(self) -> None:
        """All of them where each may ask for more, else as many as there is work for."""
        everybody = self.health.stopped is not None or self._room()
        number = len(self._sleepers) if everybody else self._lanes.size
        sleepers, self._sleepers = self._sleepers[:number], self._sleepers[number:]
        for one in sleepers:
            if not one.done():
                one.set_result(None)
