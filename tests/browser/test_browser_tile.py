"""The tile as people meet it: framed by an intranet, on a phone, by keyboard, in the dark."""

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from hub.events.objects import Audience, Freshness, TileItem
from hub.render.view import ServiceDesk, TileView
from hub.web.app import WebOptions, app

NOW = datetime(2026, 11, 5, 7, 31, tzinfo=UTC)
EVERYONE = Audience(everyone=True)
PHONE = {"width": 360, "height": 740}
CARD = {"width": 420, "height": 640}
IMAGES = os.environ.get("HUB_IMAGES")  # a folder: keep the pictures there, for the docs
UNCUT = """() => [...document.querySelectorAll('h1,h2,p,a,summary')].filter(e =>
  e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline').map(e => e.outerHTML)"""
FOCUS = """() => {
  const found = document.activeElement, style = getComputedStyle(found);
  return [`${found.innerText} ${found.id}`, `${style.outlineStyle} ${style.outlineWidth}`];
}"""
NO_OVERLAP = """() => {
  const boxes = [...document.querySelectorAll('.row > *, #foot > *, #live > *, h1')]
    .map(e => [e.textContent.trim(), e.getBoundingClientRect()]).filter(([, r]) => r.height > 0);
  return boxes.flatMap(([a, p], i) => boxes.slice(i + 1).filter(([, q]) =>
    p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 8 && q.top < p.bottom - 8
  ).map(([b]) => [a, b]));
}"""
REFLOWS = "() => document.scrollingElement.scrollWidth <= document.scrollingElement.clientWidth"


def item(number: int, **changes: Any) -> TileItem:
    base: dict[str, Any] = {
        "tile": "disturbances",
        "audience": EVERYONE,
        "title": {"nl": f"Melding {number}", "en": f"Report {number}"},
        "state": "open",
        "since": NOW - timedelta(minutes=40 + number),
        "links": [{"rel": "details", "href": f"https://portal.example.org/{number}"}],
    }
    return TileItem.model_validate(base | changes)


STORY = (
    item(
        1,
        title={"nl": "Inloggen in het zaaksysteem lukt niet", "en": "The case system is down"},
        category={"nl": "Zaaksysteem", "en": "Case management"},
        workaround={
            "nl": "Gebruik tot die tijd het papieren formulier.",
            "en": "Use the paper form until then.",
        },
        expected_at=NOW + timedelta(hours=1),
        links=[
            {"rel": "details", "href": "https://portal.example.org/1"},
            {"rel": "subscribe", "href": "https://portal.example.org/1/follow"},
        ],
    ),
    item(
        2,
        title={"nl": "Telefonie valt weg", "en": "Telephone calls drop"},
        reopened=1,
        since=NOW - timedelta(hours=15),
    ),
    item(
        3,
        title={"nl": "Printers stadskantoor", "en": "Printers in the town hall"},
        state="solved",
        solved_at=NOW - timedelta(minutes=6),
    ),
    item(4, state="solved", solved_at=NOW - timedelta(minutes=20)),
    item(5, state="solved", solved_at=NOW - timedelta(minutes=30)),
)


WORK = tuple(
    item(
        number,
        title={"nl": "Onderhoud DigiD-koppeling", "en": "Work on the DigiD link"},
        state=state,
        since=NOW + timedelta(hours=number),
        until=NOW + timedelta(hours=number + 4),
    )
    for number, state in enumerate(("planned", "open", "solved"), 1)
)


def tile(items=STORY, *, as_of=NOW) -> TileView:
    return TileView(
        title={"nl": "Storingen", "en": "Disturbances"},
        items=items,
        freshness=(
            Freshness(
                tile="disturbances",
                audience=EVERYONE,
                source="desk.majors",
                as_of=as_of,
                fresh_until=as_of + timedelta(minutes=5),
            ),
        ),
        service_desk=ServiceDesk(
            hours={"nl": "ma-vr 8.00-17.00 uur", "en": "Mon-Fri 8:00-17:00"},
            phone="088 123 45 67",
            url="https://portal.example.org/",
        ),
        organisation="Gemeente Voorbeeld",
    )


class World:
    """A tile and a clock that a test may change; also the health, which nobody asks for here."""

    def __init__(self) -> None:
        self.view: TileView | None = tile()
        self.time = NOW

    async def tile(self, token: str) -> TileView | None:
        return self.view if token == "secret" else None

    async def health(self) -> Mapping[str, Any]:
        return {"status": "ok"}

    def metrics(self) -> bytes:
        return b""

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def world():
    return World()


