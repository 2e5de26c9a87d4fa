"""`/welcome`: what a right code does, and how little a wrong one learns."""

import random
import re
from datetime import timedelta

import httpx
import pytest

from hub.engine.runner import Runner
from hub.metrics import Metrics
from hub.people import codes, inviting
from hub.people.inviting import Invitee
from hub.registry import Group, Registry
from hub.render.invitation import day
from hub.settings import load
from hub.store import invitations, persons, sessions
from hub.store.store import Store
from hub.testing.fakes import FakeClock, FakeLog
from hub.web import limits
from hub.web.limits import Limits
from hub.web.site import site

OURS = {"Sec-Fetch-Site": "same-origin"}
YAML = """\
store: sqlite:///hub.db
organisation: Gemeente <Voorbeeld>
service_desk: {{phone: 088 123 4567}}
web: {{public_url: 'https://hub.example.org/'}}
people: {{invitations: {{{terms}}}}}
"""
PROVIDER = """\
personal: {login: {issuer: 'https://login.example.org', client_id: hub, person: [
  {claim: sub, attribute: key, sources: [hr]}]}}
"""
LINK = "then: intranet, link: 'https://intranet.example.org/pw?u={user_name}&l={language}'"
ANN, BOB = "0a" * 18, "0b" * 18


class World:
    """One hub with two people, and a visitor."""

    def __init__(self, folder):
        self._folder = folder
        self.clock, self.log = FakeClock(), FakeLog()
        self.store = None

    async def start(self, terms="then: device", more=""):
        (self._folder / "hub.yaml").write_text(YAML.format(terms=terms) + more)
        registry = Registry.discover(groups=(Group.CONNECTORS, Group.TARGETS))
        settings = load(self._folder / "hub.yaml", registry, {})
        if self.store is None:
            self.store = await Store(settings.store).open()
            await self.store.write(self._fill)
        rng = random.Random(1)
        runner = Runner(self.store, {}, {}, now=self.clock.now, log=self.log, rng=rng)
        self.app = site(settings, runner, Metrics(), self.clock.now)
        return self

    def _fill(self, tx):
        def known(**values):
            at = self.clock.now().isoformat()
            return {name: {"value": v, "instance": "hr", "at": at} for name, v in values.items()}

        base = {"state": "active", "since": self.clock.now(), "made_at": self.clock.now()}
        ann = known(employee_number="001042", user_name="ann&x=1")
        persons.insert(
            tx,
            [
                {"id": ANN, "name": "Ann <b>Kok</b>", "attributes": ann} | base,
                {"id": BOB, "name": "Bob Smit", "attributes": {}} | base,
            ],
        )

    async def code(self, who=ANN, days=14):
        code, at = codes.make(), self.clock.now()
        one, until = Invitee(who, "", code=code), at + timedelta(days=days)
        await self.store.write(inviting.issue, [one], "paper", until, actor="x", now=at)
        return code

    def visitor(self, address="192.0.2.7"):
        way = httpx.ASGITransport(self.app, client=(address, 5000))
        return httpx.AsyncClient(transport=way, base_url="https://hub.example.org")

    async def post(self, headers=OURS, address="192.0.2.7", **form):
        async with self.visitor(address) as client:
            return await client.post("/welcome?lang=en", data=form, headers=headers)

    async def state(self):
        rows = await self.store.read(invitations.of_persons, [ANN, BOB])
        return [row.state for row in reversed(rows)]


@pytest.fixture
async def world(tmp_path):
    made = await World(tmp_path).start()
    yield made
    await made.store.close()


async def test_the_page_is_closed_to_everything_else(world):
    async with world.visitor() as client:
        found = await client.get("/welcome")
    assert found.status_code == 200
    csp = found.headers["content-security-policy"]
    for part in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"):
        assert part in csp
    assert "unsafe" not in csp
    assert found.headers["cache-control"] == "no-store"
    assert found.headers["referrer-policy"] == "same-origin"
    assert "Welkom bij Gemeente &lt;Voorbeeld&gt;" in found.text
    assert not re.search(r'(src|href)="(https?:)?//', found.text), "nothing from elsewhere"
    assert "Personeelsnummer" not in found.text


async def test_without_settings_there_is_no_page(world, tmp_path):
    (tmp_path / "hub.yaml").write_text("store: sqlite:///hub.db\norganisation: X\n")
    registry = Registry.discover(groups=(Group.CONNECTORS, Group.TARGETS))
    settings = load(tmp_path / "hub.yaml", registry, {})
    runner = Runner(world.store, {}, {}, now=world.clock.now, log=world.log, rng=random.Random(1))
    world.app = site(settings, runner, Metrics(), world.clock.now)
    async with world.visitor() as client:
        assert (await client.get("/welcome")).status_code == 404


async def test_a_code_opens_this_device_once(world):
    code = await world.code()
    seen = await world.post(code=code.lower().replace("-", " "))
    assert seen.status_code == 200
    assert "Hello Ann &lt;b&gt;Kok&lt;/b&gt;" in seen.text
    until = day(world.clock.now() + timedelta(days=30), "Europe/Amsterdam", "en")
    assert f"up to and including {until}" in seen.text
    assert "set-cookie" not in seen.headers
    assert await world.state() == ["open"], "looking changes nothing"
    done = await world.post(code=code, go="yes")
    assert 'href="/me"' in done.text
    assert code not in done.text
    cookie = done.headers["set-cookie"]
    for part in ("__Host-hub-session=", "HttpOnly", "Secure", "Path=/", "Max-Age=2592000"):
        assert part in cookie
    token = re.search(r"__Host-hub-session=([^;]+)", cookie)[1]
    one = await world.store.write(sessions.find, token, world.clock.now())
    assert (one.person, str(one.how)) == (ANN, "device")
    assert one.until == world.clock.now() + timedelta(days=30)
    again = await world.post(code=code, go="yes")
    assert (again.status_code, "set-cookie" in again.headers) == (403, False)
    assert await world.state() == ["redeemed"]


