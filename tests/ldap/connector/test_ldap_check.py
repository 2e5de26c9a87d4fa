"""What `hub check` says about a directory."""

import pytest

from hub.errors import PermissionMissingError, RetryableError


async def check(desk, **changes):
    made = desk.connector(**changes)
    try:
        return await made.check()
    finally:
        await made.close()


def said(findings, level):
    return {one.what: one.advice for one in findings if one.level == level}


async def test_all_is_well(desk):
    for number in range(4):
        desk.person(f"Persoon {number}")
    findings = await check(desk, groups={"bases": [desk.directory.suffix]})
    assert not said(findings, "failed")
    assert "4 people" in said(findings, "ok")
    assert f"base {desk.ou}" in said(findings, "ok")
    assert f"directory {'ad' if desk.directory.is_ad else 'openldap'}" in said(findings, "ok")


async def test_more_people_than_are_counted(desk):
    for number in range(6):
        desk.person(f"Persoon {number}")
    assert "at least 5 people" in said(await check(desk, page_size=1), "ok")


async def test_a_base_that_is_not_there(desk):
    failed = said(await check(desk, bases=[f"OU=typo,{desk.ou}"]), "failed")
    assert any("typo" in what or "typo" in advice for what, advice in failed.items())
    assert all(failed.values())


async def test_a_wrong_password_stops_after_one_try(desk):
    failed = said(await check(desk, password="wrong"), "failed")
    assert failed["login"].endswith("Nothing more was tried.")
    assert desk.faults.opened == 1


async def test_nobody_found(desk):
    desk.person("Noor")
    warned = said(await check(desk, filter="(title=nobody)"), "warning")
    assert "`filter`" in warned["nobody found"]


async def test_a_slip_in_an_attribute(desk):
    desk.person("Noor", title="x")
    chosen = {"department": "departmnt", "title": "title"}
    warned = said(await check(desk, attributes=chosen), "warning")
    assert "is the name right" in warned["attribute departmnt for department"]
    assert "attribute title for title" not in warned


async def test_people_that_can_not_be_read(desk):
    desk.person("Noor", description="in mei")
    desk.person("Daan", description="in mei")
    warned = said(await check(desk, attributes={"birth_date": "description"}), "warning")
    assert warned["2 of 2 people can't be read"].startswith("description is no day")


async def test_the_wrong_vendor(desk):
    other = "openldap" if desk.directory.is_ad else "ad"
    warned = said(await check(desk, vendor=other), "warning")
    assert f"directory read as {other}" in warned


async def test_deleted_entries_on_active_directory(ad_desk):
    ad_desk.person("Noor")
    ad_desk.directory.delete(ad_desk.dn("Noor"))
    assert "deleted entries can be seen" in said(await check(ad_desk), "ok")


@pytest.mark.parametrize(
    ("error", "what"),
    [(PermissionMissingError("no"), "right to read"), (RetryableError("away"), "reading")],
)
async def test_a_fault_on_the_way_is_a_finding(desk, error, what):
    desk.person("Noor")
    desk.faults.error, desk.faults.after = error, 3
    assert what in said(await check(desk), "failed")


async def test_rights_that_are_missing_are_named(desk):
    desk.person("Noor")
    desk.faults.no_changes = PermissionMissingError("The account may not ask for changes.")
    desk.faults.no_tombstones = True
    warned = said(await check(desk), "warning")
    assert "may not ask for changes. Or set `deltas: off`" in warned["deltas"]
    if desk.directory.is_ad:
        assert "dsacls" in warned["deleted entries"]
