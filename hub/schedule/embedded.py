"""The embedded schedule: one asyncio loop, its state in the store, a tick every second."""

import asyncio
import base64
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hub.contract import Received, Stream
from hub.engine import doubts
from hub.engine.configuration import Source
from hub.engine.reading import Report
from hub.engine.runner import Runner, What
from hub.errors import (
    BadConfigError,
    HubError,
    RejectedError,
    RetryableError,
    StreamLostError,
)
from hub.schedule.elsewhere import (
    ask_owner,
    deliver_there,
    holding,
    holding_what_is_free,
    needed,
    run_there,
)
from hub.schedule.outage import Outage
from hub.store import clock, holds, lease, objects, outbox, streams, subjects
from hub.store.store import StoreDownError, StoreLostError, Tx

if TYPE_CHECKING:
    from hub.metrics import Metrics

TICK = 1.0  # seconds: a request waits no longer than this
SHORTEST = 0.01  # seconds between two looks, however many moments are near
HINT_PAUSE = timedelta(seconds=5)  # between two readings that hints ask for
PATIENCE = 30.0  # seconds that a sync waits for what failed and is due again soon
NOTICED = timedelta(minutes=1)  # between two looks at what people should be told
DRAIN = 20.0  # seconds that running work may take to end after a stop


class Embedded:
    """Runs what is due until it is told to stop.

    Args:
        who: names this process in taken requests.
        sleep: waits so many seconds; virtual in the demo.
    """

    def __init__(
        self,
        runner: Runner,
        *,
        who: str,
        metrics: "Metrics",
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.runner = runner
        self._who = who
        self._metrics = metrics
        self._sleep = sleep
        self._tasks: dict[Any, asyncio.Task[None]] = {}
        self._lost: StreamLostError | None = None
        self._outage = Outage(runner.log, runner.now)
        self._again: set[str] = set()
        self._uncounted: set[str] = set()
        self._answering = 0
        self._pause = TICK
        self._forgot: date | None = None
        self._told: datetime | None = None
        # what is sent over a network has the longer way: it starts first
        self._targets = sorted(runner.targets, key=lambda name: not runner.targets[name].remote)
        runner.wake, runner.rides = self.wake, True

    async def run(self, stop: asyncio.Event) -> None:
        """Tick until `stop` is set, then let running work end.

        Raises:
            StreamLostError: another process took the store, or it is damaged.
        """
        while not stop.is_set() and self._lost is None:
            await self._beat()
            await self._sleep(self._pause)
        await self.drain()
        if self._lost is not None:
            raise self._lost

    async def _beat(self) -> None:
        """A tick; a store that is away is said once, and its return once."""
        try:
            await self.tick()
        except StreamLostError as error:
            self._lost = error
        except RetryableError as error:
            self._outage.failed("tick", error)
            self._pause = TICK
        else:
            self._outage.worked("tick")

    async def tick(self) -> None:
        """Start what is due and ours; nothing overlaps itself."""
        state = await self.runner.store.read(self._look)
        if away := self.runner.shares.note(state["share"]):
            await self.runner.store.write(lease.give_back, away)
        for source, stream in self._due(state):
            self._start((source.id, stream.name), self._read(source, stream))
        if state["look"] is not None and state["look"] <= self.runner.now():
            self._start("project", self.runner.project())
        for request in state["requests"]:
            self._start(("request", request.id), self._handle(request))
        if not state["requests"]:  # they send by themselves, and say how many
            self._deliver_to(self._targets)
        if self._forgot != (today := self.runner.now().date()):
            self._forgot = today
            self._start("forget", self.runner.forget())
            self._start("head", self.runner.write_head())
        self._tell()
        self._pause = self._until(state["next"])

    def _tell(self) -> None:
        now = self.runner.now()
        if self._told is None or not now - NOTICED < self._told <= now:
            self._told = now
            self._start("notices", self._notices())

    async def _notices(self) -> None:
        await self.runner.tell()

    def wake(self, what: What) -> None:
        """Do at once what the next look would do."""
        if what == "streams":
            self._start("look", self.tick())
        elif not self._answering:
            self._deliver_to(self._targets if what == "objects" else what)

    def _deliver_to(self, targets: Collection[str]) -> None:
        for target in [one for one in self._targets if one in targets and self._delivers(one)]:
            self._again.add(target)  # one that runs may be past what waits now
            self._start(f"deliver {target}", self._deliver(target))

    def _until(self, moments: Sequence[datetime | None]) -> float:
        """Seconds to the next look: a tick, or less when something is due before."""
        now = self.runner.now()
        ahead = [(one - now).total_seconds() for one in moments if one is not None and one > now]
        return max(SHORTEST, min([TICK, *ahead]))

    def _delivers(self, target: str) -> bool:
        return self.runner.shares.owns(lease.TARGET + target)

    async def settle(self) -> None:
        """Wait until nothing runs any more; for virtual time."""
        while self._tasks:
            await asyncio.gather(*self._tasks.values())

    async def drain(self) -> None:
        """Let running work end, for at most DRAIN seconds; nothing new begins."""
        self.runner.wake, self.runner.rides = (lambda _what: None), False
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=DRAIN)
        for task in list(self._tasks.values()):
            task.cancel()

    def _count(self, tx: Tx) -> None:
        """With a look, not after each pass: whoever brings the next object would wait for it."""
        self._metrics.holds.set(len(holds.all_open(tx)))
        ended, self._uncounted = self._uncounted, set()
        for target in ended:
            self._metrics.waiting.labels(target).set(outbox.count_ahead(tx, target))

    def _look(self, tx: Tx) -> dict[str, Any]:
        self._count(tx)
        if by := clock.turn_back(tx, self.runner.now()):
            self.runner.log.warning("clock_went_back", seconds=round(by.total_seconds()))
        known = {(row.instance, row.stream): row for row in streams.all_streams(tx)}
        look = subjects.next_look(tx)
        sends = [outbox.next_due(tx, target) for target in self._targets]
        share = self.runner.shares.balance(self.runner.store, tx)
        if share.members:
            holds.give_up_requests(tx, self.runner.now(), share.members)
        return {
            "share": share,
            "streams": known,
            "instances": streams.instances(tx),
            "look": look,
            "next": [look, *sends, *(row.due for row in known.values())],
            "requests": holds.take_requests(tx, self._who, share),
        }

    def _due(self, state: Mapping[str, Any]) -> list[tuple[Source, Stream]]:
        now: datetime = self.runner.now()
        due = []
        for source in self.runner.sources.values():
            ours = self.runner.shares.owns(lease.INSTANCE + source.id)
            if not ours or state["instances"][source.id].paused:
                continue
            for stream in source.connector.streams():
                row = state["streams"].get((source.id, stream.name))
                if stream.every is not None and _is_due(row, now):
                    due.append((source, stream))
        return due

    def _start(self, name: Any, work: Any) -> None:
        if name in self._tasks or not self._outage.may(name):
            work.close()
            return
        task = asyncio.get_running_loop().create_task(self._guarded(name, work))
        self._tasks[name] = task

    async def _guarded(self, name: Any, work: Awaitable[None]) -> None:
        try:
            await work
            self._outage.worked(name)
        except StreamLostError as error:
            if self.runner.store.process is None or isinstance(error, StoreLostError):
                self._lost = error
            else:  # one lease is another's now; the others are still ours
                self.runner.log.warning("lease_lost", reason=str(error))
        except StoreDownError as error:
            # a request never comes again, and what a look would have done the next tick does
            once = name == "look" or isinstance(name[1], int)
            self._outage.failed("tick" if once else name, error)
        except Exception as error:
            self.runner.log.exception("task_failed", error=type(error).__name__)
        finally:
            del self._tasks[name]

    async def _read(self, source: Source, stream: Stream) -> None:
        report = await self.runner.run(source.id, stream.name)
        self.count(report)

    def count(self, report: Report) -> None:
        """One run into the metrics."""
        labels = (report.instance, report.stream)
        self._metrics.runs.labels(*labels, report.outcome).inc()
        self._metrics.changes.labels(*labels).inc(report.counts.get("accepted", 0))
        if report.outcome == "complete":
            self._metrics.complete.labels(*labels).set(self.runner.now().timestamp())

    async def _deliver(self, target: str) -> None:
        while target in self._again:
            self._again.remove(target)
            for status, number in (await self.runner.deliver_to(target)).items():
                self._metrics.deliveries.labels(target, status).inc(number)
        self._uncounted.add(target)

    async def _handle(self, request: Any) -> None:
        result: Any = None
        error: str | None = None
        self._answering += 1
        try:
            result = await perform(self.runner, request.action, request.body)
        except StreamLostError as raised:
            self._lost = raised
            error = str(raised)
        except HubError as raised:
            error = self.runner.veil(str(raised))
        except Exception as raised:
            error = f"The hub failed with {type(raised).__name__}; its log says more."
            self.runner.log.exception("request_failed", action=request.action)
        finally:
            self._answering -= 1
        await self.runner.store.write(
            holds.answer, request.id, self.runner.now(), result=result, error=error
        )


