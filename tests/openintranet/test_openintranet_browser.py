import contextlib
import hashlib
import shutil
from base64 import b64encode
from io import BytesIO

import pytest
from PIL import Image


def _face():
    made = BytesIO()
    Image.new("RGB", (24, 16), (200, 40, 40)).save(made, "PNG")
    return made.getvalue()


CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed on this machine"),
]
PEOPLE = ("/people", "/people/p-1", "/people/nobody")
FACE = _face()
# they come when they are looked at; a picture that the page's policy refuses is an error here
DRAWN = """Promise.all(Array.from(document.images, async one => {
  one.loading = 'eager';
  await one.decode();
  return one.naturalWidth;
}))"""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@contextlib.asynccontextmanager
async def browser():
    from playwright.async_api import async_playwright

    async with async_playwright() as play:
        chromium = await play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield chromium
        finally:
            await chromium.close()


@pytest.fixture
async def filled(api, item, freshness):
    links = [{"rel": "details", "href": "https://servicepunt.example/a"}]
    title = "Internetverbinding van de gemeentewerf en de buitendienst valt telkens weg"
    body = item(title, links=links, workaround={"nl": "Gebruik de hotspot."}, reopened=2)
    await api.put("/v1/tile-item/a", json=body)
    solved = item("Printen", state="solved", solved_at="2026-11-23T07:00:00Z", links=links)
    await api.put("/v1/tile-item/b", json=solved)
    await api.put("/v1/freshness/f", json=freshness())
    post = {"text": {"nl": "Onderhoud vanavond"}, "audience": {"everyone": True}}
    await api.put("/v1/timeline/t", json=post)
    anna = {
        "user_name": "anna",
        "display_name": "Anna van der Wijngaarden-Oosterhuizen",
        "title": "Wijkverpleegkundige in de nacht en het weekeinde",
        "department": "Zorg",
        "mail": "anna.vanderwijngaarden-oosterhuizen@gemeente.example.org",
        "phone": "020 123 4567",
        "external": True,
        "manager": "p-2",
    }
    await api.put("/v1/person/p-1", json=anna)
    await api.put("/v1/person/p-2", json={"user_name": "bob", "display_name": "Bob Vos"})
    await api.put("/v1/group/wijkteam", json={"name": "Wijkteam Noord"})
    await api.put("/v1/membership/m", json={"group": "wijkteam", "person": "p-1"})
    await api.put("/v1/timeline/u", json=post | {"author": "p-1"})
    face = {"person": "p-1", "media_type": "image/png", "size": len(FACE)}
    face |= {"sha256": hashlib.sha256(FACE).hexdigest(), "content": b64encode(FACE).decode()}
    assert (await api.put("/v1/photo/p-1", json=face)).status_code == 201


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious(filled, sandbox, clock, served, scheme):
    from axe_playwright_python.async_playwright import Axe

    async with served(sandbox.app) as url, browser() as chromium:
        context = await chromium.new_context(color_scheme=scheme, bypass_csp=True)
        page = await context.new_page()
        seen_as = "/people?lang=en&person=p-1&q=wijk"
        paths = ("/", "/timeline", "/requests", "/?lang=en&group=uithoorn", *PEOPLE, seen_as, "/")
        for path in paths:
            await page.goto(url + path)
            found = (await Axe().run(page)).response
            assert len(found["passes"]) > 10
            serious = [
                (one["id"], [node["html"] for node in one["nodes"]])
                for one in found["violations"]
                if one["impact"] in {"serious", "critical"}
            ]
            assert serious == [], path
            clock.advance(200)  # the last visit finds the tile stale


async def test_pages_fit_a_narrow_screen_and_large_text(filled, sandbox, served):
    async with served(sandbox.app) as url, browser() as chromium:
        page = await chromium.new_page(viewport={"width": 320, "height": 640})
        for path in ("/", "/timeline", "/requests", "/?lang=en", *PEOPLE):
            await page.goto(url + path)
            assert await page.evaluate("document.documentElement.scrollWidth") == 320, path
            drawn = await page.evaluate(DRAWN)
            assert drawn == ([24] if path in PEOPLE[:2] else []), path
        await page.set_viewport_size({"width": 640, "height": 800})
        await page.goto(url)
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert await page.evaluate("document.documentElement.scrollWidth") == 640


async def test_the_keyboard_reaches_the_content_first(filled, sandbox, served):
    async with served(sandbox.app) as url, browser() as chromium:
        page = await chromium.new_page(locale="nl-NL")
        await page.goto(url)
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.textContent") == "Naar de inhoud"
        shown = "document.activeElement.getBoundingClientRect().top >= 0"
        assert await page.evaluate(shown)
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        link = "document.activeElement.href"
        assert await page.evaluate(link) == "https://servicepunt.example/a"
