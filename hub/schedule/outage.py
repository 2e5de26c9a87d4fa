"""A store that is away: said once, tried ever more rarely, its return said once."""

from collections import Counter
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import Any

from hub.errors import RetryableError

FIRST = timedelta(seconds=1)
LONGEST = timedelta(seconds=30)  # how late a return is noticed at most


class Outage:
    """Which work the store let down, until all of it works again.

    Args:
        now: the present moment, UTC; it may jump.
    """

    def __init__(self, log: Any, now: Callable[[], datetime]) -> None:
        self._log, self._now = log, now
        self._failures: Counter[Hashable] = Counter()
        self._until: dict[Hashable, datetime] = {}

    def may(self, name: Hashable) -> bool:
        """Whether this work may be tried now."""
        until = self._until.get(name)
        return until is None or not timedelta() < until - self._now() <= LONGEST

    def failed(self, name: Hashable, error: RetryableError) -> None:
        """The store let this work down."""
        if not self._failures:
            self._log.warning("store_down", reason=str(error))
        wait = min(LONGEST, FIRST * 2.0 ** min(self._failures[name], 10))
        self._failures[name] += 1
        self._until[name] = self._now() + wait

    def worked(self, name: Hashable) -> None:
        """This work came to its end."""
        self._until.pop(name, None)
        if self._failures.pop(name, 0) and not self._failures:
            self._log.warning("store_back")
