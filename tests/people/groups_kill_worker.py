"""A hub between a directory with groups and an intranet, that kills itself; run by test_people_groups_kill.

Words: address of the store, a folder for its progress, address of the intranet, point, which hit of
it (0: never). The directory changes by the number of readings done.
"""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from killing import killer

from hub.contract import Context, Ref, Stream
from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.events.base import Family
from hub.events.group import GROUP, MEMBER, Group, Membership, membership_key
from hub.events.person import Person
from hub.http import HttpFactory, HttpOptions
from hub.people.policy import Policy
from hub.settings.groups import GroupRule
from hub.store.store import Store
from hub.targets.openintranet import OpenIntranetSettings, OpenIntranetTarget
from hub.testing.fakes import FakeLog, ScriptedSource, fake_context

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
EVERYTHING = frozenset({Family.PERSON, Family.GROUP, Family.MEMBERSHIP})
STREAM = Stream("people", EVERYTHING, timedelta(minutes=15))
POLICY = Policy(
    accounts={"intranet": "manage"}, groups={"intranet": (GroupRule(instance="ad", name="GG-*"),)}
)
SCENES = 2


def directory(scene):
    """Grows, loses a group, and moves people between the others."""
    made = ScriptedSource(streams=(STREAM,), batch_size=7)
    for number in range(10 + 4 * scene):
        name = f"Noor Berg{number}"
        made.put(f"a{number:02}", Person(enabled=True, display_name=name, user_name=f"u{number}"))
    for group in range(4):
        if (scene, group) != (1, 3):
            made.put(f"g{group}", Group(name=f"GG-{group}"), container=f"g{group}")
            for number in range(group + scene, 10 + 4 * scene, group + 1):
                joins(made, f"g{group}", f"a{number:02}")
    if scene == 1:
        joins(made, "g0", "a00")
        for key in ("g3", *(membership_key("g3", f"a{one:02}") for one in (3, 7))):
            made.put(key, Group(name="GG-3"))
            made.remove(key)
    return made


def joins(made, group, member):
    refs = (Ref(GROUP, "ad", GROUP, group), Ref(MEMBER, "ad", "account", member))
    key = membership_key(group, member)
    made.put(key, Membership(direct=True), container=group, refs=refs)


async def main(url, folder, intranet, point, hit):
    store = await Store(url).open()
    at = killer(point, hit)

    def before(_connection, _cursor, statement, *_rest):
        at(" ".join(statement.split()[:3]).strip("("))

    sa.event.listen(store._engine, "before_cursor_execute", before)
    progress = folder / "scene"
    for scene in range(int(progress.read_text()) if progress.exists() else 0, SCENES):

        def now(scene=scene):
            return START + timedelta(hours=scene)

        source = Source(
            "ad", "scripted", directory(scene).connector(fake_context("ad")), (), "live", "f",
            timedelta(hours=72), None, {},
        )  # fmt: skip
        settings = OpenIntranetSettings(url=intranet, token="sandbox-token")
        context = Context(
            "intranet", HttpFactory(HttpOptions(), now, asyncio.sleep), FakeLog(), now
        )
        runner = Runner(
            store, {"ad": source}, {"intranet": OpenIntranetTarget(settings, context)}, now,
            FakeLog(), random.Random(1), people=POLICY, point=at, together=1,
        )  # fmt: skip
        await runner.start()
        for _ in range(2):  # who is only missing is gone when two readings agree
            report = await runner.run("ad", "people")
            assert report.outcome == "complete", report.reason
        await runner.deliver()
        await runner.close()
        progress.write_text(str(scene + 1))
    await store.close()


def live(url: str, folder: str, intranet: str, point: str, hit: str) -> None:
    asyncio.run(main(url, Path(folder), intranet, point, int(hit)))
