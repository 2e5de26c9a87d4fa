"""One hub in this process, by its own schedule and in virtual time."""

import random
import sqlite3
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from soak_world import ROUTE, Intranet

from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.metrics import Metrics
from hub.schedule.embedded import Embedded
from hub.store.store import Store
from hub.testing.fakes import FakeClock, FakeLog, ScriptedSource, fake_context

WORDS = "waarom het zo is en wat er aan gedaan wordt " * 20


@dataclass
class Hub:
    """One hub on one file; `before` happens at named points."""

    url: str
    clock: FakeClock = field(default_factory=FakeClock)
    log: FakeLog = field(default_factory=FakeLog)
    source: ScriptedSource = field(
        default_factory=lambda: ScriptedSource(batch_size=20, resumable=True)
    )
    intranet: Intranet = field(default_factory=Intranet)
    before: dict = field(default_factory=dict)

    async def start(self) -> "Hub":
        self.store = await Store(self.url).open()
        self.runner = Runner(
            self.store,
            {"desk": self._made()},
            {"intranet": self.intranet},
            now=self.clock.now,
            log=self.log,
            rng=random.Random(1),
            point=lambda name: self.before.get(name, lambda: None)(),
        )
        await self.runner.start()
        self.schedule = Embedded(self.runner, who="soak", metrics=Metrics())
        return self

    def _made(self) -> Source:
        connector = self.source.connector(fake_context("desk", clock=self.clock))
        age = timedelta(hours=72)
        return Source("desk", "scripted", connector, (ROUTE,), "live", "f", age, None, {})

    async def cycle(self) -> None:
        await self.runner.run("desk", "majors")
        await self.runner.deliver()
        self.clock.advance(60)

    async def pass_time(self, seconds: int) -> None:
        """As `hub run` does: a tick a second."""
        for _ in range(seconds):
            await self.schedule._beat()
            await self.schedule.settle()
            self.clock.advance(1)

    def said(self, *events: str) -> list[str]:
        return [line.event for line in self.log.lines if line.event in events]


def few(hub: Hub) -> None:
    hub.source.populate(5)


def many(hub: Hub, number: int, version: int = 1) -> None:
    hub.source.populate(number)
    for index in range(1, number + 1):
        title = {"nl": f"Item {index} at {version}"}
        hub.source.edit(f"s-{index:04}", title=title, workaround={"nl": WORDS})


def whole(folder: Path) -> int:
    """Subjects that are stored: each with its event, in a sound file."""
    with sqlite3.connect(folder / "hub.db") as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        (subjects,) = db.execute("select count(*) from subject").fetchone()
        (events,) = db.execute("select count(distinct subject) from event").fetchone()
    db.close()
    assert subjects == events
    return subjects
