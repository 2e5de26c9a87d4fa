"""Pictures of people: kept beside the facts, onto the targets that are named, and gone when they should."""

from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from hub.cli import check, people
from hub.contract import Ability, Batch, Capabilities, Outcome
from hub.engine import portraits, reconcile
from hub.engine.ahead import HEAVY, ahead
from hub.errors import RejectedError
from hub.events.objects import Kind
from hub.events.photo import taken
from hub.people import erasing
from hub.people.policy import Policy
from hub.render import people_words
from hub.store import holds, photos, tables
from hub.store.streams import SETTINGS
from hub.testing.fakes import MemoryTarget

PHOTO = Kind.PHOTO
POLICY = {"accounts": {"intranet": "manage", "other": "manage"}, "photos": ("intranet",)}
MANY = 20
POLICY_OF_ONE = Policy(**POLICY)


def picture(number):
    """A small JPEG, of its own for each number."""
    scan = b"\xff\xda\x00\x02" + b"SECRET-FACE-%04d" % number
    frame = b"\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00"
    return b"\xff\xd8" + frame + scan + b"\xff\xd9"


@pytest.fixture
def store_url(request, tmp_path):
    """SQLite; PostgreSQL only where the bytes in it are the point."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return f"sqlite:///{tmp_path / 'hub.db'}"
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def worker(person_of):
    def make(number, **more):
        given = {"employee_number": f"n{number}", "user_name": f"noor.{number}"}
        return person_of("Noor", f"Berg{number}", **given | more)

    return make


@pytest.fixture
def put(worker):
    """Say what an account is like, with a picture or without."""

    def put(hub, account, number, face=None, **more):
        instance, key = account.split("/")
        told, data = taken(picture(face)) if face is not None else (None, None)
        hub[instance].put(key, worker(number, photo=told, **more), photo=data)

    return put


@pytest.fixture
async def hub(directories):
    for name in ("intranet", "other"):
        directories.targets[name] = MemoryTarget()
    policy = Policy(namespaces={"hr": "org", "ad": "org"}, authority=("hr", "ad"), **POLICY)
    return await directories.start("hr", "ad", policy=policy)


async def shown(hub, target="intranet"):
    """Name of the person to the bytes that were sent last."""
    await hub.runner.deliver()
    people = {k: o.body for (kind, k), o in hub.targets[target].objects.items() if kind != PHOTO}
    sent = {}
    for call in hub.targets[target].calls:
        sent |= {(one.kind, one.key): one.content for one in call.items if one.state == "present"}
    return {
        people[key]["user_name"]: sent[kind, key]
        for kind, key in hub.targets[target].objects
        if kind == PHOTO
    }


async def kept(hub):
    return {row.sha256: row.data for row in await hub.rows(sa.select(tables.photo))}


async def whys(hub):
    found = await hub.store.read(reconcile.plan, hub.clock.now())
    steps = [step for step in found.of_people().steps if step.kind == PHOTO]
    return [(step.action, step.why["code"], step.why["title"]) for step in steps]


async def held(hub):
    rows = await hub.store.read(holds.all_open)
    return [(row.instance, row.action, len(row.content)) for row in rows]


async def do(hub, what, *args):
    return await hub.store.write(what, *args, actor="beheer", now=hub.clock.now())


@pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)
async def test_new_changed_and_gone_as_the_plan_says(hub, put):
    put(hub, "hr/h1", 1, face=1)
    await hub.read()
    assert await whys(hub) == [("create", "photo-new", "Noor Berg1")]
    assert await shown(hub) == {"noor.1": picture(1)}
    put(hub, "hr/h1", 1, face=2)
    await hub.read()
    assert await whys(hub) == [("update", "photo-changed", "Noor Berg1")]
    assert await shown(hub) == {"noor.1": picture(2)}
    put(hub, "hr/h1", 1)
    await hub.read()
    assert await whys(hub) == [("remove", "photo-gone", "Noor Berg1")]
    assert await shown(hub) == {}
    assert await kept(hub) == {}


async def test_bytes_stand_in_one_table_and_nowhere_else(hub, put):
    put(hub, "hr/h1", 1, face=7)
    await hub.read()
    await shown(hub)
    assert list((await kept(hub)).values()) == [picture(7)]
    for table in tables.metadata.sorted_tables:
        found = str(await hub.rows(sa.select(table)))
        assert ("SECRET-FACE" in found) is (table is tables.photo), table.name
    (event,) = await hub.rows(sa.select(tables.event.c.body))
    told, _ = taken(picture(7))
    assert event.body["data"]["photo"] == told.model_dump()
    assert "SECRET-FACE" not in str(hub.log.lines)


async def test_only_targets_that_are_named_get_any(hub, put):
    put(hub, "hr/h1", 1, face=1)
    await hub.read()
    assert await shown(hub, "other") == {}
    assert not await hub.rows(
        sa.select(tables.obj).where(tables.obj.c.target == "other", tables.obj.c.kind == "photo")
    )


async def test_the_most_trusted_account_that_has_one_decides(hub, put):
    put(hub, "ad/a1", 1, face=1)
    put(hub, "hr/h1", 1)
    await hub.read()
    assert await shown(hub) == {"noor.1": picture(1)}
    put(hub, "hr/h1", 1, face=2)
    await hub.read()
    assert await shown(hub) == {"noor.1": picture(2)}
    known = (await hub.person("hr/h1")).attributes["photo"]
    assert known["instance"] == "hr"
    put(hub, "hr/h1", 1)
    await hub.read()
    assert await shown(hub) == {"noor.1": picture(1)}


async def test_nothing_is_sent_again(hub, put):
    put(hub, "hr/h1", 1, face=1)
    await hub.read()
    await shown(hub)
    before = hub.targets["intranet"].writes
    await hub.read()
    put(hub, "hr/h1", 1, face=1, title="Chef")
    await hub.read()
    await shown(hub)
    calls = [one.kind for call in hub.targets["intranet"].calls for one in call.items]
    assert calls.count(PHOTO) == 1
    assert hub.targets["intranet"].writes == before + 1  # the title


async def test_it_stays_while_somebody_is_suspended_and_goes_with_the_account(hub, put):
    put(hub, "hr/h1", 1, face=1)
    await hub.read()
    await shown(hub)
    put(hub, "hr/h1", 1, face=1, enabled=False)
    await hub.read()
    assert await shown(hub) == {"noor.1": picture(1)}
    hub.clock.advance(31 * 86400)
    await hub.read()
    assert await shown(hub) == {}
    assert not hub.targets["intranet"].objects, "picture first, then the account"


async def test_a_refused_picture_leaves_the_person(hub, put):
    target = hub.targets["intranet"]
    real = target.publish

    async def publish(items):
        refused = [Outcome("rejected", "no pictures here") for _ in items]
        return refused if items[0].kind is PHOTO else await real(items)

    target.publish = publish
    put(hub, "hr/h1", 1, face=1)
    await hub.read()
    assert await shown(hub) == {}
    assert [kind for kind, _ in target.objects] == [Kind.PERSON]


async def test_many_that_vanish_at_once_wait(hub, put):
    """As when the directory's account may not read the attribute any more: nobody can tell."""
    for number in range(MANY):
        put(hub, f"hr/h{number}", number, face=number)
    await hub.read()
    assert len(await shown(hub)) == MANY
    for number in range(MANY):
        put(hub, f"hr/h{number}", number)
    await hub.read()
    assert await held(hub) == [("intranet", "attributes", MANY)]
    assert len(await shown(hub)) == MANY
    for number in range(MANY):
        put(hub, f"hr/h{number}", number, face=number)
    await hub.read()
    assert await held(hub) == []
    assert len(await shown(hub)) == MANY


