"""The manager of a person on a target: by key, as long as the manager is there too."""

import asyncio

import pytest
import sqlalchemy as sa

from connectors.topdesk.sandbox import serving
from hub.cli.plan_lines import fields_of
from hub.contract import Context, Ref
from hub.engine import provisioning, reconcile
from hub.events.objects import Kind
from hub.http import HttpFactory, HttpOptions
from hub.people import decisions, erasing
from hub.people.policy import Policy
from hub.sandbox.intranet import IntranetOptions, IntranetSandbox
from hub.settings.removals import Changes
from hub.store import holds
from hub.store.tables import obj, person
from hub.targets.openintranet import OpenIntranetSettings, OpenIntranetTarget
from hub.targets.scim import ScimSettings, ScimTarget
from hub.testing.fakes import FakeLog, MemoryTarget

MANAGE = {"accounts": {"intranet": "manage"}}
MONTH = 31 * 86400


@pytest.fixture
def store_url(tmp_path):
    return f"sqlite:///{tmp_path / 'hub.db'}"


@pytest.fixture
def put(directories, person_of):
    """Put somebody into a directory, whom somebody else there may manage."""

    def puts(account, manager=None, **more):
        instance, _, key = account.partition("/")
        given = {"user_name": f"user.{key}", "employee_number": f"n{key[1:]}"} | more
        refs = (Ref("manager", instance, "person", manager),) if manager else ()
        directories[instance].put(key, person_of("Noor", f"Berg{key[1:]}", **given), refs=refs)

    return puts


@pytest.fixture
async def hub(directories):
    directories.targets["intranet"] = MemoryTarget()
    policy = Policy(namespaces={"hr": "org", "ad": "org"}, authority=("hr", "ad"), **MANAGE)
    return await directories.start("hr", "ad", policy=policy)


async def managers(hub):
    """Who manages whom on the intranet, by login names; by key who is not there; None: nobody."""
    await hub.runner.deliver()
    there = hub.targets["intranet"].objects.items()
    bodies = {key: one.body for (kind, key), one in there if kind == Kind.PERSON}
    names = {key: body["user_name"].removeprefix("user.") for key, body in bodies.items()}
    above = {key: body.get("manager") for key, body in bodies.items()}
    return {names[key]: names.get(who, who) for key, who in above.items()}


async def decide(hub, what, *args):
    return await hub.store.write(what, *args, actor="jan", now=hub.clock.now())


async def id_of(hub, account):
    return (await hub.person(account)).id


async def test_a_manager_is_named_by_the_key_of_their_own_account(hub, put):
    put("hr/h1", "h2")
    put("hr/h2")
    await hub.read()
    assert await managers(hub) == {"h1": "h2", "h2": None}
    key = await id_of(hub, "hr/h1")
    body = hub.targets["intranet"].objects[Kind.PERSON, key].body
    assert body["manager"] == await id_of(hub, "hr/h2")


async def test_people_who_manage_each_other_or_themselves_hold_up_nobody(hub, put):
    put("hr/h1", "h2")
    put("hr/h2", "h1")
    put("hr/h3", "h3")
    await hub.read()
    assert await managers(hub) == {"h1": "h2", "h2": "h1", "h3": None}
    writes = hub.targets["intranet"].writes
    await hub.read()
    await managers(hub)
    assert hub.targets["intranet"].writes == writes
    assert not await hub.rows(sa.select(person.c.id).where(person.c.stale.is_(True)))


async def test_another_manager_and_none_any_more(hub, put):
    for one in ("hr/h2", "hr/h3"):
        put(one)
    put("hr/h1", "h2")
    await hub.read()
    assert (await managers(hub))["h1"] == "h2"
    put("hr/h1", "h3")
    await hub.read()
    assert (await managers(hub))["h1"] == "h3"
    put("hr/h1")
    await hub.read()
    assert (await managers(hub))["h1"] is None


