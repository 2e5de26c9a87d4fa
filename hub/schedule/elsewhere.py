"""Work for an instance or target of another process that shares the store: that one is asked."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from hub.engine import reconcile
from hub.engine.reading import Report
from hub.engine.runner import Runner
from hub.errors import RejectedError, RetryableError
from hub.store import holds, lease

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


async def owner_elsewhere(runner: Runner, action: str, body: Mapping[str, Any]) -> str | None:
    """The lease that this needs, when another process owns it."""
    instance = body["instance"] if action == "receive" else None
    if action == "release":
        held = await runner.store.read(reconcile.held, body["hash"])
        instance = held.instance if held.action != "address" else None
    name = lease.INSTANCE + str(instance)
    return name if instance in runner.sources and not runner.shares.owns(name) else None


async def run_there(
    runner: Runner, instance: str, stream: str, *, full: bool = False
) -> dict[str, Any]:
    """One run, here or at the process that owns the instance."""
    name = lease.INSTANCE + instance
    if not runner.shares.owns(name):
        body = {"instance": instance, "stream": stream, "full": full}
        answer: dict[str, Any] = await ask_owner(runner, name, "run", body)
        return answer
    return _shown(await runner.run(instance, stream, full=full))


async def deliver_there(runner: Runner, target: str, patience: float = 0.0) -> dict[str, int]:
    """One pass, and more within the patience, here or at the process that owns the target."""
    name = lease.TARGET + target
    if not runner.shares.owns(name):
        body = {"target": target, "patience": patience}
        answer: dict[str, int] = await ask_owner(runner, name, "pass", body)
        return answer
    return dict(await runner.deliver_to(target, patience))


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
