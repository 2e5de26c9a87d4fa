"""Delivery and withdrawal in their corners, and values that no source should send."""

import asyncio
import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub.contract import Gone, Outcome
from hub.engine import reconcile
from hub.engine.runner import Runner
from hub.errors import RateLimitedError, RetryableError
from hub.events.base import Family
from hub.events.incident import IncidentState
from hub.events.objects import Audience
from hub.events.route import Route
from hub.schedule.embedded import perform
from hub.store import desire, tables
from hub.testing.fakes import MemoryTarget


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


# --- delivery ---------------------------------------------------------------------------------------


async def test_retry_after_nothing_is_no_tight_loop(world):
    await world.start()
    world.source.put("a")
    for _ in range(50):
        world.target.fail_next(Outcome("retry", "busy", 0.0))
    await world.cycle()
    assert len(world.target.calls) < 10


async def test_a_newer_version_does_not_wait_for_the_older_ones_turn(world):
    await world.start()
    world.source.put("a")
    await world.runner.run("desk", "majors")
    (row,) = await world.rows(sa.select(tables.obj).where(tables.obj.c.kind == "tile-item"))

    async def meanwhile(_items):
        world.target.pause = None
        now = world.clock.now()
        await world.store.write(desire.make_absent, row.id, now, withdrawn=True)

    world.target.pause = meanwhile
    world.target.fail_next(Outcome("retry", "later", 3600.0))
    world.target.fail_next(RetryableError("broke off"))
    await world.runner.deliver()
    (now,) = await world.rows(sa.select(tables.obj).where(tables.obj.c.id == row.id))
    assert now.due is None


async def test_a_sync_waits_for_short_retries_of_its_own(world):
    world.target.batch_max = 1
    await world.start()
    world.source.populate(5)
    for wait in (None, 3.0):
        world.target.fail_next(Outcome("retry", "busy", wait))
    world.target.fail_next(RetryableError("broke off"))
    begun = world.clock.now()
    answer = await perform(world.runner, "sync", {})
    assert answer["delivered"] == {"intranet": {"done": 6}}
    assert timedelta(seconds=1) <= world.clock.now() - begun <= timedelta(seconds=10)


async def test_a_sync_does_not_wait_long_for_what_takes_nothing(world):
    await world.start()
    world.source.populate(1)
    await world.runner.run("desk", "majors")
    world.target.faults = lambda _items: RetryableError("no")
    begun = world.clock.now()
    counts = await world.runner.deliver_to("intranet", 30.0)
    assert counts["retry"] == 2
    assert world.clock.now() - begun <= timedelta(seconds=10)


async def test_a_source_that_says_wait_for_ever_is_asked_again_within_a_day(world):
    await world.start()
    world.source.fail(RateLimitedError("busy", retry_after=1e15))
    report = await world.cycle()
    assert report.outcome == "failed"
    (row,) = await world.rows(sa.select(tables.stream))
    assert row.due - world.clock.now() <= timedelta(days=1)


async def test_a_target_that_says_wait_for_ever_is_asked_again_within_a_day(world):
    await world.start()
    world.source.put("a")
    world.target.fail_next(RateLimitedError("busy", retry_after=1e15))
    await world.cycle()
    (row,) = await world.rows(sa.select(tables.target))
    assert row.retry_at - world.clock.now() <= timedelta(days=1)


async def test_back_at_the_old_address_what_went_meanwhile_goes_there_too(world):
    await world.start()
    world.source.populate(2)
    await world.cycle()
    old = dict(world.target.objects)
    await _move(world, "memory://elsewhere", {})
    world.source.remove("s-0001")
    world.source.answers["s-0001"] = Gone("unpublished")
    await world.cycle()
    assert len(world.items()) == 1
    await _move(world, "memory://intranet", old)
    await world.cycle()
    assert list(world.items()) == ["Disturbance s-0002"]


async def _move(world, address, there):
    world.target.address_value = address
    world.target.objects = dict(there)
    await world.start()
    (hold,) = await held(world)
    await world.runner.release(hold.hash, "anna")
    await world.cycle()


# --- withdrawal ---------------------------------------------------------------------------------


