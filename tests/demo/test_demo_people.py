"""The people in the demo: once in numbers, spoilt in ways that must show, and live on a phone."""

import asyncio
import io
import re
import shutil
import sys
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from connectors.ldap.sandbox import MissingError, Slapd
from hub.errors import BadConfigError
from hub.registry import Registry
from hub.sandbox.demo import live, once
from hub.sandbox.demo.people import seed
from hub.sandbox.demo.people.office import find_office
from hub.sandbox.demo.program import program
from hub.sandbox.intranet import Fault
from hub.testing.fakes import FakeLog

CHROMIUM = shutil.which("chromium")
HUB = str(Path(sys.executable).with_name("hub"))


def test_a_missing_directory_says_what_to_do():
    with pytest.raises(BadConfigError, match="install intranet-hub again"):
        find_office(Registry(()))


def test_the_list_of_the_shops_has_one_colleague_of_the_offices(tmp_path):
    both = type("Employee", (), {"number": "1001", "given_name": "Bo", "family_name": "de Vos"})
    seed.put_down(tmp_path / "shops", both)
    (path,) = (tmp_path / "shops").iterdir()
    lines = path.read_text("utf-8-sig").splitlines()
    assert len(lines) == seed.WORKERS + 1
    assert lines[-1].startswith("1001;Bo;de;Vos;;")
    numbers = [line.partition(";")[0] for line in lines[1:]]
    assert len(set(numbers)) == seed.WORKERS


def test_the_printed_command_is_one_that_works(tmp_path):
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    assert program(path="", python=str(python), here=tmp_path) == "hub", "it is not beside it"
    python.with_name("hub").touch(mode=0o755)
    assert program(path="", python=str(python), here=tmp_path) == ".venv/bin/hub"
    assert program(path="", python=str(python), here=tmp_path / "x") == str(python.parent / "hub")
    assert program(path=str(python.parent), python=str(python), here=tmp_path) == "hub"


async def test_the_same_story_with_a_real_openldap(tmp_path):
    try:
        Slapd(tmp_path / "probe")
    except MissingError as error:
        pytest.skip(str(error))
    report = await once(log=FakeLog(), directory="slapd", lasting=timedelta(minutes=24))
    assert report.findings == ()
    assert (report.persons, report.linked, report.leavers, report.held) == (179, 1, 1, 13)


async def test_what_leaks_and_who_is_missing_are_found():
    def prepare(scene):
        office = scene.company.office
        told = office.staff[-1]
        office.directory.change(told.dn, "title", [b"woont aan de Huisadresweg 1"])
        scene.intranet.faults.add(Fault(kind="swallow", path="/person/", times=1))

    report = await once(prepare=prepare, log=FakeLog(), lasting=timedelta(minutes=1))
    assert (report.persons, report.accounts_made, report.people_wrong) == (179, 178, 1)
    assert report.leaks == 1
    assert {"Huisadresweg"} < {one.partition(":")[0] for one in report.findings}
    assert any(one.startswith("not among the colleagues: ") for one in report.findings)
    assert report.exit_code == 1


class Told(io.StringIO):
    """What was told so far; `until` waits for a line."""

    async def until(self, line: str) -> str:
        async with asyncio.timeout(120):
            while line not in self.getvalue():  # noqa: ASYNC110 - a console wakes nobody
                await asyncio.sleep(0.05)
        return self.getvalue()


async def test_a_code_and_a_hold_on_a_phone_and_the_printed_command_decides():
    out, stop = Told(), asyncio.Event()
    console = Console(file=out, width=200)
    task = asyncio.create_task(live(console=console, speed=120, stop=stop))
    try:
        told = await out.until("hold drop")
        guide = re.findall(r"http://127\.0\.0\.1:\d+/", told)[0]
        invited = re.search(r"http://\S+/welcome#\S+", told)[0]
        await look_by_browser(guide, invited)
        async with httpx.AsyncClient(trust_env=False) as browser:
            plan = (await browser.get(f"{guide}plan/leaver?lang=en")).text
            assert "Hanna Schouten" in plan
            assert "No account is in force any more" in plan
            assert "ended on" in plan
            assert (await browser.get(f"{guide}plan/nothing")).status_code == 404
            page = (await browser.get(f"{guide}?lang=en")).text
            assert "13 people would lose their account at once" in page
            assert "was the OU moved?" in page
            assert "The code works once" in page or "came in with the code" in page
            letter = (await browser.get(f"{guide}paper?lang=en")).text
            assert "Sem Jacobs" in letter
            assert "<svg" in letter
            command = re.search(r"hub (hold release \w+ --config \S+)", told)[1].split()
            done = await asyncio.create_subprocess_exec(
                HUB, *command, stdout=asyncio.subprocess.PIPE
            )
            said, _ = await done.communicate()
            assert b"removed 13" in said
            await out.until("An administrator decided")
            page = (await browser.get(f"{guide}?lang=nl")).text
            assert "Er is besloten" in page
    finally:
        stop.set()
        await task


async def look_by_browser(guide: str, invited: str) -> None:
    """Nothing sticks out of a phone, axe finds nothing, and the page keeps itself up to date.

    Somebody with a code comes in, and the page says so.
    """
    if CHROMIUM is None:
        return
    from axe_playwright_python.async_playwright import Axe
    from playwright.async_api import async_playwright

    async with async_playwright() as play:
        chromium = await play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        size = {"width": 320, "height": 640}
        context = await chromium.new_context(viewport=size, locale="nl-NL", bypass_csp=True)
        page = await context.new_page()
        await page.goto(guide)
        assert await page.evaluate("document.documentElement.scrollWidth") == 320
        assert await page.locator("html").get_attribute("lang") == "nl"
        assert await page.locator("text=Niemand is weg").count() == 1
        found = (await Axe().run(page)).response
        assert len(found["passes"]) > 10
        assert [one["id"] for one in found["violations"]] == []
        before = await page.locator("#clock").inner_text()
        await page.wait_for_function(
            "before => document.querySelector('#clock').innerText !== before", arg=before
        )
        await come_in(context, invited)
        await page.wait_for_selector("text=Sem Jacobs is binnen met de code, die")
        await chromium.close()


async def come_in(context, invited: str) -> None:
    phone = await context.new_page()
    await phone.goto(invited)
    assert "#" not in phone.url, "the code is in no address"
    await phone.fill("#number", "7001")
    await phone.click("button")
    await phone.click("button[name=go]")
    await phone.click("a.button")
    assert "Sem Jacobs" in await phone.inner_text("main")
    assert await phone.evaluate("document.documentElement.scrollWidth") == 320
