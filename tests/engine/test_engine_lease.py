"""Several processes on one PostgreSQL: fair shares, epochs, requests that find their owner."""

import asyncio
import random
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from hub.contract import Batch, Outcome
from hub.engine import intake
from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.errors import StreamLostError
from hub.events.base import Family
from hub.events.objects import Audience, Kind
from hub.events.route import Route
from hub.metrics import Metrics
from hub.schedule.embedded import Embedded, perform
from hub.store import holds, lease, streams, subjects, tables, trail
from hub.store.store import Store, StoreInUseError, StoreLostError
from hub.testing.fakes import FakeClock, FakeLog, MemoryTarget, ScriptedSource, fake_context

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
FIVE = [f"instance:{name}" for name in "abcde"]
ROUTE = Route(
    name="r1",
    family=Family.INCIDENT,
    tile="disturbances",
    audience="everyone",
    members=Audience(everyone=True),
    targets=("intranet",),
)


@pytest.fixture
async def joined(postgres_url):
    """Makes stores that share one database, as processes do."""
    made: list[Store] = []

    async def join(mark: str | None = "same", seconds: float = 30, **how: bool) -> Store:
        store = await Store(postgres_url, lease=seconds).open()
        made.append(store)
        store.own(mark, **how)
        return store

    yield join
    for store in made:
        await store.close()


async def balanced(store: Store, able=FIVE) -> set[str]:
    """A tick of this process: what it holds afterwards."""
    share = await store.write(lambda tx: store.balance(tx, able))
    if share.surplus:
        await store.write(lease.give_back, share.surplus)
    return set(share.held) - set(share.surplus)


async def test_shares_become_equal_and_stay_as_they_are(joined):
    one = await joined()
    assert await balanced(one) == set(FIVE)
    two = await joined()
    assert await balanced(two) == set()
    assert len(await balanced(one)) == 3
    first, second = await balanced(one), await balanced(two)
    assert (len(first), len(second)) == (3, 2)
    assert first | second == set(FIVE)
    third = await joined()
    for store in (third, one, two, third, one, two):
        await balanced(store)
    shares = [await balanced(store) for store in (one, two, third)]
    assert sorted(map(len, shares)) == [1, 2, 2]
    assert set.union(*shares) == set(FIVE)


async def test_who_leaves_hands_over_at_once(joined):
    one, two = await joined(), await joined()
    assert await balanced(one) == set(FIVE)
    one.disown()
    assert await balanced(two) == set(FIVE)


async def test_a_lease_goes_only_to_who_can_work_under_it(joined):
    one, two = await joined(), await joined()
    await balanced(two, ["instance:a"])
    assert await balanced(one) == set(FIVE) - {"instance:a"}
    assert await balanced(two, ["instance:a"]) == {"instance:a"}
    assert await balanced(one) == set(FIVE) - {"instance:a"}


async def test_who_is_at_work_keeps_a_lease_until_it_is_done(joined):
    one, two = await joined(), await joined()
    await balanced(one)
    await balanced(two)
    share = await one.write(lambda tx: one.balance(tx, FIVE, FIVE))
    assert (share.held, share.surplus) == (frozenset(FIVE), ())


async def test_another_configuration_or_lonely_work_does_not_share(joined):
    await joined("one")
    with pytest.raises(StoreInUseError, match="with another configuration"):
        await joined("other")
    with pytest.raises(StoreInUseError, match="is in use by `hub` with pid"):
        await joined(None)


