"""Work for an instance or target of another process that shares the store: that one is asked.

A guest (a command that does its work itself) owns nothing: it borrows a lease for each piece of
work, and waits for another guest that has it.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any

from hub.engine.reading import Report
from hub.engine.runner import Runner
from hub.errors import RejectedError, RetryableError, StreamLostError
from hub.store import holds, lease
from hub.store.database import in_words

POLL = 0.2  # seconds between looks for the answer
PATIENCE = 300.0  # seconds; whoever asked us has given up by then


async def ask_owner(runner: Runner, needs: str, action: str, body: Mapping[str, Any]) -> Any:
    """Let the process that owns this lease do it, now or when one takes it; its answer.

    Raises:
        RejectedError: it could not be done; the message says why.
        RetryableError: nobody answered.
    """
    store = runner.store
    number = await store.write(holds.ask, action, dict(body), runner.now(), needs)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        row = await store.read(holds.answered, number)
        if row is not None and row.error is not None:
            raise RejectedError(row.error)
        if row is not None:
            return row.answer
        await asyncio.sleep(POLL)
    raise RetryableError(
        f"The hub process that owns {needs.replace(':', ' ')} did not answer within "
        f"{PATIENCE:.0f} seconds: look at `hub status`."
    )


@asynccontextmanager
async def holding(runner: Runner, name: str) -> AsyncIterator[bool]:
    """This lease is ours meanwhile; False: a process that answers requests has it.

    Raises:
        RetryableError: another command keeps it for too long.
    """
    owns = runner.shares.owns(name)
    if owns or not runner.store.guest or not await _borrowed(runner, name):
        yield owns
        return
    async with _lent(runner, [name]):
        yield True


@asynccontextmanager
async def holding_what_is_free(runner: Runner) -> AsyncIterator[None]:
    """A guest has every instance meanwhile that nobody works for; other processes have theirs."""
    if not runner.store.guest:
        yield
        return
    names = [lease.INSTANCE + name for name in runner.sources]
    more = [name for name in names if not runner.shares.owns(name)]
    async with _lent(runner, await runner.store.write(lease.take_free, more)):
        yield


async def _borrowed(runner: Runner, name: str) -> bool:
    until = time.monotonic() + PATIENCE
    while (other := await runner.store.write(runner.store.borrow, name)) is not None:
        if not lease.is_guest(other):
            return False
        if time.monotonic() > until:
            raise RetryableError(
                f"{in_words(other)}, works for {name.replace(':', ' ')} since over "
                f"{PATIENCE:.0f} seconds: wait until it has ended, then try again."
            )
        await asyncio.sleep(POLL)
    return True


@asynccontextmanager
async def _lent(runner: Runner, names: Collection[str]) -> AsyncIterator[None]:
    runner.shares.lend(names)
    try:
        yield
    finally:
        runner.shares.drop(names)
        # where that fails they end with this process
        with contextlib.suppress(RetryableError, StreamLostError):
            await runner.store.write(lease.give_back, names)


async def needed(runner: Runner, action: str, body: Mapping[str, Any]) -> str | None:
    """The lease of the instance that this works for; None: it needs none, or none of ours."""
    instance = body["instance"] if action in {"receive", "import"} else None
    if action == "release":
        from hub.engine import provisioning, reconcile  # noqa: PLC0415  a cold start counts

        held = await runner.store.read(reconcile.held, body["hash"])
        instance = held.instance if held.action not in {"address", *provisioning.ACTIONS} else None
    return lease.INSTANCE + str(instance) if instance in runner.sources else None


async def run_there(
    runner: Runner, instance: str, stream: str, *, full: bool = False
) -> dict[str, Any]:
    """One run, here or at the process that owns the instance."""
    name = lease.INSTANCE + instance
    async with holding(runner, name) as ours:
        if ours:
            return _shown(await runner.run(instance, stream, full=full))
    body = {"instance": instance, "stream": stream, "full": full}
    answer: dict[str, Any] = await ask_owner(runner, name, "run", body)
    return answer


async def deliver_there(runner: Runner, target: str, patience: float = 0.0) -> dict[str, int]:
    """One pass, and more within the patience, here or at the process that owns the target."""
    name = lease.TARGET + target
    async with holding(runner, name) as ours:
        if ours:
            return dict(await runner.deliver_to(target, patience))
    body = {"target": target, "patience": patience}
    answer: dict[str, int] = await ask_owner(runner, name, "pass", body)
    return answer


def _shown(report: Report) -> dict[str, Any]:
    return {
        "instance": report.instance,
        "stream": report.stream,
        "outcome": report.outcome,
        "health": report.health,
        "reason": report.reason,
        "counts": dict(report.counts),
        "hold": report.hold,
    }
