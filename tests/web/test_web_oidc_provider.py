"""Logging in at an identity provider that others wrote: npm `oidc-provider`, in a process of its own.

It is installed below `.cache/peers` and kept; where Node.js is missing that is a printed skip.
"""

import html
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

from hub.events.person import Person

pytestmark = [pytest.mark.peers, pytest.mark.timeout(120)]

HERE = Path(__file__).parent
HOME = HERE.parents[1] / ".cache" / "peers" / "oidc-provider"
PACKAGE = "oidc-provider@9.13.3"
HUB = "http://127.0.0.1:8090"
KEPT = "canary-oidc-secret/+ "


@pytest.fixture(scope="session")
def installed() -> Path:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("no Node.js with npm here: install the packages `nodejs` and `npm`")
    mark = HOME / "ready"
    if mark.is_file() and mark.read_text("utf-8") == PACKAGE:
        return HOME
    HOME.mkdir(parents=True, exist_ok=True)
    how = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    command = [npm, "install", *how, "--prefix", str(HOME), PACKAGE]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("oidc-provider can't be installed here: npm did not end within 100 s")
    if done.returncode:
        pytest.skip(f"oidc-provider can't be installed here: {done.stderr.strip()[-300:]}")
    mark.write_text(PACKAGE, "utf-8")
    return HOME


@pytest.fixture
def issuer(installed):
    program = [shutil.which("node"), str(HERE / "oidc_provider.mjs"), str(installed), HUB, KEPT]
    running = subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        address = running.stdout.readline().strip()
        if not address:
            pytest.skip(f"oidc-provider does not start with this Node.js (code {running.wait(10)})")
        yield address
    finally:
        running.stdin.close()  # which ends it
        running.wait(10)
        running.stdout.close()


async def sign_in(address: str, name: str) -> str:
    """Log in at the provider's own pages; where it sends the browser then."""
    async with httpx.AsyncClient(timeout=20) as browser:
        answer = await browser.get(address)
        for _ in range(12):
            if "location" in answer.headers:
                address = urljoin(str(answer.url), answer.headers["location"])
                if address.startswith(HUB):
                    return address
                answer = await browser.get(address)
                continue
            assert answer.status_code == 200, answer.text
            action = re.findall(r'<form[^>]* action="([^"]+)"', answer.text)[0]
            prompt = re.findall(r'name="prompt" value="(\w+)"', answer.text)[0]
            form = {"prompt": prompt, "login": name, "password": "any"}
            answer = await browser.post(urljoin(str(answer.url), html.unescape(action)), data=form)
    raise AssertionError("the provider never sent the browser back")


async def test_a_whole_login_and_out_again(make_house, issuer):
    from datetime import UTC, datetime

    from hub.testing.fakes import FakeClock

    house = await make_house(base=HUB, issuer=issuer, clock=FakeClock(datetime.now(UTC)))
    given = {"enabled": True, "display_name": "Noor Berg", "employee_number": "0451"}
    house.sources["hr"].put("h1", Person(**given))
    await house.read()
    async with house.browser() as browser:
        away = await browser.get("/me/login")
        assert away.headers["location"].startswith(f"{issuer}/auth?")
        back = await sign_in(away.headers["location"], "0451")
        assert f"iss={issuer.replace(':', '%3A').replace('/', '%2F')}" in back
        answer = await browser.get(back)
        assert (answer.status_code, answer.headers["location"]) == (303, "/me"), house.log.lines
        page = await browser.get("/me")
        assert "Dag Noor Berg" in page.text
        assert (await browser.get(back)).status_code == 403, "an answer counts once"
        proof = re.findall(r'name="proof" value="(\w+)"', page.text)[0]
        await browser.post("/me/logout", data={"proof": proof})
        left = (await browser.get("/me/left")).text
        there = html.unescape(re.findall(rf'href="({issuer}/[^"]+)"', left)[0])
        async with httpx.AsyncClient() as outside:
            asked = await outside.get(there)
        assert asked.status_code == 200, "the provider takes our way out"
        away = await browser.get("/me/login")
        stranger = await sign_in(away.headers["location"], "9999")
        assert "We kennen je hier nog niet" in (await browser.get(stranger)).text