async def test_guests_work_side_by_side_and_not_beside_a_hub(joined):
    one, two = await joined(guest=True), await joined(guest=True)
    assert await one.write(one.borrow, "instance:a") is None
    assert (await two.write(two.borrow, "instance:a"))["guest"]
    assert await two.write(two.borrow, "instance:b") is None
    assert await one.write(lease.take_free, FIVE) == set(FIVE) - {"instance:b"}
    with pytest.raises(StoreInUseError, match="with another configuration"):
        await joined("other", guest=True)
    with pytest.raises(StoreInUseError, match="is in use by"):
        await joined(None)
    assert (one.is_served(), one.in_use()) == (False, True)
    hub = await joined()
    assert one.is_served()
    with pytest.raises(StoreInUseError, match="use `hub sync`, which asks"):
        await joined(guest=True)
    assert await balanced(hub) == set()
    await one.write(lease.give_back, FIVE)
    assert await balanced(hub) == set(FIVE) - {"instance:b"}, "a guest has no share"
    assert "guest" not in await two.write(two.borrow, "instance:a")


async def test_what_a_guest_had_is_free_when_it_stood_still(joined):
    one, two = await joined(seconds=2, guest=True), await joined(seconds=2, guest=True)
    await one.write(one.borrow, "instance:a")
    one._database._member.stop()  # no more signs of life
    end = time.monotonic() + 20
    while await two.write(two.borrow, "instance:a") is not None:
        assert time.monotonic() < end
        await asyncio.sleep(0.2)
    with pytest.raises(StoreLostError, match="another hub took over"):
        await one.write(lease.give_back, ["instance:a"])


async def test_whoever_takes_an_instance_shuts_older_readings_out(joined):
    one, two = await joined(), await joined()
    await balanced(one)
    given = {"connector": "c", "name": "s", "fingerprint": "f", "traceparent": "t", "now": NOW}
    reading = await one.write(streams.take, instance_id="a", **given)
    await one.write(lease.give_back, ["instance:a"])
    assert "instance:a" in await balanced(two)
    with pytest.raises(StreamLostError, match=r"a\.s was taken"):
        await one.write(intake.apply, reading, Batch(), now=NOW, reopen=timedelta(0))
    with pytest.raises(StreamLostError, match="instance a belongs to another"):
        await one.write(streams.take, instance_id="a", **given)
    with pytest.raises(StreamLostError, match="instance a belongs to another"):
        await one.claiming("instance:a").write(streams.instances)
    await one.write(streams.take, instance_id="b", **given)


async def test_a_process_that_stood_still_loses_all_and_the_others_take_it(joined, postgres):
    one, two = await joined(seconds=2), await joined(seconds=2)
    await balanced(one)
    one._database._member.stop()  # no more signs of life
    end = time.monotonic() + 20
    while await balanced(two) != set(FIVE):
        assert time.monotonic() < end
        await asyncio.sleep(0.2)
    with pytest.raises(StoreLostError, match="another hub took over"):
        await one.write(streams.instances)


async def test_processes_that_the_database_left_alone_stay_together(joined, postgres):
    one, two = await joined(seconds=2), await joined(seconds=2)
    await balanced(one)
    await balanced(two)
    await balanced(one)
    before = [await balanced(one), await balanced(two)]
    postgres.stop()
    await asyncio.sleep(3)
    postgres.start()
    assert [await balanced(one), await balanced(two)] == before


async def test_a_subject_is_projected_by_the_owner_of_its_instance(joined):
    one, two = await joined(), await joined()
    await balanced(one, ["instance:a", "instance:b"])
    await balanced(two, ["instance:a", "instance:b"])
    await balanced(one, ["instance:a", "instance:b"])
    (theirs,) = await balanced(two, ["instance:a", "instance:b"])
    row = {
        "stream": "s",
        "family": "incident",
        "version": 1,
        "fingerprint": "f",
        "sweep": 1,
        "container": "",
    }
    rows = [row | {"instance": name, "key": "k", "look_again": NOW} for name in "ab"]
    made = [await one.write(subjects.insert, [row]) for row in rows]
    ids = [number for found in made for number in found.values()]
    await one.write(subjects.mark_dirty, ids)
    assert await two.read(subjects.next_look) == NOW
    (found,) = await two.write(subjects.take_dirty, NOW)
    assert f"instance:{found.instance}" == theirs
    left = await one.read(lambda tx: list(tx.execute(sa.select(tables.dirty.c.subject)).scalars()))
    assert left == [number for number in ids if number != found.id]


