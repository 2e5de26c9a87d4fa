"""A hub whose disk fills up in the middle of a batch, and in the middle of a delivery.

Arguments: a folder, `real` (a small file system of its own is mounted there) or `limit` (no file
may grow: for machines where nothing can be mounted), how many subjects come at once.
Prints what was measured as JSON; a broken promise is an AssertionError.
"""

import asyncio
import json
import random
import resource
import sqlite3
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from soak_world import ROUTE, Intranet, count_faults, end_state, shown

from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.metrics import Metrics
from hub.schedule.embedded import Embedded
from hub.store.store import Store, StoreDownError
from hub.testing.fakes import FakeClock, FakeLog, ScriptedSource, fake_context

ROOM = 256 * 1024  # bytes that are left, so that the fault comes in the middle
WORDS = "waarom het zo is en wat er aan gedaan wordt " * 20


class RealDisk:
    """A mounted file system, filled with a file of nothing."""

    def __init__(self, folder: Path):
        self._filler = folder / "filler"

    def fill(self, room: int) -> None:
        with self._filler.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
            file.truncate(max(0, file.tell() - room))

    def clear(self) -> None:
        self._filler.unlink()


class LimitedFiles:
    """No file may become longer than the longest one is now, and a little."""

    def __init__(self, folder: Path):
        self._folder = folder

    def fill(self, room: int) -> None:
        longest = max(one.stat().st_size for one in self._folder.iterdir())
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (longest + room, hard))

    def clear(self) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


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


def many(hub: Hub, number: int) -> None:
    hub.source.populate(number)
    for index in range(1, number + 1):
        hub.source.edit(
            f"s-{index:04}", title={"nl": f"Item {index} at 1"}, workaround={"nl": WORDS}
        )


async def unharmed(folder: Path, number: int) -> tuple[dict, list]:
    hub = await Hub(f"sqlite:///{folder / 'unharmed.db'}").start()
    few(hub)
    await hub.cycle()
    many(hub, number)
    await hub.cycle()
    await hub.store.close()
    state = end_state(hub.url), shown(hub.intranet)
    clean_up(folder)
    return state


def clean_up(folder: Path) -> None:
    for path in folder.glob("unharmed.db*"):
        path.unlink()


def whole(folder: Path) -> int:
    """Subjects that are stored: each with its event, in a sound file."""
    with sqlite3.connect(folder / "hub.db") as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        (subjects,) = db.execute("select count(*) from subject").fetchone()
        (events,) = db.execute("select count(distinct subject) from event").fetchone()
    db.close()
    assert subjects == events
    return subjects


async def in_a_batch(hub: Hub, disk, folder: Path) -> dict:
    """The disk fills up while a reading is stored; it goes on when there is room."""
    disk.fill(ROOM)
    try:
        await hub.runner.run("desk", "majors")
    except StoreDownError as error:
        said = str(error)
    else:
        raise AssertionError("there was room enough")
    stored = whole(folder)
    asked = len(hub.source.requests)
    await hub.pass_time(60)
    assert hub.said("store_down", "store_back", "task_failed") == ["store_down"]
    asked = len(hub.source.requests) - asked
    assert asked <= 8, f"the source was asked {asked} times in a minute without room"
    disk.clear()
    return {"said": said, "stored": stored, "asked": asked}


async def in_a_delivery(hub: Hub, disk) -> dict:
    """The disk fills up when a call was sent, before its answer could be written down."""
    hub.before["sent"] = lambda: (hub.before.clear(), disk.fill(0))
    await hub.pass_time(65)
    sent = len(hub.intranet.log)
    await hub.pass_time(60)
    assert hub.said("target_down", "task_failed") == []
    assert hub.said("store_down", "store_back") == ["store_down", "store_back", "store_down"]
    again = len(hub.intranet.log) - sent
    disk.clear()
    await hub.pass_time(65)
    return {"sent_meanwhile": again}


async def main(folder: Path, disk, number: int) -> dict:
    state, stands = await unharmed(folder, number)
    hub = await Hub(f"sqlite:///{folder / 'hub.db'}").start()
    few(hub)
    await hub.cycle()
    many(hub, number)
    found = await in_a_batch(hub, disk, folder)
    found |= await in_a_delivery(hub, disk)
    assert hub.said("store_down", "store_back") == ["store_down", "store_back"] * 2
    await hub.store.close()
    whole(folder)
    assert end_state(hub.url) == state
    assert shown(hub.intranet) == stands
    faults = count_faults(hub.intranet.log)
    assert (faults["created twice"], faults["out of order"]) == (0, 0)
    return found | {"lost": 0, "sent_again": faults["sent again"]}


if __name__ == "__main__":
    where = Path(sys.argv[1])
    made = (RealDisk if sys.argv[2] == "real" else LimitedFiles)(where)
    sys.stdout.write(json.dumps(asyncio.run(main(where, made, int(sys.argv[3])))))
