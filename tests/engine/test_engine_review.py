"""Corners where a fact could get lost, or something stay up that should be gone."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from hub.contract import Gone, Removal, Unknown, Unreadable
from hub.engine import reconcile
from hub.errors import BadConfigError, RetryableError
from hub.events.base import Family
from hub.events.incident import IncidentState
from hub.events.objects import Audience, Kind
from hub.events.route import Route
from hub.store import holds, tables


def route(**changes) -> Route:
    given = {
        "name": "r1",
        "family": Family.INCIDENT,
        "tile": "disturbances",
        "audience": "everyone",
        "members": Audience(everyone=True),
        "targets": ("intranet",),
    }
    return Route(**given | changes)


async def held(world):
    return await world.rows(sa.select(tables.hold).where(tables.hold.c.state == "open"))


async def subject(world, key):
    (row,) = await world.rows(sa.select(tables.subject).where(tables.subject.c.key == key))
    return row


def solved(world):
    return {"state": IncidentState.SOLVED, "solved_at": world.clock.now(), "container": "solved"}


async def emptied(world, count=2):
    """Everything went missing without proof: the report of the sweep that opened the hold."""
    await world.start()
    world.source.populate(count)
    await world.cycle()
    world.source.subjects.clear()
    await world.cycle()
    return await world.cycle()


# --- removals -----------------------------------------------------------------------------------


async def test_from_some_to_none_is_a_hold_whatever_was_solved_long_ago(world):
    world.source.swept = ["open"]
    await world.start()
    world.source.populate(3)
    world.source.put("old")
    await world.cycle()
    world.source.edit("old", **solved(world))
    await world.cycle()
    world.clock.advance(90 * 24 * 3600)
    await world.cycle()
    for key in ("s-0001", "s-0002", "s-0003"):
        world.source.remove(key)
    await world.cycle()
    assert (await world.cycle()).hold is not None
    assert len(world.items()) == 3


async def test_a_row_solved_just_now_does_not_let_all_open_ones_go(world):
    world.source.swept = ["open"]
    await world.start()
    world.source.populate(3)
    await world.cycle()
    world.source.edit("s-0003", **solved(world))
    await world.cycle()
    for key in ("s-0001", "s-0002"):
        world.source.remove(key)
    await world.cycle()
    await world.cycle()
    assert len(world.items()) == 3
    assert len(await held(world)) == 1


async def test_proof_that_comes_after_a_drop_removes(world):
    report = await emptied(world)
    await world.store.write(reconcile.drop, report.hold, actor="anna", now=world.clock.now())
    world.source.answers["s-0001"] = Gone("unpublished")
    await world.cycle()
    assert len(world.items()) == 1


async def test_a_dropped_subject_that_came_back_is_asked_about_again(world):
    report = await emptied(world)
    await world.store.write(reconcile.drop, report.hold, actor="anna", now=world.clock.now())
    world.source.populate(3)
    await world.cycle()
    world.source.remove("s-0001")
    await world.cycle()
    await world.cycle()
    assert len(world.items()) == 2


async def test_an_unreadable_row_of_a_known_subject_takes_it_out_of_the_hold(world):
    await emptied(world)
    world.source.unreadable = [Unreadable("not as expected", key="s-0001", container="open")]
    world.source.put("c")
    await world.cycle()
    assert (await subject(world, "s-0001")).removed_at is None


async def test_a_removal_stays_behind_the_record_that_it_followed(world):
    await world.start()
    world.source.put("a", revision=1)
    world.source.put("b", revision=1)
    await world.cycle()
    world.source.put("a", revision=2)
    world.source.removals = [Removal("a", Family.INCIDENT, "deleted")]
    await world.cycle()
    assert (await subject(world, "a")).removed_at is not None


async def test_a_release_keeps_what_was_never_asked_about(world):
    report = await emptied(world)
    row = await world.store.read(reconcile.held, report.hold)
    source = world.runner.sources["desk"]
    reading = await world.runner._take(source, "majors", received=True)
    more = {"actor": "anna", "now": world.clock.now(), "source": source}
    counts = await world.store.write(reconcile.release_removals, reading, row, {}, **more)
    assert counts == {"removed": 0, "back": 0, "kept": 2}


async def test_rows_beyond_the_look_ups_of_a_run_look_stale(world):
    await world.start()
    world.source.populate(202)
    await world.cycle()
    world.source.subjects = {"s-0001": world.source.subjects["s-0001"]}
    report = await world.cycle()
    assert report.counts["unverified"] == 1


async def test_a_hold_that_changed_since_it_was_read_is_not_released(world):
    report = await emptied(world)
    row = await world.store.read(reconcile.held, report.hold)
    await world.store.write(holds.end, row.id, "closed", world.clock.now())
    source = world.runner.sources["desk"]
    with pytest.raises(BadConfigError, match="may have changed"):
        await world.runner._release(source, "majors", row, "anna")
    assert await world.rows(sa.select(tables.audit)) == []


async def test_an_empty_hash_names_no_hold(world):
    await emptied(world)
    assert await world.store.read(holds.by_hash, "") is None


async def test_a_slow_answer_that_says_nothing_leaves_the_rows_up(world):
    await world.start()
    world.source.populate(3)
    await world.cycle()
    world.source.remove("s-0001")
    world.source.answers["s-0001"] = Unknown()
    world.source.fail_next(RetryableError("broke off"), after_batches=1)
    await world.cycle()
    assert (await subject(world, "s-0001")).missing == 0


# --- changed configuration ----------------------------------------------------------------------


async def test_a_route_put_back_takes_what_went_out_by_the_wrong_one(world):
    await world.start()
    world.source.put("a")
    await world.cycle()
    wrong = route(audience="hr", members=Audience(groups=("hr",)))
    await world.start(routes=(wrong,))
    world.source.put("b")
    await world.cycle()
    assert world.items()["Disturbance b"]["audience"] == {"groups": ["hr"]}
    await world.start(routes=(route(),))
    assert await held(world) == []
    await world.cycle()
    assert world.items()["Disturbance b"]["audience"] == {"everyone": True}
    assert len([key for kind, key in world.target.objects if kind is Kind.TILE_ITEM]) == 2


async def test_a_late_older_row_does_not_let_a_held_mapping_through(world):
    await world.start()
    world.source.put("a", revision=5)
    await world.cycle()
    await world.start(fingerprint="f2")
    mapped = world.source.edit("a", title={"nl": "Mapped otherwise"})
    await world.cycle()
    assert len(await held(world)) == 1
    world.source.subjects["a"] = replace(mapped, revision=4, container="elsewhere")
    await world.cycle()
    assert (await subject(world, "a")).container == "open"
    world.source.subjects["a"] = mapped
    await world.cycle()
    assert "Mapped otherwise" not in world.items()


async def test_tiles_stay_fresh_while_a_changed_route_waits(world):
    await world.start()
    world.source.put("a")
    await world.cycle()
    (old,) = [key for kind, key in world.target.objects if kind is Kind.FRESHNESS]
    before = world.target.objects[Kind.FRESHNESS, old].body["fresh_until"]
    await world.start(routes=(route(audience="hr", members=Audience(groups=("hr",))),))
    for _ in range(12):
        await world.cycle()
    assert world.target.objects[Kind.FRESHNESS, old].body["fresh_until"] > before


async def test_what_time_took_away_during_a_stop_is_no_hold(world):
    await world.start()
    world.source.put("a")
    await world.cycle()
    world.source.edit("a", **solved(world) | {"container": None})
    await world.cycle()
    world.clock.advance(5 * 3600)
    await world.start(routes=(route(), route(name="r2", tile="other")))
    assert await held(world) == []


async def test_a_released_mapping_moves_the_end_too(world):
    await world.start()
    world.source.put("a", revision=1)
    await world.cycle()
    await world.start(fingerprint="f2")
    moment = world.clock.now()
    world.source.edit("a", state=IncidentState.SOLVED, solved_at=moment)
    await world.cycle()
    (hold,) = await held(world)
    await world.runner.release(hold.hash, "anna")
    assert (await subject(world, "a")).ended_at == moment


async def test_both_holds_open_in_one_run(world):
    await world.start()
    for key in "ab":
        world.source.put(key, revision=1)
    await world.cycle()
    world.source.subjects.clear()
    await world.cycle()
    await world.start(routes=(route(tile="other"),))
    await world.store.write(holds.end, (await held(world))[0].id, "closed", world.clock.now())
    await world.cycle()
    assert {row.action for row in await held(world)} == {"removal", "configuration"}