async def test_withdraw_by_a_text_means_a_key_or_its_first_words_and_no_more(world):
    await world.start()
    world.source.put("a")
    for key in ("ab", "a-b", "phones-are-down"):
        world.source.put(key)
    await world.cycle()
    texts = {"a": 1, "b": 0, "": 0, "disturbances": 0, "phones": 1, "phones-are": 1, "phon": 0}
    for text, expected in texts.items():
        rows = await world.store.read(reconcile.to_withdraw, text=text)
        assert len(rows) == expected, text


async def test_a_withdrawn_subject_stays_away_when_it_comes_back_as_a_new_matter(world):
    await world.start()
    world.source.put("a")
    await world.cycle()

    def take(tx):
        rows = reconcile.to_withdraw(tx, text="a")
        return reconcile.withdraw(tx, rows, instance=None, actor="anna", now=world.clock.now())

    await world.store.write(take)
    world.source.edit("a", state=IncidentState.SOLVED, solved_at=world.clock.now())
    await world.cycle()
    world.clock.advance(73 * 3600)
    world.source.edit("a", state=IncidentState.OPEN, solved_at=None)
    await world.cycle()
    assert world.items() == {}
    await world.store.write(
        reconcile.undo_withdrawal, instance=None, text="a", actor="anna", now=world.clock.now()
    )
    await world.cycle()
    assert len(world.items()) == 1


async def test_what_may_have_arrived_before_a_crash_can_be_withdrawn_in_watch_mode(world):
    await world.start()
    world.source.put("a")
    world.source.put("b")
    world.target.fail_next(RetryableError("broke off"), lost=True)
    await world.cycle()
    assert len(world.items()) >= 1
    await world.start(mode="watch")
    for key in "ab":
        world.source.remove(key)
        world.source.answers[key] = Gone("unpublished")
    await world.cycle()

    def take(tx):
        rows = reconcile.to_withdraw(tx, instance="desk")
        return reconcile.withdraw(tx, rows, instance="desk", actor="anna", now=world.clock.now())

    await world.store.write(take)
    world.clock.advance(120)
    await world.runner.deliver()
    assert world.items() == {}


# --- what holds others up, and what no source should send ---------------------------------------


class SlowTarget(MemoryTarget):
    """Lets every publish wait for its gate."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.reached = asyncio.Event()

    async def publish(self, items):
        self.reached.set()
        await self.gate.wait()
        return await super().publish(items)


async def test_a_slow_target_does_not_hold_up_another(world):
    await world.start(routes=(route(targets=("intranet", "slow")),))
    slow = SlowTarget()
    targets = {"intranet": world.target, "slow": slow}
    source = {"desk": world.made()}
    clock, log = world.clock.now, world.log
    runner = Runner(world.store, source, targets, now=clock, log=log, rng=random.Random(1))
    await runner.start()
    world.source.put("a")
    await runner.run("desk", "majors")
    stuck = asyncio.create_task(runner.deliver_to("slow"))
    await slow.reached.wait()
    async with asyncio.timeout(5):
        await runner.deliver_to("intranet")
    assert len(world.items()) == 1
    slow.gate.set()
    await stuck


async def test_a_paused_instance_is_not_read_by_a_sync_of_all(world):
    await world.start()
    now = world.clock.now()
    await world.store.write(reconcile.pause, ["desk"], paused=True, actor="anna", now=now)
    assert (await perform(world.runner, "sync", {}))["runs"] == []
    assert len((await perform(world.runner, "sync", {"instances": ["desk"]}))["runs"]) == 1


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+01:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00"]
)
async def test_a_date_that_means_never_stops_nobody(world, moment):
    await world.start()
    world.source.put("a")
    world.source.put("b")
    await world.cycle()
    world.source.edit("a", state=IncidentState.SOLVED, solved_at=moment, expected_at=moment)
    world.source.edit("b", title={"nl": "Other"})
    assert (await world.cycle()).outcome == "complete"
    assert (await world.cycle()).outcome == "complete"
    assert "Other" in world.items()


async def test_a_time_before_the_year_1000_can_be_read_back(world):
    await world.start()
    world.source.put("a", at=tables.datetime(1, 1, 1, tzinfo=tables.UTC))
    for _ in range(2):
        assert (await world.cycle()).outcome == "complete"
