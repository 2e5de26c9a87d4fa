"""Groups of the sources onto a target: who is in them, and nobody leaves many by accident."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub.contract import Gone, Ref, Stream
from hub.engine import reconcile
from hub.events.base import Family
from hub.events.group import GROUP, MEMBER, Group, Membership, membership_key
from hub.events.objects import Kind
from hub.people import decisions, erasing
from hub.people.policy import Policy
from hub.render.people_words import why
from hub.settings.groups import GroupRule
from hub.store import holds
from hub.store.tables import metadata, obj, person, stale_group
from hub.testing.fakes import MemoryTarget

EVERY = timedelta(minutes=15)
EVERYTHING = Stream("people", frozenset({Family.PERSON, Family.GROUP, Family.MEMBERSHIP}), EVERY)
CHOSEN = (GroupRule(instance="ad", name="GG-*"), GroupRule(instance="hr", name="*", prefix="HR "))


def policy(*rules, **more):
    given = {"accounts": {"intranet": "manage"}, "groups": {"intranet": rules or CHOSEN}}
    return Policy(**{"namespaces": {"hr": "org", "ad": "org"}} | given | more)


class Groups:
    """The hub of several directories, and words for groups in them."""

    def __init__(self, hub):
        self.hub = hub

    def __getattr__(self, name):
        return getattr(self.hub, name)

    def __getitem__(self, name):
        return self.hub[name]

    async def start(self, *names, **changes):
        await self.hub.start(*names, **changes)
        for one in self.hub.sources.values():
            one.streams = (EVERYTHING,)
        return self

    def group(self, instance, key, name=None, members=()):
        self[instance].put(key, Group(name=name or key), container=key)
        for one in members:
            self.joins(instance, key, one)

    def joins(self, instance, key, member, whose=None):
        refs = (Ref(GROUP, instance, GROUP, key), Ref(MEMBER, whose or instance, "account", member))
        made = Membership(direct=True)
        self[instance].put(membership_key(key, member), made, container=key, refs=refs)

    def leaves(self, instance, key, member):
        self[instance].remove(membership_key(key, member), proof="left the group")

    async def publish(self):
        await self.hub.runner.deliver()
        return self.hub.targets["intranet"].objects

    async def names(self):
        """Names of the groups on the target."""
        there = await self.publish()
        return sorted(one.body["name"] for (kind, _), one in there.items() if kind == Kind.GROUP)

    async def inside(self):
        """Who is in which group on the target: name of the group, user names."""
        there = await self.publish()
        found = {}
        for (kind, _), one in there.items():
            if kind == Kind.GROUP:
                found.setdefault(one.body["name"], [])
        for (kind, _), one in there.items():
            if kind == Kind.MEMBERSHIP:
                name = there[Kind.GROUP, one.body["group"]].body["name"]
                found[name].append(there[Kind.PERSON, one.body["person"]].body["user_name"])
        return {name: sorted(users) for name, users in found.items()}

    async def held(self):
        rows = await self.hub.store.read(holds.all_open)
        return [(row.instance, row.action, len(row.content)) for row in rows]

    async def decide(self, what, *args):
        given = {"actor": "jan", "now": self.hub.clock.now()}
        await self.hub.store.write(what, *args, **given)
        await self.hub.runner.project()


@pytest.fixture
def store_url(request, tmp_path):
    """SQLite, and PostgreSQL as well where a test asks for `BOTH`."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return f"sqlite:///{tmp_path / 'hub.db'}"
    return request.getfixturevalue("postgres_url")


BOTH = pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
async def hub(directories):
    directories.targets["intranet"] = MemoryTarget(batch_max=100)
    return await Groups(directories).start("ad", "hr", policy=policy())


@pytest.fixture
def worker(person_of):
    def make(number, **more):
        given = {"employee_number": f"n{number}", "user_name": f"u{number}"}
        return person_of("Noor", f"Berg{number}", **given | more)

    return make


async def test_only_chosen_groups_stand_there_with_who_is_in_them(hub, worker):
    for number in range(3):
        hub["ad"].put(f"a{number}", worker(number))
    hub.group("ad", "g1", "GG-Zorg", ["a0", "a1"])
    hub.group("ad", "g2", "Beheerders", ["a0"])
    hub.group("hr", "g9", "Zorg")
    await hub.read()
    assert await hub.inside() == {"GG-Zorg": ["u0", "u1"], "HR Zorg": []}
    before = hub.targets["intranet"].writes
    await hub.read()
    await hub.publish()
    assert hub.targets["intranet"].writes == before, "reading again sends nothing"
    assert not await hub.rows(sa.select(person).where(person.c.stale.is_(True)))
    assert not await hub.rows(sa.select(stale_group))


