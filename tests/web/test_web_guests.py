"""From a notice through a real mail server to the page that extends or ends a guest."""

import random
import re
from datetime import timedelta

import httpx
import pytest

from hub.contract import Received
from hub.engine.assemble import assemble
from hub.metrics import Metrics
from hub.people import guests
from hub.registry import Group, Registry
from hub.settings import load
from hub.store import notices, persons, trail
from hub.store.store import Store
from hub.testing.fakes import FakeClock, FakeLog
from hub.web.site import site

YAML = """\
store: sqlite:///hub.db
organisation: Gemeente Voorbeeld
service_desk: {{phone: 088 123 4567}}
people: {{mail_domains: [werk.example.org]}}
web: {{public_url: https://hub.example.org/}}
mail: {{host: 127.0.0.1, port: {port}, security: none, sender: hub@example.org}}
"""
HR = "Personeelsnummer;Roepnaam;Achternaam;E-mail\n1;Noor;Berg;noor@werk.example.org\n"
DAY = timedelta(days=1)
ZONE = "Europe/Amsterdam"


class Place:
    """A hub with one guest, whose sponsor has work mail, and its pages."""

    async def start(self, folder, sink):
        self.sink = sink
        (folder / "hub.yaml").write_text(YAML.format(port=sink.port))
        (folder / "connectors").mkdir()
        (folder / "hr").mkdir()
        (folder / "hr" / "1.csv").write_text(HR)
        hr = f"connector: csv\nmode: live\nsettings: {{folder: {folder / 'hr'}}}\n"
        (folder / "connectors" / "hr.yaml").write_text(hr)
        (folder / "connectors" / "externen.yaml").write_text("connector: guests\nmode: live\n")
        registry = Registry.discover(groups=(Group.CONNECTORS, Group.TARGETS))
        self.settings = load(folder / "hub.yaml", registry, {})
        self.clock, self.log = FakeClock(), FakeLog()
        self.store = await Store(self.settings.store).open()
        made = {"now": self.clock.now, "log": self.log, "rng": random.Random(1)}
        self.runner = await assemble(self.settings, self.store, **made)
        await self.runner.start()
        await self.runner.run("hr", "people")
        self.app = site(self.settings, self.runner, Metrics(), self.clock.now)
        return self

    async def add(self, name="Kim", days=40):
        ends = guests.after_day((self.clock.now() + days * DAY).date(), ZONE)
        given = {"given_name": name, "family_name": "Bos", "ends": ends}
        wanted = await self.store.read(guests.adding, given, "Noor", self.clock.now())
        await self.take(wanted)
        await self.runner.tell()

    async def take(self, wanted):
        await self.runner.receive("externen", Received("guests", wanted.order), actor="jan")

    async def guest(self, name="Kim"):
        found = await self.store.read(guests.everyone)
        return next(one for one in found if one.name.startswith(name))

    async def last_day(self, name="Kim"):
        return guests.last_day((await self.guest(name)).ends, ZONE)

    async def link(self):
        """The path of the link in the newest message."""
        text = self.sink.messages[-1].get_content()
        [found] = re.findall(r"https://hub\.example\.org(/guests/\S+)", text)
        return found

    async def reminded(self):
        """Time passes until the first reminder; where its link leads."""
        self.clock.advance(12 * 86400)
        assert await self.runner.tell() == {"sent": 1}
        return await self.link()

    async def open(self, method, path, **more):
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="https://hub") as client:
            return await client.request(method, path, **more)


@pytest.fixture
async def place(tmp_path, mail_sink):
    made = await Place().start(tmp_path, mail_sink())
    yield made
    await made.runner.close()
    await made.store.close()


async def test_from_the_mail_to_a_later_end(place):
    await place.add()
    path = await place.reminded()
    [message] = place.sink.messages
    assert message["To"] == "noor@werk.example.org"
    before = await place.last_day()
    page = await place.open("GET", path)
    assert page.status_code == 200
    assert "Kim Bos werkt hier tot en met" in page.text
    days = re.findall(r"\?do=(\d{4}-\d\d-\d\d)&", page.text.replace("&amp;", "&"))
    assert len(days) == 4
    sure = await place.open("GET", f"{path}?do={days[0]}")
    assert "Ja, verlengen" in sure.text
    assert await place.last_day() == before, "looking changes nothing"
    done = await place.open("POST", path, data={"do": days[0]})
    assert (done.status_code, "Gedaan" in done.text) == (200, True)
    assert (await place.last_day()).isoformat() == days[0]
    kim = await place.guest()
    rows = await place.store.read(trail.about, "people", kim.person)
    by = [row.actor for row in rows if row.action == "people extend"]
    assert by == [f"sponsor {kim.sponsor}"]


