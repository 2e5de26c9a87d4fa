"""The personal page as people see it: on a phone and a desktop, in the dark, without a script."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from axe_playwright_python.async_playwright import Axe
from starlette.applications import Starlette

from hub.contract import Answered, OwnTicket
from hub.events.person import Person
from hub.registry import Registry
from hub.settings import load
from hub.store import persons, sessions
from hub.store.sessions import How
from hub.store.store import Store
from hub.telemetry import Veil
from hub.testing.fakes import FakeLog
from hub.web.personal import PersonalPages

NOW = datetime.now(UTC)
HUB = """
store: sqlite:///hub.db
organisation: Gemeente Voorbeeld
service_desk: { phone: "020 555 0100", hours: { nl: ma t/m vr, en: Mon to Fri } }
personal:
  login:
    issuer: http://127.0.0.1:9
    client_id: hub
    person: [{ claim: oid, attribute: key, sources: [hr] }]
  tickets: { desk: { attribute: employee_number, sources: [hr], sessions: [device] } }
"""
TICKETS = Answered(
    [
        OwnTicket("I 2611 001", "In behandeling", NOW, NOW, None, "Agenda delen lukt niet",
                  "https://desk.example.org/t?unid=1"),
        OwnTicket("I 2611 002", "Gesloten", NOW, NOW, NOW),
    ]
)  # fmt: skip


class Desk:
    async def answer(self, asker):
        assert asker == "0451"
        return TICKETS


def _fill(tx) -> list[str]:
    """One person with an account, and two open sessions."""
    from hub.events.base import canonical
    from hub.store.tables import account, subject

    body = Person(enabled=True, display_name="Noor van den Berg", employee_number="0451")
    state = body.model_dump(mode="json", exclude_none=True)
    said = {"display_name": "Noor van den Berg", "department": "Burgerzaken"}
    known = {name: {"value": value, "instance": "hr", "at": ""} for name, value in said.items()}
    row = {"id": "p1", "state": "active", "since": NOW, "made_at": NOW}
    persons.insert(tx, [row | {"name": said["display_name"], "attributes": known}])
    mine = {"id": 1, "instance": "hr", "stream": "people", "family": "person", "key": "h1"}
    mine |= {"version": body.version, "state": state, "fingerprint": canonical(state)[:8]}
    tx.execute(subject.insert().values(mine | {"sweep": 1}))
    linked = {"subject": 1, "person": "p1", "tier": "known", "evidence": [], "since": NOW}
    tx.execute(account.insert().values(linked))
    given = {"now": NOW, "until": NOW + timedelta(days=1)}
    return [
        sessions.start(tx, "p1", How.DEVICE, device=name, **given)
        for name in ("Firefox, Windows", "Chrome, Linux")
    ]


@pytest.fixture
async def personal(tmp_path, serve):
    """The address of the pages, and the token of a session on them."""
    (tmp_path / "hub.yaml").write_text(HUB)
    settings = load(tmp_path / "hub.yaml", Registry.discover(), {})
    store = await Store(settings.store).open()
    runner = SimpleNamespace(
        store=store,
        sources={"desk": SimpleNamespace(connector=Desk())},
        log=FakeLog(),
        veil=Veil(),
    )
    tokens = await store.write(_fill)
    app = Starlette(routes=PersonalPages(settings, runner, lambda: NOW).routes())
    yield await serve(app), tokens[1]
    await store.close()


async def test_on_a_phone_and_a_desktop(browser, personal):
    address, token = personal
    for size, scheme, language in (
        ({"width": 320, "height": 640}, "dark", "nl-NL"),
        ({"width": 1280, "height": 900}, "light", "en-GB"),
    ):
        # without a script for people; axe brings its own, past the page's policy
        context = await browser.new_context(
            viewport=size, color_scheme=scheme, locale=language, bypass_csp=True
        )
        await context.add_cookies([{"name": "hub-session", "value": token, "url": address}])
        page = await context.new_page()
        asked = []
        page.on("request", lambda one, seen=asked: seen.append(one.url))
        await page.goto(f"{address}/me")
        assert asked == [f"{address}/me"], "nothing else is loaded"
        words = ("Mijn meldingen", "Agenda delen lukt niet", "Burgerzaken", "Firefox, Windows")
        if language == "en-GB":
            words = ("My tickets", *words[1:])
        for word in words:
            await page.get_by_text(word).first.wait_for(timeout=5000)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size["width"], "nothing is to be scrolled sideways"
        closed = page.get_by_text("I 2611 002")
        assert not await closed.is_visible(), "what is closed is folded"
        await page.locator("summary").click()
        assert await closed.is_visible()
        results = await Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        for found in await page.locator("button, main a").all():
            box = await found.bounding_box()
            assert box["height"] >= 44, "a finger must hit it"
        await context.clear_cookies()
        await page.goto(f"{address}/me")
        way_in = page.get_by_role("link", name="Inloggen" if language == "nl-NL" else "Log in")
        assert (await way_in.get_attribute("href")).startswith("/me/login?lang=")
        results = await Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        await context.close()


async def test_logging_out_without_a_script(browser, personal):
    address, token = personal
    context = await browser.new_context(java_script_enabled=False, locale="en-GB")
    await context.add_cookies([{"name": "hub-session", "value": token, "url": address}])
    page = await context.new_page()
    await page.goto(f"{address}/me")
    await page.get_by_role("button", name="Log out everywhere but here").click()
    await page.wait_for_url(f"{address}/me?lang=en")
    assert await page.get_by_text("Another device").count() == 0
    await page.get_by_role("button", name="Log out", exact=True).click()
    await page.wait_for_url(f"{address}/me/left?lang=en")
    assert await page.get_by_role("heading", name="You are logged out").count() == 1
    assert [one["name"] for one in await context.cookies()] == []
    await context.close()
