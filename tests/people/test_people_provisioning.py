"""Persons onto a target: made, changed, switched off; and nobody loses an account by accident."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub.engine import provisioning, reconcile
from hub.events.objects import Kind
from hub.people import decisions, erasing, reasons
from hub.people.policy import Policy
from hub.render import people_words
from hub.settings.removals import Removals
from hub.store import holds
from hub.store.tables import metadata, person
from hub.testing.fakes import MemoryTarget

MANAGE = {"accounts": {"intranet": "manage"}}


@pytest.fixture
async def hub(directories):
    """Two directories, and an intranet whose accounts the hub keeps."""
    directories.targets["intranet"] = MemoryTarget()
    policy = Policy(namespaces={"hr": "org", "ad": "org"}, **MANAGE)
    return await directories.start("hr", "ad", policy=policy)


@pytest.fixture
def worker(person_of):
    def make(number, **more):
        given = {"employee_number": f"n{number}", "user_name": f"noor.{number}"}
        return person_of("Noor", f"Berg{number}", **given | more)

    return make


async def published(hub):
    await hub.runner.deliver()
    target = hub.targets["intranet"]
    return {key: one.body for (kind, key), one in target.objects.items() if kind == Kind.PERSON}


async def account(hub, key):
    return (await published(hub)).get((await hub.person(key)).id)


async def held(hub):
    rows = await hub.store.read(holds.all_open)
    return [(row.instance, row.action, len(row.content)) for row in rows]


async def test_a_person_is_one_account_whatever_the_number_of_sources(hub, worker):
    hub["hr"].put("h1", worker(1, department="Zorg", birth_date="1990-02-28"))
    hub["ad"].put("a1", worker(1, mail="noor@werk.example.org", infix="van den"))
    await hub.read()
    (body,) = (await published(hub)).values()
    assert body == {
        "active": True,
        "department": "Zorg",
        "display_name": "Noor Berg1",
        "external": False,
        "family_name": "van den Berg1",
        "given_name": "Noor",
        "mail": "noor@werk.example.org",
        "user_name": "noor.1",
    }


async def test_reading_again_sends_nothing(hub, worker):
    hub["hr"].put("h1", worker(1))
    await hub.read()
    await published(hub)
    before = hub.targets["intranet"].writes
    await hub.read()
    await published(hub)
    assert hub.targets["intranet"].writes == before
    assert not await hub.rows(sa.select(person).where(person.c.stale.is_(True)))


async def test_one_source_that_ends_leaves_the_account(hub, worker):
    hub["hr"].put("h1", worker(1))
    hub["ad"].put("a1", worker(1))
    await hub.read()
    await published(hub)
    hub["ad"].remove("a1", proof="deleted")
    await hub.read()
    assert (await account(hub, "hr/h1"))["active"] is True


async def test_a_leaver_is_switched_off_kept_and_then_away(hub, worker):
    hub["hr"].put("h1", worker(1))
    await hub.read()
    await published(hub)
    hub["hr"].put("h1", worker(1, enabled=False))
    await hub.read()
    assert (await account(hub, "hr/h1"))["active"] is False
    hub.clock.advance(31 * 86400)
    await hub.read()
    assert not await published(hub)
    hub["hr"].put("h1", worker(1))
    await hub.read()
    assert (await account(hub, "hr/h1"))["active"] is True


async def test_who_is_announced_or_has_nothing_to_log_in_with_has_none(hub, worker, person_of):
    later = hub.clock.now().replace(year=hub.clock.now().year + 1)
    hub["hr"].put("h1", worker(1, starts=later))
    hub["hr"].put("h2", person_of("Sem", "Visser"))
    hub["hr"].put("h3", worker(3, enabled=False))
    await hub.read()
    assert not await published(hub)


async def test_without_manage_nothing_is_written(directories, worker):
    directories.targets["intranet"] = MemoryTarget()
    hub = await directories.start("hr")
    hub["hr"].put("h1", worker(1))
    await hub.read()
    assert not await published(hub)
    assert hub.targets["intranet"].writes == 0


async def test_manage_that_is_chosen_later_makes_everybody(directories, worker):
    directories.targets["intranet"] = MemoryTarget()
    hub = await directories.start("hr")
    hub["hr"].put("h1", worker(1))
    await hub.read()
    hub = await directories.start(policy=Policy(**MANAGE))
    assert len(await published(hub)) == 1


async def test_an_instance_that_watches_sends_nobody(directories, worker):
    directories.targets["intranet"] = MemoryTarget()
    hub = await directories.start("hr", policy=Policy(**MANAGE), modes={"hr": "watch"})
    hub["hr"].put("h1", worker(1))
    await hub.read()
    assert not await published(hub)
    plan = await hub.store.read(reconcile.plan)
    assert [(one.kind, one.action, one.blocked) for one in plan.steps] == [
        ("person", "create", "watch")
    ]


async def test_of_two_sources_the_one_that_sends_counts(directories, worker):
    directories.targets["intranet"] = MemoryTarget()
    hub = await directories.start("ad", "hr", policy=Policy(**MANAGE), modes={"ad": "watch"})
    hub["ad"].put("a1", worker(1))
    await hub.read("ad")
    assert not await published(hub)
    hub["hr"].put("h1", worker(1))
    await hub.read("hr")
    who = await hub.person("hr/h1")
    await hub.runner.deliver()
    assert (await published(hub)).keys() == {who.id}


async def many(hub, worker, number):
    for one in range(number):
        hub["hr"].put(f"h{one}", worker(one))
    await hub.read("hr")
    assert len(await published(hub)) == number


async def actives(hub):
    return sum(body["active"] for body in (await published(hub)).values())


async def test_too_many_who_lose_their_account_wait_together(hub, worker):
    await many(hub, worker, 40)
    for one in range(6):
        hub["hr"].put(f"h{one}", worker(one, enabled=False))
    hub["hr"].put("h39", worker(39, title="Chef"))
    await hub.read("hr")
    assert await actives(hub) == 40
    assert (await account(hub, "hr/h39"))["title"] == "Chef", "everything else goes on"
    assert await held(hub) == [("intranet", "people", 6)]
    hub["hr"].put("h0", worker(0))
    await hub.read("hr")
    assert await held(hub) == [("intranet", "people", 5)], "who came back leaves it"
    (row,) = await hub.store.read(holds.all_open)
    assert await hub.runner.release(row.hash[:6], "jan") == {"changed": 5}
    assert await actives(hub) == 35
    assert await held(hub) == []


async def test_a_hold_that_is_dropped_is_not_asked_again(hub, worker):
    await many(hub, worker, 40)
    for one in range(6):
        hub["hr"].put(f"h{one}", worker(one, enabled=False))
    await hub.read("hr")
    (row,) = await hub.store.read(holds.all_open)
    await hub.store.write(reconcile.drop, row.hash, actor="jan", now=hub.clock.now())
    await hub.read("hr")
    assert (await held(hub), await actives(hub)) == ([], 40)
    hub["hr"].put("h20", worker(20, enabled=False))
    await hub.read("hr")
    assert await actives(hub) == 39, "one more is few"


async def test_who_was_kept_came_back_and_then_leaves_does_leave(hub, worker):
    await many(hub, worker, 40)
    for one in range(6):
        hub["hr"].put(f"h{one}", worker(one, enabled=False))
    await hub.read("hr")
    (row,) = await hub.store.read(holds.all_open)
    await hub.store.write(reconcile.drop, row.hash, actor="jan", now=hub.clock.now())
    hub["hr"].put("h0", worker(0))
    await hub.read("hr")
    hub["hr"].put("h0", worker(0, enabled=False))
    await hub.read("hr")
    assert (await account(hub, "hr/h0"))["active"] is False
    assert await actives(hub) == 39


async def test_what_is_released_on_one_target_still_waits_on_the_other(directories, worker):
    directories.targets |= {"intranet": MemoryTarget(), "other": MemoryTarget()}
    policy = Policy(accounts={"intranet": "manage", "other": "manage"})
    hub = await directories.start("hr", policy=policy)
    await many(hub, worker, 40)
    for one in range(6):
        hub["hr"].put(f"h{one}", worker(one, enabled=False))
    await hub.read("hr")
    assert await held(hub) == [("intranet", "people", 6), ("other", "people", 6)]
    row = (await hub.store.read(holds.all_open))[0]
    await hub.runner.release(row.hash, "jan")
    assert await actives(hub) == 34
    assert await held(hub) == [("other", "people", 6)]
    assert all(one.body["active"] for one in hub.targets["other"].objects.values())


async def test_a_few_at_a_time_go_through(hub, worker):
    await many(hub, worker, 40)
    for one in range(4):
        hub["hr"].put(f"h{one}", worker(one, enabled=False))
    await hub.read("hr")
    assert (await held(hub), await actives(hub)) == ([], 36)


async def test_the_limit_is_the_organisations(directories, worker):
    directories.targets["intranet"] = MemoryTarget()
    limits = Removals(few=2, few_percent=1)
    hub = await directories.start("hr", policy=Policy(removals=limits, **MANAGE))
    await many(hub, worker, 20)
    for one in range(2):
        hub["hr"].put(f"h{one}", worker(one, enabled=False))
    await hub.read("hr")
    assert await held(hub) == [("intranet", "people", 2)]


async def test_a_hold_stays_over_a_restart_and_over_what_comes_later(hub, worker):
    await many(hub, worker, 40)
    for one in range(6):
        hub["hr"].put(f"h{one}", worker(one, enabled=False))
    await hub.read("hr")
    await hub.start()
    hub["hr"].put("h10", worker(10, enabled=False))
    await hub.read("hr")
    assert await held(hub) == [("intranet", "people", 7)]
    assert await actives(hub) == 40


async def test_two_that_are_merged_are_one_account(hub, worker):
    hub["hr"].put("h1", worker(1))
    hub["ad"].put("a1", worker(2, mail="noor@werk.example.org"))
    await hub.read()
    assert len(await published(hub)) == 2
    one, other = await hub.person("hr/h1"), await hub.person("ad/a1")
    await hub.store.write(decisions.merge, one.id, other.id, actor="jan", now=hub.clock.now())
    await hub.runner.project()
    (key,) = await published(hub)
    assert key in {one.id, other.id}
    await hub.store.write(
        decisions.unmerge, ({one.id, other.id} - {key}).pop(), actor="jan", now=hub.clock.now()
    )
    await hub.runner.project()
    assert len(await published(hub)) == 2


async def test_an_account_leads_back_to_its_sources(hub, worker):
    hub["hr"].put("h1", worker(1))
    hub["ad"].put("a1", worker(1))
    await hub.read()
    await published(hub)
    (found,) = await hub.store.read(reconcile.explain, "a1")
    assert [(one["instance"], one["route"]) for one in found["causes"]] == [
        ("hr", "people"),
        ("ad", "people"),
    ]


async def test_a_kill_between_leaves_nobody_behind(hub, worker):
    """The flag and the objects are one transaction: broken off, all of it comes again."""
    hub["hr"].put("h1", worker(1))

    class KilledError(Exception):
        pass

    def broken(tx):
        provisioning.provision(tx, hub.clock.now())
        raise KilledError

    await hub.read("hr")
    await hub.store.write(lambda tx: tx.execute(person.update().values(stale=True)) and None)
    with pytest.raises(KilledError):
        await hub.store.write(broken)
    assert await hub.rows(sa.select(person).where(person.c.stale.is_(True)))
    await hub.runner.project()
    assert len(await published(hub)) == 1


async def test_who_is_forgotten_loses_the_account_and_is_nowhere_in_the_store(hub, worker):
    for number in range(3):
        hub["hr"].put(f"h{number}", worker(number, department="Zuurbier"))
    await hub.read()
    await published(hub)
    who = await hub.person("hr/h1")
    given = {"actor": "jan", "now": hub.clock.now()}
    found = await hub.store.write(erasing.export, "hr/h1", **given)
    assert found["published"][0]["stands"]["user_name"] == "noor.1"
    await hub.store.write(erasing.forget, "hr/h1", **given)
    for table in metadata.sorted_tables:
        assert "noor.1" not in str(await hub.rows(sa.select(table)))
    assert who.id not in await published(hub)
    await hub.read()
    assert len(await published(hub)) == 2
    assert await held(hub) == []


async def test_who_is_forgotten_leaves_the_hold_too(hub, worker):
    await many(hub, worker, 40)
    for one in range(6):
        hub["hr"].put(f"h{one}", worker(one, enabled=False))
    await hub.read("hr")
    await hub.store.write(erasing.forget, "hr/h3", actor="jan", now=hub.clock.now())
    await hub.runner.project()
    assert await held(hub) == [("intranet", "people", 5)]


async def whys(hub):
    """Per account of the plan: what would be done, why, and how its sources stand."""
    found = await hub.store.read(reconcile.plan, hub.clock.now())
    return {
        step.why["accounts"][0]["account"]: (
            step.action,
            step.why["code"],
            [one["stands"] for one in step.why["accounts"]],
        )
        for step in found.of_people().steps
    }


async def test_a_plan_says_why_of_each_person(hub, worker):
    later = hub.clock.now() + timedelta(days=1)
    for number in range(40):
        hub["hr"].put(f"h{number}", worker(number))
    hub["ad"].put("a0", worker(0))
    await hub.read()
    assert (await whys(hub))["hr/h0"] == ("create", "begins", ["in-force", "in-force"])
    await published(hub)
    assert await whys(hub) == {}
    hub["hr"].put("h1", worker(1, enabled=False))
    hub["hr"].put("h2", worker(2, ends=later))
    hub["hr"].remove("h3", proof="deleted")
    hub["hr"].put("h4", worker(4, title="Chef"))
    hub.clock.advance(2 * 86400)
    await hub.read()
    assert await whys(hub) == {
        "hr/h1": ("update", "suspended", ["disabled"]),
        "hr/h2": ("update", "suspended", ["ended"]),
        "hr/h3": ("update", "suspended", ["gone"]),
        "hr/h4": ("update", "changed", ["in-force"]),
    }
    await published(hub)
    hub["hr"].put("h1", worker(1))
    hub["hr"].put("h5", worker(5, user_name=None))
    await hub.read()
    assert await whys(hub) == {
        "hr/h1": ("update", "returns", ["in-force"]),
        "hr/h5": ("remove", "no-login", ["in-force"]),
    }
    assert await hub.store.read(provisioning.without_login) == 1
    await published(hub)
    hub.clock.advance(31 * 86400)
    await hub.read()
    found = await whys(hub)
    assert {found["hr/h2"][:2], found["hr/h3"][:2]} == {("remove", "grace-over")}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_reason_has_words(language):
    for code in reasons.Why:
        found = {"code": str(code), "accounts": [], "sources": ["hr"]}
        assert people_words.why(found, language)
    for one in reasons.Stands:
        told = [{"account": "hr/7", "stands": str(one), "at": "2026-11-30T23:00:00+00:00"}]
        words = people_words.why({"code": "suspended", "accounts": told}, language)
        assert "hr/7" in words
        assert "{" not in words