async def test_the_audit_trail_of_several_is_one_chain(joined):
    stores = [await joined() for _ in range(3)]
    given = {"actor": "t", "action": "pause", "now": NOW}
    lines = [
        store.write(lambda tx, what: trail.note(tx, what=what, **given), number)
        for number in range(20)
        for store in stores
    ]
    await asyncio.gather(*lines)
    assert len(await stores[0].read(trail.rows)) == 60
    assert await stores[0].read(trail.is_whole)


class Hub:
    """A hub process with two instances, on a store that it shares; its log of calls."""

    def __init__(self, store: Store, intranet: MemoryTarget) -> None:
        self.store, self.clock, self.log = store, FakeClock(), FakeLog()
        self.sources = {name: ScriptedSource() for name in "ab"}
        self.intranet = intranet

    async def start(self) -> "Hub":
        made = {name: self._made(name, one) for name, one in self.sources.items()}
        targets = {"intranet": self.intranet}
        rng = random.Random(1)
        self.runner = Runner(self.store, made, targets, self.clock.now, self.log, rng)
        await self.runner.start()
        self.schedule = Embedded(self.runner, who=self.store.process, metrics=Metrics())
        return self

    def _made(self, name: str, source: ScriptedSource) -> Source:
        connector = source.connector(fake_context(name, clock=self.clock))
        life = timedelta(hours=72)
        return Source(name, "scripted", connector, (ROUTE,), "live", "f", life, None, {})

    def put(self, key: str) -> None:
        for name, source in self.sources.items():
            source.put(f"{name}-{key}")

    @property
    def read(self) -> list[str]:
        """Instances that were read here."""
        return [name for name, source in self.sources.items() if source.requests]


async def ticks(*hubs: Hub, seconds: int = 3) -> None:
    for _ in range(seconds):
        for one in hubs:
            await one.schedule.tick()
        for one in hubs:
            await asyncio.sleep(0.05)
            one.clock.advance(1)


