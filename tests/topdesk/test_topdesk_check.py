"""What `hub check` says about a TOPdesk."""

import pytest


async def _found(desk, level=None):
    findings = await desk.connector.check()
    return {f.what: f.advice for f in findings if level in {None, f.level}}


async def test_a_healthy_desk_is_ok_everywhere(desk):
    assert await _found(desk, "warning") == {}
    assert await _found(desk, "failed") == {}
    said = " ".join(await _found(desk))
    for part in ("version 3.17.0", "login", "majorCall==true", "publishToSsd==true", "closed==false",
                 "modificationDate=ge=", "fields id", "view by branch", "clock", "link https://"):  # fmt: skip
        assert part in said


async def test_it_only_reads(desk):
    await desk.connector.check()
    assert {request.method for request in desk.sandbox.requests} == {"GET"}


async def test_a_refused_login_stops_after_one_try(make_desk):
    desk = make_desk(password="wrong-password")
    failed = await _found(desk, "failed")
    assert list(failed) == ["login"]
    assert len(desk.sandbox.requests) == 1
    assert "wrong-password" not in str(failed)


async def test_an_old_server_fails_with_what_to_do(make_desk):
    failed = await _found(make_desk(sandbox={"api_version": "3.3"}), "failed")
    assert "3.4" in " ".join(failed.values())


async def test_conditions_that_the_server_refuses_are_named(make_desk):
    warned = await _found(make_desk(sandbox={"major_filter": False}), "warning")
    assert set(warned) == {"condition majorCall==true", "condition publishToSsd==true"}


async def test_a_limited_view_is_named(desk):
    desk.sandbox.account.branches.add("Uithoorn")
    warned = await _found(desk, "warning")
    assert "sees only Uithoorn" in warned["view by branch"]


async def test_a_view_that_can_not_be_seen_is_a_warning(desk):
    desk.sandbox.account.denied.add("filters.read")
    assert "view by branch" in await _found(desk, "warning")
    assert await _found(desk, "failed") == {}


async def test_a_missing_right_says_which_one(desk):
    desk.sandbox.account.denied.add("incidents.read")
    failed = await _found(desk, "failed")
    assert "REST API" in failed["right to read incidents"]


@pytest.mark.parametrize(
    ("seconds", "level"),
    [(20, "ok"), (-20, "ok"), (40, "warning"), (-40, "warning"), (400, "failed")],
)
async def test_a_clock_that_is_off_is_said(desk, seconds, level):
    desk.sandbox.faults.add("clock_offset", seconds=seconds, times=None)
    found = await _found(desk, level)
    assert [what for what in found if what.startswith("clock")]


async def test_a_refused_field_is_named(desk):
    desk.sandbox.faults.add("status", path="/incidents$", status=400, nth=5, times=3)
    failed = await _found(desk, "failed")
    assert set(failed) == {"field id", "field status"}


@pytest.mark.parametrize("kind", ["html200", "truncate", "reset", "wrong_json"])
@pytest.mark.parametrize("path", ["/version$", "/operators/", "/incidents$"])
async def test_it_never_raises(desk, kind, path):
    desk.sandbox.faults.add(kind, path=path, times=None)
    findings = await desk.connector.check()
    bad = [f for f in findings if f.level != "ok"]
    assert all(f.advice for f in bad)
    assert bad


async def test_a_link_without_a_place_for_the_id_is_a_warning(make_desk):
    warned = await _found(make_desk(details_url="https://portal.example.org/"), "warning")
    assert "put {id}" in " ".join(warned.values())


async def test_an_unprotected_address_is_a_warning(make_desk):
    warned = await _found(make_desk(url="http://desk.example.org"), "warning")
    assert "https" in " ".join(warned.values())
