"""Files that people bring over HTTP: by a call with the secret, and on the pages."""

import hashlib
import hmac
import random
import re
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from connectors.csv.connector import CsvConnector
from connectors.csv.settings import CsvSettings
from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.people.policy import Policy
from hub.settings import CallSettings
from hub.store import tables
from hub.store.store import Store
from hub.testing.fakes import FakeClock, FakeLog, fake_context
from hub.web.app import WebOptions, app
from hub.web.calls import LARGEST, Callers, Calls
from hub.web.imports import LIFE, MOST_TICKETS, House, Imports

SECRET = "0123456789-canary-secret"
SHOWN = CallSettings(secret=SecretStr(SECRET))
SIGNED = CallSettings(secret=SecretStr(SECRET), hmac=True)
POLICY = Policy(namespaces={"hr": "a", "winkels": "a"})
HEAD = "Personeelsnummer;Roepnaam;Achternaam;Filiaal\n"
LIST = f"{HEAD}1;Noor;Berg;Diemen\n2;Sem;Visser;Weesp\n".encode()
LATER = f"{HEAD}1;Noor;Berg;Weesp\n".encode()
MANY = (HEAD + "".join(f"{n};Iemand;Jansen{n};Diemen\n" for n in range(4000))).encode()


class Shops:
    """A hub whose list is brought, behind its pages."""

    def __init__(self, store, how, **settings):
        self.clock, self.log, self.store = FakeClock(), FakeLog(), store
        config = CsvSettings.model_validate({"by": "upload"} | settings)
        sources = {name: self._source(name, config) for name in ("winkels", "hr")}
        self.runner = Runner(
            store, sources, {}, self.clock.now, self.log, random.Random(1), people=POLICY
        )
        callers = Callers({"winkels": how})
        calls = Calls(self.runner, callers, self.clock.now)
        house = House("Voordeelmarkt", "Europe/Amsterdam", "nl")
        self.imports = Imports(self.runner, callers.receive, house, self.clock.now)
        routes = [*calls.routes(), *self.imports.routes()]
        pages = app(None, None, WebOptions(), self.clock.now, routes)
        transport = httpx.ASGITransport(pages, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(
            transport=transport, base_url="http://hub", follow_redirects=True
        )

    def _source(self, name, config):
        return Source(
            id=name,
            connector_name="csv",
            connector=CsvConnector(config, fake_context(name, clock=self.clock)),
            routes=(),
            mode="live",
            fingerprint="f",
            reopen=timedelta(hours=72),
            every=None,
            stale_after={},
        )

    async def post(self, data, secret=SECRET, path="/in/winkels/people", **headers):
        shown = {"x-hub-secret": secret} if secret else {}
        return await self.client.post(path, content=data, headers=shown | headers)

    async def enter(self, secret=SECRET, instance="winkels", **query):
        return await self.client.post(
            f"/import/{instance}", data={"secret": secret}, params=query or None
        )

    async def submit(self, page, **how):
        """Send the form of a page, as a browser would."""
        (action,) = re.findall(r'<form method="post" action="([^"]+)"', page.text)
        return await self.client.post(page.url.join(action), **how)

    async def look(self, data, name="people.csv"):
        return await self.submit(await self.enter(), files={"file": (name, data, "text/csv")})

    async def people(self):
        query = sa.select(tables.person.c.name).order_by(tables.person.c.name)
        return list(await self.store.read(lambda tx: tx.execute(query).scalars().all()))


@pytest.fixture
async def make(tmp_path):
    store = await Store(f"sqlite:///{tmp_path / 'hub.db'}").open()
    made = []

    async def start(how=SHOWN, **settings):
        made.append(Shops(store, how, **settings))
        await made[0].runner.start()
        return made[0]

    yield start
    await made[0].client.aclose()
    await store.close()


# --- a call ------------------------------------------------------------------------------------


async def test_a_file_is_stored_before_the_answer_and_the_same_one_twice_has_one_effect(make):
    shops = await make()
    answer = await shops.post(LIST)
    assert answer.json()["counts"] == {"accepted": 2, "new": 2}
    assert await shops.people() == ["Noor Berg", "Sem Visser"]
    again = (await shops.post(LIST)).json()
    assert (again["outcome"], again["counts"]) == ("same", {})


async def test_who_shows_the_secret_may_bring_a_large_file_and_nobody_else(make):
    shops = await make()
    assert len(MANY) > LARGEST
    assert (await shops.post(MANY, secret="wrong-wrong-wrong-wrong")).status_code == 413
    assert (await shops.post(MANY[:LARGEST], secret=None)).status_code == 404
    assert (await shops.post(MANY, path="/in/winkels/others")).status_code == 413
    assert await shops.people() == []
    assert (await shops.post(MANY)).json()["counts"]["new"] == 4000


async def test_a_file_above_the_limit_of_the_settings_is_refused(make):
    shops = await make(most_bytes=100)
    assert (await shops.post(LIST + b"\n" * 100)).status_code == 413


async def test_a_signed_call_carries_a_small_file_once(make):
    shops = await make(SIGNED)
    stamp = str(int(shops.clock.now().timestamp()))

    def headers(data):
        mark = hmac.new(SECRET.encode(), f"{stamp}.".encode() + data, hashlib.sha256).hexdigest()
        return {"x-hub-timestamp": stamp, "x-hub-signature-256": f"sha256={mark}"}

    assert (await shops.post(LIST, None, **headers(LIST))).status_code == 200
    assert (await shops.post(LIST, None, **headers(LIST))).status_code == 409
    assert (await shops.post(MANY, None, **headers(MANY))).status_code == 413


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04--", LIST + b'3;"Emma'])
async def test_a_wrong_file_is_answered_400_with_what_to_do(make, data):
    shops = await make()
    answer = await shops.post(data)
    assert answer.status_code == 400
    assert len(answer.json()["detail"]) > 30
    assert await shops.people() == []


async def test_without_files_there_is_neither_address_nor_page(make, tmp_path):
    shops = await make(by="folder", folder=tmp_path)
    assert (await shops.post(LIST)).status_code == 404
    assert (await shops.client.get("/import/winkels")).status_code == 404


# --- the pages ---------------------------------------------------------------------------------


async def test_a_file_is_looked_at_confirmed_and_stored(make):
    shops = await make()
    seen = await shops.look(LIST)
    assert (seen.status_code, "Er is nog niets opgeslagen" in seen.text) == (200, True)
    assert "Noor Berg" in seen.text
    assert await shops.people() == []
    done = await shops.submit(seen)
    assert "De lijst is opgeslagen" in done.text
    assert await shops.people() == ["Noor Berg", "Sem Visser"]
    reloaded = await shops.client.get(done.url)
    assert 'type="file"' in reloaded.text
    again = await shops.submit(seen)
    assert (again.status_code, "Kies eerst een bestand" in again.text) == (400, True)
    assert "was er al" not in (await shops.look(LATER)).text


async def test_the_pages_are_in_the_language_of_the_visitor(make):
    shops = await make()
    shops.client.headers["accept-language"] = "en"
    seen = await shops.look(LIST)
    assert "Nothing is stored yet" in seen.text
    shops.client.headers["accept-language"] = "en"
    asked = await shops.enter(lang="nl")
    assert ("lang=nl" in str(asked.url), "Bekijk het bestand" in asked.text) == (True, True)
    with_file = {"files": {"file": ("a.csv", LIST, "text/csv")}}
    assert "Er is nog niets" in (await shops.submit(asked, **with_file)).text


async def test_nobody_gets_in_without_the_secret_and_no_name_of_an_instance_shows(make):
    shops = await make()
    for instance in ("winkels", "bakkerij"):
        refused = await shops.enter("wrong-wrong-wrong-wrong", instance)
        assert (refused.status_code, "past niet bij dit adres" in refused.text) == (403, True)
    asked = await shops.client.get("/import/bakkerij")
    same = await shops.client.get("/import/winkels")
    assert asked.text.replace("bakkerij", "winkels") == same.text
    assert [line.event for line in shops.log.lines] == ["import_refused"]
    assert SECRET not in str(shops.log.lines)
    guessed = await shops.client.post("/import/winkels/guess/store")
    assert (guessed.status_code, "verlopen" in guessed.text) == (410, True)


async def test_a_signed_door_has_no_page_to_type_the_secret_into(make):
    shops = await make(SIGNED)
    assert (await shops.enter()).status_code == 403


async def test_a_name_that_could_be_a_script_is_no_address(make):
    shops = await make()
    for path in ("/import/javascript:alert(1)", "/import/javascript:alert(1)/x"):
        assert (await shops.client.get(path)).status_code == 404


async def test_a_page_expires_and_its_file_with_it(make):
    shops = await make()
    seen = await shops.look(LIST)
    shops.clock.advance(LIFE.total_seconds())
    late = await shops.submit(seen)
    assert (late.status_code, "verlopen" in late.text) == (410, True)
    assert await shops.people() == []
    assert re.findall(r'href="([^"]+)"', late.text) == ["../../winkels"]


async def test_only_so_many_wait_at_once(make):
    shops = await make()
    first = await shops.enter()
    for _ in range(MOST_TICKETS):
        await shops.enter()
    assert (await shops.client.get(first.url)).status_code == 410


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"file": ("a.csv", b"", "text/csv")}, "Het bestand is leeg"),
        ({"file": ("a.xlsx", b"PK\x03\x04--", "text/csv")}, "CSV UTF-8"),
        ({"other": ("a.csv", LIST, "text/csv")}, "Kies eerst een bestand"),
        ({"file": ("a.csv", LIST + b"\n" * 9000, "text/csv")}, "te groot"),
    ],
    ids=["empty", "xlsx", "none", "large"],
)
async def test_a_wrong_file_says_so_on_the_page_and_another_one_can_be_chosen(make, files, said):
    shops = await make(most_bytes=4096)
    told = await shops.submit(await shops.enter(), files=files)
    assert told.status_code in {400, 413}
    assert said in told.text
    assert 'type="file"' in told.text
    assert await shops.people() == []


