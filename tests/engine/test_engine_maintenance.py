"""Planned work from a stream of its own, beside disturbances of the same instance."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from hub.contract import Stream
from hub.engine import reconcile
from hub.engine.projection import Matter, project
from hub.events.base import Family
from hub.events.maintenance import Maintenance
from hub.events.objects import Audience, Kind
from hub.events.route import Route
from hub.store import tables
from hub.testing.scripted import MAJORS

START = datetime(2026, 11, 28, 21, 0, tzinfo=UTC)
END = START + timedelta(hours=4)
WORK = Stream("maintenance", frozenset({Family.MAINTENANCE}), timedelta(seconds=60))
DAY = timedelta(days=1)


def route(**changes) -> Route:
    given = {
        "name": "work",
        "family": Family.MAINTENANCE,
        "tile": "maintenance",
        "audience": "everyone",
        "members": Audience(everyone=True),
        "targets": ("intranet",),
    }
    return Route(**given | changes)


DISTURBANCES = route(name="r1", family=Family.INCIDENT, tile="disturbances")


def work(state="planned", **changes) -> Maintenance:
    given = {"title": {"nl": "Werk"}, "state": state, "start": START, "end": END}
    return Maintenance.model_validate(given | changes)


def shown(payload, now, **changes):
    made = project(Matter("desk", "c", payload), [route(**changes)], now)
    return [one.body["state"] for one in made.objects], made.look_again


# --- projection ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "now", "expected"),
    [
        ("planned", START - 8 * DAY, ([], START - 7 * DAY)),
        ("planned", START - 7 * DAY, (["planned"], END + timedelta(hours=4))),
        ("planned", END + timedelta(hours=1), (["planned"], END + timedelta(hours=4))),
        ("planned", END + timedelta(hours=4), ([], None)),
        ("in_progress", START - 8 * DAY, (["open"], None)),
        ("in_progress", END + 3 * DAY, (["open"], None)),
        ("done", END, (["solved"], END + timedelta(hours=4))),
        ("done", END + timedelta(hours=4), ([], None)),
        ("cancelled", START - DAY, ([], None)),
    ],
)
def test_when_work_is_shown(state, now, expected):
    assert shown(work(state), now) == expected


def test_a_route_says_how_long_before_and_after():
    early = START - 30 * DAY
    assert shown(work(), early, visible_from=31 * DAY)[0] == ["planned"]
    assert shown(work("done"), END + 2 * DAY, keep_solved=3 * DAY)[0] == ["solved"]


def test_the_row_carries_its_planned_beginning_and_end():
    made = project(Matter("desk", "c", work()), [route()], START - DAY)
    (one,) = made.objects
    assert (one.kind, one.tile) == (Kind.TILE_ITEM, "maintenance")
    assert (one.body["since"], one.body["until"]) == (
        "2026-11-28T21:00:00Z",
        "2026-11-29T01:00:00Z",
    )


def test_a_route_for_disturbances_takes_no_work():
    assert project(Matter("desk", "c", work()), [DISTURBANCES], START).objects == ()


# --- the engine ---------------------------------------------------------------------------------


@pytest.fixture
async def both(world):
    """A hub that reads majors and planned work, each on its own tile."""
    world.source.streams = (MAJORS, WORK)
    world.routes = (DISTURBANCES, route())
    world.clock.advance((START - 3 * DAY - world.clock.now()).total_seconds())
    await world.start()
    world.source.put("a")
    world.source.put("c", work(), stream="maintenance", at=START)
    await read(world)
    return world


async def read(world):
    reports = [await world.runner.run("desk", name) for name in ("majors", "maintenance")]
    await world.runner.deliver()
    world.clock.advance(30)
    return reports


def rows(world) -> dict[str, str]:
    return {title: body["state"] for title, body in world.items().items()}


async def held(world):
    return await world.rows(sa.select(tables.hold).where(tables.hold.c.state == "open"))


async def test_work_comes_begins_and_leaves_by_itself(both):
    assert rows(both) == {"Disturbance a": "open", "Werk": "planned"}
    both.source.edit("c", state="in_progress")
    await read(both)
    assert rows(both)["Werk"] == "open"
    both.source.edit("c", state="done")
    await read(both)
    assert rows(both)["Werk"] == "solved"
    both.clock.advance(((END - both.clock.now()) + timedelta(hours=5)).total_seconds())
    await both.runner.project()
    await both.runner.deliver()
    assert rows(both) == {"Disturbance a": "open"}


async def test_work_far_ahead_is_no_trouble_and_appears_in_time(world):
    world.source.streams = (MAJORS, WORK)
    world.routes = (DISTURBANCES, route())
    world.clock.advance((START - 10 * DAY - world.clock.now()).total_seconds())
    await world.start()
    world.source.put("c", work(), stream="maintenance", at=START)
    await read(world)
    assert rows(world) == {}
    assert (await world.store.read(reconcile.status))["unmatched"] == {}
    world.clock.advance(3 * 86400)
    await world.runner.project()
    await world.runner.deliver()
    assert rows(world) == {"Werk": "planned"}


async def test_each_tile_rests_on_its_own_stream(both):
    found = {
        (one.body["tile"], one.body["source"])
        for (kind, _), one in both.target.objects.items()
        if kind is Kind.FRESHNESS
    }
    assert found == {("disturbances", "desk.majors"), ("maintenance", "desk.maintenance")}


async def test_a_stream_that_feeds_a_tile_no_more_leaves_it_fresh(both):
    together = route(tile="disturbances")
    await both.start(routes=(DISTURBANCES, together))
    (hold,) = await held(both)
    await both.runner.release(hold.hash, "anna")
    await read(both)
    assert fresh_on(both, "disturbances") == {"desk.majors", "desk.maintenance"}
    await both.start(routes=(DISTURBANCES,))
    (hold,) = await held(both)
    await both.runner.release(hold.hash, "anna")
    await read(both)
    assert fresh_on(both, "disturbances") == {"desk.majors"}
    assert fresh_on(both, "maintenance") == set()


def fresh_on(world, tile) -> set[str]:
    return {
        one.body["source"]
        for (kind, _), one in world.target.objects.items()
        if kind is Kind.FRESHNESS and one.body["tile"] == tile
    }


async def test_one_stream_s_reading_leaves_the_other_s_hold_open(both):
    both.source.put("d", work(title={"nl": "Meer werk"}), stream="maintenance", at=START)
    await read(both)
    for key in ("c", "d"):
        both.source.remove(key)
    await read(both)
    await read(both)
    (hold,) = await held(both)
    assert [line["family"] for line in hold.content] == ["maintenance", "maintenance"]
    for _ in range(3):
        await both.runner.run("desk", "majors")
    assert [row.hash for row in await held(both)] == [hold.hash]
    assert set(rows(both)) == {"Disturbance a", "Werk", "Meer werk"}
    await both.runner.release(hold.hash, "anna")
    await both.runner.deliver()
    assert set(rows(both)) == {"Disturbance a"}


async def test_both_streams_share_one_hold_and_each_part_may_leave_it(both):
    both.source.put("b")
    both.source.put("d", work(title={"nl": "Meer werk"}), stream="maintenance", at=START)
    await read(both)
    kept = dict(both.source.subjects)
    both.source.subjects.clear()
    await read(both)
    await read(both)
    (hold,) = await held(both)
    assert sorted(line["family"] for line in hold.content) == [
        *["incident"] * 2,
        *["maintenance"] * 2,
    ]
    both.source.subjects |= {key: kept[key] for key in ("c", "d")}
    await read(both)
    (hold,) = await held(both)
    assert {line["family"] for line in hold.content} == {"incident"}
    both.source.subjects |= kept
    await read(both)
    assert await held(both) == []
    assert len(rows(both)) == 4