async def test_without_a_rule_nothing_of_groups_is_written(directories, worker):
    directories.targets["intranet"] = MemoryTarget()
    hub = await Groups(directories).start("ad", policy=policy(groups={}))
    hub["ad"].put("a1", worker(1))
    hub.group("ad", "g1", "GG-Zorg", ["a1"])
    await hub.read()
    assert {kind for kind, _ in await hub.publish()} == {Kind.PERSON}
    await hub.start(policy=policy())
    await hub.runner.project()
    assert await hub.inside() == {"GG-Zorg": ["u1"]}, "chosen later, all of it comes"


async def test_members_come_and_go_one_by_one(hub, worker):
    for number in range(3):
        hub["ad"].put(f"a{number}", worker(number))
    hub.group("ad", "g1", "GG-Zorg", ["a0", "a1"])
    await hub.read()
    await hub.publish()
    hub.leaves("ad", "g1", "a0")
    hub.joins("ad", "g1", "a2")
    await hub.read()
    assert await hub.inside() == {"GG-Zorg": ["u1", "u2"]}


async def test_a_group_that_is_renamed_keeps_its_members_and_one_that_goes_takes_them(hub, worker):
    hub["ad"].put("a1", worker(1))
    hub.group("ad", "g1", "GG-Zorg", ["a1"])
    hub.group("ad", "g2", "GG-Kok", ["a1"])
    await hub.read()
    await hub.publish()
    hub["ad"].put("g1", Group(name="GG-Zorg en welzijn"), container="g1")
    hub["ad"].remove("g2", proof="deleted")
    hub.leaves("ad", "g2", "a1")
    await hub.read()
    assert await hub.inside() == {"GG-Zorg en welzijn": ["u1"]}


async def test_a_person_is_in_the_groups_of_both_accounts_and_keeps_those_of_the_one_that_stays(
    hub, worker
):
    hub["ad"].put("a1", worker(1))
    hub["hr"].put("h1", worker(1))
    hub.group("ad", "g1", "GG-Zorg", ["a1"])
    hub.group("hr", "g1", "Zorg", ["h1"])
    await hub.read()
    assert await hub.inside() == {"GG-Zorg": ["u1"], "HR Zorg": ["u1"]}
    hub["ad"].put("a1", worker(1, enabled=False))
    await hub.read()
    assert await hub.inside() == {"GG-Zorg": [], "HR Zorg": ["u1"]}


@BOTH
async def test_two_accounts_in_one_group_are_one_membership_with_two_causes(hub, worker):
    hub["ad"].put("a1", worker(1))
    hub["ad"].put("a2", worker(1))
    hub.group("ad", "g1", "GG-Zorg", ["a1", "a2"])
    await hub.read()
    assert await hub.inside() == {"GG-Zorg": ["u1"]}
    who = await hub.person("ad/a1")
    found = await hub.store.read(reconcile.explain, f"ad.g1.{who.id}")
    assert [one["subject"] for one in found[0]["causes"]] == ["g1/a1", "g1/a2"]
    hub.leaves("ad", "g1", "a1")
    await hub.read()
    assert await hub.inside() == {"GG-Zorg": ["u1"]}, "one cause is left"
    hub.leaves("ad", "g1", "a2")
    await hub.read()
    assert await hub.inside() == {"GG-Zorg": []}


async def test_four_municipalities_on_one_intranet(directories, worker):
    places = ("noord", "oost", "zuid", "west")
    directories.targets["intranet"] = MemoryTarget()
    rules = [GroupRule(instance=one, name="Iedereen", prefix=f"{one} ") for one in places]
    chosen = policy(*rules, namespaces=dict.fromkeys(places, "regio"))
    hub = await Groups(directories).start(*places, policy=chosen)
    for number, one in enumerate(places):
        hub[one].put(f"own-{one}", worker(number))
        hub.group(one, "all", "Iedereen", [f"own-{one}"])
    hub["oost"].put("second", worker(0))  # works in two of them
    hub.joins("oost", "all", "second")
    await hub.read()
    assert await hub.inside() == {
        "noord Iedereen": ["u0"],
        "oost Iedereen": ["u0", "u1"],
        "zuid Iedereen": ["u2"],
        "west Iedereen": ["u3"],
    }
    hub["noord"].remove("own-noord", proof="deleted")
    hub.leaves("noord", "all", "own-noord")
    await hub.read()
    there = await hub.inside()
    assert (there["noord Iedereen"], there["oost Iedereen"]) == ([], ["u0", "u1"])


