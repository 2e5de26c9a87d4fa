"""A one-time code on a phone: from the link on paper to a device that is let in; without script too."""

import random
from datetime import timedelta

import pytest
from axe_playwright_python.base import AXE_FILE_PATH

from hub.engine.runner import Runner
from hub.metrics import Metrics
from hub.people import codes, inviting
from hub.people.inviting import Invitee
from hub.registry import Group, Registry
from hub.settings import load
from hub.store import invitations, persons
from hub.store.store import Store
from hub.testing.fakes import FakeClock, FakeLog
from hub.web.site import site

REFLOWS = "() => document.scrollingElement.scrollWidth <= document.scrollingElement.clientWidth"
SMALL = """() => [...document.querySelectorAll('a, button, textarea, input:not([type=hidden])')]
  .filter(one => one.getBoundingClientRect().height < 44).map(one => one.outerHTML)"""
WHOLE = """() => {
  const code = document.getElementById('code');
  return code.scrollWidth <= code.clientWidth && code.scrollHeight <= code.clientHeight;
}"""
YAML = """\
store: sqlite:///hub.db
organisation: Voordeelmarkt
service_desk: {phone: 088 123 4567}
people: {invitations: {then: device, ask: employee_number}}
"""
PHONE = {"viewport": {"width": 320, "height": 640}}
ANN = "0a" * 18


class Asked:
    """The application, with every address that it was asked for."""

    def __init__(self, app):
        self.app, self.addresses = app, []

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            self.addresses.append(f"{scope['path']}?{scope['query_string'].decode()}")
        await self.app(scope, receive, send)


@pytest.fixture
async def place(tmp_path, serve):
    """Where the page is, and codes for Ann."""
    (tmp_path / "hub.yaml").write_text(YAML)
    registry = Registry.discover(groups=(Group.CONNECTORS, Group.TARGETS))
    settings = load(tmp_path / "hub.yaml", registry, {})
    clock = FakeClock()
    store = await Store(settings.store).open()
    runner = Runner(store, {}, {}, now=clock.now, log=FakeLog(), rng=random.Random(1))
    at = clock.now()
    number = {"employee_number": {"value": "1042", "instance": "hr", "at": at.isoformat()}}
    row = {"id": ANN, "name": "Ann de Kok", "attributes": number, "state": "active"}
    await store.write(persons.insert, [row | {"since": at, "made_at": at}])

    async def code():
        made = codes.make()
        until = at + timedelta(days=90)
        given = {"actor": "beheer", "now": at}
        await store.write(inviting.issue, [Invitee(ANN, "", code=made)], "paper", until, **given)
        return made

    asked = Asked(site(settings, runner, Metrics(), clock.now))
    yield await serve(asked), code, asked.addresses, store
    await store.close()


async def is_accessible(page):
    await page.evaluate(AXE_FILE_PATH.read_text("utf-8"))
    found = await page.evaluate("axe.run()")
    assert found["violations"] == []
    assert await page.evaluate(REFLOWS)
    assert await page.evaluate(SMALL) == []


async def test_from_the_link_on_paper_to_a_device_that_is_let_in(place, browser):
    url, code, addresses, store = place
    made = await code()
    for dark in ("light", "dark"):
        context = await browser.new_context(
            locale="nl-NL", color_scheme=dark, bypass_csp=True, **PHONE
        )
        page = await context.new_page()
        said = []
        page.on("console", lambda message, said=said: said.append(message.text))
        await page.goto(f"{url}/welcome#{made}")
        assert await page.input_value("#code") == made
        assert "#" not in page.url
        await is_accessible(page)
        await page.fill("#number", "9")
        await page.click("button")
        assert "kan niet worden gebruikt" in await page.inner_text("[role=alert]")
        await is_accessible(page)
        await page.fill("#code", made.lower())
        await page.fill("#number", "1042")
        await page.click("button")
        assert await page.inner_text("h1") == "Hallo Ann de Kok"
        await is_accessible(page)
        await context.close()
    page = await (await browser.new_context(locale="en-GB", **PHONE)).new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    await page.goto(f"{url}/welcome#{made}")
    await page.fill("#number", "1042")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Yes, go on").click()
    assert await page.inner_text("h1") == "Done"
    [cookie] = await page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"]) == ("hub-session", True)
    [row] = await store.read(invitations.of_persons, [ANN])
    assert (row.state, row.attempts) == ("redeemed", 2)
    await page.get_by_role("link", name="To my page").click()
    assert await page.inner_text("h1") == "Hello Ann de Kok"
    assert said == [], "the policy lets its own style and script through"
    assert not [one for one in addresses if codes.plain(made)[:8] in codes.plain(one)]


@pytest.mark.parametrize("width", [320, 360, 412, 1280])
async def test_all_of_a_code_is_seen(place, browser, width):
    url, code, _, _ = place
    page = await browser.new_page(viewport={"width": width, "height": 640}, locale="en-GB")
    await page.goto(f"{url}/welcome#WWWW-{(await code())[5:]}")
    assert await page.evaluate(WHOLE)
    await page.fill("#number", "9")
    await page.press("#code", "Enter")
    assert "can't be used" in await page.inner_text("[role=alert]")
    await page.fill("#code", await code() + "-0123-4567")
    assert not await page.evaluate(WHOLE), "what is longer is seen to be"


async def test_it_works_without_a_script(place, browser):
    url, code, _, store = place
    made = await code()
    context = await browser.new_context(java_script_enabled=False, locale="nl-NL", **PHONE)
    page = await context.new_page()
    await page.goto(f"{url}/welcome#{made}")
    assert await page.input_value("#code") == ""
    await page.get_by_role("link", name="English").click()
    await page.fill("#code", made)
    await page.fill("#number", "1042")
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_role("button", name="Yes, go on").click()
    assert await page.inner_text("h1") == "Done"
    [row] = await store.read(invitations.of_persons, [ANN])
    assert row.state == "redeemed"
