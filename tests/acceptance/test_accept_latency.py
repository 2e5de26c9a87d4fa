"""From `publishToSsd` to the served page: within a minute, whatever the moment."""

import asyncio
import random
from datetime import UTC, datetime

import pytest

from connectors.topdesk.sandbox.options import AMSTERDAM

PHASES = 100
LIMIT = 60.0  # seconds
LOOK = 5.0  # virtual seconds between two ticks; the real hub ticks every second


@pytest.mark.slow_on_postgresql
async def test_a_hundred_random_phases(make_world, record_property):
    world = await make_world()
    key = world.major("E-mail hapert", publishToSsd=False)
    chance = random.Random(20261123)
    delays = []
    for _ in range(PHASES):
        await world.passes(seconds=chance.uniform(35, 75), step=20)
        assert await world.rows() == {}
        world.clock.advance(chance.uniform(0, LOOK))
        world.edit(key, publishToSsd=True)
        delays.append(await until_shown(world))
        world.edit(key, publishToSsd=False)
    record_property("latency_virtual_seconds", max(delays))
    assert max(delays) <= LIMIT
    assert min(delays) <= LOOK  # the phases really were different ones
    assert max(delays) >= 25
    assert world.said("source_down") == world.said("target_down") == 0


async def until_shown(world):
    """Virtual seconds until the served page shows the row."""
    began, sent = world.clock.now(), len(world.sent())
    while len(world.sent()) == sent or await world.rows() != {"E-mail hapert": "open"}:
        assert (world.clock.now() - began).total_seconds() <= LIMIT
        world.clock.advance(LOOK)
        await world.cycle(0)
    return (world.clock.now() - began).total_seconds()


class RealClock:
    now = staticmethod(lambda: datetime.now(UTC))
    sleep = staticmethod(asyncio.sleep)


async def test_one_real_run(make_world, record_property):
    """Real servers, real time, the schedule as `hub run` runs it."""
    start = datetime.now(AMSTERDAM).replace(microsecond=0)
    world = await make_world(clock=RealClock(), loopback=True, desk={"start": start})
    key = world.major("E-mail hapert", publishToSsd=False)
    stop = asyncio.Event()
    async with asyncio.timeout(58), asyncio.TaskGroup() as tasks:
        tasks.create_task(world.schedule.run(stop))
        await shows(world, 'data-state="calm"')
        world.edit(key, publishToSsd=True)
        began = RealClock.now()
        await shows(world, "E-mail hapert")
        latency = (RealClock.now() - began).total_seconds()
        stop.set()
    record_property("latency_seconds", latency)
    assert latency <= LIMIT
    assert await world.rows() == {"E-mail hapert": "open"} == await world.tile_rows()
    assert world.said("task_failed") == 0


async def shows(world, text):
    """Wait until somebody who looks again and again sees it on the dashboard."""
    while text not in await world.page():  # noqa: ASYNC110  # a reader has no event either
        await asyncio.sleep(0.1)
