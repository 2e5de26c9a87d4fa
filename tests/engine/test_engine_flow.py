"""The thin whole path: a record becomes a tile item, changes, is solved, leaves."""

from datetime import timedelta

import sqlalchemy as sa

from hub.contract import Gone, Present
from hub.errors import AuthFailedError, RetryableError
from hub.events.incident import IncidentState
from hub.events.objects import Kind
from hub.store import tables


async def test_a_new_record_becomes_a_tile_item_and_a_freshness(world):
    await world.start()
    world.source.put("a")
    report = await world.cycle()
    assert report.outcome == "complete"
    assert report.counts["accepted"] == 1
    (item,) = world.items().values()
    assert item["state"] == "open"
    kinds = sorted(kind for kind, _ in world.target.objects)
    assert kinds == [Kind.FRESHNESS, Kind.TILE_ITEM]


async def test_an_unchanged_reading_sends_nothing_but_freshness(world):
    await world.start()
    world.source.populate(50)
    await world.cycle()
    before, calls = world.target.writes, len(world.target.calls)
    for _ in range(10):  # five minutes
        await world.cycle()
    fresh = [c for c in world.target.calls[calls:] if c.method == "publish"]
    assert {item.kind for call in fresh for item in call.items} == {Kind.FRESHNESS}
    assert 1 <= world.target.writes - before <= 3
    events = await world.rows(sa.select(tables.event))
    assert len(events) == 50


async def test_a_b_a_are_three_facts_and_one_object(world):
    await world.start()
    world.source.put("a")
    first = world.source.subjects["a"]
    await world.cycle()
    world.source.edit("a", title={"nl": "Other"})
    await world.cycle()
    world.source.subjects["a"] = first
    await world.cycle()
    events = await world.rows(sa.select(tables.event).order_by(tables.event.c.seq))
    assert [row.body["seq"] for row in events] == [1, 2, 3]
    assert len({row.id for row in events}) == 3
    assert len(world.items()) == 1


async def test_a_lower_revision_is_ignored(world):
    await world.start()
    world.source.put("a", revision=5)
    await world.cycle()
    world.source.subjects["a"] = world.source.put("a", revision=4, at=None)
    world.source.edit("a", title={"nl": "Older"})
    report = await world.cycle()
    assert report.counts["older"] == 1
    assert "Older" not in world.items()


async def test_solved_stays_for_a_set_time_and_then_leaves(world):
    await world.start()
    world.source.put("a")
    await world.cycle()
    world.source.edit("a", state=IncidentState.SOLVED, solved_at=world.clock.now())
    await world.cycle()
    (item,) = world.items().values()
    assert item["state"] == "solved"
    world.clock.advance(4 * 3600 - 60)
    await world.cycle()
    assert len(world.items()) == 1
    await world.cycle()
    await world.cycle()
    assert world.items() == {}


async def test_a_missing_subject_is_looked_up_and_a_solved_one_stays(world):
    world.source.swept = ["open"]
    await world.start()
    world.source.put("a")
    world.source.put("b")
    await world.cycle()
    world.source.edit(
        "a", state=IncidentState.SOLVED, solved_at=world.clock.now(), container="solved"
    )
    await world.cycle()
    assert world.source.look_ups == ["a"]
    states = sorted(item["state"] for item in world.items().values())
    assert states == ["open", "solved"]
    await world.cycle()
    assert world.source.look_ups == ["a"], "it left the slice: it is not suspected again"


async def test_reopened_within_the_window_is_the_same_item(world):
    world.source.swept = ["open"]
    await world.start()
    world.source.put("a")
    await world.cycle()
    (key,) = [key for kind, key in world.target.objects if kind is Kind.TILE_ITEM]
    solved = {"state": IncidentState.SOLVED, "solved_at": world.clock.now()}
    world.source.edit("a", container="solved", **solved)
    await world.cycle()
    world.clock.advance(71 * 3600)
    world.source.edit("a", state=IncidentState.OPEN, solved_at=None, container="open")
    await world.cycle()
    assert [k for kind, k in world.target.objects if kind is Kind.TILE_ITEM] == [key]
    (item,) = world.items().values()
    assert (item["state"], item["reopened"]) == ("open", 1)


async def test_reopened_after_the_window_is_a_new_matter(world):
    await world.start()
    world.source.put("a")
    await world.cycle()
    (key,) = [key for kind, key in world.target.objects if kind is Kind.TILE_ITEM]
    world.source.edit("a", state=IncidentState.SOLVED, solved_at=world.clock.now())
    await world.cycle()
    world.clock.advance(73 * 3600)
    world.source.edit("a", state=IncidentState.OPEN, solved_at=None)
    await world.cycle()
    (other,) = [k for kind, k in world.target.objects if kind is Kind.TILE_ITEM]
    assert other == f"{key}.1"
    (item,) = world.items().values()
    assert item["reopened"] == 0


async def test_proof_of_going_takes_the_item_away_at_once(world):
    world.source.swept = ["open"]
    await world.start()
    world.source.put("a")
    world.source.put("b")
    await world.cycle()
    world.source.remove("a")
    world.source.answers["a"] = Gone("demoted")
    report = await world.cycle()
    assert report.counts["removed"] == 1
    assert len(world.items()) == 1
    (event,) = await world.rows(
        sa.select(tables.event).where(tables.event.c.type.contains("removed"))
    )
    assert event.body["data"] == {"key": "a", "reason": "demoted"}


