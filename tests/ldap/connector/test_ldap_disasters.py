"""Bad days with the real engine on real directories: nobody leaves, and one thing says why."""

import pytest

from hub.errors import RetryableError

PEOPLE = 20


@pytest.fixture
async def hub(desk, make_hub):
    """Twenty people and a group of them, all known."""
    desk.keys = [desk.person(f"Persoon {one}") for one in range(PEOPLE)]
    desk.elsewhere = desk.directory.ou()
    members = [desk.dn(f"Persoon {one}") for one in range(PEOPLE)]
    desk.directory.group(desk.ou, f"Team {desk.keys[0]}", members)
    made = await make_hub(desk, groups={})
    await made.sweep()
    await made.sweep("groups")
    assert len(await made.here()) == PEOPLE
    assert len(await made.here("membership")) == PEOPLE
    return made


async def all_there(hub):
    for family in ("person", "group", "membership"):
        assert await hub.removed(family) == set(), family


async def held(hub, number):
    (hold,) = await hub.holds()
    people = [one for one in hold.content if one["family"] == "person"]
    assert len(people) == number


async def test_a_server_that_answers_nothing_with_success(hub):
    hub.desk.faults.empty = True
    for _ in range(4):
        await hub.sweep()
        await hub.sweep("groups")
        await all_there(hub)
    await held(hub, PEOPLE)
    hub.desk.faults.empty = False
    await hub.sweep()
    await hub.sweep("groups")
    assert not await hub.holds()


async def test_half_the_pages_and_then_it_dies(hub):
    for after in range(1, 12):
        hub.desk.faults.error = RetryableError("The directory hung up.")
        hub.desk.faults.after = after
        report = await hub.sweep()
        assert (report.outcome, report.reason) == ("failed", "The directory hung up.")
        await all_there(hub)
    assert not await hub.holds()


async def shown(hub, reason):
    """Everybody would be gone: that is shown, and nobody is staged, however often it is read."""
    for _ in range(3):
        assert (await hub.sweep()).counts == {"gone": PEOPLE}
        await all_there(hub)
    (hold,) = await hub.holds()
    assert hold.action == "preview"
    said = {one["reason"].casefold() for one in hold.content if one["family"] == "person"}
    assert said == {reason.casefold()}


async def test_the_wrong_base(hub):
    await hub.start(bases=[hub.desk.elsewhere])
    await hub.sweep("groups")
    await shown(hub, f"moved to {hub.desk.ou}"[:64])


async def test_a_base_that_was_renamed(hub):
    hub.desk.directory.move(hub.desk.ou, name=f"OU=Renamed {hub.desk.keys[0]}")
    for _ in range(3):
        report = await hub.sweep()
        assert (report.outcome, report.health) == ("failed", "configuration")
        assert hub.desk.ou in report.reason
    assert not await hub.holds()
    await all_there(hub)


async def test_a_typo_in_the_filter(hub):
    await hub.start(filter="(employeType=staff)")
    await shown(hub, "outside filter or group")


async def test_an_account_with_fewer_rights(ldap_desk, make_hub):
    ldap_desk.person("Noor")
    hub = await make_hub(ldap_desk)
    await hub.sweep()
    await hub.start(bind="", password=None)
    for _ in range(3):
        report = await hub.sweep()
        assert report.outcome == "failed"
        assert ldap_desk.ou in report.reason
    assert await hub.removed() == set()


@pytest.mark.parametrize("way", ["sweep", "delta"])
async def test_forty_percent_are_moved_out_of_the_base(hub, way):
    moved = PEOPLE * 4 // 10
    await hub.delta()
    for one in range(moved):
        hub.desk.directory.move(hub.desk.dn(f"Persoon {one}"), parent=hub.desk.elsewhere)
    for _ in range(3):
        await (hub.sweep() if way == "sweep" else hub.delta())
        await hub.runner.run("directory", "groups")
        for family in ("person", "group"):
            assert await hub.removed(family) == set(), family
    await held(hub, moved)
    (hold,) = await hub.holds()
    await hub.runner.release(hold.hash, "admin")
    assert await hub.removed() == set(hub.desk.keys[:moved])


async def test_one_leaver_on_a_good_day(hub):
    await hub.delta()
    hub.desk.directory.delete(hub.desk.dn("Persoon 3"))
    await hub.delta()
    for _ in range(2):  # OpenLDAP keeps no tombstones: twice not found is gone
        await hub.sweep()
        await hub.sweep("groups")
    assert await hub.removed() == {hub.desk.keys[3]}
    assert {one.partition("/")[2] for one in await hub.removed("membership")} == {hub.desk.keys[3]}
    assert not await hub.holds()