class Slow(MemoryTarget):
    """An intranet that keeps what it is told, and which process told it."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[str] = []

    async def publish(self, items) -> list[Outcome]:
        self.published += [item.key for item in items if item.kind is Kind.TILE_ITEM]
        return await super().publish(items)


async def test_two_share_the_work_and_a_request_finds_its_owners(joined):
    intranet = Slow()
    hubs = [await Hub(await joined(), intranet).start() for _ in range(2)]
    await ticks(*hubs)
    for one in hubs:
        assert len([n for n in "ab" if one.runner.shares.owns(f"instance:{n}")]) == 1
        one.put("new")
        for source in one.sources.values():
            source.requests.clear()
    number = await hubs[0].store.write(holds.ask, "sync", {}, NOW)
    end = time.monotonic() + 30
    while (answer := await hubs[0].store.read(holds.answered, number)) is None:
        assert time.monotonic() < end
        await ticks(*hubs, seconds=1)
    assert answer.error is None
    assert [run["outcome"] for run in answer.answer["runs"]] == ["complete", "complete"]
    assert "intranet" in answer.answer["delivered"]
    assert sorted(hubs[0].read + hubs[1].read) == ["a", "b"]
    assert len(intranet.published) == len(set(intranet.published)) == 2
    for one in hubs:
        await one.schedule.settle()


async def test_a_process_does_not_read_what_another_owns(joined):
    hubs = [await Hub(await joined(), MemoryTarget()).start() for _ in range(2)]
    await ticks(*hubs)
    (theirs,) = [n for n in "ab" if hubs[1].runner.shares.owns(f"instance:{n}")]
    with pytest.raises(StreamLostError, match=f"instance {theirs} belongs to another"):
        await hubs[0].runner.run(theirs, "majors")
    assert hubs[0].sources[theirs].requests == []
    for one in hubs:
        await one.schedule.settle()


async def test_a_guest_takes_what_it_works_for_and_gives_it_back(joined):
    intranet = Slow()
    first, second = [await Hub(await joined(guest=True), intranet).start() for _ in range(2)]
    for one in (first, second):
        one.put("new")
    answers = await asyncio.gather(
        perform(first.runner, "sync", {"instances": ["a"]}),
        perform(second.runner, "sync", {"instances": ["b"]}),
    )
    assert [run["outcome"] for answer in answers for run in answer["runs"]] == ["complete"] * 2
    assert (first.read, second.read) == (["a"], ["b"])
    assert sorted(intranet.published) == sorted(set(intranet.published))
    assert len(intranet.published) == 2
    owners = await first.store.read(lease.owned)
    assert set(owners.values()) == {None}
    assert not first.runner.shares.owns("instance:a")


async def test_a_guest_brings_every_free_instance_up_to_date_with_the_time(joined):
    first = await Hub(await joined(guest=True), MemoryTarget()).start()
    first.put("new")
    await perform(first.runner, "sync", {})
    await first.store.write(subjects.mark_dirty, [1, 2])
    other = await joined(guest=True)
    await other.write(other.borrow, "instance:b")
    await perform(first.runner, "deliver", {})
    left = await other.read(
        lambda tx: list(tx.execute(sa.select(tables.dirty.c.subject)).scalars())
    )
    found = await other.read(lambda tx: tx.execute(sa.select(tables.subject)).all())
    assert [row.instance for row in found if row.id in left] == ["b"]


async def test_a_guest_waits_for_another(joined):
    guest = await Hub(await joined(guest=True), MemoryTarget()).start()
    other = await joined(guest=True)
    await other.write(other.borrow, "instance:a")
    asking = asyncio.create_task(perform(guest.runner, "sync", {"instances": ["a"]}))
    await asyncio.sleep(0.5)
    assert (asking.done(), guest.read) == (False, [])
    await other.write(lease.give_back, ["instance:a"])
    assert [run["outcome"] for run in (await asking)["runs"]] == ["complete"]
    assert guest.read == ["a"]


async def test_a_guest_asks_the_hub_that_came_meanwhile(joined):
    intranet = MemoryTarget()
    guest = await Hub(await joined(guest=True), intranet).start()
    hub = await Hub(await joined(), intranet).start()
    await ticks(hub, seconds=1)
    asking = asyncio.create_task(perform(guest.runner, "sync", {"instances": ["a"]}))
    end = time.monotonic() + 30
    while not asking.done():
        assert time.monotonic() < end
        await ticks(hub, seconds=1)
    assert [run["outcome"] for run in (await asking)["runs"]] == ["complete"]
    assert (guest.read, "a" in hub.read) == ([], True)
    await hub.schedule.settle()


async def test_a_request_whose_taker_ended_is_answered_with_ask_again(joined):
    one, two = await joined(), await joined()
    number = await one.write(holds.ask, "sync", {}, NOW)
    await one.write(holds.take_requests, one.process)
    hub = await Hub(two, MemoryTarget()).start()
    one.disown()
    await ticks(hub, seconds=1)
    assert "ask again" in (await two.read(holds.answered, number)).error
    await hub.schedule.settle()


async def test_who_comes_second_leaves_what_the_first_weighed(joined):
    first = await Hub(await joined(), MemoryTarget()).start()
    await first.store.write(
        streams.put_instance, "gone", connector="c", mode="live", state="active"
    )
    await Hub(await joined(), MemoryTarget()).start()
    found = await first.store.read(streams.instances)
    assert {name: row.state for name, row in found.items()} == dict.fromkeys("ab", "active") | {
        "gone": "active"
    }
