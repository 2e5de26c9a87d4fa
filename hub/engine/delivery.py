"""Delivery: objects whose desired version is ahead go to their target; outcomes into the ledger.

There is no queue of copies: what waits is the set of objects that are ahead, so an outage of hours
costs one call per object. The intent is committed before the call: after a crash a keyed target is
simply told again, with the same token.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.contract import Capabilities, Delivery, Outcome, Target
from hub.errors import (
    AuthFailedError,
    BadConfigError,
    HubError,
    RateLimitedError,
    RetryableError,
    StreamLostError,
)
from hub.events.objects import Kind
from hub.store import holds, ledger
from hub.store.store import Store, StoreDownError, Tx

AT_ONCE = 8  # calls in flight to one target, each in its own lane
PROBE = timedelta(minutes=10)  # after a refused login: more tries may lock the account
LONGEST = 60.0  # seconds between tries while a target is down, so that it is noticed in a minute
A_DAY = 86400.0  # seconds; no target is left alone for longer, whatever it asks
UNKNOWN_AUDIENCE = timedelta(hours=1)


@dataclass
class Deliverer:
    """One pass of one target at a time.

    Attributes:
        point: told the name of each point where a crash matters, for tests that kill there.
        note: told (event, keys) when an outage begins or ends, once each.
        veil: over secrets in what the target says.
    """

    target_id: str
    target: Target[Any]
    store: Store
    now: Callable[[], datetime]
    rng: random.Random
    note: Callable[..., None]
    point: Callable[[str], None] = lambda _name: None
    veil: Callable[[str], str] = str
    _capabilities: Capabilities | None = field(default=None, init=False)

    async def deliver(self) -> Counter[str]:
        """Send what is due; the count of outcomes by status. Never raises for the target's sake."""
        counts: Counter[str] = Counter()
        while rows := await self.store.write(self._due):
            try:
                counts += await self._send(rows)
            except (StreamLostError, StoreDownError):
                raise  # no fault of the target's
            except Exception as raised:  # noqa: BLE001  a target's bug must not stop the others
                error = raised if isinstance(raised, HubError) else _bug(self.target, raised)
                await self.store.write(self._down, error)
                counts["failed"] += 1
                break
            await self.store.write(self._up)
        return counts

    def _due(self, tx: Tx) -> Sequence[Any]:
        row = ledger.targets(tx).get(self.target_id)
        if row is None or row.address_wanted is not None:
            return []
        if row.retry_at is not None and row.retry_at > self.now():
            return []
        return ledger.waiting(tx, self.target_id, self.now())

    async def _send(self, rows: Sequence[Any]) -> Counter[str]:
        counts: Counter[str] = Counter()
        abilities = await self._abilities()
        sendable = await self.store.write(self._sort_out, rows, abilities, counts)
        if counts["unresolved"]:
            self._capabilities = None  # somebody may make the group: ask anew next time
            for row in rows:
                if _cannot(row, abilities) and _was_for_others(row):
                    await self._take_down(row)
        for start in range(0, len(sendable), AT_ONCE):
            part = sendable[start : start + AT_ONCE]
            await self.store.write(ledger.write_intents, part)
            self.point("intent written")
            results = await asyncio.gather(*(self._one(row) for row in part))
            self.point("sent")
            counts += await self.store.write(self._book, part, results)
            self.point("acknowledged")
            for result in results:
                if isinstance(result, Exception):
                    raise result
        return counts

    async def _take_down(self, row: Any) -> None:
        """It stands there for people whom it no longer concerns: away, until it can be right."""
        item = Delivery(
            kind=Kind(row.kind),
            key=row.key,
            state="absent",
            body={},
            token=f"{row.id}-{row.seq}-{row.hash[:8]}-down",
            remote_id=row.remote_id,
        )
        (outcome,) = await self.target.publish([item])
        if outcome.status in {"done", "gone"}:
            await self.store.write(ledger.taken_down, row)

    async def _abilities(self) -> Capabilities:
        if self._capabilities is None:
            self._capabilities = await self.target.capabilities()
        return self._capabilities

    def _sort_out(
        self, tx: Tx, rows: Sequence[Any], abilities: Capabilities, counts: Counter[str]
    ) -> list[Any]:
        """Set aside what needs no call (it never was there) and what can't be sent."""
        sendable = []
        for row in rows:
            if row.state == "absent" and row.done_seq == 0 and row.intent is None:
                ledger.done(tx, row, remote_id=None, version=None, now=self.now())
            elif reason := _cannot(row, abilities):
                counts["unresolved"] += 1
                due = self.now() + UNKNOWN_AUDIENCE
                ledger.set_if_same(tx, row, due=due, reason=reason)
            else:
                sendable.append(row)
        return sendable

    async def _one(self, row: Any) -> Outcome | Exception:
        """One object, with one second try where the first answer told us what to correct."""
        try:
            outcome = await self._publish(row, row.remote_id, row.remote_version)
            if outcome.status == "conflict" or (
                outcome.status == "gone" and row.state == "present"
            ):
                outcome = await self._again(row)
        except Exception as error:  # noqa: BLE001  what others achieved is booked all the same
            return error
        return outcome

    async def _again(self, row: Any) -> Outcome:
        """Somebody else changed or removed it: look, then write only our object."""
        found = (await self.target.find(Kind(row.kind), [row.key])).get(row.key)
        await self.store.write(self._drifted, row, found is not None)
        if found is None:
            if row.state == "absent":
                return Outcome("done")
            return await self._publish(row, None, None)
        return await self._publish(row, found.remote_id, found.version)

    def _drifted(self, tx: Tx, row: Any, exists: bool) -> None:  # noqa: FBT001  a fact, no switch
        what = {"target": self.target_id, "kind": row.kind, "key": row.key, "exists": exists}
        holds.note(tx, actor="hub", action="drift", what=what, now=self.now())

    async def _publish(self, row: Any, remote_id: str | None, version: str | None) -> Outcome:
        item = Delivery(
            kind=Kind(row.kind),
            key=row.key,
            state=row.state,
            body=row.body if row.state == "present" else {},
            token=f"{row.id}-{row.seq}-{row.hash[:8]}-{version or 'new'}".replace('"', ""),
            remote_id=remote_id,
            remote_version=version,
        )
        (outcome,) = await self.target.publish([item])
        return outcome

    def _book(
        self, tx: Tx, rows: Sequence[Any], results: Sequence[Outcome | Exception]
    ) -> Counter[str]:
        counts: Counter[str] = Counter()
        for row, result in zip(rows, results, strict=True):
            if isinstance(result, Outcome):
                counts[result.status] += 1
                self._settle(tx, row, result)
            else:  # others have their turn first, should it fail for this object alone
                self._later(tx, row, None, "no answer")
        return counts

    def _settle(self, tx: Tx, row: Any, outcome: Outcome) -> None:
        now = self.now()
        gone = outcome.status == "gone" and row.state == "absent"
        if outcome.status == "done" or gone:
            ledger.done(
                tx, row, remote_id=outcome.remote_id, version=outcome.remote_version, now=now
            )
        elif outcome.status == "rejected":
            values = {"status": "rejected", "reason": self.veil(outcome.reason), "due": None}
            ledger.set_if_same(tx, row, **values)
        else:
            self._later(tx, row, outcome.after, self.veil(outcome.reason) or outcome.status)

    def _later(self, tx: Tx, row: Any, after: float | None, reason: str) -> None:
        wait = self._backoff(row.attempts) if after is None else min(max(after, 1.0), A_DAY)
        due = self.now() + timedelta(seconds=wait)
        ledger.set_if_same(tx, row, due=due, attempts=row.attempts + 1, reason=reason)

    def _backoff(self, failures: int) -> float:
        """Seconds: 2, 4, 8 ... 60, each with up to a quarter less, so that hubs spread out."""
        wait = min(LONGEST, 2.0 * float(2 ** min(failures, 10)))
        return wait * self.rng.uniform(0.75, 1.0)

    def _down(self, tx: Tx, error: HubError) -> None:
        row = ledger.targets(tx)[self.target_id]
        wait = self._wait(error, row.failures)
        reason = self.veil(str(error))
        health = "refused" if isinstance(error, AuthFailedError | BadConfigError) else "down"
        values: dict[str, Any] = {
            "failures": row.failures + 1,
            "retry_at": self.now() + wait,
            "health": health,
            "reason": reason,
        }
        if row.health not in {"down", "refused"}:
            values["since"] = self.now()
            self.note("target_down", target=self.target_id, reason=reason)
        ledger.put_target(tx, self.target_id, **values)

    def _wait(self, error: HubError, failures: int) -> timedelta:
        if isinstance(error, AuthFailedError | BadConfigError):
            return PROBE
        if isinstance(error, RateLimitedError) and error.retry_after is not None:
            return timedelta(seconds=min(error.retry_after, A_DAY))
        return timedelta(seconds=self._backoff(failures))

    def _up(self, tx: Tx) -> None:
        row = ledger.targets(tx)[self.target_id]
        if row.health == "ok" and row.failures == 0:
            return
        if row.health in {"down", "refused"}:
            self.note("target_up", target=self.target_id, down_since=str(row.since))
        values: Mapping[str, Any] = {"health": "ok", "reason": None, "since": self.now()}
        ledger.put_target(tx, self.target_id, failures=0, retry_at=None, **values)


def _bug(target: Target[Any], error: Exception) -> HubError:
    """A plug-in's own fault: its text may hold anything, so only its kind is told."""
    fault = RetryableError(
        f"The target {target.name} broke with {type(error).__name__}: this is a fault in the "
        "target. Report it to its author; the other targets go on."
    )
    fault.__cause__ = error
    return fault


def _was_for_others(row: Any) -> bool:
    if row.done_state != "present" or row.state != "present":
        return False
    return bool(row.done_body.get("audience") != row.body.get("audience"))


def _cannot(row: Any, abilities: Capabilities) -> str:
    """Why this object can't be sent to this target; empty when it can."""
    if Kind(row.kind) not in abilities.kinds:
        return f"This intranet has no {row.kind}."
    groups = row.body.get("audience", {}).get("groups", ()) if row.state == "present" else ()
    unknown = sorted(set(groups) - abilities.groups) if abilities.groups is not None else []
    if unknown:
        return (
            f"The audience names groups that this intranet does not have: {', '.join(unknown)}. "
            "Correct `audiences` in hub.yaml, or make the group."
        )
    return ""