@BOTH
async def test_who_has_no_account_there_is_in_no_group_and_counted(hub, worker, person_of):
    hub["ad"].put("a1", worker(1))
    hub["ad"].put("a2", person_of("Sem", "Visser"))  # nothing to log in with
    hub.group("ad", "g1", "GG-Zorg", ["a1", "a2", "nobody-known"])
    hub.group("ad", "g2", "Beheer", ["a2"])
    await hub.read()
    assert await hub.inside() == {"GG-Zorg": ["u1"]}
    found = await hub.store.read(reconcile.status)
    assert found["people"]["not_in_groups"] == {"intranet": 2}
    hub["ad"].put("a2", worker(2))
    await hub.read()
    assert await hub.inside() == {"GG-Zorg": ["u1", "u2"]}


async def test_an_instance_that_watches_sends_nothing_and_nothing_is_wrong(directories, worker):
    directories.targets["intranet"] = MemoryTarget()
    modes = {"ad": "watch"}
    hub = await Groups(directories).start("ad", policy=policy(), modes=modes)
    hub["ad"].put("a1", worker(1))
    hub.group("ad", "g1", "GG-Zorg", ["a1"])
    await hub.read()
    assert await hub.publish() == {}
    found = await hub.store.read(reconcile.status)
    assert found["troubled"] == []
    plan = await hub.store.read(reconcile.plan, hub.clock.now())
    assert {(one.kind, one.blocked) for one in plan.steps} == {
        ("person", "watch"),
        ("group", "watch"),
        ("membership", "watch"),
    }


async def test_who_is_suspended_stays_in_groups_until_grace_is_over(hub, worker):
    hub["ad"].put("a1", worker(1))
    hub["ad"].put("a2", worker(2))
    hub.group("ad", "g1", "GG-Zorg", ["a1", "a2"])
    await hub.read()
    await hub.publish()
    hub["ad"].put("a1", worker(1, enabled=False))
    hub.leaves("ad", "g1", "a1")
    await hub.read()
    assert await hub.inside() == {"GG-Zorg": ["u1", "u2"]}
    hub.clock.advance(31 * 86400)
    await hub.read()
    assert await hub.inside() == {"GG-Zorg": ["u2"]}
    hub["ad"].put("a1", worker(1))
    await hub.read()
    assert await hub.inside() == {"GG-Zorg": ["u2"]}, "back, and in no group any more"


async def test_who_is_expiring_stays_and_joins_as_whoever_is_active(hub, worker):
    soon = hub.clock.now() + timedelta(days=10)
    hub["ad"].put("a1", worker(1, ends=soon))
    hub.group("ad", "g1", "GG-Zorg", ["a1"])
    await hub.read()
    assert (await hub.person("ad/a1")).state == "expiring"
    assert await hub.inside() == {"GG-Zorg": ["u1"]}


async def test_merge_and_its_undo_move_memberships(hub, worker):
    hub["ad"].put("a1", worker(1))
    hub["hr"].put("h2", worker(2))
    hub.group("ad", "g1", "GG-Zorg", ["a1"])
    hub.group("hr", "g9", "Kok", ["h2"])
    await hub.read()
    assert await hub.inside() == {"GG-Zorg": ["u1"], "HR Kok": ["u2"]}
    one, other = await hub.person("ad/a1"), await hub.person("hr/h2")
    await hub.decide(decisions.merge, one.id, other.id)
    (stays,) = {key for kind, key in await hub.publish() if kind == Kind.PERSON}
    there = await hub.inside()
    assert there["GG-Zorg"] == there["HR Kok"] != []
    await hub.decide(decisions.unmerge, ({one.id, other.id} - {stays}).pop())
    assert await hub.inside() == {"GG-Zorg": ["u1"], "HR Kok": ["u2"]}


