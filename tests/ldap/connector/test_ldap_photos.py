"""Pictures from real directories, all the way to the profile page of the practice intranet."""

import random
from dataclasses import replace

import httpx
import pytest
import sqlalchemy as sa

from connectors.ldap.connector import WITH_PHOTOS, access
from hub.engine import reconcile
from hub.engine.runner import Runner
from hub.events.photo import JPEG, taken
from hub.people import erasing
from hub.people.policy import Policy
from hub.sandbox.intranet import InProcessTransport, IntranetOptions, IntranetSandbox
from hub.store import tables
from hub.targets.openintranet import OpenIntranetTarget
from hub.targets.openintranet.models import OpenIntranetSettings
from hub.testing.fakes import fake_context

POLICY = Policy(accounts={"intranet": "manage"}, photos=("intranet",))
MAIL = "noor@example.org"


def picture(number):
    """A small JPEG with something of the camera in it, which is left out."""
    frame = b"\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00"
    scan = b"\xff\xda\x00\x02FACE-OF-NOOR-%04d" % number
    camera = b"\xff\xfe\x00\x0ftaken at home"
    return b"\xff\xd8" + camera + frame + scan + b"\xff\xd9"


def attribute(desk):
    return "thumbnailPhoto" if desk.directory.is_ad else "jpegPhoto"


def noor(desk, **values):
    """The name of her entry."""
    desk.person("Noor", displayName="Noor Berg", mail=MAIL, **values)
    return desk.dn("Noor")


def set_picture(desk, dn, data):
    desk.directory.modify(dn, **{attribute(desk): [data] if data else []})


async def one(desk, **changes):
    (record,) = (await desk.records(**changes)).values()
    return record


async def test_off_by_default_and_then_not_even_asked_for(desk):
    set_picture(desk, noor(desk), picture(1))
    record = await one(desk)
    assert record.photo is None
    assert record.payload.photo is None
    assert not {name for name in desk.faults.asked if name.lower().endswith("photo")}


async def test_the_first_picture_is_read_checked_and_cleaned(desk):
    set_picture(desk, noor(desk), picture(1))
    record = await one(desk, photos=True)
    assert (record.payload.photo, record.photo) == taken(picture(1))
    assert b"taken at home" not in record.photo
    asked = await desk.ask("person", record.key, photos=True)
    assert asked.record == record


async def test_what_is_refused_is_left_out_and_the_person_stays(desk):
    dn = noor(desk)
    for wrong in (b"<svg/>", JPEG + bytes(90_000), picture(1)[:-2]):
        set_picture(desk, dn, wrong)
        record = await one(desk, photos=True)
        assert (record.payload.mail, record.payload.photo, record.photo) == (MAIL, None, None)
    made = desk.connector(photos=True)
    found = {line.what: line for line in await made.check()}
    await made.close()
    assert found["1 of 1 pictures are refused"].advice.startswith("it is cut off or damaged")


async def test_more_than_half_a_megabyte_is_refused(ldap_desk):
    set_picture(ldap_desk, noor(ldap_desk), picture(1) + bytes(500_000))
    assert (await one(ldap_desk, photos=True)).photo is None


@pytest.mark.parametrize(("face", "level"), [(None, "warning"), (1, "ok")])
async def test_check_says_whether_anybody_has_one(ldap_desk, face, level):
    dn = noor(ldap_desk)
    if face:
        set_picture(ldap_desk, dn, picture(face))
    made = ldap_desk.connector(photos=True)
    (line,) = [line for line in await made.check() if line.what.endswith("a picture")]
    await made.close()
    assert (line.level, line.what[:4]) == (level, "1 of" if face else "nobo")


def test_pages_are_small_while_pictures_are_read(ldap_desk):
    context = fake_context("directory")
    for photos, size in ((False, 1000), (True, WITH_PHOTOS)):
        config = ldap_desk.config(photos=photos, page_size=1000)
        assert access(config, context).page_size == size