@pytest.fixture
async def visit(browser, serve, world):
    """Opens the tile with the page's clock at NOW; returns the page."""
    url = await serve(app(world, world, WebOptions(), world.now))

    async def open_tile(query="", viewport=PHONE, **context):
        place = await browser.new_context(viewport=viewport, locale="nl-NL", **context)
        page = await place.new_page()
        await page.clock.install(time=world.time)
        await page.goto(f"{url}/t/secret{query}")
        return page

    return open_tile


async def keep(page, name):
    if IMAGES:
        await page.locator("main").screenshot(path=Path(IMAGES) / f"{name}.png")


async def findings(page) -> list[str]:
    from axe_playwright_python.async_playwright import Axe

    found = (await Axe().run(page)).response["violations"]
    grave = [one for one in found if one["impact"] in {"serious", "critical"}]
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in grave]


def host(framed: str) -> Starlette:
    page = (
        "<!doctype html><html lang=nl><title>Intranet</title><h1>Intranet</h1>"
        f'<iframe title="Storingen" src="{framed}" width="420" height="600"></iframe>'
    )

    async def home(_request):
        return HTMLResponse(page)

    return Starlette(routes=[Route("/", home)])


@pytest.mark.parametrize("allowed", [True, False])
async def test_only_a_named_intranet_may_frame_the_tile(browser, serve, world, allowed):
    world_site = {}

    async def late(scope, receive, send):
        await world_site["app"](scope, receive, send)

    tiles = await serve(late)
    intranet = await serve(host(f"{tiles}/t/secret"))
    framers = (intranet,) if allowed else ("https://intranet.example.org",)
    world_site["app"] = app(world, world, WebOptions(frame_ancestors=framers), world.now)
    page = await browser.new_page(locale="nl-NL")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    await page.goto(intranet)
    frame = page.frames[1]
    shown = await frame.locator("h1").count() if allowed else 0
    assert shown == (1 if allowed else 0)
    assert any("frame-ancestors" in text for text in said) != allowed
    if allowed:
        assert await frame.locator("h1").inner_text() == "Storingen"
        assert not [text for text in said if "Content Security Policy" in text]
    else:
        assert "Storingen" not in await frame.content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["open", "calm", "stale", "none", "work"])
async def test_axe_finds_nothing_serious(visit, world, scheme, state):
    views = {
        "open": tile(),
        "calm": tile(()),
        "stale": tile(as_of=NOW - timedelta(hours=1)),
        "none": replace(tile(()), freshness=()),
        "work": tile(WORK),
    }
    world.view = views[state]
    page = await visit(viewport=CARD, color_scheme=scheme)
    await keep(page, f"tile-{state}-{scheme}")
    if state == "open":
        await page.locator("summary").click()
    assert await findings(page) == []


async def test_axe_would_find_something(visit):
    page = await visit()
    await page.evaluate("document.querySelector('h2').style.color = '#ddd'")
    assert any("color-contrast" in found for found in await findings(page))


@pytest.mark.parametrize("language", ["nl", "en"])
async def test_the_tile_reflows_at_320_pixels(visit, world, language):
    long = item(9, title={"nl": "Rioolwaterzuiveringsinstallatiebesturingssysteemstoring" * 2})
    world.view = tile((long, *STORY))
    page = await visit(f"?lang={language}", viewport={"width": 320, "height": 640})
    await page.locator("summary").click()
    assert await page.evaluate(REFLOWS)
    assert await page.evaluate(UNCUT) == []


@pytest.mark.parametrize("width", [320, 420])
async def test_text_of_200_percent_is_neither_cut_nor_overlapping(visit, width):
    page = await visit(viewport={"width": width, "height": 700})
    before = (await page.locator("h2").first.bounding_box())["height"]
    await page.evaluate("document.documentElement.style.setProperty('font-size', '32px')")
    await page.locator("summary").click()
    assert (await page.locator("h2").first.bounding_box())["height"] > before
    assert await page.evaluate(REFLOWS)
    assert await page.evaluate(UNCUT) == []
    assert await page.evaluate(NO_OVERLAP) == []
    await keep(page, f"tile-200-percent-{width}")


