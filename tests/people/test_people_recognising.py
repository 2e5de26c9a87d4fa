"""Who it is: what named sources say, letter for letter, on both databases."""

import pytest

from hub.people import decisions, recognising
from hub.settings.personal import Recognise

NUMBER = Recognise(claim="employee", attribute="employee_number", sources=("hr",))
MAIL = Recognise(claim="email", attribute="mail", sources=("hr", "ad"))
NAME = Recognise(claim="upn", attribute="user_name", sources=("ad",))
KEY = Recognise(claim="oid", attribute="key", sources=("ad",))
VERIFIED = {"email_verified": True}


@pytest.fixture
async def hub(directories, person_of):
    await directories.start("hr", "ad")
    put = directories["hr"].put
    put("h1", person_of("Zoë", "Ünal", employee_number="00%7_1", mail="zoe@werk.example.org"))
    put("h2", person_of("Sem", "Visser", employee_number="00x7y1"))
    put("h3", person_of("Bo", 'O"Neil', employee_number='4\\"5'))
    directories["ad"].put("A1", person_of("Zoë", "Ünal", user_name="ZÜnal", employee_number="9"))
    await directories.read()
    return directories


@pytest.fixture
def means(hub):
    async def work(claims, *rules):
        now = hub.clock.now()
        found = await hub.store.read(recognising.persons, claims, rules, now)
        rows = {one.id: one for one in await hub.rows(_persons())}
        return sorted(rows[one].name if one in rows else "?" for one in found)

    return work


def _persons():
    import sqlalchemy as sa

    from hub.store.tables import person

    return sa.select(person)


async def test_letter_for_letter_whatever_stands_in_it(means):
    assert await means({"employee": "00%7_1"}, NUMBER) == ["Zoë Ünal"]
    assert await means({"employee": '4\\"5'}, NUMBER) == ['Bo O"Neil']
    for other in ("0%", "00%7%1", "00_7_1", "00X7Y1", "7", "%", "", " ", '"', "00%7_1 "):
        assert await means({"employee": other}, NUMBER) == []


async def test_login_names_and_addresses_whatever_the_case_of_their_letters(means):
    assert await means({"upn": "ZÜNal"}, NAME) == ["Zoë Ünal"]
    assert await means({"upn": "zÜnal"}, NAME) == ["Zoë Ünal"]
    assert await means({"email": "ZOE@Werk.Example.Org", **VERIFIED}, MAIL) == ["Zoë Ünal"]
    assert await means({"email": "zoe@werk.example.org"}, MAIL) == []
    assert await means({"oid": "a1"}, KEY) == []
    assert await means({"oid": "A1"}, KEY) == ["Zoë Ünal"]


async def test_only_what_a_named_source_says(means):
    assert await means({"employee": "9"}, NUMBER) == [], "the directory has another numbering"
    assert await means({"oid": "h1"}, KEY) == []


async def test_all_rules_together(means):
    both = {"employee": "00x7y1", "oid": "A1"}
    assert await means(both, NUMBER, KEY) == ["Sem Visser", "Zoë Ünal"]
    assert await means({"employee": "unknown", "oid": "A1"}, NUMBER, KEY) == ["Zoë Ünal"]


async def test_an_account_that_waits_is_somebody_whom_nobody_knows(hub, means, person_of):
    hub["hr"].put("h9", person_of("Zara", "Zon", employee_number="00x7y1"))
    await hub.read()
    assert await means({"employee": "00x7y1"}, NUMBER) == ["?", "Sem Visser"]


async def test_an_account_that_ended_says_nothing(hub, means):
    hub["hr"].edit("h2", enabled=False)
    await hub.read()
    assert await means({"employee": "00x7y1"}, NUMBER) == []
    hub["hr"].remove("h1")
    await hub.read()
    await hub.read()
    assert await means({"employee": "00%7_1"}, NUMBER) == []


async def test_what_named_sources_say_of_a_person(hub):
    ident, now = (await hub.person("hr/h1")).id, hub.clock.now()
    given = {"actor": "beheer", "now": now}
    await hub.store.write(decisions.link, "ad/A1", ident, **given)

    async def said(attribute, *sources):
        return await hub.store.read(recognising.known, ident, attribute, sources, now)

    assert await said("employee_number", "hr") == "00%7_1"
    assert await said("employee_number", "ad") == "9"
    assert await said("employee_number", "hr", "ad") is None, "they do not agree"
    assert await said("mail", "hr", "ad") == "zoe@werk.example.org"
    assert await said("mail", "ad") is None