async def test_turned_off_for_a_target_all_are_taken_away_after_somebody_looked(hub, put):
    for number in range(MANY):
        put(hub, f"hr/h{number}", number, face=number)
    await hub.read()
    await shown(hub)
    await hub.start(policy=replace_photos(hub.policy))
    await hub.runner.project()
    assert await held(hub) == [("intranet", "attributes", MANY)]


def replace_photos(policy):
    return policy.model_copy(update={"photos": ()})


async def test_pictures_that_a_changed_configuration_brings_wait_with_it(hub, put):
    put(hub, "hr/h1", 1)
    await hub.read()
    hub.fingerprints["hr"] = "f2"
    await hub.start()
    put(hub, "hr/h1", 1, face=3)
    await hub.runner.run("hr", "people", full=True)
    (row,) = await hub.store.read(holds.all_open)
    assert await shown(hub) == {}
    await hub.runner.carry_out(row, "beheer")
    await hub.read()
    assert await shown(hub) == {"noor.1": picture(3)}


async def test_pictures_that_another_version_of_the_connector_brings_are_kept(hub, put):
    """Nobody is asked then: what differs waits until the sweep is whole, and is taken."""
    hub.fingerprints["hr"] = "a" * SETTINGS + "1" * 8
    await hub.start()
    put(hub, "hr/h1", 1, face=1)
    await hub.read()
    hub.fingerprints["hr"] = "a" * SETTINGS + "2" * 8
    await hub.start()
    put(hub, "hr/h1", 1, face=2)
    await hub.read()
    assert list((await kept(hub)).values()) == [picture(2)]
    assert await shown(hub) == {"noor.1": picture(2)}


