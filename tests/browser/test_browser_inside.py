"""The hub's tile inside the sandbox intranet, and the intranet's own pages, as people see them."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.events.objects import Audience, Freshness, TileItem
from hub.render.view import ServiceDesk, TileView
from hub.sandbox.intranet import IntranetOptions, IntranetSandbox
from hub.web.app import WebOptions, app

NOW = datetime.now(UTC)
EVERYONE = Audience(everyone=True)


class World:
    async def tile(self, _token):
        item = TileItem(
            tile="disturbances",
            audience=EVERYONE,
            title={"nl": "E-mail niet bereikbaar"},
            state="open",
            since=NOW - timedelta(minutes=20),
        )
        fresh = Freshness(
            tile="disturbances",
            audience=EVERYONE,
            source="desk.majors",
            as_of=NOW,
            fresh_until=NOW + timedelta(minutes=5),
        )
        title = {"nl": "Storingen", "en": "Disturbances"}
        return TileView(title, [item], [fresh], ServiceDesk(phone="1234"), "Duo+")

    async def health(self):
        return {"status": "ok"}

    def metrics(self):
        return b""


async def framed(serve, *, allowed):
    """The address of an intranet that frames a tile which lets it, or does not."""
    later = {}

    async def site(scope, receive, send):
        await later["app"](scope, receive, send)

    tiles = await serve(site)
    options = IntranetOptions(tile_url=f"{tiles}/t/secret-path")
    intranet = await serve(IntranetSandbox(options, lambda: datetime.now(UTC)).app)
    framers = (intranet,) if allowed else ("https://intranet.example.org",)
    later["app"] = app(World(), World(), WebOptions(frame_ancestors=framers), lambda: NOW)
    return intranet


@pytest.mark.parametrize("allowed", [True, False])
async def test_the_intranet_shows_the_tile_only_where_it_is_named(browser, serve, allowed):
    page = await browser.new_page(locale="nl-NL")
    await page.goto(await framed(serve, allowed=allowed))
    frame = page.locator("iframe")
    await frame.scroll_into_view_if_needed()
    inside = page.frame_locator("iframe")
    if allowed:
        await inside.get_by_text("E-mail niet bereikbaar").wait_for(timeout=10_000)
    else:
        await page.wait_for_timeout(1_500)
        assert await inside.get_by_text("E-mail niet bereikbaar").count() == 0


@pytest.mark.parametrize(("name", "width"), [("phone", 360), ("desktop", 1280), ("tv", 1920)])
async def test_every_page_of_the_intranet_fits_every_screen(browser, serve, name, width):
    address = await framed(serve, allowed=True)
    page = await browser.new_page(viewport={"width": width, "height": 900}, locale="nl-NL")
    for path in ("/", "/timeline", "/requests"):
        await page.goto(address + path)
        excess = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert excess <= 0, f"{path} scrolls sideways on a {name}"