async def test_a_manager_without_an_account_there_is_left_out_until_there_is_one(hub, put):
    put("hr/h1", "h2")
    put("hr/h2", user_name=None)
    await hub.read()
    assert await managers(hub) == {"h1": None}
    put("hr/h2")
    await hub.read()
    assert (await managers(hub))["h1"] == "h2"


async def test_a_manager_who_comes_later_is_named_from_then_on(hub, put):
    put("hr/h1", "h2")
    await hub.read()
    assert await managers(hub) == {"h1": None}
    put("hr/h2")
    await hub.read()
    assert (await managers(hub))["h1"] == "h2"


async def test_a_manager_who_leaves_is_named_until_grace_is_over_and_again_on_return(hub, put):
    put("hr/h1", "h2")
    put("hr/h2")
    await hub.read()
    put("hr/h2", enabled=False)
    await hub.read()
    assert (await managers(hub))["h1"] == "h2"
    hub.clock.advance(MONTH)
    await hub.read()
    assert await managers(hub) == {"h1": None}
    put("hr/h2")
    await hub.read()
    assert (await managers(hub))["h1"] == "h2"


async def test_where_sources_differ_the_trusted_one_says_who_it_is(hub, put):
    for one in ("hr/h2", "ad/a3"):
        put(one)
    put("ad/a1", "a3")
    await hub.read()
    assert (await managers(hub))["a1"] == "a3"
    put("hr/h1", "h2", user_name="user.a1")
    await hub.read()
    assert (await managers(hub))["a1"] == "h2"


async def test_an_account_of_the_manager_that_gets_another_person_takes_the_reports_along(hub, put):
    put("ad/a1", "a2")
    put("ad/a2", employee_number=None)
    put("hr/h2")
    await hub.read()
    assert (await managers(hub))["a1"] == "a2"
    both = await id_of(hub, "ad/a2"), await id_of(hub, "hr/h2")
    merged = await decide(hub, decisions.merge, *both)
    await hub.runner.run("hr", "people", full=True)
    found = await managers(hub)
    assert len(found) == 2
    assert found["a1"] == "h2"  # the login name that the trusted source says
    await decide(hub, decisions.unmerge, merged["merged"])
    await hub.read()
    assert await managers(hub) == {"a1": "a2", "a2": None, "h2": None}


async def test_an_account_that_is_unlinked_takes_the_reports_along(hub, put):
    put("ad/a1", "a2")
    put("ad/a2")
    put("hr/h2")
    await hub.read()
    assert (await managers(hub))["a1"] == "h2"
    await decide(hub, decisions.unlink, "ad/a2")
    await hub.read()
    assert (await managers(hub))["a1"] == "a2"


async def test_an_account_that_is_linked_when_it_comes_brings_its_reports(hub, put):
    put("hr/h2")
    put("ad/a1", "a2")
    await hub.read()
    assert (await managers(hub))["a1"] is None
    put("ad/a2")
    await hub.read("ad")
    assert (await managers(hub))["a1"] == "h2"


async def test_no_body_keeps_the_key_of_a_manager_who_is_forgotten(hub, put):
    put("hr/h1", "h2")
    put("hr/h2")
    await hub.read()
    assert (await managers(hub))["h1"] == "h2"
    ident = await id_of(hub, "hr/h2")
    await decide(hub, erasing.forget, "hr/h2")
    rows = await hub.rows(sa.select(obj.c.body, obj.c.done_body))
    assert len(rows) == 2
    assert ident not in str(rows)
    await hub.read()
    assert await managers(hub) == {"h1": None}
    key = await id_of(hub, "hr/h1")
    assert "manager" not in hub.targets["intranet"].objects[Kind.PERSON, key].body


async def held(hub):
    rows = await hub.store.read(holds.all_open)
    return [(row.instance, row.action, len(row.content)) for row in rows]


@pytest.fixture
async def team(hub, put):
    """Ten people, all of the same manager, and somebody who is to become it."""
    changes = Changes(least=5, percent=20)
    await hub.start(policy=hub.policy.model_copy(update={"changes": changes}))
    for one in range(10, 20):
        put(f"hr/h{one}", "h1")
    put("hr/h1")
    put("hr/h2")
    await hub.read()
    assert list((await managers(hub)).values()).count("h1") == 10
    return hub