async def test_an_account_that_is_linked_by_hand_brings_its_groups(hub, worker):
    hub["ad"].put("a1", worker(1))
    hub["hr"].put("h1", worker(2))
    hub.group("hr", "g9", "Kok", ["h1"])
    await hub.read()
    who = await hub.person("ad/a1")
    await hub.decide(decisions.link, "hr/h1", who.id)
    assert len((await hub.inside())["HR Kok"]) == 1
    await hub.decide(decisions.unlink, "hr/h1")
    assert await hub.inside() == {"HR Kok": ["u2"]}


async def test_who_is_forgotten_is_in_no_group_and_comes_back_in_none(hub, worker):
    hub["ad"].put("secret-4711", worker(1))
    hub["ad"].put("a2", worker(2))
    hub.group("ad", "g1", "GG-Zorg", ["secret-4711", "a2"])
    await hub.read()
    await hub.publish()
    given = {"actor": "jan", "now": hub.clock.now()}
    found = await hub.store.write(erasing.export, "ad/secret-4711", **given)
    assert found["groups"] == [{"account": "ad/secret-4711", "group": "GG-Zorg", "left": None}]
    assert [one["desired"].get("group") for one in found["published"]] == [None, "ad.g1"]
    await hub.decide(erasing.forget, "ad/secret-4711")
    for _ in range(2):
        assert await hub.inside() == {"GG-Zorg": ["u2"]}
        for table in metadata.sorted_tables:
            assert "secret-4711" not in str(await hub.rows(sa.select(table))), table.name
        await hub.read()


# --- what is too much ----------------------------------------------------------------------------


async def large(hub, worker, number):
    for one in range(number):
        hub["ad"].put(f"a{one}", worker(one))
    hub.group("ad", "g1", "GG-Zorg", [f"a{one}" for one in range(number)])
    hub.group("ad", "g2", "GG-Kok", ["a0"])
    await hub.read()
    assert len((await hub.inside())["GG-Zorg"]) == number


async def half_leaves(hub, number):
    """The instance was told to let them go; whether the target may is another matter."""
    for one in range(number):
        key = membership_key("g1", f"a{one}")
        hub["ad"].remove(key)
        hub["ad"].answers[key] = Gone("left the group")
    await hub.hub.runner.run("ad", "people", full=True)
    for row in await hub.store.read(holds.all_open):
        if row.action == "removal":
            await hub.runner.release(row.hash, "jan")
    await hub.runner.project()


@pytest.mark.parametrize(("size", "leaving", "held"), [(24, 12, 0), (24, 13, 13), (20, 20, 0)])
async def test_a_large_group_that_loses_more_than_half_waits(hub, worker, size, leaving, held):
    await large(hub, worker, size)
    hub.group("hr", "g9", "Rest", [])
    for one in range(30):  # beside it others are in groups, so that not all groups get empty
        hub["hr"].put(f"h{one}", worker(100 + one))
        hub.joins("hr", "g9", f"h{one}")
    await hub.read("hr")
    await hub.publish()
    await half_leaves(hub, leaving)
    assert await hub.held() == ([("intranet", "groups", held)] if held else [])
    assert len((await hub.inside())["GG-Zorg"]) == (size if held else size - leaving)


@BOTH
async def test_while_it_waits_nobody_leaves_any_group_and_all_else_goes_on(hub, worker):
    await large(hub, worker, 24)
    await half_leaves(hub, 13)
    hub.leaves("ad", "g2", "a0")
    hub.joins("ad", "g2", "a5")
    hub["ad"].put("a6", worker(6, title="Chef"))
    await hub.read("ad")
    assert await hub.held() == [("intranet", "groups", 14)]
    there = await hub.inside()
    assert (there["GG-Kok"], len(there["GG-Zorg"])) == (["u0", "u5"], 24)
    hub.joins("ad", "g1", "a1")
    await hub.read("ad")
    assert await hub.held() == [("intranet", "groups", 13)], "who came back leaves it"
    (row,) = await hub.store.read(holds.all_open)
    assert {line["reason"] for line in row.content} == {"left"}
    await hub.start()
    assert await hub.runner.release(row.hash[:6], "jan") == {"changed": 13}
    there = await hub.inside()
    assert (there["GG-Kok"], len(there["GG-Zorg"])) == (["u5"], 12)
    assert await hub.held() == []


