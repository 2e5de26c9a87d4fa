"""Pages of colleagues: who is shown, who is not, and what is left of who went."""

import re

import httpx
import pytest

from hub.sandbox.intranet import Account, InProcessTransport, IntranetOptions, IntranetSandbox
from hub.sandbox.intranet.models import Kind
from hub.sandbox.intranet.profiles import ON_A_PAGE

OWN = (
    Account(id="ad-17", user_name="bea", display_name="Bea Bos", mail="b.bos@example.org"),
    Account(id="ad-18", user_name="cas", display_name="Cas Uit", active=False),
)
ANNA = {
    "user_name": "anna",
    "display_name": "Anna Smit",
    "given_name": "Anna",
    "title": "Wijkverpleegkundige",
    "department": "Zorg",
    "office": "Gemeentehuis 2.08",
    "phone": "+31 20 123 4567",
    "mail": "anna@example.org",
    "manager": "p-2",
}


@pytest.fixture
def sandbox(clock):
    return IntranetSandbox(IntranetOptions(accounts=OWN), clock)


@pytest.fixture
async def staff(api):
    bob = {"user_name": "bob", "display_name": "Bob Vos", "title": "Teamleider"}
    await put(api, "person", "p-1", ANNA)
    await put(api, "person", "p-2", bob)
    await put(api, "group", "wijkteam", {"name": "Wijkteam Noord"})
    await put(api, "membership", "m", {"group": "wijkteam", "person": "p-1"})


async def put(api, kind, key, body):
    answer = await api.put(f"/v1/{kind}/{key}", json=body)
    assert answer.status_code in {200, 201}, answer.text


async def page(visitor, path, status=200):
    answer = await visitor.get(path)
    assert answer.status_code == status
    return answer.text


def shown(text):
    return re.findall(r'data-person="([^"]+)"', text)


async def test_a_profile_says_what_is_known_and_leads_on(visitor, staff):
    text = await page(visitor, "/people/p-1")
    for said in ("Anna Smit", "Wijkverpleegkundige", "Zorg", "Gemeentehuis 2.08", "Bob Vos"):
        assert said in text
    assert 'href="tel:+31201234567"' in text
    assert 'href="mailto:anna@example.org"' in text
    assert 'href="/people/p-2?lang=nl"' in text
    assert "Wijkteam Noord" in text
    assert "Leidinggevende" in text
    assert "Manager" in await page(visitor, "/people/p-1?lang=en")


async def test_colleagues_stand_in_order_of_their_name(visitor, staff):
    assert shown(await page(visitor, "/people")) == ["p-1", "ad-17", "p-2"]


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("smit", ["p-1"]),
        ("ZORG anna", ["p-1"]),
        ("zorg bob", []),
        ("b.bos@", ["ad-17"]),
        ("teamleider", ["p-2"]),
        ("ännà", ["p-1"]),
    ],
)
async def test_colleagues_are_found_by_words(visitor, staff, words, keys):
    text = await page(visitor, f"/people?q={words}")
    assert shown(text) == keys
    assert ("Niemand gevonden" in text) is not bool(keys)


async def test_a_group_leads_to_who_is_in_it(visitor, staff):
    text = await page(visitor, "/people/p-1")
    (link,) = re.findall(r'href="(/people\?[^"]*in=wijkteam[^"]*)"', text)
    text = await page(visitor, link.replace("&amp;", "&"))
    assert shown(text) == ["p-1"]
    assert "In de groep Wijkteam Noord." in text


async def test_who_is_suspended_is_hidden_until_back(api, visitor, staff):
    await put(api, "person", "p-1", ANNA | {"active": False})
    text = await page(visitor, "/people/p-1", 404)
    assert "Anna" not in text
    assert shown(await page(visitor, "/people")) == ["ad-17", "p-2"]
    assert shown(await page(visitor, "/people?in=wijkteam")) == []
    await put(api, "person", "p-1", ANNA)
    assert "Anna Smit" in await page(visitor, "/people/p-1")


