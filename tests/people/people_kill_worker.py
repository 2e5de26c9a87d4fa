"""A hub with two directories that kills itself at a named point; run by test_people_kill.

Words: address of the store, a folder for its progress, point, which hit of it (0: never), `whole`
or `torn` (transactions taken out). The directories change by the number of readings done.
"""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from killing import TornStore, killer

from hub.contract import Stream
from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.events.base import Family
from hub.events.person import Person
from hub.people.policy import Policy
from hub.store.store import Store
from hub.testing.fakes import FakeLog, ScriptedSource, fake_context

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
PEOPLE = Stream("people", frozenset({Family.PERSON}), timedelta(minutes=15))
POLICY = Policy(namespaces={"hr": "gemeente", "ad": "gemeente"})
NAMES = ("Noor", "Sem", "Yara", "Bram", "Fleur", "Daan", "Evi", "Ruben")
SCENES = 3
TABLES = ("anchor", "person", "account", "review")


def somebody(number: int, source: str) -> Person:
    """Most can be linked; every fourth only by birth date, so that a human is asked."""
    given = {"given_name": NAMES[number % 8], "family_name": f"Berg{number // 8}", "enabled": True}
    given["display_name"] = f"{given['given_name']} {given['family_name']}"
    if number % 4 == 3:
        given["birth_date"] = f"1990-02-{number + 1:02}"
    else:
        given["employee_number"] = f"{100 + number}"
    return Person(**given, department=source)


def directory(source: str, scene: int) -> ScriptedSource:
    """Grows, changes and loses people."""
    made = ScriptedSource(streams=(PEOPLE,), batch_size=5, resumable=True)
    for number in range(8 + 4 * scene):
        made.put(f"{source}{number:02}", somebody(number, source))
    if scene == 2 and source == "ad":
        made.remove("ad01", proof="deleted")
        made.edit("ad02", enabled=False)
    if scene == 2:  # what a human was asked answers itself
        made.edit(f"{source}03", employee_number="103")
    return made


async def main(url: str, folder: Path, point: str, hit: int, kind: str) -> None:
    store = await (TornStore if kind == "torn" else Store)(url).open()
    at = killer(point, hit)

    def before(_connection, _cursor, statement, *_rest) -> None:
        for table in TABLES:
            if statement.startswith(f"INSERT INTO {table} "):
                at(table)

    sa.event.listen(store._engine, "before_cursor_execute", before)
    progress = folder / "scene"
    first = int(progress.read_text()) if progress.exists() else 0
    for scene in range(first, SCENES):
        sources = {
            name: Source(
                name, "scripted", directory(name, scene).connector(fake_context(name)), (), "live",
                "f", timedelta(hours=72), None, {},
            )
            for name in ("hr", "ad")
        }  # fmt: skip
        moment = START + timedelta(hours=scene)
        runner = Runner(
            store, sources, {}, lambda now=moment: now, FakeLog(), random.Random(1),
            people=POLICY, point=at, together=1,
        )  # fmt: skip
        await runner.start()
        for name in sources:
            report = await runner.run(name, "people")
            assert report.outcome == "complete", report.reason
        progress.write_text(str(scene + 1))
    await store.close()


def live(url: str, folder: str, point: str, hit: str, kind: str) -> None:
    asyncio.run(main(url, Path(folder), point, int(hit), kind))
