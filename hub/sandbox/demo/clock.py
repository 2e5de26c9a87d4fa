"""The one clock that hub, intranet and service desk share in the demo."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

SHORTEST = 0.25  # real seconds: however fast time runs, the machine keeps breathing


class DemoClock:
    """Virtual time: it stands still until `advance`, or runs at `speed` times real time.

    Args:
        start: the first moment, aware.
        speed: virtual seconds per real second; 0: only `advance` moves it.
        monotonic: the real seconds that `speed` multiplies.
    """

    def __init__(
        self,
        start: datetime,
        *,
        speed: float = 0.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base = start.astimezone(UTC)
        self._speed = speed
        self._monotonic = monotonic
        self._since = monotonic()

    def now(self) -> datetime:
        """The present virtual moment, UTC."""
        return self._base + timedelta(seconds=(self._monotonic() - self._since) * self._speed)

    def advance(self, seconds: float) -> datetime:
        """Move on by so many virtual seconds; the new moment."""
        self._base += timedelta(seconds=seconds)
        return self.now()

    def pace(self, speed: float) -> None:
        """Run at another speed from here on."""
        self._base, self._since = self.now(), self._monotonic()
        self._speed = speed

    async def sleep(self, seconds: float) -> None:
        """Wait so many virtual seconds while time runs; when it stands still, do not wait."""
        real = max(seconds / self._speed, SHORTEST) if self._speed else 0.0
        await asyncio.sleep(real)