async def test_a_manager_who_is_not_shown_is_not_named(api, visitor, staff):
    await api.delete("/v1/person/p-2")
    assert "Bob" not in await page(visitor, "/people/p-1")


async def test_of_who_left_only_the_name_stays_at_what_was_written(api, visitor, staff):
    post = {"text": {"nl": "Tot ziens"}, "author": "p-1", "audience": {"everyone": True}}
    await put(api, "timeline", "t", post)
    here = await page(visitor, "/timeline")
    assert 'href="/people/p-1?lang=nl">Anna Smit</a>' in here
    await api.delete("/v1/person/p-1")
    left = await page(visitor, "/timeline")
    assert "Tot ziens" in left
    assert "<h2>Anna Smit</h2>" in left
    assert "/people/p-1" not in left
    await page(visitor, "/people/p-1", 404)
    everywhere = await page(visitor, "/people") + left
    assert "Wijkverpleegkundige" not in everywhere


async def test_an_own_account_that_is_off_is_not_shown(visitor, staff):
    assert "Bea Bos" in await page(visitor, "/people/ad-17")
    await page(visitor, "/people/ad-18", 404)


async def test_the_intranet_as_a_person_sees_it(api, visitor, staff, item):
    await put(api, "tile-item", "t", item("Koffie op", audience={"groups": ["wijkteam"]}))
    look = re.findall(r'href="([^"]+)">Bekijk het intranet als', await page(visitor, "/people/p-1"))
    text = await page(visitor, look[0].replace("&amp;", "&"))
    assert "Koffie op" in text
    assert ", Anna</h1>" in text
    assert "U bekijkt het intranet als Anna Smit." in text
    assert "person=p-1" in text
    assert "Koffie op" not in await page(visitor, "/")
    await put(api, "person", "p-1", ANNA | {"active": False})
    text = await page(visitor, "/?person=p-1")
    assert "Koffie op" not in text
    assert "Anna" not in text


async def test_many_colleagues_are_leafed_through(api, visitor, sandbox):
    for number in range(ON_A_PAGE + 3):
        body = {"user_name": f"u{number}", "display_name": f"Naam {number:03}"}
        sandbox.store.put(Kind.PERSON, f"p-{number:03}", body)
    first = await page(visitor, "/people?q=naam")
    assert len(shown(first)) == ON_A_PAGE
    assert "53 collega" in first
    (link,) = re.findall(r'href="([^"]+)" rel="next"', first)
    second = await page(visitor, link.replace("&amp;", "&"))
    assert shown(second) == ["p-050", "p-051", "p-052"]
    assert 'rel="next"' not in second
    for wrong in ("99", "0", "-1", "x", "9" * 50):
        assert shown(await page(visitor, f"/people?page={wrong}"))


@pytest.mark.parametrize("key", ["nobody", "%2e%2e", "a%2Fb", "é", "x" * 300])
async def test_a_profile_that_never_was(visitor, key):
    answer = await visitor.get(f"/people/{key}")
    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers


async def test_what_people_write_about_themselves_is_text(api, visitor):
    evil = '<script>alert("x")</script>'
    body = dict.fromkeys(("display_name", "title", "office", "phone", "department"), evil)
    await put(api, "person", "p", {"user_name": evil, "mail": '"><b>@x', **body})
    for path in ("/people", "/people/p", "/people?q=<script>"):
        text = await page(visitor, path)
        assert "<script" not in text
        assert '"><b>' not in text


async def test_an_intranet_without_people_has_no_such_pages(clock):
    sandbox = IntranetSandbox(IntranetOptions(kinds=(Kind.TILE_ITEM,)), clock)
    transport = InProcessTransport(sandbox.app)
    async with httpx.AsyncClient(base_url="http://i.test", transport=transport) as visitor:
        assert (await visitor.get("/people")).status_code == 404
        assert "/people" not in (await visitor.get("/")).text
