"""The sandbox's clock: virtual, running at a chosen speed, or somebody else's."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta


class VirtualClock:
    """Time that moves only when told to, or at `speed` times real time.

    Args:
        start: the first moment, with a time zone.
        speed: virtual seconds per real second; 0 stands still.
        now: an outside clock that replaces all of this; it cannot be moved from here.
        monotonic: the real seconds that `speed` multiplies.
    """

    def __init__(
        self,
        start: datetime,
        *,
        speed: float = 0.0,
        now: Callable[[], datetime] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if start.tzinfo is None:
            raise ValueError("the sandbox's start needs a time zone, as in 2026-11-23T08:00+01:00")
        self._base, self._speed = start, speed
        self._outside, self._monotonic = now, monotonic
        self._since = monotonic()

    @property
    def movable(self) -> bool:
        """Whether `advance` and `set` work here."""
        return self._outside is None

    def now(self) -> datetime:
        """The present moment, aware."""
        if self._outside is not None:
            return self._outside()
        return self._base + timedelta(seconds=(self._monotonic() - self._since) * self._speed)

    def advance(self, seconds: float) -> datetime:
        """Move by so many virtual seconds; returns the new moment."""
        return self.set(self.now() + timedelta(seconds=seconds))

    def set(self, moment: datetime) -> datetime:
        """Jump to a moment.

        Raises:
            RuntimeError: the clock belongs to somebody else.
        """
        if not self.movable:
            raise RuntimeError("this sandbox follows an outside clock: move that one")
        self._base, self._since = moment, self._monotonic()
        return moment