async def test_what_is_no_form_is_told_so(make):
    shops = await make()
    page = await shops.enter()
    for headers in ({}, {"content-type": "multipart/form-data"}):
        told = await shops.client.post(page.url, content=b"what?", headers=headers)
        assert (told.status_code, "Kies eerst" in told.text) == (400, True)


async def test_a_page_says_nothing_to_other_pages_and_is_never_kept(make):
    shops = await make()
    seen = await shops.look(LIST)
    assert seen.headers["cache-control"] == "no-store"
    assert seen.headers["referrer-policy"] == "no-referrer"
    policy = seen.headers["content-security-policy"]
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy + seen.text


async def test_a_list_of_guesses_is_no_way_to_ask_who_works_here(make):
    shops = await make()
    await shops.runner.take_file("hr", "people", LIST, actor="els")
    query = sa.select(tables.person.c.id)
    ids = await shops.store.read(lambda tx: tx.execute(query).scalars().all())
    seen = await shops.look(LIST)
    assert seen.text.count("hoort bij iemand die al bekend is") == 2
    shown = re.sub(r'action="[^"]+"', "", seen.text)  # chance may write anything into a ticket
    assert not [one for one in ids if one[:8] in shown]
    assert "hr/" not in shown
    assert "personeelsnummer (" not in shown


