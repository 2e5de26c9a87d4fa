"""A target's seat in a transaction of others: what that one makes due is fetched in it.

Whoever brings a record waits for one commit, and with it the record is on its way: delivery needs no
transaction of its own to find it. A pass that began so records what was delivered a moment later,
so that records which come one after another share that transaction too (ADR 0026).
"""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.errors import StreamLostError
from hub.store import lease
from hub.store.store import Tx

if TYPE_CHECKING:
    from hub.engine.delivery.deliverer import Deliverer

LINGER = 0.02  # seconds that what was delivered may wait to be recorded
OPEN = 1.0  # seconds after which a pass takes nobody along any more: others wait for its end
FRESH = 1.0  # seconds after which what was fetched is fetched anew


@dataclass
class Ride:
    """One target's part in one transaction.

    Attributes:
        fetch: finds what is due, in the transaction; what it found, or nothing.
        start: told after the commit what was found.
        goes_on: a pass is there that sends it; else somebody has to begin one.
    """

    target_id: str
    fetch: Callable[[Tx], Any]
    start: Callable[[Any], None]
    goes_on: bool
    _took: bool = field(default=False, init=False)
    _found: Any = field(default=None, init=False)

    def take(self, tx: Tx) -> None:
        """Fetch what is due, unless the target is another process's now."""
        try:
            lease.claim(tx, lease.TARGET + self.target_id)
        except StreamLostError:
            return
        self._found, self._took = self.fetch(tx), True

    def drop(self) -> None:
        """The transaction failed: nothing was found in it."""
        self._found, self._took = None, False

    def set_off(self) -> None:
        """After the commit: send it."""
        if self._found is not None:
            self.start(self._found)

    @property
    def wakes(self) -> bool:
        """Whether a pass has to begin."""
        return not self._took or (self._found is not None and not self.goes_on)


@dataclass(frozen=True, slots=True)
class Stop:
    """Where rides begin: a target, and how its one pass at a time is held.

    Attributes:
        busy: whether a pass goes on, or waits to begin.
        hold: keeps passes away.
    """

    deliverer: "Deliverer"
    busy: Callable[[], bool]
    hold: Callable[[], Any]


@asynccontextmanager
async def rides(stops: Collection[Stop]) -> AsyncIterator[list[Ride]]:
    """A ride for each target that can have one now: its pass is young, or there is none.

    The end of the block is the commit; what was found sets off then.
    """
    async with AsyncExitStack() as held:
        found = [one for stop in stops if (one := await _ride(stop, held)) is not None]
        yield found
        for one in found:
            one.set_off()


async def _ride(stop: Stop, held: AsyncExitStack) -> Ride | None:
    if not stop.busy():
        await held.enter_async_context(stop.hold())
        return stop.deliverer.first_ride()
    line = stop.deliverer.line
    if line is None or not line.takes_along():
        return None
    await held.enter_async_context(line.hand)
    if not line.takes_along():  # it ended meanwhile
        return None
    return Ride(stop.deliverer.target_id, line.fetch_along, line.set_off, goes_on=True)