async def test_what_is_dropped_stays_and_is_not_asked_again(hub, worker):
    await large(hub, worker, 24)
    await half_leaves(hub, 13)
    (row,) = await hub.store.read(holds.all_open)
    await hub.decide(reconcile.drop, row.hash)
    await hub.read("ad")
    assert (await hub.held(), len((await hub.inside())["GG-Zorg"])) == ([], 24)
    hub.leaves("ad", "g1", "a20")
    await hub.read("ad")
    assert (await hub.held(), len((await hub.inside())["GG-Zorg"])) == ([], 23)


@BOTH
async def test_a_group_that_is_chosen_no_more_waits_however_small(hub, worker):
    hub["ad"].put("a1", worker(1))
    hub.group("ad", "g1", "GG-Zorg", ["a1"])
    hub.group("ad", "g2", "GG-Kok", ["a1"])
    await hub.read()
    await hub.publish()
    await hub.start(policy=policy(GroupRule(instance="ad", name="GG-K?k")))
    await hub.runner.project()
    assert await hub.inside() == {"GG-Zorg": ["u1"], "GG-Kok": ["u1"]}
    assert await hub.held() == [("intranet", "groups", 2)]
    await hub.start(policy=policy())
    await hub.runner.project()
    assert await hub.held() == [], "the old configuration closes it"
    await hub.start(policy=policy(GroupRule(instance="ad", name="gg-k*")))
    await hub.runner.project()
    (row,) = await hub.store.read(holds.all_open)
    await hub.runner.release(row.hash, "jan")
    assert await hub.inside() == {"GG-Kok": ["u1"]}


async def test_a_target_that_is_named_no_more_keeps_all(hub, worker):
    hub["ad"].put("a1", worker(1))
    hub.group("ad", "g1", "GG-Zorg", ["a1"])
    await hub.read()
    await hub.publish()
    await hub.start(policy=policy(groups={}))
    hub.leaves("ad", "g1", "a1")
    await hub.read()
    assert await hub.inside() == {"GG-Zorg": ["u1"]}


async def test_who_loses_the_account_leaves_the_groups_before_it(hub, worker):
    await large(hub, worker, 24)
    for one in range(13):
        hub["ad"].remove(f"a{one}")
        hub["ad"].answers[f"a{one}"] = Gone("deleted")
    await half_leaves(hub, 13)
    assert len((await hub.inside())["GG-Zorg"]) == 24, "grace runs"
    hub.clock.advance(31 * 86400)
    await hub.runner.project()
    people = [row for row in await hub.store.read(holds.all_open) if row.action == "people"]
    for row in people:
        await hub.runner.release(row.hash, "jan")
    there = await hub.publish()
    assert sum(kind == Kind.PERSON for kind, _ in there) == 11
    assert sum(kind == Kind.MEMBERSHIP for kind, _ in there) == 11
    assert await hub.held() == [], "they were weighed as people"


async def test_withdrawn_groups_stay_away_and_come_back_with_their_members(hub, worker):
    hub["ad"].put("a1", worker(1))
    hub.group("ad", "g1", "GG-Zorg", ["a1"])
    await hub.read()
    await hub.publish()
    rows = await hub.rows(sa.select(obj).where(obj.c.kind == "group"))
    given = {"actor": "jan", "now": hub.clock.now()}
    await hub.store.write(reconcile.withdraw, rows, instance=None, **given)
    await hub.runner.project()
    assert await hub.inside() == {}
    await hub.read()
    assert await hub.inside() == {}
    await hub.store.write(reconcile.undo_withdrawal, instance=None, text="ad.g1", **given)
    await hub.runner.project()
    assert await hub.inside() == {"GG-Zorg": ["u1"]}


# --- the plan ------------------------------------------------------------------------------------


async def lines(hub, language):
    found = await hub.store.read(reconcile.plan, hub.clock.now())
    return {
        (one.action, one.kind, one.why.get("title", ""), why(one.why, language))
        for one in found.of_people().steps
        if one.kind != "person"
    }


@BOTH
async def test_a_plan_says_why_in_both_languages(hub, worker):
    hub["ad"].put("a1", worker(1))
    hub["ad"].put("a2", worker(2))
    hub.group("ad", "g1", "GG-Zorg", ["a1", "a2"])
    hub.group("ad", "g2", "GG-Kok", ["a1"])
    await hub.read()
    noor = "Noor Berg1 (ad/a1)"
    assert await lines(hub, "en") >= {
        ("create", "group", "", "`people.groups` chooses it"),
        ("create", "membership", "Noor Berg1, GG-Kok", f"is in the group: {noor} is named"),
    }
    await hub.publish()
    assert await lines(hub, "en") == set()
    hub.leaves("ad", "g1", "a1")
    hub["ad"].remove("g2", proof="deleted")
    hub.leaves("ad", "g2", "a1")
    hub["ad"].put("g1", Group(name="GG-Zorg 2"), container="g1")
    await hub.read()
    assert await lines(hub, "nl") == {
        ("remove", "membership", "Noor Berg1, GG-Zorg 2", "zit niet meer in de groep"),
        ("remove", "membership", "Noor Berg1, GG-Kok", "de groep is niet meer in de bron"),
        ("remove", "group", "", "de groep is niet meer in de bron"),
        ("update", "group", "", "gewijzigd"),
    }


