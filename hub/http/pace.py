"""No more requests a second than an administrator allows.

Ours, because aiolimiter keeps to the event loop's own clock and sleep, so that tests would have to
wait; the arithmetic is that of a leaky bucket as a meter (ITU-T I.371, "virtual scheduling").
"""

from collections.abc import Callable
from datetime import datetime

from hub.http.options import Sleep

BURST = 5.0  # requests that may go at once after a pause, where the rate is that high
BLINK = 0.001  # seconds that nobody waits for


class Pace:
    """A rate that every client of an instance shares; who waits longest goes first."""

    def __init__(self, rate: float, now: Callable[[], datetime], sleep: Sleep) -> None:
        self._between = 1 / rate  # seconds
        self._slack = self._between * (min(BURST, max(1.0, rate)) - 1)
        self._now = now
        self._sleep = sleep
        self._next = float("-inf")  # seconds since 1970
        self._waiting = 0

    async def turn(self) -> None:
        """Come back when it is our turn."""
        now = self._now().timestamp()
        if self._next - now > self._between * (self._waiting + 2):
            self._next = now + self._between * self._waiting  # the clock was set back
        mine = max(self._next, now - self._slack)
        self._next = mine + self._between
        if mine - now < BLINK:
            return
        self._waiting += 1
        try:
            await self._sleep(mine - now)
        finally:
            self._waiting -= 1
