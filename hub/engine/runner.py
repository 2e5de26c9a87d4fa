"""One run of one stream, one pass of one target: the steps, composed."""

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hub.contract import Call, Hints, Received, Reply, Stream, Target, Understood
from hub.engine import configuration, previewing
from hub.engine.ahead import TOGETHER
from hub.engine.configuration import Source
from hub.engine.delivery import Deliverer
from hub.engine.delivery.riding import LINGER, Stop, rides
from hub.engine.forgetting import Keep, forget
from hub.engine.heads import write_head
from hub.engine.reading import Report, Run, ask_source
from hub.engine.shares import Shares
from hub.engine.telling import Tells
from hub.errors import BadConfigError, HubError, RetryableError
from hub.people import policy as policies
from hub.people.policy import Policy
from hub.settings.people import Accounts
from hub.store import calls, holds, lease, ledger, outbox, streams
from hub.store.calls import Signature
from hub.store.store import Share, Store, Tx
from hub.store.streams import Reading
from hub.telemetry import Veil

if TYPE_CHECKING:
    from hub.engine.receiving import Receiving

What = Literal["objects", "streams"] | frozenset[str]  # a set: objects, of these targets alone

PASSING = ("retry", "failed")  # outcomes that another pass may mend
LITTLE = 4.0  # seconds of patience with a target that took nothing yet
SHORTEST = 0.05  # seconds between two passes