class Whole:
    """A hub between a directory and the practice intranet."""

    def __init__(self, hub):
        self.hub, self.desk = hub, hub.desk
        clock = self.desk.clock
        self.sandbox = IntranetSandbox(IntranetOptions(), clock.now)
        way = InProcessTransport(self.sandbox.app)
        self.visitor = httpx.AsyncClient(transport=way, base_url="https://intranet.test")

    async def start(self):
        before, clock = self.hub.runner, self.desk.clock
        settings = OpenIntranetSettings(url="https://intranet.test", token="sandbox-token")
        way = InProcessTransport(self.sandbox.app)
        target = OpenIntranetTarget(settings, fake_context(clock=clock, transport=way))
        self.hub.runner = Runner(
            self.hub.store, before.sources, {"intranet": target}, now=clock.now,
            log=self.desk.log, rng=random.Random(1), sleep=clock.sleep, people=POLICY,
        )  # fmt: skip
        await self.hub.runner.start()
        return self

    async def step(self, read):
        """Read, and what the plan says of pictures; delivered afterwards."""
        report = await read()
        assert report.outcome == "complete", report.reason
        plan = await self.hub.store.read(reconcile.plan, self.desk.clock.now())
        await self.hub.runner.deliver()
        return [step.why["code"] for step in plan.steps if step.kind == "photo"]

    async def face(self):
        """What a colleague sees; None: no picture."""
        (key,) = [key for (key,) in await self.rows(sa.select(tables.person.c.id))]
        page = (await self.visitor.get(f"/people/{key}")).text
        answer = await self.visitor.get(f"/people/{key}/photo")
        assert ('alt="Foto van Noor Berg"' in page) is (answer.status_code == 200)
        return answer.content if answer.status_code == 200 else None

    async def rows(self, query):
        return await self.hub.store.read(lambda tx: list(tx.execute(query)))


@pytest.fixture
async def whole(desk, make_hub):
    made = await Whole(await make_hub(desk, photos=True)).start()
    yield made
    await made.visitor.aclose()


async def test_in_changed_and_gone_by_sweep_and_delta(whole):
    dn, hub = noor(whole.desk), whole.hub
    set_picture(whole.desk, dn, picture(1))
    assert await whole.step(hub.sweep) == ["photo-new"]
    assert await whole.face() == taken(picture(1))[1]
    set_picture(whole.desk, dn, picture(2))
    assert await whole.step(hub.delta) == ["photo-changed"]
    assert await whole.face() == taken(picture(2))[1]
    set_picture(whole.desk, dn, None)
    assert await whole.step(hub.delta) == ["photo-gone"]
    assert await whole.face() is None
    assert await whole.step(hub.sweep) == []


async def test_forgotten_it_is_in_no_file_and_on_no_page(whole, tmp_path):
    set_picture(whole.desk, noor(whole.desk), picture(5))
    await whole.step(whole.hub.sweep)
    assert await whole.face()
    given = {"actor": "beheer", "now": whole.desk.clock.now()}
    await whole.hub.store.write(erasing.forget, "Noor Berg", **given)
    await whole.hub.runner.deliver()
    await whole.hub.sweep()  # it is still in the directory
    await whole.hub.store.scrub()
    files = b"".join(path.read_bytes() for path in tmp_path.glob("0.db*"))
    assert b"FACE-OF-NOOR" not in files
    assert not whole.sandbox.store.pictures
    assert "FACE-OF" not in repr(whole.desk.log)


async def test_turned_off_again_it_goes_after_somebody_looked(whole):
    set_picture(whole.desk, noor(whole.desk), picture(1))
    await whole.step(whole.hub.sweep)
    await whole.hub.start(photos=False)
    await whole.start()
    await whole.hub.sweep()
    (hold,) = await whole.hub.holds()
    assert [line["fields"] for line in hold.content] == [["photo"]]
    assert await whole.face()
    await whole.hub.runner.carry_out(hold, "beheer")
    assert await whole.step(whole.hub.sweep) == ["photo-gone"]
    assert await whole.face() is None
    assert await whole.rows(sa.select(tables.photo)) == []


async def test_both_readers_bring_the_same_picture(desk):
    dn = noor(desk)
    set_picture(desk, dn, picture(1))
    names = (attribute(desk), "mail")
    found = []
    for fast in (True, False):
        client = desk.directory.client(fast=fast)
        entry = client.one(dn, names)
        client.close()
        found.append(replace(entry, controls={}))
    assert found[0] == found[1]
    assert found[0].values[attribute(desk)] == [picture(1)]