async def test_it_waits_for_its_account(hub, put):
    target = hub.targets["intranet"]
    target.faults = lambda items: RejectedError("no") if items[0].kind is Kind.PERSON else None
    put(hub, "hr/h1", 1, face=1)
    await hub.read()
    assert await shown(hub) == {}
    assert PHOTO not in {one.kind for call in target.calls for one in call.items}


async def test_what_was_replaced_before_it_was_sent_is_not_sent(hub, put):
    put(hub, "hr/h1", 1, face=1)
    await hub.read()
    await hub.store.write(lambda tx: tx.execute(tables.photo.delete()) and None)
    assert await shown(hub) == {}
    (row,) = await hub.rows(
        sa.select(tables.obj).where(tables.obj.c.kind == "photo", tables.obj.c.target == "intranet")
    )
    assert "replaced or forgotten" in row.reason


@pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)
async def test_it_is_on_paper_and_forgotten_for_good(hub, put, tmp_path):
    put(hub, "hr/h1", 1, face=1)
    put(hub, "ad/a1", 1, face=2)
    put(hub, "hr/h2", 2, face=3)
    await hub.read()
    await shown(hub)
    found = await do(hub, erasing.export, "hr/h1")
    told = {one["account"]: b64decode(one["base64"]) for one in found["photos"]}
    assert told == {"hr/h1": picture(1), "ad/a1": picture(2)}
    assert {one["stands"].get("sha256") for one in found["published"]} > {
        taken(picture(1))[0].sha256
    }
    await do(hub, erasing.forget, "hr/h1")
    assert list((await kept(hub)).values()) == [picture(3)]
    for table in tables.metadata.sorted_tables:
        assert taken(picture(1))[0].sha256 not in str(await hub.rows(sa.select(table))), table.name
    assert await shown(hub) == {"noor.2": picture(3)}
    await hub.read()  # the feed has it still
    assert list((await kept(hub)).values()) == [picture(3)]
    if hub.url.startswith("sqlite"):
        await hub.store.scrub()
        files = b"".join(path.read_bytes() for path in tmp_path.glob("hub.db*"))
        assert [files.count(b"SECRET-FACE-%04d" % one) for one in (1, 2, 3)] == [0, 0, 1]


async def test_of_whoever_left_it_goes_with_what_was_known(hub, put):
    put(hub, "hr/h1", 1, face=1)
    await hub.read()
    hub["hr"].remove("h1", proof="deleted")
    await hub.read()
    hub.clock.advance(timedelta(days=100).total_seconds())
    await hub.runner.project()
    await hub.runner.forget()
    assert await kept(hub) == {}


async def test_many_pictures_are_not_in_memory_at_once(put, hub):
    """One batch with pictures counts for as many rows as its bytes weigh."""
    put(hub, "hr/h1", 1, face=1)
    record = hub["hr"].subjects["h1"]
    heavy = Batch([replace(record, photo=bytes(HEAVY * 10))])
    coming = iter([heavy] * 9)

    async def following():
        return next(coming, None)

    groups = [len(group) async for group in ahead(following, together=20)]
    assert sum(groups) == 9
    assert max(groups) == 2


@pytest.mark.parametrize("takes", [True, False])
async def test_check_names_a_target_that_takes_none(takes):
    target = MemoryTarget()
    kinds = {Kind.PHOTO: Ability()} if takes else {}

    async def capabilities():
        return Capabilities(kinds)

    target.capabilities = capabilities
    settings = SimpleNamespace(hub=SimpleNamespace(people=POLICY_OF_ONE), instances=())
    found = await check._with_groups([], "intranet", target, settings)
    assert [one.what for one in found] == ([] if takes else ["it takes no pictures of people"])


def test_a_person_is_shown_with_what_a_picture_is_and_not_with_its_bytes():
    told, _ = taken(picture(1))
    words = people._value(told.model_dump())
    assert words == f"image/jpeg, 0 kB ({told.sha256[:8]})"
    assert people._value("Chef") == "Chef"


@pytest.mark.parametrize("language", ["nl", "en"])
def test_what_the_plan_says_has_words(language):
    step = type("Step", (), {"action": "update", "key": "p"})()
    row = type("Row", (), {"attributes": {"photo": {"instance": "hr"}}, "name": "Noor"})()
    said = people_words.why(portraits._reason(step, row), language)
    assert said in {"andere foto (hr)", "another picture (hr)"}


async def test_questions_about_nobody_find_nothing(hub):
    assert await hub.store.read(photos.of_persons, {}) == {}
    assert await hub.store.read(photos.of_accounts, []) == []
