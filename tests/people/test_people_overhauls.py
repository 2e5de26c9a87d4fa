"""One field of many people that changes at once: a column was renamed, or a list is shifted."""

import pytest
import sqlalchemy as sa

from hub.engine import reconcile
from hub.errors import BadConfigError
from hub.events.objects import Kind
from hub.people import erasing
from hub.people.policy import Policy
from hub.settings.removals import Changes
from hub.store import holds
from hub.store.tables import person
from hub.testing.fakes import MemoryTarget

PEOPLE = 20
MANAGE = {"accounts": {"intranet": "manage"}}


@pytest.fixture
def store_url(tmp_path):
    return f"sqlite:///{tmp_path / 'hub.db'}"


@pytest.fixture
def worker(person_of):
    def make(number, **more):
        given = {"user_name": f"noor.{number}", "title": "Kok", "department": "Zorg"}
        return person_of("Noor", f"Berg{number}", **given | more)

    return make


@pytest.fixture
async def hub(directories, worker):
    directories.targets["intranet"] = MemoryTarget()
    made = await directories.start("hr", "ad", policy=Policy(**MANAGE))
    for one in range(PEOPLE):
        made["hr"].put(f"h{one}", worker(one))
    await made.read("hr")
    assert len(await published(made)) == PEOPLE
    return made


async def published(hub):
    await hub.runner.deliver()
    target = hub.targets["intranet"]
    return {
        one.body["user_name"]: one.body
        for (k, _), one in target.objects.items()
        if k == Kind.PERSON
    }


async def titles(hub):
    return sorted(one.get("title", "-") for one in (await published(hub)).values())


async def retitle(hub, worker, *numbers, title="Chef", **more):
    for one in numbers:
        hub["hr"].put(f"h{one}", worker(one, title=title, **more))
    await hub.read("hr")


async def held(hub):
    rows = await hub.store.read(holds.all_open)
    return [(row.instance, row.action, len(row.content)) for row in rows]


@pytest.mark.parametrize(("number", "waits"), [(4, False), (5, True)])
async def test_more_than_a_fifth_waits(hub, worker, number, waits):
    """Four are 20 %: exactly the limit, and fewer than five besides."""
    await retitle(hub, worker, *range(number))
    assert await held(hub) == ([("intranet", "attributes", number)] if waits else [])
    assert (await titles(hub)).count("Chef") == (0 if waits else number)


async def test_only_that_field_waits_and_everything_else_goes_on(hub, worker):
    await retitle(hub, worker, *range(6))
    hub["hr"].put("h7", worker(7, department="Kunst"))
    hub["hr"].put("h8", worker(8, enabled=False))
    hub["hr"].put("h99", worker(99, title="Chef"))
    await hub.read("hr")
    found = await published(hub)
    assert found["noor.7"]["department"] == "Kunst"
    assert found["noor.8"]["active"] is False
    assert found["noor.99"]["title"] == "Chef"
    (row,) = await hub.store.read(holds.all_open)
    assert {tuple(line["fields"]) for line in row.content} == {("title",)}
    assert {line["person"] for line in row.content} == {
        (await hub.person(f"hr/h{one}")).id for one in range(6)
    }


async def test_released_they_change_and_whoever_came_back_is_left_alone(hub, worker):
    await retitle(hub, worker, *range(7))
    await retitle(hub, worker, 0, title="Kok")
    assert await held(hub) == [("intranet", "attributes", 6)]
    await retitle(hub, worker, 10)
    assert await held(hub) == [("intranet", "attributes", 7)], "who joins waits with the others"
    (row,) = await hub.store.read(holds.all_open)
    assert await hub.runner.release(row.hash, "anna") == {"changed": 7}
    assert (await titles(hub)).count("Chef") == 7
    assert await held(hub) == []
    assert not await hub.rows(sa.select(person).where(person.c.stale.is_(True)))


async def test_the_source_that_is_mended_closes_it(hub, worker):
    await retitle(hub, worker, *range(7))
    (row,) = await hub.store.read(holds.all_open)
    with pytest.raises(BadConfigError, match="mend the source"):
        await hub.store.write(reconcile.drop, row.hash, actor="anna", now=hub.clock.now())
    await retitle(hub, worker, *range(7), title="Kok")
    assert await held(hub) == []
    assert await titles(hub) == ["Kok"] * PEOPLE


async def test_filling_in_is_no_change_and_clearing_is(hub, worker):
    for one in range(PEOPLE):
        hub["hr"].put(f"h{one}", worker(one, phone="0201234567"))
    await hub.read("hr")
    assert await held(hub) == []
    for one in range(PEOPLE):
        hub["hr"].put(f"h{one}", worker(one, phone=None))
    await hub.read("hr")
    assert await held(hub) == [("intranet", "attributes", PEOPLE)]
    assert all(one["phone"] for one in (await published(hub)).values())


async def test_a_small_source_is_counted_by_itself(hub, worker):
    """Six of six people of one source are 23 % of all, and everybody of that source."""
    for one in range(100, 106):
        hub["ad"].put(f"a{one}", worker(one))
    for one in range(200, 230):
        hub["hr"].put(f"h{one}", worker(one))
    await hub.read()
    for one in range(100, 106):
        hub["ad"].put(f"a{one}", worker(one, title="Chef"))
    await hub.read()
    assert await held(hub) == [("intranet", "attributes", 6)]


async def test_another_authority_in_hub_yaml_is_an_overhaul_too(hub, worker):
    """No source changed, and no file of an instance did."""
    for one in range(PEOPLE):
        given = {"employee_number": f"n{one}"}
        hub["hr"].put(f"h{one}", worker(one, **given))
        hub["ad"].put(f"a{one}", worker(one, title="Adviseur", **given))
    shared = {"namespaces": {"hr": "org", "ad": "org"}} | MANAGE
    await hub.start(policy=Policy(authority=("hr", "ad"), **shared))
    await hub.read()
    assert await titles(hub) == ["Kok"] * PEOPLE
    await hub.start(policy=Policy(authority=("ad", "hr"), **shared))
    await hub.read()
    assert await held(hub) == [("intranet", "attributes", PEOPLE)]
    assert await titles(hub) == ["Kok"] * PEOPLE


async def test_the_limit_is_the_organisations(hub, worker):
    await hub.start(policy=Policy(changes=Changes(percent=60), **MANAGE))
    await retitle(hub, worker, *range(12))
    assert await held(hub) == []
    await retitle(hub, worker, *range(13), title="Sous-chef")
    assert await held(hub) == [("intranet", "attributes", 13)]


async def test_who_loses_the_account_is_weighed_there_and_not_let_through_by_a_release_here(
    hub, worker
):
    await retitle(hub, worker, *range(10))
    await retitle(hub, worker, *range(6), enabled=False)
    assert sorted(await held(hub)) == [("intranet", "attributes", 4), ("intranet", "people", 6)]
    rows = await hub.store.read(holds.all_open)
    await hub.runner.release(next(row.hash for row in rows if row.action == "attributes"), "anna")
    assert await held(hub) == [("intranet", "people", 6)]
    assert sum(one["active"] for one in (await published(hub)).values()) == PEOPLE


async def test_who_is_forgotten_is_in_no_hold(hub, worker):
    who = await hub.person("hr/h0")
    await retitle(hub, worker, *range(6))
    await hub.store.write(erasing.forget, who.id, actor="anna", now=hub.clock.now())
    await hub.read("ad")
    (row,) = await hub.store.read(holds.all_open)
    assert who.id not in [line["person"] for line in row.content]
