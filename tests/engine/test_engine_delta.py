"""Deltas: between two sweeps only what changed is read, and nothing is lost or concluded."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub.contract import Stream
from hub.errors import RejectedError, RetryableError
from hub.events.base import Family
from hub.events.objects import Kind
from hub.store import holds, streams, tables

DELTAS = Stream("majors", frozenset({Family.INCIDENT}), timedelta(seconds=30), timedelta(hours=6))


@pytest.fixture
async def hub(world):
    """A hub whose source has deltas, after its first sweep of thirty subjects."""
    world.source.streams, world.source.deltas, world.source.resumable = (DELTAS,), True, True
    world.source.batch_size = 10
    world.source.populate(30)
    await world.start()
    await world.cycle()
    return world


def kinds(world) -> list[str]:
    return [request.reading for request in world.source.requests]


async def stream(world):
    (row,) = await world.store.read(streams.all_streams)
    return row


async def test_a_sweep_comes_first_and_deltas_follow_until_its_time_is_there(hub):
    hub.source.edit("s-0003", title={"nl": "Changed"})
    report = await hub.cycle()
    assert kinds(hub) == ["sweep", "delta"]
    assert report.counts == {"accepted": 1}
    assert "Changed" in hub.items()
    hub.clock.advance(6 * 3600)
    await hub.cycle()
    assert kinds(hub) == ["sweep", "delta", "sweep"]


async def test_a_quiet_delta_asks_once_and_keeps_the_tile_fresh(hub):
    swept = (await stream(hub)).complete_at
    before = hub.target.writes
    for _ in range(20):
        await hub.cycle()
    assert kinds(hub) == ["sweep"] + ["delta"] * 20
    fresh = next(one for (kind, _), one in hub.target.objects.items() if kind is Kind.FRESHNESS)
    assert fresh.body["fresh_until"] > hub.clock.now().isoformat()
    assert 1 <= hub.target.writes - before <= 5, "nothing but freshness was sent"
    row = await stream(hub)
    assert (row.complete_at, row.delta_at > swept) == (swept, True)


async def test_what_changes_while_a_sweep_goes_on_comes_by_the_next_delta(hub):
    hub.clock.advance(6 * 3600)
    edits = iter(["s-0001", "s-0030", "s-0011"])

    def meanwhile():
        if key := next(edits, None):
            hub.source.edit(key, title={"nl": f"New {key}"})

    hub.source.between = meanwhile
    await hub.cycle()
    assert "New s-0001" not in hub.items(), "the sweep was past it"
    await hub.cycle()
    assert {"New s-0001", "New s-0030", "New s-0011"} <= hub.items().keys()


async def test_a_resumed_sweep_still_knows_where_it_began(hub):
    hub.clock.advance(6 * 3600)
    hub.source.fail_next(RetryableError("away"), after_batches=2)
    await hub.cycle()
    hub.source.edit("s-0001", title={"nl": "Behind us"})
    await hub.cycle()
    assert kinds(hub)[-2:] == ["sweep", "sweep"]
    assert "Behind us" not in hub.items(), "the second half of the sweep is past it"
    await hub.cycle()
    assert "Behind us" in hub.items()


async def test_absence_from_a_delta_says_nothing(hub):
    hub.source.remove("s-0007")
    for _ in range(5):
        await hub.cycle()
    assert hub.source.look_ups == []
    assert len(hub.items()) == 30


async def test_an_explicit_removal_in_a_delta_is_applied(hub):
    hub.source.remove("s-0007", proof="demoted")
    report = await hub.cycle()
    assert report.counts == {"staged": 1, "removed": 1}
    assert len(hub.items()) == 29


async def test_explicit_removals_in_a_delta_are_weighed(hub):
    for key in list(hub.source.subjects):
        hub.source.remove(key, proof="demoted")
    report = await hub.cycle()
    assert report.hold
    assert len(hub.items()) == 30
    (hold,) = await hub.store.read(holds.all_open)
    await hub.runner.release(hold.hash, "t")
    await hub.runner.deliver()
    assert hub.items() == {}


async def test_a_delta_that_fails_goes_on_from_its_last_stored_batch(hub):
    for number in range(1, 31):
        hub.source.edit(f"s-{number:04}", title={"nl": f"Two {number}"})
    hub.source.fail_next(RetryableError("away"), after_batches=1)
    report = await hub.cycle()
    assert report.outcome == "failed"
    report = await hub.cycle()
    assert kinds(hub) == ["sweep", "delta", "delta"]
    assert report.counts["accepted"] == 20, "ten were stored before the failure"
    assert all(title.startswith("Two") for title in hub.items())


async def test_a_position_that_is_too_old_makes_a_sweep_at_once(hub):
    hub.source.edit("s-0002", title={"nl": "Late"})
    hub.source.forgotten = len(hub.source._changes)
    report = await hub.cycle()
    assert kinds(hub) == ["sweep", "delta", "sweep"]
    assert (report.outcome, report.health) == ("complete", "ok")
    assert "Late" in hub.items()
    assert [line.event for line in hub.log.lines if line.event == "delta_refused"]
    runs = await hub.rows(sa.select(tables.run).order_by(tables.run.c.id))
    assert [row.outcome for row in runs] == ["complete", "refused", "complete"]


async def test_a_sweep_that_is_rejected_is_a_failure(hub):
    hub.source.forgotten = 10**6
    hub.source.edit("s-0002", title={"nl": "Late"})
    hub.clock.advance(6 * 3600)
    hub.source.fail_next(RejectedError("no"))
    report = await hub.cycle()
    assert (report.outcome, report.health) == ("failed", "refused")


async def test_a_changed_configuration_makes_a_sweep(hub):
    await hub.start(fingerprint="f2")
    await hub.cycle()
    assert kinds(hub) == ["sweep", "sweep"]
    await hub.cycle()
    assert kinds(hub)[-1] == "delta"


async def test_a_sweep_that_failed_is_made_again_before_any_delta(hub):
    hub.source.resumable = False
    hub.clock.advance(6 * 3600)
    hub.source.fail_next(RetryableError("away"), after_batches=2)
    await hub.cycle()
    await hub.cycle()
    assert kinds(hub) == ["sweep"] * 3


async def test_all_of_it_can_be_read_when_somebody_asks(hub):
    report = await hub.runner.run("desk", "majors", full=True)
    assert report.counts == {"same": 30}
    assert kinds(hub) == ["sweep", "sweep"]


async def test_a_subject_that_nobody_vouches_for_is_not_made_fresh_by_deltas(hub):
    hub.source.remove("s-0004")
    hub.source.answers["s-0004"] = RetryableError("no answer")
    hub.clock.advance(6 * 3600)
    await hub.cycle()
    freshness = [one.body for (kind, _), one in hub.target.objects.items() if kind == "freshness"]
    for _ in range(12):
        await hub.cycle()
    assert kinds(hub)[-1] == "delta"
    after = [one.body for (kind, _), one in hub.target.objects.items() if kind == "freshness"]
    assert freshness == after


async def test_a_delta_looks_at_what_changed_and_at_nothing_else(tmp_path, hub):
    """No statement of a delta goes through all subjects, whatever their number."""
    if "sqlite" not in hub.url:
        pytest.skip("SQLite explains its plans without statistics; PostgreSQL scans small tables")
    hub.source.edit("s-0003", title={"nl": "Changed"})
    said = []

    def before(_connection, _cursor, statement, parameters, _context, many):
        said.append((statement, parameters[0] if many else parameters))

    sa.event.listen(hub.store._engine, "before_cursor_execute", before)
    await hub.runner.run("desk", "majors")
    sa.event.remove(hub.store._engine, "before_cursor_execute", before)
    plans = await hub.store.read(_plans, said)
    large = ("subject", "object", "event", "cause", "ref")
    through = [p for p in plans if p.startswith("SCAN") and p.split()[1].strip('"') in large]
    assert len(said) > 10
    assert through == []


def _plans(tx, said) -> list[str]:
    asked = [(s, p) for s, p in said if s.startswith(("SELECT", "UPDATE", "DELETE", "WITH"))]
    return [
        row.detail
        for statement, parameters in asked
        for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    ]