async def test_many_with_another_manager_at_once_wait(team, put):
    for one in range(10, 20):
        put(f"hr/h{one}", "h2")
    await team.read()
    assert await held(team) == [("intranet", "attributes", 10)]
    assert list((await managers(team)).values()).count("h1") == 10
    (row,) = await team.store.read(holds.all_open)
    await decide(team, provisioning.release, row)
    assert list((await managers(team)).values()).count("h2") == 10


async def test_one_manager_who_leaves_makes_nobody_wait(team, put):
    put("hr/h1", enabled=False)
    await team.read()
    team.clock.advance(MONTH)
    await team.read()
    assert await held(team) == []
    assert set((await managers(team)).values()) == {None}


async def test_reports_are_not_asked_for_one_by_one(team, put):
    asked = []

    def counted(tx):
        def note(*told):
            asked.append(told[2])

        sa.event.listen(tx.engine, "before_cursor_execute", note)
        try:
            provisioning.provision(tx, team.clock.now())
        finally:
            sa.event.remove(tx.engine, "before_cursor_execute", note)

    ident = await id_of(team, "hr/h1")
    gone = person.update().where(person.c.id == ident).values(state="deactivated", stale=True)
    await team.store.write(lambda tx: tx.execute(gone))
    await team.store.write(counted)
    assert set((await managers(team)).values()) == {None}
    assert len(asked) < 30  # 25 for ten reports, as for one


def target_of(kind, address, context):
    if kind == "openintranet":
        return OpenIntranetTarget(OpenIntranetSettings(url=address, token="sandbox-token"), context)
    return ScimTarget(ScimSettings(url=f"{address}/scim/v2", token="sandbox-token"), context)


@pytest.mark.parametrize("kind", ["openintranet", "scim"])
async def test_the_profile_page_of_the_practice_intranet_names_the_manager(directories, put, kind):
    clock = directories.clock
    sandbox = IntranetSandbox(IntranetOptions(), clock.now)
    with serving(sandbox.app) as address:
        made = HttpFactory(HttpOptions(), clock.now, asyncio.sleep)
        context = Context("intranet", made, FakeLog(), clock.now)
        directories.targets["intranet"] = target_of(kind, address, context)
        hub = await directories.start("hr", policy=Policy(**MANAGE))
        put("hr/h1", "h2")
        put("hr/h2")
        await hub.read()
        await hub.runner.deliver()
        await hub.runner.close()
    above = sandbox.pages.profiles.manager(await id_of(hub, "hr/h1"))
    assert (above.name, above.key) == ("Noor Berg2", await id_of(hub, "hr/h2"))


async def test_a_store_of_an_older_hub_gets_its_managers_at_the_next_reading(hub, put):
    put("hr/h1", "h2")
    put("hr/h2")
    await hub.read()

    def old(tx):
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '0014'"))
        for row in tx.execute(sa.select(obj.c.id, obj.c.body)).all():
            bare = {name: one for name, one in row.body.items() if name != "manager"}
            tx.execute(obj.update().where(obj.c.id == row.id).values(body=bare, hash=""))

    await hub.store.write(old)
    await hub.start()
    await hub.read()
    assert (await managers(hub))["h1"] == "h2"


async def test_a_plan_names_the_manager_who_comes_and_who_goes(hub, put):
    put("hr/h1", "h2")
    put("hr/h2")
    put("hr/h3")
    await hub.read()
    await hub.runner.deliver()
    put("hr/h1", "h3")
    await hub.read()
    old, new = await id_of(hub, "hr/h2"), await id_of(hub, "hr/h3")
    (step,) = (await hub.store.read(reconcile.plan, hub.clock.now())).steps
    assert (step.before["manager"], step.after["manager"]) == (old, new)
    told = f"manager: Noor Berg2 ({old[:8]}) -> Noor Berg3 ({new[:8]})"
    assert fields_of(step) == [told]
