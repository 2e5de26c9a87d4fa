"""Objects that require others: they wait, with a reason, and absence goes in the reverse order."""

import random

import pytest
import sqlalchemy as sa

from hub.contract import Outcome
from hub.engine import reconcile
from hub.engine.delivery import Deliverer
from hub.engine.projection import Desired
from hub.events.objects import Kind
from hub.store import desire, ledger, tables
from hub.store.store import Store
from hub.testing.fakes import FakeClock, MemoryTarget

TILE, POST = Kind.TILE_ITEM, Kind.TIMELINE


class Hub:
    def __init__(self, store):
        self.store, self.target, self.clock = store, MemoryTarget(), FakeClock()
        about = (self.target, store, self.clock.now, random.Random(1), lambda *_a, **_k: None)
        self.deliverer = Deliverer("intranet", *about)

    async def begin(self):
        def work(tx):
            given = {"id": "desk", "connector": "scripted", "mode": "live", "state": "active"}
            tx.execute(tables.instance.insert().values(given))
            ledger.put_target(tx, "intranet", address="memory://intranet")

        await self.store.write(work)
        return self

    async def want(self, kind, key, *requires, title="first"):
        body = {"title": title, "audience": {"everyone": True}}
        one = Desired("intranet", kind, key, body, "t", "a", "r", requires=requires)
        await self.store.write(desire.put, "desk", one, self.clock.now())

    async def remove(self, key):
        row = await self.row(key)
        await self.store.write(desire.make_absent, row.id, self.clock.now())

    async def row(self, key):
        query = sa.select(tables.obj).where(tables.obj.c.key == key)
        return await self.store.read(lambda tx: tx.execute(query).one())

    async def deliver(self):
        self.target.calls.clear()
        counts = await self.deliverer.deliver()
        sent = [call.items for call in self.target.calls if call.method == "publish"]
        return counts, [(one.state, one.key) for items in sent for one in items]


@pytest.fixture
async def hub(store_url):
    store = await Store(store_url).open()
    yield await Hub(store).begin()
    await store.close()


async def test_what_is_required_goes_first_and_leaves_last(hub):
    await hub.want(POST, "post", (TILE, "one"), (TILE, "two"))
    await hub.want(TILE, "one", (TILE, "two"))
    await hub.want(TILE, "two")
    _, sent = await hub.deliver()
    assert sent == [("present", "two"), ("present", "one"), ("present", "post")]
    for key in ("two", "one", "post"):
        await hub.remove(key)
    _, sent = await hub.deliver()
    assert sent == [("absent", "post"), ("absent", "one"), ("absent", "two")]


async def test_it_waits_unattempted_with_a_reason_until_the_other_comes(hub):
    await hub.want(POST, "post", (TILE, "one"))
    assert await hub.deliver() == ({}, [])
    row = await hub.row("post")
    assert "until tile-item one, which it requires" in row.reason
    assert (row.attempts, row.intent) == (0, None)
    (told,) = (await hub.store.read(reconcile.status))["troubled"]
    assert told["reason"] == row.reason
    (told,) = await hub.store.read(reconcile.explain, "post")
    assert told["reason"] == row.reason
    await hub.want(TILE, "one")
    counts, _ = await hub.deliver()
    assert counts == {"done": 2}
    assert (await hub.row("post")).reason is None


async def test_it_waits_for_one_that_is_refused_and_says_so(hub):
    await hub.want(POST, "post", (TILE, "one"))
    await hub.want(TILE, "one")
    hub.target.fail_next(Outcome("rejected", "No."))
    counts, _ = await hub.deliver()
    assert counts == {"rejected": 1}
    assert "That one was refused" in (await hub.row("post")).reason


async def test_it_stays_while_something_that_requires_it_stands(hub):
    await hub.want(POST, "post", (TILE, "one"))
    await hub.want(TILE, "one")
    await hub.deliver()
    await hub.remove("one")
    assert await hub.deliver() == ({}, [])
    assert "until timeline post, which requires it, is gone" in (await hub.row("one")).reason
    await hub.want(POST, "post", title="second")  # and requires nothing any more
    counts, sent = await hub.deliver()
    assert counts == {"done": 2}
    assert set(sent) == {("present", "post"), ("absent", "one")}


async def test_the_target_is_told_how_it_calls_what_is_required(hub):
    await hub.want(TILE, "one")
    await hub.want(POST, "post", (TILE, "one"))
    await hub.deliver()
    row = await hub.row("one")
    items = [item for call in hub.target.calls for item in call.items if item.key == "post"]
    assert row.remote_id
    assert [item.requires for item in items] == [{(TILE, "one"): row.remote_id}]
    others = [item for call in hub.target.calls for item in call.items if item.key == "one"]
    assert [item.requires for item in others] == [{}]
