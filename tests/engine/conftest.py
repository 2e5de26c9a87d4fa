"""One hub over a real database, a scripted source and an intranet in memory."""

import random
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.events.base import Family
from hub.events.objects import Audience, Kind
from hub.events.route import Route
from hub.store.store import Store
from hub.testing.fakes import FakeClock, FakeLog, MemoryTarget, ScriptedSource, fake_context

EVERYONE = Audience(everyone=True)


def route(**changes) -> Route:
    given = {
        "name": "r1",
        "family": Family.INCIDENT,
        "tile": "disturbances",
        "audience": "everyone",
        "members": EVERYONE,
        "targets": ("intranet",),
    }
    return Route(**given | changes)


@dataclass
class World:
    url: str
    clock: FakeClock = field(default_factory=FakeClock)
    log: FakeLog = field(default_factory=FakeLog)
    source: ScriptedSource = field(default_factory=ScriptedSource)
    target: MemoryTarget = field(default_factory=MemoryTarget)
    routes: tuple[Route, ...] = field(default_factory=lambda: (route(),))
    mode: str = "live"
    fingerprint: str = "f1"
    configured: bool = True
    runner: Runner = None
    store: Store = None

    async def start(self, **changes) -> "World":
        """Start the hub, or restart it with another configuration."""
        for name, value in changes.items():
            setattr(self, name, value)
        if self.store is not None:
            await self.store.close()
        self.store = await Store(self.url).open()
        self.runner = Runner(
            self.store,
            {"desk": self.made()} if self.configured else {},
            {"intranet": self.target},
            now=self.clock.now,
            log=self.log,
            rng=random.Random(1),
            sleep=self.clock.sleep,
        )
        await self.runner.start()
        return self

    def made(self) -> Source:
        return Source(
            id="desk",
            connector_name="scripted",
            connector=self.source.connector(fake_context("desk", clock=self.clock)),
            routes=self.routes,
            mode=self.mode,
            fingerprint=self.fingerprint,
            reopen=timedelta(hours=72),
            every=None,
            stale_after={"disturbances": timedelta(minutes=5)},
        )

    async def cycle(self, seconds: float = 30):
        """One reading and one pass of delivery; time moves on afterwards."""
        report = await self.runner.run("desk", "majors")
        await self.runner.deliver()
        self.clock.advance(seconds)
        return report

    def items(self) -> dict[str, dict]:
        """Tile items on the intranet by the title's text."""
        found = {k: v.body for k, v in self.target.objects.items() if k[0] is Kind.TILE_ITEM}
        return {body["title"]["nl"]: body for body in found.values()}

    async def rows(self, query) -> list:
        return await self.store.read(lambda tx: list(tx.execute(query)))


@pytest.fixture
async def world(store_url):
    made = World(store_url)
    yield made
    if made.store is not None:
        await made.store.close()
