"""Accounts that the intranet's own synchronisation made: referenced, waited for, never written."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from hub.contract import Account, Ref, Sought, Stream
from hub.engine import linking, reconcile
from hub.errors import RetryableError
from hub.events.base import Family
from hub.events.group import GROUP, MEMBER, Group, Membership, membership_key
from hub.events.objects import Kind
from hub.people import erasing
from hub.people.policy import Policy
from hub.settings.groups import GroupRule
from hub.store import holds, links
from hub.store.tables import metadata, obj
from hub.testing.fakes import MemoryTarget

EVERYTHING = frozenset({Family.PERSON, Family.GROUP, Family.MEMBERSHIP})
RULES = (GroupRule(instance="ad", name="*"),)


def policy(what="link"):
    return Policy(accounts={"intranet": what}, groups={"intranet": RULES})


def theirs(number, **more):
    given = {"key": None, "user_name": f"u{number}", "mail": None}
    return Account(f"theirs-{number}", **given | more)


@pytest.fixture
def store_url(tmp_path):
    """What is stored is plain; PostgreSQL is asked in the tests of groups."""
    return f"sqlite:///{tmp_path / 'hub.db'}"


@pytest.fixture
async def hub(directories):
    directories.targets["intranet"] = Watched()
    made = await directories.start("ad", policy=policy())
    made["ad"].streams = (Stream("people", EVERYTHING, timedelta(minutes=15)),)
    made["ad"].put("g1", Group(name="Zorg"), container="g1")
    return made


class Watched(MemoryTarget):
    """Remembers whatever anybody tried to write of persons."""

    def __init__(self):
        super().__init__(batch_max=100)
        self.written = []

    async def publish(self, items):
        self.written += [item for item in items if item.kind == Kind.PERSON]
        return await super().publish(items)


@pytest.fixture
def worker(person_of):
    def make(number, **more):
        return person_of("Noor", f"Berg{number}", **{"user_name": f"u{number}"} | more)

    return make


def put(hub, worker, number, **more):
    """Somebody in the group."""
    hub["ad"].put(f"a{number}", worker(number, **more))
    refs = (Ref(GROUP, "ad", GROUP, "g1"), Ref(MEMBER, "ad", "account", f"a{number}"))
    key = membership_key("g1", f"a{number}")
    hub["ad"].put(key, Membership(direct=True), container="g1", refs=refs)


async def inside(hub):
    """How the target calls the persons in groups."""
    await hub.runner.deliver()
    sent = [one for call in hub.targets["intranet"].calls for one in call.items]
    known = {one.key: one for one in sent if one.kind == Kind.MEMBERSHIP}
    there = [key for kind, key in hub.targets["intranet"].objects if kind == Kind.MEMBERSHIP]
    ends = [(Kind.PERSON, known[key].body["person"]) for key in there]
    return sorted(known[key].requires[end] for key, end in zip(there, ends, strict=True))


async def asked(hub):
    return sum(call.method == "accounts" for call in hub.targets["intranet"].calls)


async def test_groups_take_accounts_of_others_and_nobody_is_ever_written(hub, worker):
    target = hub.targets["intranet"]
    target.known = [theirs(0, user_name="U0"), theirs(1, user_name="x", mail="B@werk.example.org")]
    put(hub, worker, 0)
    put(hub, worker, 1, mail="b@werk.example.org")
    put(hub, worker, 2)
    await hub.read()
    assert await inside(hub) == ["theirs-0", "theirs-1"]
    found = await hub.store.read(reconcile.status)
    assert found["people"]["not_linked"] == {"intranet": 1}
    assert found["troubled"] == [], "who is looked for is nothing wrong"
    target.known.append(theirs(2))
    hub.clock.advance(30 * 60)
    assert await inside(hub) == ["theirs-0", "theirs-1"], "at most once an hour"
    hub.clock.advance(31 * 60)
    assert await inside(hub) == ["theirs-0", "theirs-1", "theirs-2"]

    hub["ad"].put("a0", worker(0, title="Chef"))
    hub["ad"].put("a1", worker(1, enabled=False))
    await hub.read()
    hub.clock.advance(31 * 86400)
    await hub.read()
    assert await inside(hub) == ["theirs-0", "theirs-2"], "who left is in no group any more"
    given = {"actor": "jan", "now": hub.clock.now()}
    rows = await hub.store.read(reconcile.to_withdraw)
    assert {row.kind for row in rows} == {"group", "membership"}
    await hub.store.write(erasing.forget, "ad/a2", **given)
    everything = await hub.rows(sa.select(obj))
    await hub.store.write(reconcile.withdraw, everything, instance=None, **given)
    rows = await hub.rows(sa.select(obj).where(obj.c.kind == "person"))
    assert {(row.ownership, row.state, row.seq) for row in rows} == {("linked", "present", 0)}
    await hub.runner.project()
    assert await inside(hub) == []
    assert target.written == []
    assert not [key for key in target.objects if key[0] == Kind.PERSON]


async def test_it_is_looked_for_again_each_hour_and_when_known_each_day(hub, worker):
    put(hub, worker, 0)
    await hub.read()
    for _ in range(8):
        await hub.runner.deliver()
        hub.clock.advance(15 * 60)
    assert await asked(hub) == 2
    hub.targets["intranet"].known = [theirs(0)]
    await hub.runner.deliver()
    assert await asked(hub) == 3
    hub.clock.advance(23 * 3600)
    await hub.runner.deliver()
    assert await asked(hub) == 3
    hub.targets["intranet"].known = []
    hub.clock.advance(2 * 3600)
    assert await inside(hub) == ["theirs-0"], "what stands there is not taken away"
    (row,) = await hub.rows(sa.select(obj).where(obj.c.kind == "person"))
    assert (row.status, row.reason) == ("sought", linking.NOBODY)


async def test_a_target_that_is_down_concludes_nothing(hub, worker):
    target = hub.targets["intranet"]
    target.known = [theirs(0)]
    put(hub, worker, 0)
    await hub.read()
    await hub.runner.deliver()
    hub.clock.advance(25 * 3600)
    target.down = True
    await hub.runner.deliver()
    (row,) = await hub.rows(sa.select(obj).where(obj.c.kind == "person"))
    assert (row.status, row.remote_id) == ("linked", "theirs-0")
    target.down = False
    hub.clock.advance(linking.AFTER_FAULT.total_seconds())
    before = await asked(hub)
    await hub.runner.deliver()
    assert await asked(hub) == before + 1


@pytest.mark.parametrize(
    "known",
    [
        [theirs(0), theirs(1, user_name="u0")],  # two have the name
        [theirs(0), theirs(1, user_name="x", mail="n@werk.example.org")],  # name and address differ
        [theirs(0, user_name="u00", mail="nn@werk.example.org")],  # like it, but not the same
        [],
    ],
)
async def test_only_one_exact_match_counts(hub, worker, known):
    hub.targets["intranet"].known = known
    put(hub, worker, 0, mail="n@werk.example.org")
    await hub.read()
    assert await inside(hub) == []


async def test_one_account_is_never_of_two_persons(hub, worker):
    hub.targets["intranet"].known = [theirs(0, mail="team@werk.example.org")]
    put(hub, worker, 1, mail="team@werk.example.org")
    await hub.read()
    assert await inside(hub) == ["theirs-0"]
    put(hub, worker, 0)
    await hub.read()
    assert await inside(hub) == ["theirs-0"], "the first has it"
    rows = await hub.rows(sa.select(obj.c.kind, obj.c.reason).where(obj.c.status == "sought"))
    assert {tuple(row) for row in rows} == {
        ("person", linking.SEVERAL),
        ("membership", links.WAITS),  # and no pass of delivery weighs it
    }


async def test_more_than_a_limit_who_leave_wait_here_too(hub, worker):
    hub.targets["intranet"].known = [theirs(one) for one in range(30)]
    for one in range(30):
        put(hub, worker, one)
    await hub.read()
    assert len(await inside(hub)) == 30
    for one in range(6):
        hub["ad"].put(f"a{one}", worker(one, enabled=False))
    await hub.read()
    hub.clock.advance(31 * 86400)
    await hub.runner.project()
    assert len(await inside(hub)) == 30
    (row,) = await hub.store.read(holds.all_open)
    assert (row.action, len(row.content)) == ("people", 6)
    await hub.runner.release(row.hash, "jan")
    assert len(await inside(hub)) == 24


async def test_manage_that_is_chosen_later_adopts_whom_it_found_and_makes_the_others(hub, worker):
    hub.targets["intranet"].known = [theirs(0)]
    put(hub, worker, 0)
    put(hub, worker, 1)
    await hub.read()
    await hub.runner.deliver()
    await hub.start(policy=policy("manage"))
    await hub.runner.project()
    await hub.runner.deliver()
    sent = {item.body["user_name"]: item.remote_id for item in hub.targets["intranet"].written}
    assert sent == {"u0": "theirs-0", "u1": None}
    there = [kind for kind, _ in hub.targets["intranet"].objects]
    assert there.count(Kind.MEMBERSHIP) == 2
    rows = await hub.rows(sa.select(obj.c.ownership).where(obj.c.kind == "person"))
    assert sorted(row.ownership for row in rows) == ["adopted", "created"]


async def test_link_that_is_chosen_later_writes_no_more(hub, worker):
    await hub.start(policy=policy("manage"))
    put(hub, worker, 0)
    await hub.read()
    await hub.runner.deliver()
    target = hub.targets["intranet"]
    target.written.clear()
    hub["ad"].put("a0", worker(0, title="Chef"))
    put(hub, worker, 1)
    await hub.read()
    await hub.start(policy=policy())
    target.known = [theirs(1)]
    await hub.runner.project()
    assert len(await inside(hub)) == 2
    hub["ad"].put("a0", worker(0, title="Directeur"))
    await hub.read()
    await hub.runner.deliver()
    assert target.written == []
    await hub.start(policy=policy("manage"))
    await hub.runner.project()
    await hub.runner.deliver()
    assert {item.body.get("title") for item in target.written} == {"Directeur", None}


async def test_at_another_address_accounts_are_looked_for_anew(hub, worker):
    hub.targets["intranet"].known = [theirs(0)]
    put(hub, worker, 0)
    await hub.read()
    await inside(hub)
    hub.targets["intranet"].address_value = "memory://elsewhere"
    await hub.start()
    (row,) = await hub.store.read(holds.all_open)
    await hub.runner.release(row.hash, "jan")
    assert await hub.store.read(links.due, "intranet", hub.clock.now(), 10)
    await hub.runner.deliver()
    assert hub.targets["intranet"].written == []


async def test_who_is_forgotten_is_looked_for_no_more(hub, worker):
    put(hub, worker, 0, user_name="wilhelmijntje", mail="w@werk.example.org")
    await hub.read()
    await hub.runner.deliver()
    given = {"actor": "jan", "now": hub.clock.now()}
    await hub.store.write(erasing.forget, "ad/a0", **given)
    for table in metadata.sorted_tables:
        assert "wilhelmijntje" not in str(await hub.rows(sa.select(table))), table.name
    await hub.runner.project()
    assert not await hub.rows(sa.select(obj).where(obj.c.kind == "person"))


async def test_a_fault_of_the_target_is_told_by_delivery(hub, worker):
    put(hub, worker, 0)
    await hub.read()

    async def broken(_people):
        raise RetryableError("away")

    hub.targets["intranet"].accounts = broken
    await hub.runner.deliver()
    assert await hub.store.read(links.due, "intranet", hub.clock.now(), 10) == []


NAMES = st.sampled_from(["a", "A", "b", "c"])
ACCOUNTS = st.lists(st.builds(Account, st.sampled_from("wxyz"), st.none(), NAMES, NAMES))


@given(NAMES, NAMES, ACCOUNTS)
def test_whatever_a_target_gives_only_equal_words_match(user_name, mail, accounts):
    found = linking.match([Sought("k", user_name, mail)], accounts)["k"]
    equal = {
        one.remote_id
        for one in accounts
        if one.user_name.casefold() == user_name.casefold()
        or one.mail.casefold() == mail.casefold()
    }
    assert found == equal