@pytest.fixture
async def apart(hub, worker):
    """People are read in one stream, groups in another: twelve in one group, three in the next."""
    ad, groups = hub["ad"], Stream("groups", frozenset({Family.GROUP, Family.MEMBERSHIP}), EVERY)
    ad.streams = (Stream("people", frozenset({Family.PERSON}), EVERY), groups)
    await hub.hub.start()
    one = Apart(hub, ad)
    for number in range(60):
        ad.put(f"a{number}", worker(number))
    for key, name, members in (("g1", "GG-Zorg", range(12)), ("g2", "GG-Kok", (0, 20, 21))):
        ad.put(key, Group(name=name), container=key, stream="groups")
        for number in members:
            one.joins(key, f"a{number}")
    await one.read("groups")
    await one.read("people")
    return one


class Apart:
    """A directory of two streams, and where its people are."""

    def __init__(self, hub, ad):
        self.hub, self.ad = hub, ad

    def joins(self, key, member):
        refs = (Ref(GROUP, "ad", GROUP, key), Ref(MEMBER, "ad", "account", member))
        made = Membership(direct=True)
        name = membership_key(key, member)
        self.ad.put(name, made, container=key, refs=refs, stream="groups")

    def leaves(self, key, member):
        name = membership_key(key, member)
        self.ad.remove(name)
        self.ad.answers[name] = Gone("left the group")

    def moves_away(self, numbers, proof="moved to OU=Archief"):
        for number in numbers:
            self.ad.remove(f"a{number}")
            if proof:
                self.ad.answers[f"a{number}"] = Gone(proof)
            self.leaves("g1", f"a{number}")

    async def read(self, stream):
        self.hub.hub.clock.advance(60)
        done = await self.hub.hub.runner.run("ad", stream, full=True)
        assert done.outcome == "complete"

    async def inside(self):
        there = await self.hub.inside()
        return there["GG-Kok"], len(there["GG-Zorg"])


@pytest.mark.parametrize("order", [("people", "groups", "people"), ("groups", "people")])
async def test_who_waits_as_an_account_that_went_leaves_no_group_meanwhile(
    hub, apart, worker, order
):
    """A whole branch was moved out of the base: its people are held, and so is where they are."""
    apart.moves_away(range(12))
    apart.leaves("g2", "a0")
    apart.leaves("g2", "a20")
    for one in order:
        await apart.read(one)
    assert await hub.held() == [("ad", "removal", 12)]
    assert await apart.inside() == (["u0", "u21"], 12), "nobody doubts u20"
    for one in range(11):  # moved back, into the first group alone
        apart.ad.put(f"a{one}", worker(one))
        apart.joins("g1", f"a{one}")
    for one in order:
        await apart.read(one)
    assert await hub.held() == []
    assert await apart.inside() == (["u21"], 12), "grace runs for the last one"


async def test_nobody_leaves_a_group_before_the_people_were_read_again(hub, apart):
    """The group is too small to be weighed, and was read first, again and again."""
    apart.moves_away(range(11))
    apart.leaves("g2", "a21")
    for _ in range(3):
        await apart.read("groups")
        assert await apart.inside() == (["u0", "u20", "u21"], 12)
    await apart.read("people")
    assert await apart.inside() == (["u0", "u20"], 12)
    assert await hub.held() == [("ad", "removal", 11)]


async def test_who_was_not_found_once_leaves_no_group_meanwhile(hub, apart):
    """A source without tombstones: only who is missing twice is gone, and eleven are too many."""
    apart.moves_away(range(11), proof="")
    for _ in range(2):
        await apart.read("groups")
        await apart.read("people")
        assert await apart.inside() == (["u0", "u20", "u21"], 12)
    assert await hub.held() == [("ad", "removal", 11)]
