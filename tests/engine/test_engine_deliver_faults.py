"""Delivery beside a target that fails in every way; on both databases, in virtual time."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub.contract import Outcome
from hub.engine import dead_letters, reconcile
from hub.engine.delivery import Deliverer
from hub.errors import AuthFailedError, RateLimitedError, RejectedError, RetryableError
from hub.events.objects import Kind
from hub.store import desire, ledger, outbox, tables, trail
from hub.store.store import Store
from hub.store.subjects import chunks
from hub.testing.fakes import FakeClock, MemoryTarget

AUDIENCE = {"everyone": True}


@dataclass
class Line:
    """Objects that are put into a store by hand, and what delivers them."""

    store: Store
    target: MemoryTarget = field(default_factory=MemoryTarget)
    clock: FakeClock = field(default_factory=FakeClock)
    said: list = field(default_factory=list)
    deliverer: Deliverer = None

    async def begin(self, **changes) -> "Line":
        for name, value in changes.items():
            setattr(self.target, name, value)
        await self.store.write(self._begin)
        return self.again()

    def again(self) -> "Line":
        """A new process on the same store."""
        self.deliverer = Deliverer(
            "intranet", self.target, self.store, self.clock.now, random.Random(1), self.say
        )
        return self

    def say(self, event, **_keys):
        self.said.append(event)

    def _begin(self, tx):
        given = {"id": "desk", "connector": "scripted", "mode": "live", "state": "active"}
        tx.execute(tables.instance.insert().values(given))
        ledger.put_target(tx, "intranet", address=self.target.address())

    async def want(self, *keys, lane=None, title="first", kind="tile-item"):
        await self.store.write(self._want, keys, lane, title, kind)

    def _want(self, tx, keys, lane, title, kind):
        now = self.clock.now()
        known = self._known(tx, keys)
        body = {"title": title, "audience": AUDIENCE}
        values = desire.ahead(now) | {"body": body, "hash": title, "state": "present"}
        for part in chunks(known.values()):
            tx.execute(tables.obj.update().where(tables.obj.c.id.in_(part)).values(values))
        about = {"target": "intranet", "kind": kind, "instance": "desk", "hash": title, "seq": 1}
        about |= {"changed_at": now, "body": body, "state": "present"}
        new = [{**about, "key": key, "lane": lane or key} for key in keys if key not in known]
        if new:
            tx.execute(tables.obj.insert(), new)

    @staticmethod
    def _known(tx, keys):
        query = sa.select(tables.obj.c.key, tables.obj.c.id)
        parts = [tx.execute(query.where(tables.obj.c.key.in_(part))) for part in chunks(keys)]
        return {row.key: row.id for rows in parts for row in rows}

    async def remove(self, *keys):
        rows = [(await self.row(key)).id for key in keys]
        for one in rows:
            await self.store.write(desire.make_absent, one, self.clock.now())

    async def row(self, key):
        query = sa.select(tables.obj).where(tables.obj.c.key == key)
        return await self.store.read(lambda tx: tx.execute(query).one())

    async def statuses(self) -> Counter:
        query = sa.select(tables.obj.c.status)
        return Counter(await self.store.read(lambda tx: list(tx.execute(query).scalars())))

    async def health(self):
        return (await self.store.read(ledger.targets))["intranet"]

    async def passes(self, number: int, seconds: float = 65) -> Counter:
        counts = Counter()
        for _ in range(number):
            counts += await self.deliverer.deliver()
            self.clock.advance(seconds)
        return counts

    def published(self) -> list:
        return [call.items for call in self.target.calls if call.method == "publish"]


@pytest.fixture
async def line(store_url):
    store = await Store(store_url).open()
    yield Line(store)
    await store.close()


def keys(number: int) -> list[str]:
    return [f"k{index:04}" for index in range(number)]


def poison(*bad, error=RejectedError):
    return lambda items: error("no") if {one.key for one in items} & set(bad) else None


class Counted:
    """A store that counts its transactions."""

    def __init__(self, store):
        self.store, self.transactions = store, 0

    async def write(self, *args, **kwargs):
        self.transactions += 1
        return await self.store.write(*args, **kwargs)

    read = write


# --- the pipeline -------------------------------------------------------------------------------


async def test_batches_are_of_one_kind_and_state_and_full(line):
    await line.begin(batch_max=10)
    await line.want(*keys(25))
    await line.want("t1", "t2", kind="timeline")
    assert await line.deliverer.deliver() == {"done": 27}
    sizes = sorted(len(items) for items in line.published())
    assert sizes == [2, 5, 10, 10]
    for items in line.published():
        assert len({(one.kind, one.state) for one in items}) == 1


async def test_calls_stay_in_flight_up_to_what_the_target_bears(line):
    async def pause(_items):
        await asyncio.sleep(0.002)

    await line.begin(batch_max=1, at_once=5, pause=pause)
    await line.want(*keys(60))
    assert await line.deliverer.deliver() == {"done": 60}
    assert line.target.most_at_once == 5


async def test_one_object_more_takes_two_transactions(line):
    await line.begin(batch_max=1)
    await line.want("a")
    await line.deliverer.deliver()  # from now on it is known what the target can do
    await line.want("b")
    counted = line.deliverer.store = Counted(line.store)
    assert await line.deliverer.deliver() == {"done": 1}
    assert counted.transactions == 2, "one before the call and one after it"


async def test_what_waits_is_asked_with_a_statement_that_stays_prepared(line):
    asked = []
    await line.begin()
    await line.want("a")
    sa.event.listen(
        sa.Engine, "before_cursor_execute", note := lambda *given: asked.append(given[2])
    )
    try:
        await line.deliverer.deliver()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    about = [one for one in asked if "object.seq > object.done_seq" in one]
    assert about
    assert all("object.status = 'waiting'" in one for one in about), "no index holds for a variable"


async def test_objects_of_one_lane_are_never_in_two_calls_at_once(line):
    flying: set[str] = set()

    async def pause(items):
        assert not flying & {one.key[0] for one in items}
        flying.update(one.key[0] for one in items)
        await asyncio.sleep(0.001)
        flying.difference_update(one.key[0] for one in items)

    await line.begin(batch_max=3, pause=pause)
    for index in range(20):
        await line.want(f"a{index:02}", lane="a")
        await line.want(f"b{index:02}", lane="b")
    assert await line.deliverer.deliver() == {"done": 40}
    sent = [one.key for items in line.published() for one in items]
    assert [key for key in sent if key[0] == "a"] == sorted(key for key in sent if key[0] == "a")
    assert line.target.most_at_once == 2


VERSIONS, OTHERS, BEHIND = 1_000, 10_000, 200


@pytest.mark.parametrize("batch", [1, 20], ids=["one by one", "in batches"])
@pytest.mark.slow_on_postgresql
async def test_of_many_versions_the_last_one_stands_and_none_goes_back(line, batch):
    """One key changes a thousand times while ten thousand others come in, ten with each change."""
    rng, at_once = random.Random(7), OTHERS // VERSIONS

    async def pause(items):
        slow = any(one.key == "hot" for one in items)  # newer versions come during its calls
        await asyncio.sleep(rng.choice([0] * 9 + [0.01]) + 0.01 * slow)

    async def edit():
        for number in range(VERSIONS):
            some = others[number * at_once :][:at_once]
            await line.want("hot", *some, title=f"{number:05}")
            while len(line.target.objects) < number * at_once - BEHIND:  # noqa: ASYNC110  # a target offers no event
                await asyncio.sleep(0.001)

    async def deliver():
        await line.deliverer.deliver()
        stands = line.target.objects.get((Kind.TILE_ITEM, "hot"))
        assert (await line.row("hot")).done_body == (stands and stands.body), "the ledger is true"

    async def delivering():
        while not editing.done():
            await deliver()
        await deliver()

    others = keys(OTHERS)
    await line.begin(batch_max=batch, pause=pause)
    await line.want("hot", title="")
    async with asyncio.timeout(120):
        editing = asyncio.create_task(edit())
        await asyncio.gather(editing, delivering())
    sent = [(one.key, one.body["title"]) for items in line.published() for one in items]
    versions = [title for key, title in sent if key == "hot"]
    assert versions == sorted(set(versions))
    assert len(versions) >= OTHERS / BEHIND / 2, "other versions were under way meanwhile"
    assert line.target.objects[Kind.TILE_ITEM, "hot"].body["title"] == f"{VERSIONS - 1:05}"
    assert Counter(key for key, _ in sent if key != "hot") == Counter(others)
    assert await line.statuses() == {"done": OTHERS + 1}


# --- bad items ----------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [{"k0000"}, {"k0063", "k0064"}, {"k0099"}, set(keys(100))])
async def test_a_batch_that_is_refused_is_split_until_the_bad_ones_are_alone(line, bad):
    await line.begin(batch_max=100, faults=poison(*bad))
    await line.want(*keys(100))
    counts = await line.deliverer.deliver()
    assert counts == +Counter({"done": 100 - len(bad), "rejected": len(bad)})
    assert {row["key"] for row in await line.store.read(dead_letters.listed)} == bad
    assert line.said == []


async def test_one_that_makes_the_intranet_fail_is_set_aside_after_eight_tries(line):
    await line.begin(batch_max=20, faults=poison("k0013", error=RetryableError))
    await line.want(*keys(100))
    first = await line.deliverer.deliver()
    assert first == {"done": 80, "retry": 20}
    for number in range(8):
        line.clock.advance(65)
        await line.want(f"other{number}")
        await line.deliverer.deliver()
    assert await line.statuses() == {"done": 107, "rejected": 1}
    assert "tried 8 times" in (await line.row("k0013")).reason
    assert line.said == []


async def test_in_an_outage_nothing_is_set_aside_however_long(line):
    await line.begin(batch_max=1)
    await line.want("a")
    line.target.faults = lambda _items: RetryableError("no")
    await line.passes(40)
    assert (await line.row("a")).status == "waiting"
    line.target.faults = lambda _items: None
    await line.passes(1)
    assert (await line.row("a")).status == "done"


async def test_one_in_a_hundred_503_stops_nobody(line):
    rng = random.Random(3)

    def flaky(_items):
        if rng.random() > 0.03:
            return None
        return rng.choice([RetryableError("503"), RateLimitedError("503", 2.0, everyone=False)])

    await line.begin(batch_max=1, faults=flaky)
    await line.want(*keys(300))
    counts = await line.deliverer.deliver()
    assert counts["done"] > 280
    assert counts["done"] + counts["retry"] == 300
    await line.passes(4)
    assert await line.statuses() == {"done": 300}
    assert line.said == []


# --- the circuit --------------------------------------------------------------------------------


async def test_a_target_that_is_down_is_tried_with_one_call_and_said_once(line):
    await line.begin(batch_max=10, at_once=2)
    await line.want(*keys(500))
    line.target.faults = lambda _items: RetryableError("no")
    await line.deliverer.deliver()
    assert 5 <= len(line.published()) <= 6
    line.clock.advance(65)
    for _ in range(10):
        before = len(line.published())
        await line.passes(1)
        assert [len(items) for items in line.published()[before:]] == [1]
    line.target.faults = lambda _items: None
    await line.passes(3)
    assert await line.statuses() == {"done": 500}
    assert line.said == ["target_down", "target_up"]


async def test_a_refused_login_stops_at_once_and_is_probed_rarely(line):
    await line.begin(batch_max=1, at_once=1)
    await line.want(*keys(5))
    line.target.faults = lambda _items: AuthFailedError("no")
    await line.passes(9)
    assert len(line.published()) == 1
    assert (await line.health()).health == "refused"
    assert (await line.row("k0000")).attempts == 0


async def test_who_is_asked_to_slow_down_pauses_for_all_and_no_object_pays(line):
    await line.begin(batch_max=1, at_once=1)
    await line.want(*keys(5))
    line.target.fail_next(RateLimitedError("429", 20.0))
    await line.deliverer.deliver()
    line.clock.advance(19)
    assert await line.deliverer.deliver() == {}
    assert len(line.published()) == 1
    line.clock.advance(2)
    assert await line.deliverer.deliver() == {"done": 5}
    assert line.said == []


async def test_a_fault_in_the_target_itself_is_told_without_its_words(line):
    def broken(_items):
        raise ValueError("canary")

    await line.begin(batch_max=1, at_once=1, faults=broken)
    await line.want(*keys(8))
    assert await line.deliverer.deliver() == {"retry": 5, "failed": 1}
    assert "broke with ValueError" in (await line.health()).reason
    assert "canary" not in (await line.health()).reason + (await line.row("k0000")).reason


# --- the three identities -----------------------------------------------------------------------


@pytest.mark.parametrize("identity", ["keyed", "searchable"])
async def test_after_a_lost_answer_there_is_one(line, identity):
    await line.begin(batch_max=1, identity=identity)
    await line.want("a")
    line.target.fail_next(RetryableError("lost"), lost=True)
    assert await line.deliverer.deliver() == {"retry": 1}
    line.again()
    await line.passes(2)
    assert (await line.row("a")).status == "done"
    assert line.target.duplicates == []
    looked = [call for call in line.target.calls if call.method == "find"]
    assert len(looked) == (identity == "searchable")


@pytest.mark.parametrize("crashed", [False, True])
async def test_what_can_not_be_found_again_is_left_to_a_person(line, crashed):
    await line.begin(batch_max=1, identity="none")
    await line.want("a", "b")
    if crashed:
        rows = await line.store.read(
            outbox.due, "intranet", line.clock.now(), state="present", limit=1
        )
        await line.store.write(outbox.intend, rows)
    else:
        line.target.fail_next(RetryableError("lost"), lost=True)
    counts = await line.deliverer.deliver()
    assert counts == {"done": 1, "uncertain": 1}
    await line.passes(5)
    (letter,) = await line.store.read(dead_letters.listed)
    assert letter["what"] == "uncertain"
    (told,) = (await line.store.read(reconcile.status))["troubled"]
    assert told["status"] == "uncertain"
    sent = Counter(one.key for items in line.published() for one in items)
    assert max(sent.values()) == 1


async def test_an_uncertain_one_is_taken_as_done_or_sent_again(line):
    await line.begin(batch_max=1, identity="none", at_once=1)
    await line.want("a", "b")
    line.target.fail_next(RetryableError("lost"), lost=True)
    line.target.fail_next(RetryableError("lost"))
    assert await line.deliverer.deliver() == {"uncertain": 2}
    first, second = [one["id"] for one in await line.store.read(dead_letters.listed)]
    now = line.clock.now()
    await line.store.write(dead_letters.drop, [first], actor="anna", now=now)
    assert (await line.row("a")).done_state == "present"
    body = await line.store.read(dead_letters.chosen, [second])
    await line.store.write(dead_letters.replay, body, actor="anna", now=now)
    assert await line.deliverer.deliver() == {"done": 1}
    assert await line.statuses() == {"done": 2}
    assert line.target.duplicates == []


@pytest.mark.parametrize("identity", ["searchable", "none"])
async def test_what_the_target_says_it_did_not_do_is_in_no_doubt(line, identity):
    await line.begin(batch_max=1, identity=identity)
    await line.want("a", "b")
    line.target.fail_next(Outcome("retry", "busy"))
    line.target.fail_next(RateLimitedError("429", 2.0))
    await line.passes(3)
    assert await line.statuses() == {"done": 2}
    assert line.target.duplicates == []


# --- somebody else ------------------------------------------------------------------------------


async def test_in_a_batch_only_what_somebody_changed_is_looked_at_and_written_again(line):
    await line.begin(batch_max=10)
    await line.want(*keys(6))
    await line.deliverer.deliver()
    line.target.meddle(Kind.TILE_ITEM, "k0001", title="theirs")
    del line.target.objects[Kind.TILE_ITEM, "k0002"]
    await line.want(*keys(4), title="second")
    await line.remove("k0005")
    del line.target.calls[:]
    assert await line.deliverer.deliver() == {"done": 5}
    assert [call.keys for call in line.target.calls if call.method == "find"] == [
        ("k0001", "k0002")
    ]
    titles = {key: one.body["title"] for (_, key), one in line.target.objects.items()}
    assert titles == dict.fromkeys(keys(4), "second") | {"k0004": "first"}
    found = await line.store.read(trail.rows)
    assert sorted((row.what["key"], row.what["exists"]) for row in found) == [
        ("k0001", True),
        ("k0002", False),
    ]


async def test_a_pass_that_may_not_write_sends_nothing(line):
    class LostError(Exception):
        pass

    def claim(_tx):
        raise LostError

    await line.begin()
    await line.want("a")
    line.deliverer.claim = claim
    with pytest.raises(LostError):
        await line.deliverer.deliver()
    assert line.target.calls == []


async def test_next_due_tells_when_to_wake(line):
    await line.begin(batch_max=1)
    await line.want("a")
    assert await line.store.read(outbox.next_due, "intranet") is None
    line.target.fail_next(Outcome("retry", "busy", 40.0))
    await line.deliverer.deliver()
    due = await line.store.read(outbox.next_due, "intranet")
    assert due == line.clock.now() + timedelta(seconds=40)
    assert await line.deliverer.short_wait() == 40.0
