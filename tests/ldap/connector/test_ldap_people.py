"""People on real directories: a sweep, look-ups, scope."""

import asyncio
from datetime import UTC, datetime

import pytest

from hub.contract import Gone, Present, Slice, Unknown
from hub.errors import AuthFailedError, BadConfigError, PermissionMissingError
from hub.events.base import Family

PERSON = Family.PERSON
NOBODY = "11111111-2222-3333-4444-555555555555"


async def test_a_sweep_gives_everybody_over_pages_and_finishes_all(desk):
    keys = {desk.person(f"Persoon {number}") for number in range(7)}
    batches = await desk.read()
    found = [one for batch in batches for one in batch.records]
    assert {one.key for one in found} == keys
    assert [len(batch.records) for batch in batches] == [3, 3, 1, 0]
    assert [batch.finished for batch in batches] == [(), (), (), (Slice(),)]
    assert {one.container for one in found} == {desk.ou}


async def test_what_a_person_is_like(desk):
    chief = desk.person("Chef")
    key = desk.person(
        "Noor",
        displayName="Noor van den Berg",
        givenName="Noor",
        sn="van den Berg",
        mail="n.vandenberg@example.org",
        title="Adviseur",
        telephoneNumber="020 123",
        mobile="06 1",
        physicalDeliveryOfficeName="B2.14",
        manager=desk.dn("Chef"),
    )
    record = (await desk.records())[key]
    noor = record.payload
    assert noor.enabled
    assert (noor.display_name, noor.given_name, noor.family_name) == (
        "Noor van den Berg", "Noor", "van den Berg"
    )  # fmt: skip
    assert (noor.mail, noor.title) == ("n.vandenberg@example.org", "Adviseur")
    assert (noor.phone, noor.mobile, noor.office) == ("020 123", "06 1", "B2.14")
    assert noor.user_name
    assert noor.ends is None
    assert [(one.role, one.namespace, one.value) for one in record.refs] == [
        ("manager", "directory", chief)
    ]


async def test_chosen_attributes_take_the_place_of_the_usual_ones(desk):
    key = desk.person("Noor", title="Adviseur", description="19900228", mobile="06")
    chosen = {"title": None, "birth_date": "description", "phone": "mobile", "mobile": None}
    noor = (await desk.records(attributes=chosen))[key].payload
    assert noor.title is None
    assert noor.mobile is None
    assert noor.phone == "06"
    assert noor.birth_date.isoformat() == "1990-02-28"


async def test_an_entry_that_can_not_be_understood_is_told_and_quotes_nothing(desk):
    key = desk.person("Noor", description="op een dag in mei")
    other = desk.person("Daan")
    batches = await desk.read(attributes={"birth_date": "description"})
    (row,) = [one for batch in batches for one in batch.unreadable]
    assert row.key == key
    assert row.reason == "description is no day: write 2027-01-31 or 20270131"
    assert [one.key for batch in batches for one in batch.records] == [other]


async def test_externals_are_told_by_an_attribute(desk):
    one = desk.person("Noor", title="Extern")
    two = desk.person("Daan", title="Intern")
    found = await desk.records(external={"attribute": "title", "values": ["extern", "inhuur"]})
    assert found[one].payload.external
    assert not found[two].payload.external


async def test_only_the_filter_and_only_the_base(desk):
    inside = desk.person("Noor", title="a")
    desk.person("Daan", title="b")
    desk.person("Buiten", desk.directory.ou())
    assert set(await desk.records(filter="(title=a)")) == {inside}


async def test_only_members_of_a_group_also_by_a_group_within_it(desk):
    one, two = desk.person("Noor"), desk.person("Daan")
    desk.person("Sem")
    elsewhere = desk.directory.ou()
    inner = desk.directory.group(elsewhere, f"inner{one[:8]}", [desk.dn("Daan")])
    outer = desk.directory.group(elsewhere, f"outer{one[:8]}", [desk.dn("Noor"), inner])
    assert set(await desk.records(members_of=[outer])) == {one, two}
    with pytest.raises(BadConfigError, match="there is no such group"):
        await desk.records(members_of=[f"CN=typo,{elsewhere}"])


async def test_present_says_the_same_as_a_reading(desk):
    desk.person("Chef")
    key = desk.person("Noor", manager=desk.dn("Chef"), mail="noor@example.org")
    assert await desk.ask(PERSON, key) == Present((await desk.records())[key])


async def test_a_manager_outside_the_scope_is_no_reference(desk):
    outside = desk.directory.ou()
    desk.person("Chef", outside)
    key = desk.person("Noor", manager=desk.dn("Chef", outside))
    assert (await desk.records())[key].refs == ()
    assert await desk.ask(PERSON, key) == Present((await desk.records())[key])


async def test_moved_out_of_the_base_is_proof(desk):
    key = desk.person("Noor")
    elsewhere = desk.directory.ou()
    desk.directory.move(desk.dn("Noor"), parent=elsewhere)
    answer = await desk.ask(PERSON, key)
    assert answer.reason.casefold() == f"moved to {elsewhere}".casefold()


