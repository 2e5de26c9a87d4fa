"""What is received sets off with the transaction that stored it; what arrived is recorded a moment later."""

import asyncio
import random
from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub.contract import Ability, Batch, Capabilities, Received, Record, Stream
from hub.engine.configuration import Source
from hub.engine.delivery.pipeline import Turn
from hub.engine.delivery.riding import LINGER, Ride
from hub.engine.delivery.sorting import Found
from hub.engine.runner import Runner
from hub.errors import RejectedError
from hub.events.base import Family
from hub.events.objects import Audience, Kind
from hub.events.route import Route
from hub.metrics import Metrics
from hub.schedule.embedded import Embedded
from hub.store import lease, tables
from hub.store.store import Store
from hub.testing.fakes import (
    FakeClock,
    FakeLog,
    MemoryTarget,
    ScriptedConnector,
    ScriptedSource,
    fake_context,
    incident,
)
from hub.testing.scripted import ScriptedSettings

STREAMS = (Stream("typed", frozenset({Family.INCIDENT}), None),)
ROUTE = Route(
    name="r1",
    family=Family.INCIDENT,
    tile="disturbances",
    audience="everyone",
    members=Audience(everyone=True),
    targets=("intranet",),
)
AT_ONCE = 3


class Typed(ScriptedConnector):
    """Takes a title by request."""

    def receive(self, received):
        if not received.data["title"]:
            raise RejectedError("Give a title.")
        return Batch([Record(received.data["id"], incident(received.data["title"]))])


class Kinds(dict):
    """What a target can do; while it is armed, asking for it fails once."""

    armed = False

    def get(self, *given):
        if self.armed:
            self.armed = False
            raise RuntimeError("armed")
        return super().get(*given)


class Gated(MemoryTarget):
    """Takes one item a call, while its gate is open; tells when something arrived."""

    def __init__(self):
        super().__init__(identity="keyed", batch_max=1)
        self.gate, self.came, self.arrived = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.gate.set()
        self.slow = ""  # the end of the keys that wait for the gate
        self.flying, self.most = Counter(), Counter()
        self.kinds = Kinds({Kind.TILE_ITEM: Ability(), Kind.FRESHNESS: Ability()})

    async def capabilities(self):
        return Capabilities(self.kinds, at_once=AT_ONCE)

    async def publish(self, items):
        key = items[0].key
        self.flying[key] += 1
        self.most |= self.flying
        self.came.set()
        if key.endswith(self.slow):
            await self.gate.wait()
        outcomes = await super().publish(items)
        self.flying[key] -= 1
        self.arrived.set()
        return outcomes


class Hub:
    """A running hub: its schedule answers at once."""

    def __init__(self, store: Store, target: Gated | None = None):
        self.store, self.target = store, target or Gated()
        self.clock, self.log = FakeClock(), FakeLog()

    async def start(self) -> "Hub":
        context, script = fake_context("desk", clock=self.clock), ScriptedSource(streams=STREAMS)
        source = Source(
            id="desk",
            connector_name="scripted",
            connector=Typed(ScriptedSettings(), context, script),
            routes=(ROUTE,),
            mode="live",
            fingerprint="f",
            reopen=timedelta(hours=72),
            every=None,
            stale_after={},
        )
        about = {"now": self.clock.now, "log": self.log, "rng": random.Random(1)}
        self.runner = Runner(self.store, {"desk": source}, {"intranet": self.target}, **about)
        await self.runner.start()
        self.schedule = Embedded(self.runner, who="test", metrics=Metrics())
        return self

    async def receive(self, key: str, title: str = "first") -> None:
        await self.runner.receive("desk", Received("typed", {"id": key, "title": title}))

    async def known(self, key: str = "known") -> None:
        """From now on it is known what the target can do."""
        await self.receive(key)
        await self.schedule.settle()

    async def transactions(self) -> list[int]:
        """A list that grows with each transaction."""
        engine = await self.store.read(lambda tx: tx.engine)
        begun: list[int] = []
        sa.event.listen(engine, "begin", lambda _connection: begun.append(1))
        return begun

    async def statuses(self) -> Counter:
        query = sa.select(tables.obj.c.status)
        return Counter(await self.store.read(lambda tx: list(tx.execute(query).scalars())))

    async def until_flying(self, number: int) -> None:
        async with asyncio.timeout(10):
            while sum(self.target.flying.values()) < number:
                await self.target.came.wait()
                self.target.came.clear()

    def sent(self) -> list[tuple[str, str]]:
        """Which version of which subject was taken, in that order."""
        calls = [call.items[0] for call in self.target.calls if call.method == "publish"]
        return [(one.key.rpartition(".")[2], one.body["title"]["nl"]) for one in calls]


@pytest.fixture
async def hub(store_url):
    store = await Store(store_url).open()
    one = await Hub(store).start()
    yield one
    one.target.gate.set()
    await one.schedule.drain()
    await store.close()


async def test_one_record_takes_two_transactions(hub):
    await hub.known()
    begun = await hub.transactions()
    await hub.receive("a")
    await hub.schedule.settle()
    assert len(begun) == 2, "one stores and fetches it, one records that it arrived"
    assert hub.sent() == [("known", "first"), ("a", "first")]
    assert await hub.statuses() == {"done": 2}


async def test_records_join_the_pass_that_goes_on(hub):
    await hub.known()
    hub.target.gate.clear()
    begun = await hub.transactions()
    for number, key in enumerate("abc", 1):
        await hub.receive(key)
        await hub.until_flying(number)
    assert len(begun) == 3, "each is on its way with the transaction that stored it"
    await hub.receive("d")  # every hand is busy: it waits for one
    hub.target.gate.set()
    await hub.schedule.settle()
    assert sorted(hub.sent()[1:]) == [(key, "first") for key in "abcd"]
    assert await hub.statuses() == {"done": 5}


