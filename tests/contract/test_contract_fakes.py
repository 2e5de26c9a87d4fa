"""The fakes behave as the things that they stand for."""

import asyncio

import pytest

from hub.contract import Checkpoint, Delivery, LooksUp, Outcome, Present, ReadRequest, Unknown
from hub.errors import RetryableError
from hub.events.objects import Kind
from hub.testing.fakes import (
    FakeClock,
    FakeLog,
    MemoryTarget,
    ScriptedSource,
    fake_context,
    incident,
)


def delivery(key="a", title="A", **more):
    return Delivery(Kind.TILE_ITEM, key, "present", {"title": title}, f"token-{title}", **more)


async def read(connector, **request):
    return [batch async for batch in connector.read(ReadRequest("majors", **request))]


async def test_sleepers_side_by_side_take_the_longest_not_the_sum():
    clock = FakeClock()
    start = clock.now()
    await asyncio.gather(clock.sleep(60), clock.sleep(10), clock.sleep(60))
    assert (clock.now() - start).total_seconds() == 60


async def test_a_sleeper_that_sleeps_on_is_not_overtaken():
    clock = FakeClock()
    start = clock.now()
    woken = []

    async def every(seconds, times):
        for _ in range(times):
            await clock.sleep(seconds)
            woken.append((seconds, (clock.now() - start).total_seconds()))

    await asyncio.gather(every(10, 5), every(25, 2))
    assert sorted(woken) == [(10, 10), (10, 20), (10, 30), (10, 40), (10, 50), (25, 25), (25, 50)]
    assert [at for _, at in woken] == sorted(at for _, at in woken)


def test_a_bound_log_shares_its_lines():
    log = FakeLog()
    log.bind(run="1").info("read", count=2)
    assert log.lines[0].keys == {"run": "1", "count": 2}


async def test_a_source_is_read_in_batches_and_finishes_only_at_the_end():
    source = ScriptedSource(batch_size=2, resumable=True, deltas=True)
    source.populate(5)
    batches = await read(source.connector(fake_context()))
    assert [len(batch.records) for batch in batches] == [2, 2, 1]
    assert [bool(batch.finished) for batch in batches] == [False, False, True]
    again = await read(source.connector(fake_context()), since=batches[0].resume)
    assert [r.key for b in again for r in b.records] == ["s-0003", "s-0004", "s-0005"]


async def test_a_delta_gives_what_changed_since():
    source = ScriptedSource(deltas=True)
    source.populate(3)
    connector = source.connector(fake_context())
    position = (await read(connector))[-1].next_delta
    source.edit("s-0002", title={"nl": "Anders"})
    batches = await read(connector, reading="delta", since=position)
    assert [record.key for batch in batches for record in batch.records] == ["s-0002"]
    assert not batches[-1].finished


async def test_a_scripted_fault_comes_once_and_where_it_was_asked():
    source = ScriptedSource(batch_size=1)
    source.populate(2)
    source.fail_next(RetryableError("no"), after_batches=1)
    connector = source.connector(fake_context())
    reading = connector.read(ReadRequest("majors", since=Checkpoint("")))
    assert len((await anext(reading)).records) == 1
    with pytest.raises(RetryableError):
        await anext(reading)
    assert len(await read(connector)) == 2


async def test_a_look_up_tells_what_exists_what_does_not_and_what_was_scripted():
    source = ScriptedSource()
    record = source.put("a", container="solved")
    connector = source.connector(fake_context())
    assert isinstance(connector, LooksUp)
    family = record.payload.family
    assert await connector.look_up(family, "a") == Present(record)
    assert await connector.look_up(family, "b") == Unknown()
    source.answers["b"] = RetryableError("no")
    with pytest.raises(RetryableError):
        await connector.look_up(family, "b")


async def test_a_source_outside_the_swept_containers_is_not_read():
    source = ScriptedSource(swept=("open",))
    source.put("a")
    source.put("b", incident("B"), container="solved")
    batches = await read(source.connector(fake_context()))
    assert [record.key for record in batches[0].records] == ["a"]
    assert [piece.container for piece in batches[0].finished] == ["open"]


async def test_a_repeated_create_is_harmless_and_an_edit_by_somebody_else_is_a_conflict():
    target = MemoryTarget()
    first, again = [(await target.publish([delivery()]))[0] for _ in range(2)]
    assert first == again == Outcome("done", remote_id="a", remote_version="v1")
    target.meddle(Kind.TILE_ITEM, "a", title="X")
    (outcome,) = await target.publish([delivery(title="B", remote_id="a", remote_version="v1")])
    assert (outcome.status, outcome.remote_version) == ("conflict", "v2")


async def test_a_lost_answer_is_stored_and_an_error_stores_nothing():
    target = MemoryTarget()
    target.fail_next(RetryableError("down"))
    target.fail_next(RetryableError("lost"), lost=True)
    with pytest.raises(RetryableError, match="down"):
        await target.publish([delivery()])
    assert not target.objects
    with pytest.raises(RetryableError, match="lost"):
        await target.publish([delivery()])
    assert (Kind.TILE_ITEM, "a") in target.objects


async def test_a_scripted_outcome_takes_the_place_of_one_item():
    target = MemoryTarget()
    target.fail_next(Outcome("retry", after=5))
    outcomes = await target.publish([delivery("a"), delivery("b")])
    assert [outcome.status for outcome in outcomes] == ["retry", "done"]


async def test_a_target_without_identity_shows_a_repeated_create():
    target = MemoryTarget(identity="none")
    for _ in range(2):
        await target.publish([delivery()])
    assert target.duplicates == [(Kind.TILE_ITEM, "a")]
