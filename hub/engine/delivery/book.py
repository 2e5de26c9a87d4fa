"""How calls ended, into the ledger; runs inside a transaction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hub.contract import Capabilities
from hub.engine.delivery import superiors
from hub.engine.delivery.calls import Result
from hub.engine.delivery.health import A_DAY, TRIES, Health
from hub.errors import HubError, RateLimitedError, RejectedError, RetryableError
from hub.events.objects import KINDS
from hub.store import outbox
from hub.store.outbox import Later, Sent
from hub.store.store import Tx

UNCERTAIN = (
    "It was sent, and nobody knows whether it arrived; this intranet can't be asked for it. Look "
    "there: `hub dead-letters replay` sends it again, `hub dead-letters drop` takes it as done."
)


@dataclass
class Book:
    """What one group of results comes to."""

    target_id: str
    abilities: Capabilities
    health: Health
    counts: Counter[str]
    _done: list[Sent] = field(default_factory=list)
    _later: list[Later] = field(default_factory=list)
    _rejected: list[tuple[Any, str]] = field(default_factory=list)
    _uncertain: list[tuple[Any, str]] = field(default_factory=list)
    _not_sent: list[Any] = field(default_factory=list)
    _not_there: list[Any] = field(default_factory=list)

    def write(self, tx: Tx, results: Sequence[Result]) -> None:
        """Settle every result; a newer version, made meanwhile, has its own chance."""
        for one in results:
            if one.drifted is not None:
                self._drifted(tx, one)
            self._sort(one)
        outbox.done(tx, self._done, self.health.now())
        if superiors.apply(self.abilities):
            superiors.note(tx, self._done)
        outbox.later(tx, self._later)
        outbox.set_aside(tx, "rejected", self._rejected)
        outbox.set_aside(tx, "uncertain", self._uncertain)
        outbox.not_there(tx, self._not_there)
        outbox.not_sent(tx, self._not_sent)

    def _sort(self, one: Result) -> None:
        outcome = one.outcome
        if outcome is None:
            self._failed(one)
            return
        self.counts[outcome.status] += 1
        gone = outcome.status == "gone" and one.row.state == "absent"
        if outcome.status == "done" or gone:
            self._done.append(Sent(one.row, outcome.remote_id, outcome.remote_version))
        elif outcome.status == "rejected":
            self._reject(one, self.health.veil(outcome.reason))
        else:
            self._postpone(one, outcome.after, self.health.veil(outcome.reason) or outcome.status)

    def _failed(self, one: Result) -> None:
        error = one.error
        if one.uncertain:
            self.counts["uncertain"] += 1
            self._uncertain.append((one.row, UNCERTAIN))
        elif isinstance(error, RejectedError):
            self.counts["rejected"] += 1
            self._reject(one, self.health.veil(str(error)))
        elif error is None or self._concerns_all(error):
            self._not_sent.append(one.row)
        else:
            self.counts["retry"] += 1
            self._postpone(one, getattr(error, "retry_after", None), self.health.veil(str(error)))

    def _concerns_all(self, error: HubError) -> bool:
        """The object itself was not even tried: its turn comes when the target is back."""
        if isinstance(error, RateLimitedError):
            return error.everyone
        return not isinstance(error, RetryableError) or self.health.probing

    def _reject(self, one: Result, reason: str) -> None:
        self._rejected.append((one.row, reason))
        if self._told(one):
            self._not_there.append(one.row)

    def _postpone(self, one: Result, after: float | None, reason: str) -> None:
        """Tried again at its time; never mind how often, unless it fails alone among others."""
        tries = one.row.attempts + 1
        alone = one.alone and self.health.barren < TRIES
        if tries >= TRIES and alone and after is None:
            self._reject(one, f"{reason} It was tried {tries} times, while others were delivered.")
            return
        wait = self.health.backoff(one.row.attempts) if after is None else max(after, 1.0)
        due = self.health.now() + timedelta(seconds=min(wait, A_DAY))
        self._later.append(Later(one.row, due, reason, self._told(one)))

    def _told(self, one: Result) -> bool:
        """Whether the target said itself that nothing was made, where that matters."""
        keyed = self.abilities.kinds[KINDS[one.row.kind]].identity == "keyed"
        answered = one.outcome is not None or isinstance(one.error, RejectedError)
        return not keyed and answered

    def _drifted(self, tx: Tx, one: Result) -> None:
        about = {"target": self.target_id, "kind": one.row.kind, "key": one.row.key}
        what = about | {"exists": one.drifted}
        from hub.store import trail  # noqa: PLC0415  seldom, and a cold start counts

        trail.note(tx, actor="hub", action="drift", what=what, now=self.health.now())
