"""The plan for a change board in a browser: on a phone, in the dark, on paper."""

import re
from datetime import UTC, datetime

import pytest

from hub.render.plan import Hold, Line, PlanView, Source, Why, plan_html

REFLOWS = "() => document.scrollingElement.scrollWidth <= document.scrollingElement.clientWidth"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
KEY = "0d1b2c3a-aaaa-bbbb-cccc-1234567890ab"
LINK = f"https://portal.example.org/tas/public/ssp/content/detail/incident?unid={KEY}"


def body(title: str, **more):
    text = {"nl": title, "en": title}
    return {"title": text, "state": "open", "audience": {"everyone": True}, **more}


def view() -> PlanView:
    why = (Why("servicedesk.majors", KEY, "disturbances/everyone", NOW),)
    where = ("intranet", "disturbances", "everyone")
    lines = [
        Line(
            action, *where, f"{action}-{n}", body("Telefonie"), body("E-mail", links=[LINK]), w, why
        )
        for action, w in (("create", "watch"), ("update", ""), ("remove", ""), ("withheld", ""))
        for n in range(6)
    ]
    hold = Hold("9f8e7d6c5b4a", "servicedesk", "removal", 2, NOW, [body("Zaken")] * 2, True)
    return PlanView(
        organisation="Gemeente Voorbeeld",
        made_at=NOW,
        version="0.1.0",
        time_zone="Europe/Amsterdam",
        fingerprint="a1b2c3d4e5f6",
        sources=[Source("servicedesk", "Servicedesk", "topdesk", "pilot", "0123456789ab")],
        readings={"servicedesk.majors": "It does not answer: check the address."},
        lines=[*lines, Line("stay", *where, "k", after=body("Printers"))],
        holds=[hold],
        titles={"disturbances": {"nl": "Storingen", "en": "Disturbances"}},
    )


@pytest.fixture
async def visit(browser, tmp_path):
    """Opens the page as a file from the disk, as a change board would."""

    async def opened(language="nl", **context):
        path = tmp_path / "plan.html"
        path.write_text(plan_html(view(), language=language), "utf-8")
        page = await (await browser.new_context(**context)).new_page()
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))
        await page.goto(path.as_uri())
        return page

    return opened


async def findings(page) -> list[str]:
    """What axe finds; a tool of tests gets past the page's policy by the browser's own door."""
    from axe_playwright_python.async_playwright import Axe

    return [one["id"] for one in (await Axe().run(page)).response["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1100])
async def test_axe_finds_nothing_and_nothing_is_cut(visit, scheme, width):
    page = await visit(viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert await page.evaluate(REFLOWS)
    assert page.said == []
    assert await findings(page) == []
    assert await page.locator("main").evaluate("e => getComputedStyle(e).maxWidth") != "none"


async def test_axe_would_find_something(visit):
    page = await visit("en")
    await page.evaluate("() => document.documentElement.removeAttribute('lang')")
    assert "html-has-lang" in await findings(page)


async def test_it_prints_on_a4(visit):
    page = await visit()
    paper = await page.pdf(prefer_css_page_size=True)
    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", paper)
    assert len(sizes) > 1
    assert {(round(float(wide)), round(float(high))) for wide, high in sizes} == {(595, 842)}