async def test_markup_in_a_file_stays_text(make):
    shops = await make()
    seen = await shops.look(f"{HEAD}1;<b>Noor</b>;<script>alert(1)</script>;x\n".encode())
    assert "<script" not in seen.text
    assert "<b>Noor" not in seen.text


# --- in the reader's language ------------------------------------------------------------------


async def test_a_row_that_is_not_understood_is_told_in_the_language_of_the_page(make):
    shops = await make()
    page = await shops.look(LIST + b";Emma;Bakker;Weesp\n")
    assert "<li>regel 4: <code>Personeelsnummer</code> is leeg</li>" in page.text
    entered = await shops.enter(lang="en")
    english = await shops.submit(
        entered, files={"file": ("people.csv", LIST + b";Emma;Bakker;Weesp\n", "text/csv")}
    )
    assert "<li>line 4: <code>Personeelsnummer</code> is empty</li>" in english.text


async def test_a_file_that_can_t_be_used_says_why_in_the_language_of_the_page(make):
    shops = await make()
    page = await shops.look(b"PK\x03\x04--")
    assert page.status_code == 400
    assert "<p>Het bestand is een werkmap (Excel, LibreOffice) en geen CSV-bestand" in page.text
    assert 'lang="en"' not in page.text


async def test_too_many_rows_that_are_not_understood_are_told_in_dutch(make):
    shops = await make()
    wrong = HEAD + "".join(f";Iemand;Jansen{n};Diemen\n" for n in range(200))
    page = await shops.look(wrong.encode())
    assert "Te veel rijen zijn onleesbaar" in page.text
    assert "<li>regel 201: <code>Personeelsnummer</code> is leeg</li>" in page.text
    assert 'lang="en"' not in page.text


async def test_a_heading_can_t_write_into_the_page(make):
    shops = await make(key=["Nr"])
    data = b"Nr;Achternaam;`<b>x\n1;Berg;\n;Visser;\n"
    assert "<b>x" not in (await shops.look(data)).text
    other = await shops.look(b"Achternaam;`<b>x`\nBerg;\n")
    assert "<code>&lt;b&gt;x</code>" in other.text.replace("<code></code>", "")