async def test_a_link_works_once(place):
    await place.add()
    path = await place.reminded()
    day = ((await place.last_day()) + 20 * DAY).isoformat()
    assert (await place.open("POST", path, data={"do": day})).status_code == 200
    for method, more in (("GET", {}), ("POST", {"data": {"do": "end"}})):
        again = await place.open(method, path, **more)
        assert (again.status_code, "werkt niet meer" in again.text) == (404, True)
    assert (await place.last_day()).isoformat() == day


async def test_a_link_that_was_used_by_a_process_that_died_after_it_is_used_up(place):
    await place.add()
    path = await place.reminded()
    row = (await place.store.read(notices.every, "guest "))[0]
    day = ((await place.last_day()) + 20 * DAY).isoformat()
    assert (await place.open("POST", path, data={"do": day})).status_code == 200
    token = path.rsplit("/", 1)[1]
    back = {"token": notices.digest(token), "token_until": row.token_until}
    await place.store.write(notices.update, [row.id], **back)
    again = await place.open("POST", path, data={"do": "end"})
    assert again.status_code == 404
    assert (await place.last_day()).isoformat() == day


async def test_ending_means_that_today_is_the_last_day(place):
    await place.add()
    path = await place.reminded()
    sure = await place.open("GET", f"{path}?do=end&lang=en")
    assert "Yes, end it" in sure.text
    assert (await place.open("POST", path, data={"do": "end"})).status_code == 200
    assert await place.last_day() == place.clock.now().date()


async def test_a_newer_message_has_the_link_that_works(place):
    await place.add()
    first = await place.reminded()
    place.clock.advance(23 * 86400)
    await place.runner.tell()
    second = await place.link()
    assert first != second
    assert (await place.open("GET", first)).status_code == 404
    assert (await place.open("GET", second)).status_code == 200


async def test_whoever_is_no_sponsor_any_more_and_whoever_guesses_get_the_same_answer(place):
    await place.add()
    path = await place.reminded()
    number = (await place.guest()).sponsor
    guess = await place.open("GET", "/guests/" + "A" * 32)
    await place.store.write(_leave, number)
    gone = await place.open("GET", path)
    assert gone.status_code == guess.status_code == 404
    assert gone.text == guess.text


def _leave(tx, number):
    persons.update(tx, number, state="deactivated")


async def test_a_link_ends_with_grace(place):
    await place.add()
    path = await place.reminded()
    place.clock.advance(30 * 86400)
    await place.runner.project()
    assert (await place.guest()).state == "suspended"
    page = await place.open("GET", path)
    assert "eindigde op" in page.text
    place.clock.advance(31 * 86400)
    await place.runner.project()
    assert (await place.open("GET", path)).status_code == 404


@pytest.mark.parametrize("choice", ["2099-01-01", "2020-01-01", "tomorrow", "", "20270301"])
async def test_what_can_not_be_is_refused_and_the_link_stays(place, choice):
    await place.add()
    path = await place.reminded()
    before = await place.last_day()
    said = await place.open("POST", path, data={"do": choice})
    assert said.status_code in {400, 409}
    assert await place.last_day() == before
    assert (await place.open("GET", path)).status_code == 200


async def test_forms_that_are_none_are_refused_and_change_nothing(place):
    await place.add()
    path = await place.reminded()
    before = await place.last_day()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    for body in (b"x" * 5000, b"\xff\xfe", b"do=end&" * 40):
        said = await place.open("POST", path, content=body, headers=kind)
        assert said.status_code in {400, 413}
    assert (await place.open("POST", path, content=b"do=end")).status_code == 415
    assert await place.last_day() == before


async def test_while_the_hub_can_not_store_it_nothing_is_lost(place):
    await place.add()
    path = await place.reminded()
    away = place.runner.sources.pop("externen")  # its file is gone for a moment
    said = await place.open("POST", path, data={"do": "end"})
    assert said.status_code == 503
    place.runner.sources["externen"] = away
    assert (await place.open("POST", path, data={"do": "end"})).status_code == 200


async def test_the_page_is_kept_by_nobody_and_shown_in_no_frame(place):
    await place.add()
    page = await place.open("GET", await place.reminded())
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert "script" not in policy


async def test_neither_log_nor_store_nor_trail_holds_a_link(place):
    await place.add()
    path = await place.reminded()
    await place.open("POST", path, data={"do": "end"})
    token = path.rsplit("/", 1)[1]
    assert token not in str(place.log.lines)
    dump = await place.store.read(lambda tx: list(tx.connection.iterdump()))
    assert token not in "\n".join(dump)