async def test_the_intranet_gets_its_own_link_and_nothing_can_break_out_of_it(world):
    await world.start(LINK)
    done = await world.post(code=await world.code(), go="yes")
    assert 'href="https://intranet.example.org/pw?u=ann%26x%3D1&amp;l=en"' in done.text
    assert "set-cookie" not in done.headers


async def test_the_login_takes_along_who_it_was(world):
    await world.start("then: provider", PROVIDER)
    done = await world.post(code=await world.code(), go="yes")
    assert 'href="/me/login"' in done.text
    assert "__Host-hub-welcome=" in done.headers["set-cookie"]
    assert "Max-Age=3600" in done.headers["set-cookie"]


async def test_every_wrong_code_gets_the_same_answer(world):
    await world.start("then: device, ask: employee_number")
    used, replaced = await world.code(BOB), await world.code()
    good, late = await world.code(), await world.code(BOB, days=1)
    world.clock.advance(90_000)
    wrong = [
        {"code": codes.make(), "number": "1042"},
        {"code": "", "number": ""},
        {"code": "x" * 3000, "number": "1"},
        {"code": used, "number": "1"},
        {"code": replaced, "number": "1042"},
        {"code": late, "number": "1"},
        {"code": good, "number": "1043"},
        {"code": good},
    ]
    answers = set()
    for at, form in enumerate(wrong):
        for go in ({}, {"go": "yes"}):
            found = await world.post(address=f"192.0.2.{at}", **form, **go)
            headers = tuple(sorted(found.headers.items()))
            answers.add((found.status_code, headers, found.content))
    assert len(answers) == 1
    [(status, _, content)] = answers
    assert (status, b"can&#39;t be used" in content) == (403, True)
    right = await world.post(code=good, number="1042", go="yes")
    assert right.status_code == 200
    assert len([one for one in world.log.lines if "code_refused" in str(one)]) == 1
    for code in (used, replaced, good, late):
        assert code not in str(world.log.lines)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://hub.example.org"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_a_form_of_another_site_does_nothing(world, headers):
    code = await world.code()
    found = await world.post(headers, code=code, go="yes")
    assert (found.status_code, "another page" in found.text) == (403, True)
    assert await world.state() == ["open"]


async def test_a_browser_of_before_may_say_where_it_comes_from(world):
    code = await world.code()
    assert (await world.post({"Origin": "https://hub.example.org"}, code=code)).status_code == 200


async def test_what_is_no_short_form_is_refused(world):
    async with world.visitor() as client:
        send = {"headers": OURS}
        assert (await client.post("/welcome", json={}, **send)).status_code == 415
        large = await client.post("/welcome", data={"code": "x" * 5000}, **send)
        assert large.status_code == 413
        many = {f"f{at}": "1" for at in range(50)}
        assert (await client.post("/welcome", data=many, **send)).status_code == 400
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        bad = await client.post("/welcome", content=b"\xff=1", headers=OURS | kind)
        assert bad.status_code == 400
        assert (await client.put("/welcome")).status_code == 405


async def test_too_many_wrong_ones_wait_whatever_they_type(world):
    code = await world.code()
    for _ in range(limits.PER_ADDRESS):
        assert (await world.post(code="wrong")).status_code == 403
    for form in ({"code": "wrong"}, {"code": code}):
        found = await world.post(**form)
        assert (found.status_code, int(found.headers["retry-after"]) > 0) == (429, True)
        assert "quarter of an hour" in found.text
    assert (await world.post(address="198.51.100.1", code=code)).status_code == 200
    world.clock.advance(15 * 60)
    assert (await world.post(code=code)).status_code == 200


async def test_right_ones_do_not_count(world):
    for _ in range(2 * limits.PER_ADDRESS):
        code = await world.code()
        assert (await world.post(code=code)).status_code == 200
    assert (await world.post(code=code, go="yes")).status_code == 200


def test_all_addresses_together_have_a_limit_and_few_are_remembered():
    clock, some = FakeClock(), Limits(per_address=3, altogether=50)
    waits = [some.begin(f"192.0.2.{at}", clock.now()) for at in range(51)]
    assert [bool(one) for one in waits] == [False] * 50 + [True]
    clock.advance(15 * 60)
    assert some.begin("192.0.2.1", clock.now()) == 0
    many = Limits()
    for at in range(limits.MOST + 100):
        many.begin(f"a{at}", clock.now())
    assert len(many._by) == limits.MOST


@pytest.mark.parametrize(
    ("peer", "said", "meant"),
    [
        ("192.0.2.7", "203.0.113.9", "192.0.2.7"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "", "2001:db8:1:2::/64"),
    ],
)
def test_where_a_request_comes_from(peer, said, meant):
    headers = [(b"x-forwarded-for", said.encode())] if said else []
    scope = {"type": "http", "client": (peer, 1), "headers": headers}
    assert limits.address(limits.Request(scope)) == meant
