"""Retention on both databases: old facts and runs go, what explains an object stays."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub.engine import reconcile
from hub.engine.forgetting import Keep
from hub.events.base import Family
from hub.events.person import Person
from hub.metrics import Metrics
from hub.schedule.embedded import Embedded, perform
from hub.store import holds, retention, tables
from hub.testing.scripted import MAJORS

DAY = 86_400.0


async def number(world, table) -> int:
    (row,) = await world.rows(sa.select(sa.func.count().label("number")).select_from(table))
    return row.number


@pytest.fixture
async def old(world):
    """Two subjects with four facts each, one of them gone for good, and runs of every outcome."""
    await world.start()
    world.source.populate(2)
    for change in range(4):
        for key in ("s-0001", "s-0002"):
            world.source.edit(key, title={"nl": f"Title {change}"})
        await world.cycle()
    return world


async def test_old_facts_go_and_the_newest_of_what_lives_stays(old):
    assert await number(old, tables.event) == 8
    old.clock.advance(401 * DAY)
    await old.runner.forget()
    left = await old.rows(sa.select(tables.event.c.body).order_by(tables.event.c.seq))
    assert [row.body["data"]["title"] for row in left] == [{"nl": "Title 3"}] * 2
    for row in await old.store.read(reconcile.explain, "s-000"):
        if row["kind"] == "tile-item":
            (cause,) = row["causes"]
            assert cause["events"][0]["data"]["title"] == {"nl": "Title 3"}


async def test_what_is_young_stays_and_the_border_is_the_one_that_was_given(old):
    old.clock.advance(399 * DAY)
    assert await number(old, tables.event) == 8
    await old.runner.forget()
    assert await number(old, tables.event) == 8
    old.runner.keep = Keep(events=timedelta(days=398))
    await old.runner.forget()
    assert await number(old, tables.event) == 2


async def test_a_subject_that_is_gone_and_causes_nothing_leaves_no_fact(old):
    old.source.remove("s-0001", proof="gone")
    await old.cycle()
    old.clock.advance(401 * DAY)
    await old.cycle()
    await old.runner.forget()
    subjects = {row.id: row.key for row in await old.rows(sa.select(tables.subject))}
    left = await old.rows(sa.select(tables.event.c.subject))
    assert [subjects[row.subject] for row in left] == ["s-0002"]


async def test_runs_of_every_outcome_go_but_the_newest_of_a_stream(old):
    outcomes = ("failed", "received", "complete", None)
    rows = [
        {"instance": "desk", "stream": "majors", "reading": "sweep", "started": old.clock.now(),
         "outcome": outcome, "traceparent": "x"}
        for outcome in outcomes * 300
    ]  # fmt: skip
    await old.store.write(lambda tx: tx.execute(tables.run.insert(), rows))
    old.clock.advance(89 * DAY)
    before = await number(old, tables.run)
    await old.runner.forget()
    assert await number(old, tables.run) == before
    old.clock.advance(2 * DAY)
    await old.runner.forget()
    kept = await old.rows(sa.select(tables.run.c.outcome).order_by(tables.run.c.id))
    assert [row.outcome for row in kept] == ["complete", None]  # the newest that ended, the newest
    assert (await old.store.read(reconcile.status))["streams"][0]["health"] == "ok"


async def test_answered_requests_go_and_open_ones_stay(old):
    at = old.clock.now()
    asked = [await old.store.write(holds.ask, "sync", {}, at) for _ in range(2)]
    await old.store.write(holds.answer, asked[0], at)
    old.clock.advance(91 * DAY)
    await old.runner.forget()
    left = await old.rows(sa.select(tables.request.c.id))
    assert [row.id for row in left] == [asked[1]]


async def test_a_part_is_small(old):
    old.clock.advance(401 * DAY)
    before = old.clock.now() - timedelta(days=400)
    counts = [await old.store.write(retention.forget_events, before, 4) for _ in range(3)]
    assert counts == [4, 2, 0]


async def test_the_schedule_forgets_once_a_day_and_a_sync_each_time(old):
    schedule = Embedded(old.runner, who="test", metrics=Metrics())
    await schedule.tick()
    await schedule.settle()
    old.clock.advance(401 * DAY)
    await schedule.tick()
    await schedule.settle()
    assert await number(old, tables.event) == 2
    old.source.edit("s-0001", title={"nl": "Newer"})
    await old.cycle()
    old.runner.keep = Keep(events=timedelta(seconds=-1))
    await schedule.tick()
    await schedule.settle()
    assert await number(old, tables.event) == 3  # not twice on one day
    await perform(old.runner, "sync", {})
    assert await number(old, tables.event) == 2


async def test_people_that_left_are_forgotten_sooner_and_one_that_returns_is_the_same(old):
    noor = Person(enabled=True, display_name="Noor van den Berg", mail="noor@example.org")
    old.source.streams = [replace(MAJORS, families=frozenset(Family))]
    old.source.put("p-1", noor)
    old.source.put("p-2", noor)
    await old.cycle()
    old.source.remove("p-1", proof="deleted")
    await old.cycle()
    old.clock.advance(89 * DAY)
    await old.runner.forget()
    assert await stored(old) == {"p-1": "Noor van den Berg", "p-2": "Noor van den Berg"}
    old.clock.advance(2 * DAY)
    await old.runner.forget()
    assert await stored(old) == {"p-1": None, "p-2": "Noor van den Berg"}
    (row,) = await old.rows(sa.select(tables.event).join(tables.subject).where(of_people()))
    assert row.body["subject"] == "p-2"
    assert await number(old, tables.event) == 9  # those of the disturbances stay
    old.source.put("p-1", noor)
    await old.cycle()
    assert await stored(old) == {"p-1": "Noor van den Berg", "p-2": "Noor van den Berg"}
    assert (await old.store.read(reconcile.status))["unmatched"] == {}


def of_people():
    return tables.subject.c.family == "person"


async def stored(world):
    rows = await world.rows(sa.select(tables.subject).where(of_people()))
    return {row.key: row.state and row.state["display_name"] for row in rows}