async def test_no_longer_in_the_filter_is_proof(desk):
    key = desk.person("Noor", title="b")
    answer = await desk.ask(PERSON, key, filter="(title=a)")
    assert answer == Gone("outside filter or group")


async def test_not_found_is_no_proof_on_openldap(ldap_desk):
    key = ldap_desk.person("Noor")
    ldap_desk.directory.delete(ldap_desk.dn("Noor"))
    assert await ldap_desk.ask(PERSON, key) == Unknown()


async def test_a_tombstone_is_proof_on_active_directory(ad_desk):
    key = ad_desk.person("Noor")
    ad_desk.directory.delete(ad_desk.dn("Noor"))
    assert await ad_desk.ask(PERSON, key) == Gone("deleted")


@pytest.mark.parametrize("key", [NOBODY, "*", ")(objectClass=*", "no key", ""])
async def test_a_key_that_nobody_has_is_unknown(desk, key):
    desk.person("Noor")
    assert await desk.ask(PERSON, key) == Unknown()


async def test_a_base_that_does_not_exist_is_never_an_empty_one(desk):
    wrong = [f"OU=typo,{desk.ou}"]
    with pytest.raises(BadConfigError, match="typo"):
        await desk.read(bases=wrong)
    with pytest.raises(BadConfigError, match="typo"):
        await desk.ask(PERSON, NOBODY, bases=wrong)


async def test_not_found_below_a_base_that_can_not_be_read_is_a_missing_right(desk):
    """A server may search below what it does not show, and find nothing."""
    desk.settings["groups"] = {}
    key = desk.person("Noor")
    desk.faults.hidden = (desk.ou,)
    assert isinstance(await desk.ask(PERSON, key), Present)
    for family in (PERSON, Family.GROUP):
        with pytest.raises(PermissionMissingError, match="Nothing was concluded"):
            await desk.ask(family, NOBODY)


async def test_a_wrong_password_is_tried_once_by_all_streams_together(desk):
    made = desk.connector(password="wrong", groups={})
    for stream in ("people", "groups", "people"):
        with pytest.raises(AuthFailedError):
            async for _ in made.read(desk.request(stream)):
                pass
    assert desk.faults.opened == 1
    desk.clock.advance(600)
    with pytest.raises(AuthFailedError):
        await made.look_up(PERSON, NOBODY)
    assert desk.faults.opened == 2


async def test_two_streams_that_begin_together_try_a_wrong_password_once(desk):
    made = desk.connector(password="wrong", groups={})

    async def read(stream):
        async for _ in made.read(desk.request(stream)):
            pass

    ended = await asyncio.gather(read("people"), read("groups"), return_exceptions=True)
    assert [type(one) for one in ended] == [AuthFailedError] * 2
    assert desk.faults.opened == 1


async def test_accounts_of_active_directory(ad_desk):
    on = ad_desk.person("On")
    off = ad_desk.person("Off", userAccountControl="546")
    locked = ad_desk.person("Locked", userAccountControl="544")
    never = ad_desk.person("Never", accountExpires="0")
    soon = ad_desk.person("Soon", accountExpires=str(134_000_000_000_000_000))
    ad_desk.directory.add(ad_desk.dn("Contact"), objectClass="contact")
    ad_desk.directory.add(
        ad_desk.dn("PC"), objectClass="computer", sAMAccountName="PC$", userAccountControl="4096"
    )
    found = {key: one.payload for key, one in (await ad_desk.records()).items()}
    assert set(found) == {on, off, locked, never, soon}
    assert {key for key, one in found.items() if not one.enabled} == {off}
    assert {key for key, one in found.items() if one.ends} == {soon}
    assert found[soon].ends == datetime(2025, 8, 18, 14, 13, 20, tzinfo=UTC)


async def test_accounts_of_openldap(ldap_desk):
    add = ldap_desk.directory.add
    for name, days in (("Never", "-1"), ("Soon", "20000"), ("Unclear", "0")):
        classes = ["inetOrgPerson", "shadowAccount"]
        add(ldap_desk.dn(name), objectClass=classes, uid=name, sn=name, shadowExpire=days)
    batches = await ldap_desk.read()
    found = {r.payload.display_name: r.payload.ends for b in batches for r in b.records}
    assert found == {"Never": None, "Soon": datetime(2024, 10, 4, tzinfo=UTC)}
    assert [one.reason for batch in batches for one in batch.unreadable] == [
        "shadowExpire is 0: write -1 for never, or the day"
    ]


async def test_nothing_else_is_asked_for(desk):
    desk.person("Noor", description="geheim")
    asked = set()
    desk.faults.asked = asked
    await desk.read()
    assert asked
    assert {"description", "memberOf", "userPassword", "jpegPhoto", "*", "+"}.isdisjoint(asked)
    assert asked <= PUBLIC


PUBLIC = {
    "objectGUID", "entryUUID", "userPrincipalName", "sAMAccountName", "uid", "mail", "givenName",
    "sn", "displayName", "cn", "employeeID", "employeeNumber", "company", "o", "title",
    "department", "ou", "physicalDeliveryOfficeName", "roomNumber", "telephoneNumber", "mobile",
    "manager", "userAccountControl", "accountExpires", "pwdAccountLockedTime", "shadowExpire",
}  # fmt: skip
