"""Persons and groups, then memberships, and the other way round when they go: the real engine,
the real target, and an intranet that refuses a membership without its ends."""

import random

import pytest
import sqlalchemy as sa

from hub.engine.delivery import Deliverer
from hub.engine.projection import Desired
from hub.events.objects import GroupEntry, Kind, MembershipEntry, PersonEntry
from hub.sandbox.intranet import InProcessTransport, IntranetOptions, IntranetSandbox
from hub.store import desire, ledger, tables
from hub.store.store import Store
from hub.targets.openintranet import OpenIntranetSettings, OpenIntranetTarget
from hub.testing.fakes import FakeClock, fake_context

GROUPS, PERSONS = ("g-1", "g-2"), tuple(f"p-{number}" for number in range(6))


class Hub:
    def __init__(self, store, batch_max):
        self.store, self.clock = store, FakeClock()
        self.sandbox = IntranetSandbox(IntranetOptions(batch_max=batch_max), self.clock.now)
        context = fake_context(clock=self.clock, transport=InProcessTransport(self.sandbox.app))
        settings = OpenIntranetSettings(url="https://intranet.test", token="sandbox-token")
        self.target = OpenIntranetTarget(settings, context)
        about = (self.target, store, self.clock.now, random.Random(1), lambda *_a, **_k: None)
        self.deliverer = Deliverer("intranet", *about)

    async def begin(self):
        def work(tx):
            given = {"id": "staff", "connector": "scripted", "mode": "live", "state": "active"}
            tx.execute(tables.instance.insert().values(given))
            ledger.put_target(tx, "intranet", address=self.target.address())

        await self.store.write(work)
        return self

    async def want(self, kind, key, entry, *requires, lane=None):
        body = entry.model_dump(mode="json")
        one = Desired("intranet", kind, key, body, "t", "a", "r", requires=requires, lane=lane)
        await self.store.write(desire.put, "staff", one, self.clock.now())

    async def want_membership(self, group, person):
        ends = (Kind.GROUP, group), (Kind.PERSON, person)
        entry = MembershipEntry(group=group, person=person)
        await self.want(Kind.MEMBERSHIP, f"{group}.{person}", entry, *ends, lane=group)

    async def want_nothing(self):
        query = sa.select(tables.obj.c.id).order_by(tables.obj.c.id)
        for one in await self.store.read(lambda tx: tx.execute(query).scalars().all()):
            await self.store.write(desire.make_absent, one, self.clock.now())

    async def deliver(self):
        del self.sandbox.requests[:]
        counts = await self.deliverer.deliver()
        written = [one for one in self.sandbox.requests if one.method in {"PUT", "DELETE"}]
        return counts, [(one.method, one.path.split("/")[2], one.status) for one in written]


@pytest.fixture(params=[100, 0], ids=["batches", "one by one"])
async def hub(store_url, request):
    store = await Store(store_url).open()
    made = await Hub(store, request.param).begin()
    yield made
    await made.target.close()
    await store.close()


def kinds(written):
    """The kinds in the order in which they came, each run of one kind once."""
    found = [kind for _, kind, _ in written]
    return [kind for kind, before in zip(found, [None, *found], strict=False) if kind != before]


async def test_memberships_come_last_and_go_first_and_none_is_refused(hub):
    for person in PERSONS:
        for group in GROUPS:
            await hub.want_membership(group, person)
    for person in PERSONS:
        await hub.want(Kind.PERSON, person, PersonEntry(user_name=person, display_name="Anna"))
    for group in GROUPS:
        await hub.want(Kind.GROUP, group, GroupEntry(name=group))
    counts, written = await hub.deliver()
    assert counts == {"done": 20}
    assert {status for _, _, status in written} == {201}
    assert kinds(written)[-1] == "membership"
    assert kinds(written).count("membership") == 1
    assert hub.sandbox.pages.directory.groups_of("p-3") == ["g-1", "g-2"]
    await hub.want_nothing()
    counts, written = await hub.deliver()
    assert counts == {"done": 20}
    assert {(method, status) for method, _, status in written} == {("DELETE", 204)}
    assert kinds(written)[0] == "membership"
    assert kinds(written).count("membership") == 1
    assert len(hub.sandbox.store) == 0
    assert hub.sandbox.store.left("p-3") is not None


async def test_a_membership_waits_until_its_person_is_taken(hub):
    await hub.want(Kind.GROUP, "g-1", GroupEntry(name="g-1"))
    await hub.want_membership("g-1", "p-1")
    counts, written = await hub.deliver()
    assert (counts, kinds(written)) == ({"done": 1}, ["group"])
    await hub.want(Kind.PERSON, "p-1", PersonEntry(user_name="p-1", display_name="Anna"))
    counts, written = await hub.deliver()
    assert (counts, kinds(written)) == ({"done": 2}, ["person", "membership"])
