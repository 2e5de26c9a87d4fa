"""Persons, groups and memberships on the reference intranet: the contract, and what is their own."""

import pytest

from hub.contract import Delivery
from hub.events.objects import Kind, MembershipEntry, PersonEntry
from hub.testing.target_bench import known, opened
from hub.testing.target_suite import TargetContract

PERSON, GROUP, MEMBERSHIP = Kind.PERSON, Kind.GROUP, Kind.MEMBERSHIP


class OfPeople(TargetContract):
    kind: Kind

    @pytest.fixture(autouse=True)
    def _world(self, people_worlds):
        self.make = people_worlds[self.kind]

    def world(self):
        return self.make()


class TestPersons(OfPeople):
    kind = PERSON


class TestGroups(OfPeople):
    kind = GROUP


class TestMemberships(OfPeople):
    kind = MEMBERSHIP


class TestPhotos(OfPeople):
    kind = Kind.PHOTO


@pytest.fixture
async def bench(people_worlds):
    async with opened(people_worlds[PERSON]()) as made:
        yield made


def person(key, **changed):
    entry = PersonEntry(user_name=f"user-{key}", display_name="Anna Smit", **changed)
    return Delivery(PERSON, key, "present", entry.model_dump(mode="json"), f"token-{key}-{changed}")


def member(key, group, of):
    body = MembershipEntry(group=group, person=of).model_dump(mode="json")
    return Delivery(MEMBERSHIP, key, "present", body, f"token-{key}-{group}-{of}")


async def test_a_membership_waits_for_its_person_and_says_so(bench):
    waiting = member("m", "diemen", "p-1")
    outcome = await bench.one(waiting)
    assert outcome.status == "retry"
    assert "person" in outcome.reason
    await bench.one(person("p-1"))
    assert (await bench.one(waiting)).status == "done"


async def test_in_a_batch_one_membership_that_must_wait_waits_alone(bench):
    await bench.one(person("p-1"))
    target = bench.target()
    await target.capabilities()
    outcomes = await target.publish([member("a", "diemen", "p-1"), member("b", "nowhere", "p-1")])
    assert [one.status for one in outcomes] == ["done", "retry"]
    assert "group" in outcomes[1].reason


async def test_an_account_of_the_intranets_own_is_linked_and_never_written(bench):
    taken = person("p-1").body | {"user_name": "AD-First"}
    outcome = await bench.one(Delivery(PERSON, "p-1", "present", taken, "t"))
    assert outcome.status == "rejected"
    assert "/v1/accounts" in outcome.reason
    assert "AD-First" not in outcome.reason
    assert (await bench.one(person("ad:first"))).status == "rejected"
    assert (await bench.one(member("m", "diemen", "ad:first"))).status == "done"
    assert bench.keys(PERSON) == []


async def test_a_person_who_left_and_comes_back_is_the_same_person(bench):
    first = await bench.one(person("p-1", title="Verpleegkundige"))
    absent = Delivery(PERSON, "p-1", "absent", {}, "t2", **known(first))
    assert (await bench.one(absent)).status == "done"
    assert await bench.target().find(PERSON, ["p-1"]) == {}
    assert bench.world.sandbox.store.left("p-1").body["display_name"] == "Anna Smit"
    assert (await bench.one(person("p-1", title="Teamleider"))).status == "done"
    assert bench.world.sandbox.store.left("p-1") is None


async def test_a_person_who_was_not_changed_there_does_not_differ(bench):
    item = person("p-1", phone="020 123 4567")
    await bench.one(item)
    target = bench.target()
    found = (await target.find(PERSON, ["p-1"]))["p-1"]
    assert target.differs(PERSON, item.body, found) == []
    assert target.differs(PERSON, item.body | {"active": False}, found) == ["active"]


async def test_a_check_says_whether_people_can_be_published(bench, tiles_only_world):
    async def said(bench):
        return [one.what for one in await bench.target().check() if "no people" in one.what]

    assert await said(bench) == []
    async with opened(tiles_only_world()) as other:
        (what,) = await said(other)
    assert what.endswith("it keeps no group, membership, person")
