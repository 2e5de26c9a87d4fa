"""A hub in a process of its own that kills itself at a named point; run by test_engine_kill.

Words: folder, address of the store, point, which hit of it (0: never), `whole`, `torn`
(transactions taken out), or an identity of what the intranet takes.
The source changes by the number of readings done, the intranet is a file: both outlive a kill.
"""

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from killing import TornStore, killer

from hub.contract import Outcome
from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.events.base import Family
from hub.events.objects import Audience, Kind
from hub.events.route import Route
from hub.store.store import Store
from hub.testing.fakes import FakeLog, MemoryTarget, ScriptedSource, fake_context
from hub.testing.memory import Stored

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
SCENES = 4
IDENTITIES = ("searchable", "none")  # of what the intranet takes


class FileIntranet(MemoryTarget):
    """Objects in a file, written before the answer: a kill after it leaves the answer lost."""

    def __init__(self, path: Path, kind: str):
        super().__init__(identity=kind if kind in IDENTITIES else "keyed")
        self.path = path
        if path.exists():
            data = json.loads(path.read_text())
            self._version = data["version"]
            self.duplicates = [(Kind(kind), key) for kind, key in data["duplicates"]]
            self.objects = {
                (Kind(kind), key): Stored(body, version, token)
                for kind, key, body, version, token in data["objects"]
            }

    async def publish(self, items) -> list[Outcome]:
        outcomes = await super().publish(items)
        rows = [
            [kind, key, dict(one.body), one.version, one.token]
            for (kind, key), one in self.objects.items()
        ]
        temporary = self.path.with_suffix(".new")
        temporary.write_text(
            json.dumps({"version": self._version, "objects": rows, "duplicates": self.duplicates})
        )
        temporary.replace(self.path)
        return outcomes


def scene(number: int) -> ScriptedSource:
    """What the source holds at the reading of that number: it grows, changes and shrinks."""
    source = ScriptedSource(batch_size=4, resumable=True)
    for index in range(12):
        if number >= 2 and index == 3:
            continue
        title = f"Item {index}" if index % 3 else f"Item {index} at {number}"
        source.put(f"k{index:02}")
        source.edit(f"k{index:02}", title={"nl": title})
    return source


async def main(folder: Path, url: str, point: str, hit: int, kind: str) -> None:
    store = await (TornStore if kind == "torn" else Store)(url).open()
    route = Route(
        name="r1",
        family=Family.INCIDENT,
        tile="disturbances",
        audience="everyone",
        members=Audience(everyone=True),
        targets=("intranet",),
    )
    progress = folder / "scene"
    first = int(progress.read_text()) if progress.exists() else 0
    moment = {"now": START + timedelta(minutes=first)}
    target = FileIntranet(folder / "intranet.json", kind)
    at = killer(point, hit)

    def before(_connection, _cursor, statement, *_rest) -> None:
        if statement.startswith("INSERT INTO event"):
            at("inside")

    sa.event.listen(store._engine, "before_cursor_execute", before)
    for number in range(first, SCENES):
        moment["now"] = START + timedelta(minutes=number)
        connector = scene(number).connector(fake_context("desk"))
        source = Source(
            "desk", "scripted", connector, (route,), "live", "f", timedelta(hours=72), None, {}
        )
        runner = Runner(
            store,
            {"desk": source},
            {"intranet": target},
            now=lambda: moment["now"],
            log=FakeLog(),
            rng=random.Random(1),
            point=at,
            together=1,
        )
        await runner.start()
        report = await runner.run("desk", "majors")
        assert report.outcome == "complete", report.reason
        await runner.deliver()
        progress.write_text(str(number + 1))
    await store.close()


def live(folder: str, url: str, point: str, hit: str, kind: str) -> None:
    asyncio.run(main(Path(folder), url, point, int(hit), kind))
