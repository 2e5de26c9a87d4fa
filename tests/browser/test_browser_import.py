"""Bringing a file of people in a browser: on a phone, in the dark, without any script."""

from datetime import UTC, datetime

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from hub.engine import rehearsal
from hub.render.imported import Screen, import_page
from hub.web import answers

REFLOWS = "() => document.scrollingElement.scrollWidth <= document.scrollingElement.clientWidth"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
NOBODY = {"account": "winkels/5001", "name": "Noor van den Berg-de Vries"}
SIGNS = {"tier": "birth", "evidence": ["birth", "given-differs"]}
STEP = {
    "target": "intranet",
    "action": "create",
    "key": "5001",
    "before": None,
    "after": {"display_name": "Noor van den Berg"},
    "why": {"code": "begins", "accounts": [{"account": "winkels/5001", "stands": "in-force"}]},
    "blocked": "watch",
}
FOUND = {
    "instance": "winkels",
    "mode": "watch",
    "same_file": False,
    "settings_first": True,
    "storable": True,
    "file": {"encoding": "utf-8", "delimiter": ";", "headings": "1", "rows": "6", "people": 5},
    "columns": [
        {"heading": "Personeelsnummer", "field": "employee_number"},
        {"heading": "Schoenmaat van medewerker", "field": None},
    ],
    "key": ["Personeelsnummer"],
    "unreadable": [{"reason": "line 7: `Datum uit dienst` is no date", "key": "5007"}],
    "new": [NOBODY] * 3,
    "linked": [NOBODY | SIGNS | {"person": "0f3a91c2-x", "person_name": "Noor Berg"}],
    "doubtful": [NOBODY | {"persons": [SIGNS | {"person": "77b0d4e1-x", "name": "N. Berg"}]}],
    "changed": [NOBODY | {"fields": {"office": ["Diemen", None], "birth_date": [None, None]}}],
    "back": [NOBODY],
    "absent": [NOBODY | {"follows": one} for one in ("nothing", "leaves", "waits")],
    "same": 2,
    "forgotten": 1,
    "plan": {
        "counts": {},
        "steps": [STEP],
        "holds": [{"size": 3, "instance": "winkels", "hash": "9f8e"}],
        "totals": [{"target": "intranet", "action": "create", "number": 1}],
    },
}
HOUSE = ("Gemeente Voorbeeld", "Europe/Amsterdam", NOW)
LESS = rehearsal.without_others(FOUND)
SCREENS = {
    "page": Screen(*HOUSE, "preview", here="t/store", back="t", found=LESS),
    "secret": Screen(*HOUSE, "secret", here="winkels", problem="wrong_secret"),
    "choose": Screen(*HOUSE, "choose", here="t", problem="unusable", detail="The file is empty."),
    "preview": Screen(*HOUSE, "preview", here="t/store", back="t", found=FOUND),
    "rows": Screen(*HOUSE, "choose", here="t", problem="unusable", rows=FOUND["unreadable"] * 9),
    "done": Screen(*HOUSE, "done", here="../t", outcome="complete", held=True),
    "again": Screen(*HOUSE, "again", here="../winkels", problem="expired"),
}


@pytest.fixture
async def visit(browser, serve):
    """Opens a screen as the hub serves it."""

    async def opened(name, language="nl", **context):
        async def show(_request):
            return answers.page(import_page(SCREENS[name], language=language))

        url = await serve(Starlette(routes=[Route("/{name}", show)]))
        page = await (await browser.new_context(**context)).new_page()
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))
        await page.goto(f"{url}/{name}")
        return page

    return opened


async def findings(page) -> list[str]:
    """What axe finds; it gets past the page's policy by the browser's own door."""
    from axe_playwright_python.async_playwright import Axe

    return [one["id"] for one in (await Axe().run(page)).response["violations"]]


@pytest.mark.parametrize("name", list(SCREENS))
async def test_axe_finds_nothing_and_nothing_is_cut(visit, name):
    for width, scheme, language in ((320, "dark", "nl"), (1100, "light", "en")):
        size = {"width": width, "height": 800}
        page = await visit(name, language, viewport=size, color_scheme=scheme)
        assert await page.evaluate(REFLOWS)
        assert page.said == []
        assert await findings(page) == []
        await page.context.close()


async def test_axe_would_find_something(visit):
    page = await visit("secret")
    await page.evaluate("() => document.querySelector('label').remove()")
    assert "label" in await findings(page)


async def test_it_works_by_keyboard_without_a_script(visit):
    page = await visit("secret", java_script_enabled=False)
    await page.keyboard.press("Tab")
    await page.keyboard.type("0123456789-canary-secret")
    assert await page.input_value("#secret") == "0123456789-canary-secret"
    async with page.expect_request(lambda one: one.method == "POST") as sent:
        await page.keyboard.press("Enter")
    assert (await sent.value).post_data == "secret=0123456789-canary-secret"
