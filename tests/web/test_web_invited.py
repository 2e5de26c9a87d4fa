"""A code and then a login: that login is known to be the person's from then on, and nobody else's."""

import re

import pytest
from starlette.applications import Starlette

from hub.events.person import Person
from hub.people import codes, inviting
from hub.people.inviting import Invitee
from hub.registry import Registry
from hub.settings import ConfigProblems, load
from hub.store import invitations, trail
from hub.web.welcome import welcome_routes

ISSUER = "https://login.example.org/tenant"
HUB = """
store: sqlite:///hub.db
organisation: Gemeente Voorbeeld
web: { public_url: @BASE }
people: { invitations: { then: provider } }
personal:
  login:
    issuer: @ISSUER
    client_id: intranet-hub
    client_secret: ${env:OIDC_SECRET}
    person:
      - { claim: employee, attribute: employee_number, sources: [hr] }
"""


@pytest.fixture
async def house(make_house):
    """Two people; the provider knows a login `s-1`, and no number with it."""
    made = await make_house(HUB)
    for key, name, number in (("h1", "Noor Berg", "0451"), ("h2", "Sem Visser", "0452")):
        one = Person(enabled=True, display_name=name, family_name=name, employee_number=number)
        made.sources["hr"].put(key, one)
    await made.read()
    given = (made.settings, made.runner, made.clock.now)
    made.app = Starlette(routes=[*made.pages.routes(), *welcome_routes(*given)])
    return made


@pytest.fixture
def code_for(house):
    async def make(name):
        [row] = [
            r for r in await house.store.read(invitations.persons_with, None) if r.name == name
        ]
        at, made = house.clock.now(), codes.make()
        until = at.replace(year=at.year + 1)
        one = Invitee(row.id, name, code=made)
        await house.store.write(inviting.issue, [one], "paper", until, actor="x", now=at)
        return made

    return make


async def typed(browser, code):
    form = {"code": code, "go": "yes"}
    found = await browser.post("/welcome", data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert re.search(r'href="([^"]+)" rel', found.text)[1] == "/me/login"


async def logged_in(house, browser):
    """Whom the page greets after a login; None: nobody got in."""
    away = await browser.get("/me/login")
    back = house.provider.sign_in(away.headers["location"])
    answer = await browser.get("/me/callback", params=back)
    if answer.status_code != 303:
        assert answer.status_code == 403
        return None
    return re.search(r"<h1[^>]*>Dag ([^<]+)", (await browser.get("/me")).text)[1].strip()


async def test_a_login_that_nobody_knew_is_known_after_the_code(house, code_for):
    async with house.browser() as browser:
        assert await logged_in(house, browser) is None, "no code, no number"
    async with house.browser() as browser:
        await typed(browser, await code_for("Noor Berg"))
        assert "__Host-hub-welcome" in dict(browser.cookies)
        assert await logged_in(house, browser) == "Noor Berg"
        assert "__Host-hub-welcome" not in dict(browser.cookies)
    async with house.browser() as elsewhere:
        assert await logged_in(house, elsewhere) == "Noor Berg", "on any device from now on"
    noted = [row for row in await house.store.read(trail.rows) if "login noted" in row.action]
    assert len(noted) == 1


async def test_a_login_of_somebody_else_does_not_get_the_code(house, code_for):
    async with house.browser() as browser:
        await typed(browser, await code_for("Noor Berg"))
        house.provider.claims = {"employee": "0452"}
        assert await logged_in(house, browser) is None, "the provider says that it is Sem"
        house.provider.claims = {}
        assert await logged_in(house, browser) == "Noor Berg", "nothing was noted before"
    async with house.browser() as browser:
        await typed(browser, await code_for("Sem Visser"))
        assert await logged_in(house, browser) is None, "that login is Noor's"


async def test_the_code_leads_to_a_login_for_an_hour_and_in_the_same_browser(house, code_for):
    async with house.browser() as browser:
        await typed(browser, await code_for("Noor Berg"))
        async with house.browser() as elsewhere:
            assert await logged_in(house, elsewhere) is None
        house.clock.advance(3601)
        assert await logged_in(house, browser) is None


def test_a_code_cannot_lead_to_a_login_that_there_is_not(tmp_path):
    path = tmp_path / "hub.yaml"
    path.write_text(
        "store: sqlite:///hub.db\norganisation: X\npeople: {invitations: {then: provider}}\n"
    )
    try:
        problems = load(path, Registry.discover(), {}).problems
    except ConfigProblems as error:
        problems = error.problems
    assert "no login to go to" in str(problems[0])
