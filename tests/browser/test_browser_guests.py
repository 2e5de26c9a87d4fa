"""The page of a sponsor on a phone: read, choose, confirm; accessible, in both languages and modes."""

import random
from datetime import timedelta

import pytest
from axe_playwright_python.base import AXE_FILE_PATH

from connectors.guests.connector import GuestsConnector
from connectors.guests.models import GuestsSettings
from hub.contract import Received
from hub.engine import notices as telling
from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.metrics import Metrics
from hub.people import guests
from hub.registry import Group, Registry
from hub.settings import load
from hub.store import notices, persons
from hub.store.store import Store
from hub.testing.fakes import FakeClock, FakeLog, fake_context
from hub.web.site import site

REFLOWS = "() => document.scrollingElement.scrollWidth <= document.scrollingElement.clientWidth"
SMALL = """() => [...document.querySelectorAll('a, button')]
  .filter(one => one.getBoundingClientRect().height < 44).map(one => one.outerHTML)"""
YAML = "store: sqlite:///hub.db\norganisation: Voordeelmarkt\nservice_desk: {phone: 088 123 4567}\n"
NOOR = "0f3a91c2-77b0-4d4e-9a51-0123456789ab"
TOKEN = "a-link-that-nobody-guesses"


@pytest.fixture
async def place(tmp_path, serve):
    """Where the page is, and the last day of the guest."""
    (tmp_path / "hub.yaml").write_text(YAML)
    settings = load(tmp_path / "hub.yaml", Registry.discover(groups=(Group.TARGETS,)), {})
    clock = FakeClock()
    store = await Store(settings.store).open()
    connector = GuestsConnector(GuestsSettings(), fake_context("guests", clock=clock))
    how = {"routes": (), "mode": "live", "fingerprint": "f", "reopen": timedelta(hours=72)}
    source = Source("guests", "guests", connector, **how, every=None, stale_after={})
    rng = random.Random(1)
    runner = Runner(store, {"guests": source}, {}, now=clock.now, log=FakeLog(), rng=rng)
    await runner.start()
    now = clock.now()
    row = {"id": NOOR, "name": "Noor Berg", "attributes": {}, "state": "active"}
    await store.write(persons.insert, [row | {"since": now, "made_at": now}])
    given = {"given_name": "Maximiliaan", "family_name": "Vandenberghe-Oosterhuizen"}
    ends = guests.after_day((now + timedelta(days=20)).date(), "Europe/Amsterdam")
    wanted = await store.read(guests.adding, given | {"ends": ends}, NOOR, now)
    await runner.receive("guests", Received("guests", wanted.order), actor="jan")
    await store.write(telling.look, now, "Europe/Amsterdam")
    [told] = await store.read(notices.every, "")
    link = {"token": notices.digest(TOKEN), "token_until": ends}
    await store.write(notices.update, [told.id], **link)

    async def last_day():
        [found] = await store.read(guests.everyone)
        return guests.last_day(found.ends, "Europe/Amsterdam").isoformat()

    url = await serve(site(settings, runner, Metrics(), clock.now))
    yield f"{url}/guests/{TOKEN}", last_day
    await store.close()


async def is_accessible(page):
    await page.evaluate(AXE_FILE_PATH.read_text("utf-8"))
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        found = await page.evaluate("axe.run()")
        assert found["violations"] == []
    assert await page.evaluate(REFLOWS)
    assert await page.evaluate(SMALL) == []


async def test_a_sponsor_extends_with_one_choice_and_one_button_without_a_script(place, browser):
    url, last_day = place
    before = await last_day()
    context = await browser.new_context(
        viewport={"width": 320, "height": 640},
        java_script_enabled=False,
        color_scheme="dark",
        locale="en-GB",
    )
    page = await context.new_page()
    await page.goto(url)
    await page.get_by_role("link", name="Until").first.click()
    assert await last_day() == before
    await page.get_by_role("button", name="Yes, extend").click()
    assert await page.get_by_role("heading", name="Done").is_visible()
    assert await last_day() > before
    await context.close()


async def test_every_step_is_accessible_on_a_phone(place, browser):
    url, _ = place
    phone = {"viewport": {"width": 320, "height": 640}, "bypass_csp": True}
    context = await browser.new_context(**phone, locale="nl-NL")
    page = await context.new_page()
    await page.goto(url)
    await is_accessible(page)
    await page.get_by_role("link", name="Vandaag is de laatste dag").click()
    await is_accessible(page)
    await page.goto(url + "-wrong")
    await is_accessible(page)
    await context.close()