@dataclass
class Runner:
    """Runs streams and delivers to targets, on one store.

    Attributes:
        broken: ids of instances that are configured and can't be used.
        veil: over the secrets of the configuration, in whatever is said about a failure.
        keep: how long the store remembers.
        people: how accounts become persons.
        heads: the file for the heads of the audit trail; None: they are written nowhere.
        point: told the name of each point where a crash matters, for tests that kill there.
        wake: told at once when objects may wait to be sent, or streams to be read; a schedule
            sets it, so that nothing waits for its next look.
        rides: whether `wake` is answered at once, so that what is received may set off with the
            transaction that stores it.
        together: rows of several batches that may be stored in one transaction.
        teller: tells people what they should hear; None: nobody is told anything.
        sleep: waits so many seconds; virtual in tests and the demo.
        turn: seconds that a call from outside waits for a reading of its stream to end.
    """

    store: Store
    sources: Mapping[str, Source]
    targets: Mapping[str, Target[Any]]
    now: Callable[[], datetime]
    log: Any
    rng: random.Random = field(default_factory=random.Random)
    broken: Collection[str] = ()
    veil: Veil = field(default_factory=Veil)
    keep: Keep = field(default_factory=Keep)
    people: Policy = field(default_factory=Policy)
    heads: Path | None = None
    point: Callable[[str], None] = lambda _name: None
    wake: Callable[[What], None] = lambda _what: None
    turn: float = 5.0
    rides: bool = False
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    together: int = TOGETHER
    teller: Tells | None = None
    _locks: dict[Any, asyncio.Lock] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.deliverers = {
            name: Deliverer(
                name,
                target,
                self.store.claiming(lease.TARGET + name),
                self.now,
                self.rng,
                self.log.warning,
                self.point,
                veil=self.veil,
            )
            for name, target in self.targets.items()
        }
        able = [lease.INSTANCE + name for name in self.sources]
        self.shares = Shares([*able, *(lease.TARGET + name for name in self.targets)])

    async def start(self) -> None:
        """Take the store, or a part in it: older owners are shut out, the configuration weighed.

        The first of several processes weighs the configuration; those that come after have the
        same one, and bring in only what the first could not use.
        """
        self.shares.note(await self.store.write(self._start))
        await self.project()

    def _start(self, tx: Tx) -> Share:
        if lease.others_work(tx):
            self._join(tx)
        else:
            self._begin(tx)
        lease.say_started(tx)
        share = self.shares.balance(self.store, tx)
        if not self.store.guest:
            return share
        lease.give_back(tx, share.held)  # a guest borrows each for the work that it does with it
        return Share(frozenset())

    def _join(self, tx: Tx) -> None:
        known = streams.instances(tx)
        for source in self.sources.values():
            if source.id not in known or known[source.id].state != "active":
                self._register(tx, source)

    def _begin(self, tx: Tx) -> None:
        streams.raise_epochs(tx)
        known = {source.id: source.fingerprint for source in self.sources.values()}
        for row in streams.forgive(tx, known, self.now()):
            again = {"until": row.due.isoformat(), "at_once": f"hub sync {row.instance}"}
            self.log.warning("login_waits", instance=row.instance, stream=row.stream, **again)
        self.shares.balance(self.store, tx)
        policies.put(tx, self.people)
        for one in configuration.stand_still(tx, self.sources, self.broken):
            self.log.warning("instance_orphaned", instance=one)
        while configuration.project_dirty(tx, self.now()):
            pass  # by the routes as they were: only what is left is the configuration's
        for name, target in self.targets.items():
            _register_target(tx, name, target.address(), self.now())
        for source in self.sources.values():
            self._register(tx, source)
        holds.give_up_requests(tx, self.now())

    def _register(self, tx: Tx, source: Source) -> None:
        configuration.register(tx, source, self.now())
        previewing.forget_other(tx, source, self.now())
        for stream in source.connector.streams():
            streams.ensure(tx, source.id, stream.name)
        self._ensure_tiles(tx, source)

    def _ensure_tiles(self, tx: Tx, source: Source) -> None:
        for route in source.routes:
            for view in ("live", "preview"):
                token = secrets.token_urlsafe(18)
                streams.ensure_tile(tx, route.tile, route.audience, view, token)

    def stream(self, instance: str, name: str) -> Stream:
        """A stream of a configured instance."""
        return next(s for s in self.sources[instance].connector.streams() if s.name == name)

    # --- reading ---------------------------------------------------------------------------

    async def run(self, instance: str, name: str, *, full: bool = False) -> Report:
        """Read a stream once, settle what is absent, project what changed. Never raises HubError.

        Args:
            full: a sweep, even where a delta would do.

        Raises:
            StreamLostError: another worker took the stream; nothing more was written.
            StoreDownError: the store is away; what was not stored is read again.
        """
        source, stream = self.sources[instance], self.stream(instance, name)
        async with self._at_work(lease.INSTANCE + instance, name):
            report = await self._read(source, stream, full=full)
            if report.outcome == "refused":
                report = await self._read(source, stream, full=True)
            await self.project()
        self.wake("objects")
        return report

    async def _read(self, source: Source, stream: Stream, *, full: bool) -> Report:
        how = {"sweep_every": stream.sweep_every, "full": full}
        reading = await self._take(source, stream.name, **how)
        run = Run(
            source,
            stream,
            reading,
            self.store,
            self.now,
            self.log,
            self.point,
            self.rng,
            veil=self.veil,
            together=self.together,
        )
        return await run.execute()

    @asynccontextmanager
    async def _at_work(self, *key: str) -> AsyncIterator[None]:
        """One at a time per key; its first word is the lease under which the work is done."""
        with self.shares.at_work(key[0]):
            async with self._locks.setdefault(key, asyncio.Lock()):
                yield

    async def _take(self, source: Source, name: str, **how: Any) -> Reading:
        return await self.store.write(self._taken, source=source, name=name, **how)

    def _taken(self, tx: Tx, /, *, source: Source, name: str, **how: Any) -> Reading:
        return streams.take(
            tx,
            instance_id=source.id,
            connector=source.connector_name,
            name=name,
            fingerprint=source.fingerprint,
            traceparent=f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01",
            now=self.now(),
            **how,
        )

    # --- receiving -------------------------------------------------------------------------

    async def receive(
        self,
        instance: str,
        received: Received,
        *,
        call: Signature | None = None,
        actor: str | None = None,
    ) -> Report:
        """Take data that came by request; it is stored when this returns, and sent at once.

        Args:
            call: the signature of a call from outside: it counts once.
            actor: the administrator who typed it.

        Raises:
            RejectedError: the request can't be understood, or was taken before.
            BadConfigError: the instance's connector receives nothing.
            RetryableError: the stream is being read for longer than anybody should wait.
        """
        from hub.engine.receiving import Receiving  # noqa: PLC0415  a cold start counts

        source, stream = self.sources[instance], self.stream(instance, received.stream)
        async with self._turn(instance, received.stream):
            take = partial(self._taken, source=source, name=stream.name, received=True)
            work = Receiving(source, stream, received, take, self.now(), self.log, call, actor)
            # what a subject still has at a target of earlier routes waits for the next look
            targets = frozenset(target for route in source.routes for target in route.targets)
            async with rides(self._stops(targets)) as found:
                counts = await self._stored(replace(work, rides=found))
        self.wake(targets - {one.target_id for one in found if not one.wakes})
        await asyncio.sleep(0)  # what joined a pass is sent before the answer is put together
        return Report(instance, received.stream, "received", "ok", dict(counts))

    async def _stored(self, work: "Receiving") -> Counter[str]:
        """A fault in fetching what goes out must not cost the data: then it is fetched later."""
        try:
            return await self.store.write(work.store)
        except HubError:
            raise
        except Exception as error:
            if not work.rides:
                raise
            self.log.exception("ride_failed", error=type(error).__name__)
            for one in work.rides:
                one.drop()
            return await self.store.write(replace(work, rides=()).store)

    def _stops(self, targets: Collection[str]) -> list[Stop]:
        """Targets to which what is stored may set off at once; in one order, as they are held."""
        ours = (name for name in sorted(targets) if self.shares.owns(lease.TARGET + name))
        return [self._stop(name) for name in ours if name in self.deliverers] if self.rides else []

    def _stop(self, name: str) -> Stop:
        key = lease.TARGET + name
        busy, hold = partial(self.shares.is_busy, key), partial(self._at_work, key)
        return Stop(self.deliverers[name], busy, hold)

    async def take_file(
        self,
        instance: str,
        name: str,
        data: bytes,
        *,
        actor: str,
        call: Signature | None = None,
        understood: Understood | None = None,
    ) -> Report:
        """Take a file as the whole list of a stream; it is stored when this returns.

        Args:
            instance, name: whose list it is.
            data: the file.
            actor: who brings it, for the audit trail.
            call: the signature of a call from outside: it counts once.
            understood: what it was understood as, where somebody looked already.

        Returns:
            The run; with the outcome `same` it is the file that was taken last, and changes nothing;
            with `previewed` the settings changed and nothing is stored: once the hold is released
            the file has to come again.

        Raises:
            RejectedError: it can't be used or was not taken whole, or this call was taken before.
            RetryableError: the stream is being read for longer than anybody should wait.
            BadConfigError: the instance's connector takes no files.
        """
        from hub.engine import uploads  # noqa: PLC0415  a cold start counts

        source = self.sources[instance]
        understood = understood or await uploads.understand(source, name, data)
        async with self._turn(instance, name):
            who: Any = {"call": call, "actor": actor, "now": self.now()}
            if not await self.store.write(uploads.begin, source, name, data, **who):
                return Report(instance, name, "same", "ok", {})
            given = uploads.brought(source, understood, data)
            report = await self._read(given, self.stream(instance, name), full=True)
            await self.project()
        self.wake("objects")
        uploads.check_ended(report.outcome, report.health, report.reason)
        return report

    @asynccontextmanager
    async def _turn(self, instance: str, name: str) -> AsyncIterator[None]:
        """One after the other; behind a long reading whoever calls had better come back."""
        if not self.shares.is_busy(lease.INSTANCE + instance):  # nobody is before us
            async with self._at_work(lease.INSTANCE + instance, name):
                yield
            return
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self.turn):
                    await held.enter_async_context(self._at_work(lease.INSTANCE + instance, name))
            except TimeoutError as error:
                raise RetryableError(
                    f"{instance}.{name} is being read at this moment: send it again in a while."
                ) from error
            yield

    async def serve(self, instance: str, call: Call) -> Reply:
        """Reply a call of the protocol that the instance's connector speaks, after the commit.

        Raises:
            BadConfigError: it speaks none.
            RetryableError: the stream is busy for longer than anybody should wait.
            StreamLostError: another process owns the instance.
        """
        from hub.engine.serving import (  # noqa: PLC0415  a cold start counts
            NO_CHANGE,
            NothingStoredError,
            Serving,
        )

        source = self.sources[instance]
        stream = next(one for one in source.connector.streams() if one.every is None)
        take = partial(self._taken, source=source, name=stream.name, received=True)
        work = Serving(source, stream, call, take, self.now(), self.log)
        if call.method in NO_CHANGE:
            return await self.store.read(work.read)
        try:
            async with self._turn(instance, stream.name):
                answer = await self.store.write(work.store)
        except NothingStoredError as nothing:
            return nothing.answer
        self.wake("objects")
        return answer

    async def hint(self, instance: str, *, call: Signature | None = None) -> None:
        """The source said that something changed: what it names is read again soon.

        Raises:
            RejectedError: the call was taken before.
        """
        connector = self.sources[instance].connector
        names = connector.hinted() if isinstance(connector, Hints) else ()
        await self.store.write(self._hinted, instance, names, call)
        self.wake("streams")

    def _hinted(
        self, tx: Tx, instance: str, names: Collection[str], call: Signature | None
    ) -> None:
        if call is not None:
            calls.note(tx, call, self.now())
        calls.hint(tx, instance, names, self.now())

    # --- holds -----------------------------------------------------------------------------

    async def release(self, prefix: str, actor: str) -> dict[str, int]:
        """Apply what an open hold contains, as far as it is still true; what was done, counted.

        Where it takes two administrators, the first one's release only counts: `approved`, and
        `missing`, how many must follow.

        Raises:
            BadConfigError: no open hold has this hash, or its instance is not configured.
            RejectedError: the same administrator approved it already.
        """
        from hub.engine import overhauls, provisioning, reconcile  # noqa: PLC0415  a cold start counts

        row = await self.store.read(reconcile.held, prefix)
        if missing := await self.store.write(self._approve, row, actor):
            return {"approved": 1, "missing": missing}
        if row.action == "address":
            return await self.store.write(
                reconcile.release_address, row, actor=actor, now=self.now()
            )
        if row.action == previewing.ACTION:
            return await self.carry_out(row, actor)
        if row.action in {*provisioning.ACTIONS, overhauls.ACTION}:
            return await self.store.write(provisioning.release, row, actor=actor, now=self.now())
        source = self.sources.get(row.instance)
        if source is None:
            raise BadConfigError(f"{row.instance} is not configured: put its file back first.")
        name = source.connector.streams()[0].name
        async with self._at_work(lease.INSTANCE + row.instance, name):
            counts = await self._release(source, name, row, actor)
            await self.project()
        return counts

    async def carry_out(self, row: Any, actor: str) -> dict[str, int]:
        """Read people as they were shown to be read, and do it; a source that is away has a day.

        Raises:
            BadConfigError: the hold's instance is not configured.
        """
        if row.instance not in self.sources:
            raise BadConfigError(f"{row.instance} is not configured: put its file back first.")
        release = partial(previewing.release, actor=actor, now=self.now())
        counts: Counter[str] = Counter()
        for name in await self.store.write(release, row):
            if self.stream(row.instance, name).every is None:
                counts["waits"] += 1  # whoever has the file brings it again
                continue
            report = await self.run(row.instance, name, full=True)
            counts += Counter(report.counts)
            counts["waits"] += report.outcome != "complete"
        return dict(+counts)

    def _approve(self, tx: Tx, row: Any, actor: str) -> int:
        from hub.engine import approving, reconcile  # noqa: PLC0415  a cold start counts

        source = self.sources.get(row.instance)
        limits = [self.people.removals, *([source.removals] if source is not None else [])]
        number = approving.needed(row, *limits)
        if number == 1:
            return 0
        same = reconcile.held(tx, row.hash)
        return approving.approve(tx, same, number, actor=actor, now=self.now())

    async def _release(self, source: Source, name: str, row: Any, actor: str) -> dict[str, int]:
        from hub.engine import reconcile  # noqa: PLC0415  a cold start counts

        reading = await self._take(source, name, received=True)
        if row.action == "configuration":
            counts = await self.store.write(
                reconcile.release_configuration, reading, row, actor=actor, now=self.now()
            )
        else:
            rows = await self.store.read(reconcile.held_rows, row)
            most = max(stream.look_ups for stream in source.connector.streams())
            answers = await ask_source(source, rows, most)
            counts = await self.store.write(
                reconcile.release_removals,
                reading,
                row,
                answers,
                actor=actor,
                now=self.now(),
                source=source,
            )
        await self.store.write(self._end_received, reading, counts)
        return counts

    def _end_received(self, tx: Tx, reading: Reading, counts: Mapping[str, int]) -> None:
        streams.end_run(tx, reading, outcome="received", counts=dict(counts), now=self.now())

    # --- projecting and delivering ---------------------------------------------------------

    async def project(self) -> None:
        """Bring objects up to date with what changed and with the time."""
        while await self.store.write(configuration.project_dirty, self.now()):
            self.wake("objects")

    async def deliver(self) -> dict[str, Counter[str]]:
        """One pass of every target that this process owns, side by side."""
        ours = [name for name in self.deliverers if self.shares.owns(lease.TARGET + name)]
        passes = (self.deliver_to(name) for name in ours)
        return dict(zip(ours, await asyncio.gather(*passes), strict=True))

    async def deliver_to(self, target: str, patience: float = 0.0) -> Counter[str]:
        """One pass of one target, and more within the patience; a slow one holds up no other."""
        counts: Counter[str] = Counter()
        waited = 0.0
        while True:
            async with self._at_work(lease.TARGET + target):
                one = self.deliverers[target]
                if self.people.accounts.get(target) == Accounts.LINK and not one.begun:
                    from hub.engine import linking  # noqa: PLC0415  a cold start counts

                    await linking.look(self.store, target, self.targets[target], self.now())
                last = await one.deliver(LINGER if self.rides else 0.0)
            counts = Counter({k: v for k, v in counts.items() if k not in PASSING}) + last
            left = (patience if counts["done"] else min(patience, LITTLE)) - waited
            wait = await self.deliverers[target].short_wait() if left > 0 else None
            if wait is None or wait > left:
                return await self._counted(target, counts) if patience else counts
            await self.sleep(max(wait, SHORTEST))
            waited += max(wait, SHORTEST)

    async def _counted(self, target: str, counts: Counter[str]) -> Counter[str]:
        """After several passes `retry` is what still waits, not what waited once."""
        waiting = await self.store.read(outbox.count_retries, target)
        return +Counter({**counts, "retry": waiting})

    async def forget(self) -> int:
        """Forget what is older than `keep` says; how much."""
        return await forget(self.store, self.keep, self.now())

    async def tell(self) -> Counter[str]:
        """Tell people what is due; what became of it, counted."""
        return await self.teller.tell() if self.teller is not None else Counter()

    async def write_head(self) -> None:
        """Write down where the audit trail stands, once a day."""
        if self.heads is not None:
            await write_head(self.store, self.heads, self.now(), self.log)

    async def close(self) -> None:
        """Close connectors and targets; the store is the caller's."""
        for source in self.sources.values():
            await source.connector.close()
        for target in self.targets.values():
            await target.close()


def _register_target(tx: Tx, name: str, address: str, now: datetime) -> None:
    """Another address is another ledger: nothing is sent until an administrator says so."""
    row = ledger.targets(tx).get(name)
    if row is None or not row.address:
        ledger.put_target(tx, name, address=address)
        return
    changed = row.address != address
    ledger.put_target(tx, name, address_wanted=address if changed else None, retry_at=None)
    configuration.weigh_address(tx, name, row.address, address, now)