async def test_what_is_in_hand_is_not_sent_again(hub):
    await hub.known()
    hub.target.slow = "slow"
    hub.target.gate.clear()
    for key in ("a-slow", "b", "c-slow"):  # b arrives, and is not recorded yet when c comes
        await hub.receive(key)
        await hub.until_flying(1)
    await asyncio.sleep(3 * LINGER)  # b is recorded while the others are under way
    hub.target.gate.set()
    await hub.schedule.settle()
    assert sorted(key for key, _ in hub.sent()) == ["a-slow", "b", "c-slow", "known"]
    assert await hub.statuses() == {"done": 4}


async def test_records_that_come_before_the_pass_began_wait_for_no_call(hub):
    await hub.known()
    hub.target.gate.clear()
    async with asyncio.timeout(10):
        for key in "abcd":
            await hub.receive(key)  # one after the other, with no turn of the loop between
        await asyncio.gather(*(hub.receive(key) for key in "efgh"))
    hub.target.gate.set()
    await hub.schedule.settle()
    assert sorted(hub.sent()[1:]) == [(key, "first") for key in "abcdefgh"]
    assert await hub.statuses() == {"done": 9}


async def test_versions_of_one_subject_go_out_in_their_order(hub):
    await hub.known()
    hub.target.gate.clear()
    await hub.receive("a", "first")
    await hub.until_flying(1)
    for title in ("second", "third"):
        await hub.receive("a", title)
    hub.target.gate.set()
    await hub.schedule.settle()
    titles = [title for key, title in hub.sent() if key == "a"]
    assert titles[0] == "first"
    assert titles[-1] == "third"
    assert titles == sorted(titles)
    assert max(hub.target.most.values()) == 1, "never two versions at once"
    assert await hub.statuses() == {"done": 2}


async def test_what_is_refused_sends_nothing_and_the_pass_goes_on(hub):
    await hub.known()
    hub.target.gate.clear()
    await hub.receive("a")
    await hub.until_flying(1)
    with pytest.raises(RejectedError):
        await hub.receive("b", "")
    await hub.receive("c")
    hub.target.gate.set()
    await hub.schedule.settle()
    assert sorted(key for key, _ in hub.sent()) == ["a", "c", "known"]
    assert await hub.statuses() == {"done": 3}


@pytest.mark.parametrize("going_on", [False, True])
async def test_a_fault_in_fetching_costs_no_data(hub, going_on):
    await hub.known()
    if going_on:
        hub.target.gate.clear()
        await hub.receive("a")
        await hub.until_flying(1)
    hub.target.kinds.armed = True
    await hub.receive("b")
    assert not hub.target.kinds.armed
    assert [one.event for one in hub.log.lines].count("ride_failed") == 1
    hub.target.gate.set()
    await hub.schedule.settle()
    assert ("b", "first") in hub.sent()
    assert set(await hub.statuses()) == {"done"}


async def test_what_has_to_be_taken_down_is_taken_down_by_the_pass_that_was_joined(hub):
    await hub.known()
    hub.target.gate.clear()
    await hub.receive("a")
    await hub.until_flying(1)
    row = await hub.store.read(
        lambda tx: tx.execute(sa.select(tables.obj).where(tables.obj.c.status == "done")).one()
    )
    line = hub.runner.deliverers["intranet"].line
    line.set_off(Turn([], [], 0, anew=True, held=set(), found=Found(down=[row])))
    hub.target.gate.set()
    await hub.schedule.settle()
    assert [key.rpartition(".")[2] for _, key in hub.target.objects] == ["a"]
    states = sa.select(tables.obj.c.done_state).order_by(tables.obj.c.id)
    found = await hub.store.read(lambda tx: list(tx.execute(states).scalars()))
    assert found == ["absent", "present"]


async def test_what_joins_a_pass_is_sent_before_the_answer(hub):
    await hub.known()
    hub.target.gate.clear()
    await hub.receive("a")
    await hub.until_flying(1)
    await hub.receive("b")
    assert sum(hub.target.flying.values()) == 2


async def test_a_kill_before_it_is_recorded_sends_the_same_again(hub):
    await hub.known()
    hub.target.arrived.clear()
    await hub.receive("a")
    await hub.target.arrived.wait()
    for task in list(hub.schedule._tasks.values()):
        task.cancel()  # as a kill would: it arrived, and nobody wrote that down
    await asyncio.sleep(0)
    hub.runner.rides = False
    assert await hub.statuses() == {"done": 1, "waiting": 1}
    again = await Hub(hub.store, hub.target).start()
    await again.runner.deliver()
    tokens = [call.items[0].token for call in hub.target.calls if call.method == "publish"]
    assert hub.sent()[1:] == [("a", "first")] * 2
    assert tokens[1] == tokens[2], "the target can tell that it is the same"
    assert await hub.statuses() == {"done": 2}


async def test_nothing_rides_where_nobody_answers_at_once(hub):
    await hub.known()
    await hub.schedule.drain()
    await hub.receive("a")
    assert hub.sent() == [("known", "first")]
    assert await hub.runner.deliver() == {"intranet": {"done": 1}}


async def test_a_ride_to_a_target_of_another_process_fetches_nothing(hub):
    ride = Ride("intranet", lambda _tx: pytest.fail("fetched"), pytest.fail, goes_on=True)
    await hub.store.read(lambda tx: ride.take(tx.execution_options(**{lease.OWNER: "other"})))
    ride.set_off()
    assert ride.wakes, "whoever has it looks by itself"