def _is_due(row: Any, now: datetime) -> bool:
    """By its rhythm, or because of a hint; a source in trouble is left alone until its time."""
    if row is None or not row.due or row.due <= now:
        return True
    if row.hinted is None or row.health not in {"ok", "unknown"}:
        return False
    return row.taken_at is None or bool(row.taken_at + HINT_PAUSE <= now)


async def perform(runner: Runner, action: str, body: Mapping[str, Any]) -> Any:
    """Do what a request asks, now: here, or at the process that owns what it needs.

    Raises:
        HubError: it can't be done; the message says why.
    """
    if action == "sync":
        named: list[str] = body.get("instances") or []
        return await _sync(runner, named or await runner.store.read(_unpaused, runner))
    if action == "run":
        return await run_there(runner, body["instance"], body["stream"], full=body["full"])
    if action == "pass":
        return await deliver_there(runner, body["target"], body.get("patience", 0.0))
    if (name := await needed(runner, action, body)) is None:
        return await _perform_here(runner, action, body)
    async with holding(runner, name) as ours:
        if ours:
            return await _perform_here(runner, action, body)
    return await ask_owner(runner, name, action, body)


async def _perform_here(runner: Runner, action: str, body: Mapping[str, Any]) -> Any:
    if action == "receive":
        received = Received(body["stream"], body["data"])
        report = await runner.receive(body["instance"], received, actor=body.get("actor"))
        return {"counts": dict(report.counts)} | await _delivered(runner)
    if action == "import":
        return await _import(runner, body)
    if action == "release":
        counts = await runner.release(body["hash"], body["actor"])
        return {"counts": counts} | await _delivered(runner)
    if action == "deliver":
        return await _delivered(runner)
    if action == "replay":
        return await _replay(runner, body)
    if action == "repair":
        from hub.engine import drift  # noqa: PLC0415  a cold start counts

        given = {"actor": body["actor"], "now": runner.now()}
        ids = await runner.store.write(drift.repair, body["objects"], **given)
        return await _sent(runner, ids)
    raise BadConfigError(f"The running hub does not know `{action}`: restart it after an update.")