async def test_a_shown_subject_outside_every_slice_is_looked_up_now_and_then(world):
    stream = world.source.streams[0]
    world.source.streams = (
        type(stream)("majors", stream.families, stream.every, recheck=timedelta(minutes=5)),
    )
    world.source.swept = ["open"]
    await world.start()
    world.source.put("a")
    await world.cycle()
    solved = {"state": IncidentState.SOLVED, "solved_at": world.clock.now()}
    world.source.edit("a", container="solved", **solved)
    await world.cycle()
    world.source.answers["a"] = Gone("unpublished")
    for _ in range(11):
        await world.cycle()
    assert world.items() == {}
    assert world.source.look_ups == ["a", "a"]


async def test_unproven_absence_counts_twice_before_it_removes(world):
    await world.start()
    world.source.populate(3)
    await world.cycle()
    world.source.remove("s-0001")
    await world.cycle()
    assert len(world.items()) == 3
    await world.cycle()
    assert len(world.items()) == 2


async def test_an_error_of_the_look_up_keeps_the_item(world):
    await world.start()
    world.source.populate(3)
    await world.cycle()
    world.source.remove("s-0001")
    world.source.answers["s-0001"] = RetryableError("down")
    for _ in range(5):
        await world.cycle()
    assert len(world.items()) == 3


async def test_from_two_to_none_without_an_answer_is_a_hold(world):
    await world.start()
    world.source.populate(2)
    await world.cycle()
    world.source.subjects.clear()
    await world.cycle()
    report = await world.cycle()
    assert report.hold is not None
    assert len(world.items()) == 2
    world.source.populate(1)
    await world.cycle()
    holds = await world.rows(sa.select(tables.hold))
    assert [row.state for row in holds] == ["closed"]


async def test_a_failed_reading_removes_nothing_and_is_said_once(world):
    await world.start()
    world.source.populate(3)
    await world.cycle()
    world.source.fail(RetryableError("The source can't be reached."))
    for _ in range(20):
        report = await world.cycle()
    assert report.health == "unreachable"
    assert len(world.items()) == 3
    world.source.heal()
    await world.cycle()
    said = [line.event for line in world.log.lines]
    assert said == ["source_down", "source_back"]


async def test_a_refused_login_is_probed_rarely(world):
    await world.start()
    world.source.fail(AuthFailedError("refused"))
    report = await world.cycle()
    assert report.health == "auth"
    (row,) = await world.rows(sa.select(tables.stream))
    assert row.due - row.since == timedelta(minutes=10)


async def test_an_intranet_that_is_down_for_an_hour_costs_one_call_per_object(world):
    await world.start()
    world.source.populate(3)
    await world.cycle()
    world.target.down = True
    for number in range(120):
        world.source.edit("s-0001", title={"nl": f"Title {number}"})
        await world.cycle()
    world.target.down = False
    before = world.target.writes
    world.clock.advance(60)
    await world.cycle()
    assert "Title 119" in world.items()
    assert world.target.writes - before == 2, "one changed item and one freshness"
    said = [line.event for line in world.log.lines]
    assert said == ["target_down", "target_up"]


async def test_500_for_a_create_that_was_stored_is_no_duplicate(world):
    world.target.exists500 = True
    await world.start()
    world.source.populate(1)
    for _ in range(4):
        await world.cycle()
    assert len(world.items()) == 1
    waiting = await world.rows(sa.select(tables.obj).where(tables.obj.c.done_seq == 0))
    assert waiting == []


async def test_somebody_elses_edit_is_written_over_and_noted(world):
    await world.start()
    world.source.put("a")
    await world.cycle()
    (key,) = [key for kind, key in world.target.objects if kind is Kind.TILE_ITEM]
    world.target.meddle(Kind.TILE_ITEM, key, title={"nl": "Vandal"})
    world.source.edit("a", title={"nl": "Ours"})
    await world.cycle()
    assert list(world.items()) == ["Ours"]
    (line,) = await world.rows(sa.select(tables.audit))
    assert line.action == "drift"


async def test_watch_mode_does_everything_but_deliver(world):
    await world.start(mode="watch")
    world.source.put("a")
    await world.cycle()
    assert world.target.objects == {}
    await world.start(mode="live")
    await world.cycle()
    assert len(world.items()) == 1
    await world.start(mode="watch")
    world.source.edit("a", title={"nl": "Later"})
    await world.cycle()
    assert "Later" not in world.items()
    assert len(world.items()) == 1, "live to watch withdraws nothing"


async def test_a_broken_connector_is_a_failed_run_not_a_crash(world):
    await world.start()
    world.source.put("a")
    world.source.answers = None
    world.source.swept = 5
    report = await world.cycle()
    assert (report.outcome, report.health) == ("failed", "broken")
    assert "fault in the connector" in report.reason


async def test_a_sweep_is_resumed_after_a_failure(world):
    world.source.resumable = True
    world.source.batch_size = 10
    await world.start()
    world.source.populate(30)
    world.source.fail_next(RetryableError("broke off"), after_batches=2)
    await world.cycle()
    await world.start()
    report = await world.cycle()
    assert report.counts["accepted"] == 10
    assert world.source.requests[-1].since.value.endswith('"s-0020"]')
    assert len(world.items()) == 30


async def test_a_subject_that_comes_back_through_a_look_up_is_present(world):
    await world.start()
    record = world.source.put("a")
    world.source.put("b")
    await world.cycle()
    world.source.remove("a")
    world.source.answers["a"] = Present(record)
    for _ in range(5):
        await world.cycle()
    assert len(world.items()) == 2


async def test_a_tile_is_never_older_than_its_rows(world):
    await world.start()
    world.source.put("a")
    await world.cycle()
    world.source.edit("a", title={"nl": "Changed"})
    changed = world.clock.now()
    await world.cycle()
    (fresh,) = [one for (kind, _), one in world.target.objects.items() if kind is Kind.FRESHNESS]
    assert fresh.body["as_of"] == changed.isoformat().replace("+00:00", "Z")
