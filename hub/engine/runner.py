"""One run of one stream, one pass of one target: the steps, composed."""

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.contract import Batch, Received, Receives, Stream, Target
from hub.engine import configuration, intake, reconcile
from hub.engine.configuration import Source
from hub.engine.delivery import Deliverer
from hub.engine.reading import Report, Run, ask_source
from hub.errors import BadConfigError
from hub.store import holds, ledger, streams, subjects
from hub.store.store import Store, Tx
from hub.store.streams import Reading
from hub.telemetry import Veil


@dataclass
class Runner:
    """Runs streams and delivers to targets, on one store.

    Attributes:
        broken: ids of instances that are configured and can't be used.
        veil: over the secrets of the configuration, in whatever is said about a failure.
        point: told the name of each point where a crash matters, for tests that kill there.
    """

    store: Store
    sources: Mapping[str, Source]
    targets: Mapping[str, Target[Any]]
    now: Callable[[], datetime]
    log: Any
    rng: random.Random = field(default_factory=random.Random)
    broken: Collection[str] = ()
    veil: Veil = field(default_factory=Veil)
    point: Callable[[str], None] = lambda _name: None
    _locks: dict[Any, asyncio.Lock] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.deliverers = {
            name: Deliverer(
                name,
                target,
                self.store,
                self.now,
                self.rng,
                self.log.warning,
                self.point,
                veil=self.veil,
            )
            for name, target in self.targets.items()
        }

    async def start(self) -> None:
        """Take the store: older owners are shut out, the configuration is weighed."""
        await self.store.write(self._start)
        await self.project()

    def _start(self, tx: Tx) -> None:
        streams.raise_epochs(tx)
        known = {source.id: source.fingerprint for source in self.sources.values()}
        for row in streams.forgive(tx, known, self.now()):
            again = {"until": row.due.isoformat(), "at_once": f"hub sync {row.instance}"}
            self.log.warning("login_waits", instance=row.instance, stream=row.stream, **again)
        for one in configuration.stand_still(tx, self.sources, self.broken):
            self.log.warning("instance_orphaned", instance=one)
        while configuration.project_dirty(tx, self.now()):
            pass  # by the routes as they were: only what is left is the configuration's
        for name, target in self.targets.items():
            _register_target(tx, name, target.address(), self.now())
        for source in self.sources.values():
            configuration.register(tx, source, self.now())
            for stream in source.connector.streams():
                streams.ensure(tx, source.id, stream.name)
            self._ensure_tiles(tx, source)
        holds.give_up_requests(tx, self.now())

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
        async with self._lock(instance, name):
            report = await self._read(source, stream, full=full)
            if report.outcome == "refused":
                report = await self._read(source, stream, full=True)
            await self.project()
        return report

    async def _read(self, source: Source, stream: Stream, *, full: bool) -> Report:
        how = {"sweep_every": stream.sweep_every, "full": full}
        reading = await self._take(source, stream.name, **how)
        run = Run(
            source, stream, reading, self.store, self.now, self.log, self.point, self.rng, self.veil
        )
        return await run.execute()

    def _lock(self, *key: str) -> asyncio.Lock:
        return self._locks.setdefault(key, asyncio.Lock())

    async def _take(self, source: Source, name: str, **how: Any) -> Reading:
        return await self.store.write(
            streams.take,
            instance_id=source.id,
            connector=source.connector_name,
            name=name,
            fingerprint=source.fingerprint,
            traceparent=f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01",
            now=self.now(),
            **how,
        )

    # --- receiving -------------------------------------------------------------------------

    async def receive(self, instance: str, received: Received) -> Report:
        """Take data that came by request; it is stored when this returns.

        Raises:
            RejectedError: the request can't be understood.
            BadConfigError: the instance's connector receives nothing.
        """
        source = self.sources[instance]
        if not isinstance(source.connector, Receives):
            raise BadConfigError(f"{instance} ({source.connector_name}) receives no data.")
        async with self._lock(instance, received.stream):
            stream = self.stream(instance, received.stream)
            previous = await self.store.read(_previous, instance, stream, received)
            batch = source.connector.receive(
                Received(received.stream, {**received.data, "previous": previous})
            )
            reading = await self._take(source, received.stream, received=True)
            counts = await self.store.write(self._take_in, source, reading, batch)
            await self.project()
        return Report(instance, received.stream, "received", "ok", dict(counts))

    def _take_in(self, tx: Tx, source: Source, reading: Reading, batch: Batch) -> Counter[str]:
        counts = intake.take_in(tx, reading, batch, now=self.now(), reopen=source.reopen)
        self._end_received(tx, reading, counts)
        return counts

    # --- holds -----------------------------------------------------------------------------

    async def release(self, prefix: str, actor: str) -> dict[str, int]:
        """Apply what an open hold contains, as far as it is still true; what was done, counted.

        Raises:
            BadConfigError: no open hold has this hash, or its instance is not configured.
        """
        row = await self.store.read(reconcile.held, prefix)
        if row.action == "address":
            return await self.store.write(
                reconcile.release_address, row, actor=actor, now=self.now()
            )
        source = self.sources.get(row.instance)
        if source is None:
            raise BadConfigError(f"{row.instance} is not configured: put its file back first.")
        name = source.connector.streams()[0].name
        async with self._lock(row.instance, name):
            counts = await self._release(source, name, row, actor)
            await self.project()
        return counts

    async def _release(self, source: Source, name: str, row: Any, actor: str) -> dict[str, int]:
        reading = await self._take(source, name, received=True)
        if row.action == "configuration":
            counts = await self.store.write(
                reconcile.release_configuration, reading, row, actor=actor, now=self.now()
            )
        else:
            answers = await ask_source(source, await self.store.read(reconcile.held_rows, row))
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
            pass

    async def deliver(self) -> dict[str, Counter[str]]:
        """One pass of every target, side by side."""
        passes = (self.deliver_to(name) for name in self.deliverers)
        return dict(zip(self.deliverers, await asyncio.gather(*passes), strict=True))

    async def deliver_to(self, target: str) -> Counter[str]:
        """One pass of one target; a slow one holds up no other."""
        async with self._lock("deliver", target, ""):
            return await self.deliverers[target].deliver()

    async def close(self) -> None:
        """Close connectors and targets; the store is the caller's."""
        for source in self.sources.values():
            await source.connector.close()
        for target in self.targets.values():
            await target.close()


def _previous(tx: Tx, instance: str, stream: Stream, received: Received) -> Any:
    """The state that the request builds on: that of the subject named by `id`, if it is known."""
    keys = {(str(family), str(received.data.get("id"))) for family in stream.families}
    rows = subjects.by_keys(tx, instance, keys)
    row = next(iter(rows.values()), None)
    return row.state if row is not None and row.removed_at is None else None


def _register_target(tx: Tx, name: str, address: str, now: datetime) -> None:
    """Another address is another ledger: nothing is sent until an administrator says so."""
    row = ledger.targets(tx).get(name)
    if row is None or not row.address:
        ledger.put_target(tx, name, address=address)
        return
    changed = row.address != address
    ledger.put_target(tx, name, address_wanted=address if changed else None, retry_at=None)
    configuration.weigh_address(tx, name, row.address, address, now)
