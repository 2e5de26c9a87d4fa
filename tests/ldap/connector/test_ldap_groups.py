"""Groups and who is in them, on real directories."""

import itertools

import pytest

from hub.contract import Gone, Present, Slice, Unknown
from hub.events.base import Family

NUMBERS = itertools.count(1)  # a domain has each name of a group once


@pytest.fixture
def groups(desk):
    """The desk with a branch of its own for groups."""
    desk.groups_ou = desk.directory.ou()
    desk.settings["groups"] = {"bases": [desk.groups_ou]}
    return desk


def group(desk, name, *members, parent=None):
    """The key of a new group, and its name."""
    dn = desk.directory.group(parent or desk.groups_ou, f"{name} {next(NUMBERS)}", members)
    return str(desk.directory.key(dn)), dn


async def test_groups_their_members_and_a_slice_that_holds_them_all(groups):
    noor, daan = groups.person("Noor"), groups.person("Daan")
    key, dn = group(groups, "Team", groups.dn("Noor"), groups.dn("Daan"))
    batches = await groups.read("groups")
    found = {one.key: one for batch in batches for one in batch.records}
    assert set(found) == {key, f"{key}/{noor}", f"{key}/{daan}"}
    assert {one.container for one in found.values()} == {key}
    assert found[key].payload.name == dn.partition(",")[0][3:]
    assert [batch.finished for batch in batches][-1] == (Slice(),)
    assert not any(batch.finished for batch in batches[:-1])
    refs = {(one.role, one.namespace, one.value) for one in found[f"{key}/{noor}"].refs}
    assert refs == {("group", "directory", key), ("member", "directory", noor)}


async def test_groups_within_groups_and_cycles(groups):
    noor, daan, sem = (groups.person(one) for one in ("Noor", "Daan", "Sem"))
    inner, inner_dn = group(groups, "Inner", groups.dn("Daan"))
    elsewhere, elsewhere_dn = group(
        groups, "Elsewhere", groups.dn("Sem"), inner_dn, parent=groups.directory.ou()
    )
    outer, outer_dn = group(groups, "Outer", groups.dn("Noor"), elsewhere_dn, inner_dn)
    groups.directory.modify(inner_dn, member=[groups.dn("Daan"), outer_dn])
    found = await groups.records("groups")
    members = {key: one.payload.direct for key, one in found.items() if "/" in key}
    assert elsewhere not in found
    assert members == {
        f"{outer}/{noor}": True,
        f"{outer}/{daan}": False,
        f"{outer}/{sem}": False,
        f"{inner}/{daan}": True,
        f"{inner}/{noor}": False,
        f"{inner}/{sem}": False,
    }


async def test_only_people_in_scope_are_members(groups):
    noor = groups.person("Noor")
    outside = groups.directory.ou()
    groups.person("Daan", outside)
    key, _ = group(groups, "Team", groups.dn("Noor"), groups.dn("Daan", outside))
    assert set(await groups.records("groups")) == {key, f"{key}/{noor}"}


async def test_only_the_groups_of_the_filter(groups):
    groups.person("Noor")
    key, _ = group(groups, "Team", groups.dn("Noor"))
    group(groups, "Anders", groups.dn("Noor"))
    settings = {"bases": [groups.groups_ou], "filter": "(cn=Team*)"}
    found = await groups.records("groups", groups=settings)
    assert {one.partition("/")[0] for one in found} == {key}


async def test_the_main_group_of_active_directory_lists_nobody(ad_desk):
    noor = ad_desk.person("Noor")
    users = f"CN=Users,{ad_desk.directory.suffix}"
    settings = {"bases": [users], "filter": "(cn=Domain Users)"}
    found = await ad_desk.records("groups", groups=settings)
    (key,) = (one for one in found if "/" not in one)
    assert found[f"{key}/{noor}"].payload.direct
    main = f"CN=Domain Users,{users}"
    assert set(await ad_desk.records(members_of=[main])) == {noor}


async def test_without_the_setting_there_is_no_such_stream(desk):
    assert [one.name for one in desk.connector().streams()] == ["people"]
    assert [one.name for one in desk.connector(groups={}).streams()] == ["people", "groups"]


async def test_look_ups_of_groups_and_memberships(groups):
    noor, daan = groups.person("Noor"), groups.person("Daan")
    key, dn = group(groups, "Team", groups.dn("Noor"), groups.dn("Daan"))
    found = await groups.records("groups")
    assert await groups.ask(Family.GROUP, key) == Present(found[key])
    for member in (noor, daan):
        answer = await groups.ask(Family.MEMBERSHIP, f"{key}/{member}")
        assert answer == Present(found[f"{key}/{member}"])
    groups.directory.modify(dn, member=[groups.dn("Noor")])
    assert await groups.ask(Family.MEMBERSHIP, f"{key}/{daan}") == Gone("left the group")
    elsewhere = groups.directory.ou()
    groups.directory.move(groups.dn("Noor"), parent=elsewhere)
    answer = await groups.ask(Family.MEMBERSHIP, f"{key}/{noor}")
    assert answer.reason.casefold() == f"moved to {elsewhere}".casefold()


async def test_a_membership_of_a_group_that_is_not_found_is_as_sure_as_the_group(groups):
    noor = groups.person("Noor")
    key, dn = group(groups, "Team", groups.dn("Noor"))
    groups.directory.delete(dn)
    gone = Gone("deleted") if groups.directory.is_ad else Unknown()
    assert await groups.ask(Family.GROUP, key) == gone
    assert await groups.ask(Family.MEMBERSHIP, f"{key}/{noor}") == gone
    assert await groups.ask(Family.MEMBERSHIP, "no key at all") == Unknown()


async def test_what_was_looked_up_before_a_reading_is_old(groups):
    noor = groups.person("Noor")
    key, dn = group(groups, "Team", groups.dn("Noor"))
    made = groups.connector()
    name = f"{key}/{noor}"
    assert isinstance(await made.look_up(Family.MEMBERSHIP, name), Present)
    other = groups.directory.person(groups.ou, f"Ander {next(NUMBERS)}")
    groups.directory.modify(dn, member=[other])
    async for _ in made.read(groups.request("groups")):
        pass
    assert await made.look_up(Family.MEMBERSHIP, name) == Gone("left the group")
    await made.close()


async def test_what_was_looked_up_a_minute_ago_is_old(groups):
    noor = groups.person("Noor")
    key, dn = group(groups, "Team", groups.dn("Noor"))
    made = groups.connector()
    name = f"{key}/{noor}"
    assert isinstance(await made.look_up(Family.MEMBERSHIP, name), Present)
    other = groups.directory.person(groups.ou, f"Ander {next(NUMBERS)}")
    groups.directory.modify(dn, member=[other])
    groups.clock.advance(31)
    assert await made.look_up(Family.MEMBERSHIP, name) == Gone("left the group")
    await made.close()