def _unpaused(tx: Tx, runner: Runner) -> list[str]:
    known = streams.instances(tx)
    return [name for name in runner.sources if not known[name].paused]


async def _sync(runner: Runner, names: list[str]) -> dict[str, Any]:
    unknown = sorted(set(names) - set(runner.sources))
    if unknown:
        raise BadConfigError(f"No instance is called {', '.join(unknown)}.")
    reports = [
        await run_there(runner, name, stream.name)
        for name in names
        for stream in doubts.in_order(runner.sources[name].connector.streams())
    ]
    delivered = await _delivered(runner, PATIENCE)
    await runner.tell()
    await runner.forget()
    await runner.write_head()
    return {"runs": reports} | delivered


async def _import(runner: Runner, body: Mapping[str, Any]) -> dict[str, Any]:
    """A file that a command brings, packed as text because a request is JSON."""
    data = base64.b64decode(body["file"])
    one, name, actor = body["instance"], body["stream"], body["actor"]
    report = await runner.take_file(one, name, data, actor=actor)
    found = {"outcome": report.outcome, "counts": dict(report.counts), "hold": report.hold}
    return found | await _delivered(runner, PATIENCE)


async def _replay(runner: Runner, body: Mapping[str, Any]) -> dict[str, Any]:
    """Read these streams again, and send what was refused as it should look now."""
    from hub.engine import dead_letters  # noqa: PLC0415  a cold start counts

    for instance, name in body["streams"]:
        _check_readable(runner, instance, name)
    reports = [await run_there(runner, one, name, full=True) for one, name in body["streams"]]
    given = {"actor": body["actor"], "now": runner.now()}
    ids = await runner.store.write(dead_letters.replay, body, **given)
    left = await runner.store.read(subjects.unreadable_by_ids, body["rows"])
    return {
        "runs": reports,
        "unreadable": [f"u{row.id}" for row in left],
    } | await _sent(runner, ids)


def _check_readable(runner: Runner, instance: str, name: str) -> None:
    if instance not in runner.sources:
        raise BadConfigError(f"{instance} is not configured: put its file back, or drop the row.")
    known = {one.name: one for one in runner.sources[instance].connector.streams()}
    if name not in known or known[name].every is None:
        raise RejectedError(
            f"{instance}.{name} is not read by the hub: the sender must send it again. `hub "
            "dead-letters drop` forgets the row."
        )


async def _sent(runner: Runner, ids: Sequence[int]) -> dict[str, Any]:
    """Deliver, and how these objects stand afterwards."""
    delivered = await _delivered(runner)
    rows = await runner.store.read(objects.by_ids, ids)
    refused = [{"id": f"o{r.id}", "reason": r.reason} for r in rows if r.status == "rejected"]
    counts = dict(Counter(row.status for row in rows))
    return delivered | {"counts": counts, "refused": refused}


async def _delivered(runner: Runner, patience: float = 0.0) -> dict[str, Any]:
    async with holding_what_is_free(runner):
        await runner.project()
    passes = (deliver_there(runner, name, patience) for name in runner.deliverers)
    found = await asyncio.gather(*passes)
    return {"delivered": dict(zip(runner.deliverers, found, strict=True))}