async def test_the_keyboard_reaches_all_and_shows_where_it_is(visit):
    page = await visit()
    targets = await page.locator("a, summary").count()
    reached: list[str] = []
    for _ in range(targets):
        await page.keyboard.press("Tab")
        name, outline = await page.evaluate(FOCUS)
        reached.append(name)
        assert outline == "solid 3px", name
        if name.startswith("Toon nog"):
            await page.keyboard.press("Enter")
            assert await page.locator("details").get_attribute("open") is not None
    assert targets == 9
    assert len(set(reached)) == targets
    assert reached[-1].startswith("Naar het portaal")


async def test_each_link_is_big_enough_for_a_thumb_and_names_its_row(visit):
    page = await visit()
    await page.locator("summary").click()
    for target in await page.locator("a, summary").all():
        box = await target.bounding_box()
        assert min(box["width"], box["height"]) >= 44
    first = page.get_by_role("link", name="Bekijk in het portaal Inloggen in het zaaksysteem")
    assert await first.count() == 1


async def test_the_tile_says_by_itself_that_it_grew_stale(visit, world):
    page = await visit()
    await page.route("**/t/secret*", lambda route: route.abort())
    banner = page.locator("#live .banner")
    await page.clock.run_for(timedelta(minutes=4, seconds=50).total_seconds() * 1000)
    assert await banner.count() == 0
    await page.clock.run_for(20_000)
    assert "Niet bijgewerkt sinds 5 november 08:31." in await banner.inner_text()
    assert await page.get_by_text("Telefonie valt weg").count() == 1
    assert "2 storingen gemeld" in await page.locator("#live").inner_text()


async def test_a_calm_tile_that_grew_stale_is_calm_no_more(visit, world):
    world.view = tile(())
    page = await visit()
    await page.route("**/t/secret*", lambda route: route.abort())
    assert await page.locator(".calm").inner_text() == "Geen gemelde storingen"
    await page.clock.run_for(310_000)
    assert await page.locator(".calm").count() == 0
    assert await page.get_by_text("Toen waren er geen gemelde storingen.").is_visible()


async def test_an_open_page_shows_what_is_new_within_a_minute(visit, world):
    page = await visit()
    await page.locator("summary").click()
    await page.evaluate("document.activeElement.blur()")
    world.time = NOW + timedelta(minutes=1)
    world.view = tile((item(7, title={"nl": "Netwerk plat"}), *STORY), as_of=world.time)
    async with page.expect_response("**/t/secret*"):
        await page.clock.run_for(66_000)
    await page.get_by_text("Netwerk plat").wait_for()
    assert await page.locator("details").get_attribute("open") is not None
    assert await page.locator("#live").inner_text() == "3 storingen gemeld"
    assert "Bijgewerkt 08:32, geldig tot 08:37." in await page.locator("#foot").inner_text()


async def test_nothing_moves_under_somebodys_hands(visit, world):
    page = await visit()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    await page.keyboard.press("Tab")
    await page.clock.run_for(130_000)
    assert asked == []


async def test_a_tile_that_was_stale_recovers(visit, world):
    world.view = tile(as_of=NOW - timedelta(hours=1))
    page = await visit()
    assert await page.locator("#live .banner").count() == 1
    world.view = tile()
    async with page.expect_response("**/t/secret*"):
        await page.clock.run_for(66_000)
    await page.locator("#live .banner").wait_for(state="detached")


async def test_without_script_the_sentence_stands(visit, world):
    page = await visit(java_script_enabled=False)
    assert "Bijgewerkt 08:31, geldig tot 08:36." in await page.locator("#foot").inner_text()
    assert await page.locator("details").count() == 1


async def test_the_tile_begins_at_the_top(visit):
    page = await visit()
    assert (await page.locator("h1").bounding_box())["y"] < 30


async def test_the_dark_is_dark(visit):
    page = await visit(color_scheme="dark")
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(23, 26, 33)"
    )
    await keep(page, "tile-phone-dark")


async def test_forced_colours_keep_icon_and_word(visit):
    page = await visit(forced_colors="active")
    assert await page.locator(".state").first.inner_text() == "Storing"
    assert await page.locator(".state .icon").first.is_visible()
    await keep(page, "tile-forced-colors")


async def test_nothing_moves_for_its_own_sake(visit):
    page = await visit()
    assert await page.evaluate("document.getAnimations().length") == 0
    await keep(page, "tile-phone")


async def test_paper_shows_the_folded_rows_too(visit):
    page = await visit()
    await page.emulate_media(media="print")
    box = await page.locator("details li").last.bounding_box()
    assert box is not None
    assert box["height"] > 20
