"""The embedded schedule: what is due runs, nothing overlaps itself, requests are answered."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from hub.contract import Outcome, Stream
from hub.engine import reconcile
from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.errors import BadConfigError, RetryableError, StreamLostError
from hub.events.base import Family
from hub.events.objects import Audience, Kind
from hub.events.route import Route
from hub.metrics import Metrics
from hub.schedule.embedded import Embedded, perform
from hub.store import holds, tables
from hub.store.store import Store
from hub.testing.fakes import FakeClock, FakeLog, MemoryTarget, ScriptedSource, fake_context

ROUTE = Route(
    name="r1",
    family=Family.INCIDENT,
    tile="disturbances",
    audience="everyone",
    members=Audience(everyone=True),
    targets=("intranet",),
)


class Hub:
    def __init__(self, store):
        self.clock, self.log, self.target = FakeClock(), FakeLog(), MemoryTarget()
        self.source, self.store, self.metrics = ScriptedSource(), store, Metrics()

    async def start(self):
        source = Source(
            "desk",
            "scripted",
            self.source.connector(fake_context("desk", clock=self.clock)),
            (ROUTE,),
            "live",
            "f",
            timedelta(hours=72),
            None,
            {},
        )
        self.runner = Runner(
            self.store,
            {"desk": source},
            {"intranet": self.target},
            self.clock.now,
            self.log,
            random.Random(1),
        )
        await self.runner.start()
        self.embedded = Embedded(self.runner, who="test", metrics=self.metrics)
        return self

    async def pass_time(self, seconds: int, step: int = 1):
        for _ in range(0, seconds, step):
            await self.embedded.tick()
            await self.embedded.settle()
            self.clock.advance(step)

    def titles(self):
        return sorted(
            one.body["title"]["nl"]
            for (kind, _), one in self.target.objects.items()
            if kind is Kind.TILE_ITEM
        )


@pytest.fixture
async def hub(store_url):
    store = await Store(store_url).open()
    yield await Hub(store).start()
    await store.close()


async def test_it_keeps_the_rhythm_of_a_stream(hub):
    hub.source.put("a")
    await hub.pass_time(300)
    assert 5 <= len(hub.source.requests) <= 6, "every 60 seconds, a little earlier at most"
    assert hub.titles() == ["Disturbance a"]


async def test_a_paused_instance_is_not_read(hub):
    now = hub.clock.now()
    await hub.store.write(reconcile.pause, ["desk"], paused=True, actor="t", now=now)
    await hub.pass_time(120)
    assert hub.source.requests == []


async def test_a_request_is_answered_within_a_tick(hub):
    hub.source.put("a")
    await hub.pass_time(1)
    hub.source.edit("a", title={"nl": "Now"})
    number = await hub.store.write(holds.ask, "sync", {"instances": ["desk"]}, hub.clock.now())
    await hub.pass_time(1)
    answer = await hub.store.read(holds.answered, number)
    assert answer.error is None
    assert answer.answer["runs"][0]["outcome"] == "complete"
    assert hub.titles() == ["Now"]


async def test_a_request_that_can_not_be_done_is_answered_with_the_reason(hub):
    for action, body in (("sync", {"instances": ["nobody"]}), ("dance", {})):
        number = await hub.store.write(holds.ask, action, body, hub.clock.now())
        await hub.pass_time(1)
        assert (await hub.store.read(holds.answered, number)).error


async def test_what_a_request_reads_it_sends_and_counts_itself(hub):
    hub.source.put("a")
    await hub.pass_time(1)
    hub.source.edit("a", title={"nl": "Now"})
    number = await hub.store.write(holds.ask, "sync", {"instances": ["desk"]}, hub.clock.now())
    await hub.embedded.tick()
    await hub.embedded.settle()
    answer = (await hub.store.read(holds.answered, number)).answer
    assert answer["delivered"]["intranet"]["done"] >= 1


async def test_what_is_read_is_sent_without_another_tick(hub):
    hub.source.put("a")
    await hub.embedded.tick()
    await hub.embedded.settle()
    assert hub.titles() == ["Disturbance a"]


async def test_the_next_look_is_when_something_is_due(hub):
    stop, slept = asyncio.Event(), []

    async def sleep(seconds):
        await hub.embedded.settle()
        slept.append(seconds)
        hub.clock.advance(seconds)
        if len(slept) == 90:
            stop.set()

    hub.source.put("a")
    hub.embedded = Embedded(hub.runner, who="t", metrics=hub.metrics, sleep=sleep)
    begun = hub.clock.now()
    await hub.embedded.run(stop)
    assert max(slept) == 1.0
    assert any(0 < seconds < 1 for seconds in slept), "a stream's time lies between two ticks"
    runs = await hub.store.read(lambda tx: list(tx.execute(sa.select(tables.run.c.started))))
    due = (await hub.store.read(reconcile.status))["streams"][0]
    assert due["health"] == "ok"
    assert (runs[1].started - begun).total_seconds() < 60


async def test_an_outage_is_tried_at_the_streams_own_rhythm(hub):
    hub.source.fail(RetryableError("down"))
    await hub.pass_time(300)
    assert len(hub.source.requests) <= 6
    hub.source.heal()
    hub.source.put("a")
    await hub.pass_time(61)
    assert hub.titles() == ["Disturbance a"]


async def test_a_solved_item_leaves_though_nothing_else_happens(hub):
    hub.source.put("a")
    hub.source.edit("a", state="solved", solved_at=hub.clock.now())
    await hub.pass_time(10)
    assert hub.titles() == ["Disturbance a"]
    hub.clock.advance(4 * 3600)
    hub.source.fail(RetryableError("down"))
    await hub.pass_time(3)
    assert hub.titles() == []


async def test_a_store_that_is_away_is_said_once_and_its_return_once(hub):
    stop, ticks = asyncio.Event(), []

    class Away:
        """The hub's store, which can't be reached at first."""

        def __getattr__(self, name):
            if name == "read" and len(ticks) < 3:
                raise RetryableError("the database is away")
            return getattr(hub.store, name)

    async def sleep(_seconds):
        ticks.append(1)
        if len(ticks) == 6:
            stop.set()

    hub.runner.store = Away()
    await Embedded(hub.runner, who="t", metrics=hub.metrics, sleep=sleep).run(stop)
    said = [line.event for line in hub.log.lines if line.event.startswith("store_")]
    assert said == ["store_down", "store_back"]


async def test_a_store_that_another_hub_took_ends_the_schedule(hub):
    async def lost(*_args):
        raise StreamLostError("another hub took over")

    hub.runner.store = SimpleNamespace(read=lost)
    with pytest.raises(StreamLostError):
        await Embedded(hub.runner, who="t", metrics=hub.metrics).run(asyncio.Event())


async def test_a_stop_lets_running_work_end(hub):
    stop = asyncio.Event()
    hub.source.put("a")

    async def sleep(_seconds):
        stop.set()

    await Embedded(hub.runner, who="t", metrics=hub.metrics, sleep=sleep).run(stop)
    (row,) = (await hub.store.read(reconcile.status))["streams"]
    assert row["health"] == "ok"


async def test_a_stream_that_is_only_received_is_never_read(store_url):
    store = await Store(store_url).open()
    hub = Hub(store)
    hub.source.streams = (Stream("typed", frozenset({Family.INCIDENT}), None),)
    await hub.start()
    await hub.pass_time(100, 10)
    assert hub.source.requests == []
    await store.close()


async def test_metrics_count_runs_and_deliveries(hub):
    hub.source.put("a")
    await hub.pass_time(2)
    text = hub.metrics.text().decode()
    assert 'hub_runs_total{instance="desk",outcome="complete",stream="majors"} 1.0' in text
    assert 'hub_deliveries_total{status="done",target="intranet"} 2.0' in text


async def test_what_waits_is_counted_by_the_next_look(hub):
    hub.source.put("a")
    hub.target.fail_next(Outcome("retry", "busy", 600.0))
    await hub.pass_time(2)
    assert 'hub_objects_waiting{target="intranet"} 1.0' in hub.metrics.text().decode()


async def test_only_the_targets_that_are_named_are_delivered_to(hub):
    hub.source.put("a")
    hub.runner.wake = lambda _what: None
    await hub.runner.run("desk", "majors")
    hub.embedded.wake(frozenset({"another"}))
    await hub.embedded.settle()
    assert hub.titles() == []
    hub.embedded.wake(frozenset({"another", "intranet"}))
    await hub.embedded.settle()
    assert hub.titles() == ["Disturbance a"]


async def test_without_a_hub_the_work_is_done_at_once(hub):
    hub.source.put("a")
    hub.runner.wake = lambda _what: None
    done = await perform(hub.runner, "sync", {})
    assert done["delivered"]["intranet"]["done"] == 2
    with pytest.raises(BadConfigError, match="restart"):
        await perform(hub.runner, "dance", {})


def test_a_source_is_a_value():
    one = Source("a", "c", None, (ROUTE,), "live", "f", timedelta(1), None, {})
    assert replace(one, mode="watch").routing == one.routing
