"""How a target does: a circuit that opens when calls fail in a row, pauses, and what is said."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.errors import (
    AuthFailedError,
    BadConfigError,
    HubError,
    PermissionMissingError,
    RateLimitedError,
)
from hub.store import ledger
from hub.store.store import Tx

TRIP = 5  # failed calls in a row without one answer: the target is down
TRIES = 8  # of one object that fails while others are delivered; then it is rejected
PROBE = timedelta(minutes=10)  # after a refused login: more tries may lock the account
LONGEST = 60.0  # seconds between tries while a target is down, so that it is noticed in a minute
A_DAY = 86400.0  # seconds; no target is left alone for longer, whatever it asks
DOWN = ("down", "refused")

_REFUSED = (AuthFailedError, BadConfigError)


@dataclass
class Health:
    """What is known of one target, from pass to pass.

    Attributes:
        note: told (event, keys) when an outage begins or ends, once each.
        veil: over secrets in what the target says.
        barren: objects in a row that failed, since the last one that was delivered; whoever has
            just started knows of none.
        stopped: why this pass ends early; None: it goes on.
        probing: the target was down, and one object is tried.
    """

    target_id: str
    now: Callable[[], datetime]
    rng: random.Random
    note: Callable[..., None]
    veil: Callable[[str], str] = str
    barren: int = TRIES
    stopped: HubError | None = field(default=None, init=False)
    probing: bool = field(default=False, init=False)
    _row: Any = field(default=None, init=False)
    _failures: int = field(default=0, init=False)
    _answered: bool = field(default=False, init=False)

    def begin(self, row: Any) -> None:
        """A new pass; `row` is how the target stood before."""
        self._row, self._failures = row, row.failures
        self.probing = row.health in DOWN
        self.stopped, self._answered = None, False

    def answered(self) -> None:
        """A call was answered, whatever it said of its items."""
        self._failures = 0
        self._answered, self.probing = True, False

    def failed(self, error: HubError) -> None:
        """A call failed as a whole."""
        passes = _passes(error)
        self._failures += passes or isinstance(error, RateLimitedError)
        if not passes or self.probing or self._failures >= TRIP:
            self.stopped = self.stopped or error

    def backoff(self, failures: int) -> float:
        """Seconds: 1, 2, 4 ... 60, each with up to a quarter less, so that hubs spread out."""
        wait = min(LONGEST, float(2 ** min(failures, 10)))
        return wait * self.rng.uniform(0.75, 1.0)

    # --- into the store ---------------------------------------------------------------------

    def save(self, tx: Tx) -> None:
        """While a pass goes on: an outage that ended."""
        if self.stopped is None and self._answered and self._marked():
            self._save_up(tx)

    def save_end(self, tx: Tx) -> None:
        """The pass is over: an outage that began, or calls that failed."""
        if self.stopped is not None:
            self._save_stop(tx, self.stopped)
        elif self._row.failures != self._failures:
            ledger.put_target(tx, self.target_id, failures=self._failures)

    def _marked(self) -> bool:
        return self._row.health != "ok" or self._row.retry_at is not None

    def _save_stop(self, tx: Tx, error: HubError) -> None:
        wait = self._wait(error)
        health, reason = self._judged(error, wait), self.veil(str(error))
        values: dict[str, Any] = {"retry_at": self.now() + wait, "health": health}
        if health in DOWN and self._row.health not in DOWN:
            values["since"] = self.now()
            self.note("target_down", target=self.target_id, reason=reason)
        values |= {"failures": self._failures, "reason": reason}
        ledger.put_target(tx, self.target_id, **values)

    def _judged(self, error: HubError, wait: timedelta) -> str:
        """A short pause that the target asked for is no outage."""
        if isinstance(error, _REFUSED):
            return "refused"
        short = isinstance(error, RateLimitedError) and wait.total_seconds() <= LONGEST
        if short and self._failures < TRIP and self._row.health not in DOWN:
            return "ok"
        return "down"

    def _wait(self, error: HubError) -> timedelta:
        if isinstance(error, _REFUSED):
            return PROBE
        if isinstance(error, RateLimitedError) and error.retry_after is not None:
            return timedelta(seconds=min(max(error.retry_after, 1.0), A_DAY))
        return timedelta(seconds=self.backoff(max(0, self._failures - TRIP)))

    def _save_up(self, tx: Tx) -> None:
        values: dict[str, Any] = {"health": "ok", "reason": None, "retry_at": None, "failures": 0}
        if self._row.health in DOWN:
            self.note("target_up", target=self.target_id, down_since=str(self._row.since))
        if self._row.health != "ok":
            values["since"] = self.now()
        ledger.put_target(tx, self.target_id, **values)
        self._row = ledger.targets(tx)[self.target_id]


def _passes(error: HubError) -> bool:
    """Whether another call may well succeed."""
    if isinstance(error, RateLimitedError):
        return not error.everyone
    return not isinstance(error, (*_REFUSED, PermissionMissingError))
