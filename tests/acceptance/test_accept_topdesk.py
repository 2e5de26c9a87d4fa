"""TOPdesk's bad days: said in plain words, nothing lost, nothing wrongly removed."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from connectors.topdesk.sandbox import SandboxOptions, TopdeskSandbox
from hub.engine import reconcile

MAIL, PHONES, VPN, WIFI = "E-mail hapert", "Telefonie hapert", "VPN hapert", "Wifi hapert"


@dataclass(frozen=True)
class Day:
    """What goes wrong, and what the hub says about it; `calls`: at most so many in 10 minutes."""

    kind: str
    health: str
    words: str
    fault: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    desk: dict[str, Any] = field(default_factory=dict)
    calls: int | None = None


PAGED = {"page_size": 2}
DAYS = {
    "401": Day("status", "auth", "refused the login (401): check user name", {"status": 401},
               calls=1),
    "403": Day("status", "permission", "lacks a right (403): ask its administrator",
               {"status": 403}, calls=1),
    "404": Day("status", "unreachable", "refused the request (404). Run `hub check`",
               {"status": 404}),
    "429 with Retry-After": Day("status", "unreachable", "asks to come back later (429)",
                                {"status": 429, "retry_after": "240"}, calls=3),
    "429 with a date": Day("status", "unreachable", "asks to come back later (429)",
                           {"status": 429, "retry_after": "Mon, 23 Nov 2026 07:06:00 GMT"}),
    "429 without": Day("status", "unreachable", "asks to come back later (429)", {"status": 429}),
    "500": Day("status", "unreachable", "failed (500)", {"status": 500}),
    "502": Day("status", "unreachable", "failed (502)", {"status": 502}),
    "a login page": Day("html200", "unreachable",
                        "with text/html that is not JSON: a proxy, a login page"),
    "half an answer": Day("truncate", "unreachable", "that is not JSON"),
    "another shape": Day("wrong_json", "unreachable", "without a list of incidents"),
    "a reset": Day("reset", "unreachable", "broke off"),
    "a page that repeats": Day("repeat_page", "unreachable",
                               "sends the same page again: nothing was concluded",
                               {"nth": 2}, PAGED),
    "the filter ignored": Day("ignore_filter", "unreachable", "ignores the filter"),
    "the filter ignored, 5,000 tickets": Day(
        "ignore_filter", "unreachable", "ignores the filter", desk={"closed_tickets": 5000}),
    "a link to another host": Day("foreign_next", "unreachable",
                                  "points to another host (https://elsewhere.example.org): refused",
                                  {}, PAGED),
}  # fmt: skip


async def four_rows(world):
    """Four majors on the intranet, made two minutes ago."""
    found = [world.major(title) for title in (MAIL, PHONES, VPN, WIFI)]
    await world.passes(minutes=2)
    assert await world.rows() == dict.fromkeys((MAIL, PHONES, VPN, WIFI), "open")
    return found


def goes_on(world, keys):
    """Meanwhile the service desk solves one, demotes one, publishes one."""
    world.edit(keys[0], completed=True)
    world.edit(keys[1], majorCall=False)
    world.major("Printers haperen")


AFTERWARDS = {MAIL: "solved", VPN: "open", WIFI: "open", "Printers haperen": "open"}


async def assert_kept(world, before):
    """Every row is where it was, on both pages, and nothing was taken for another."""
    assert await world.rows() == before
    assert await world.tile_rows() == before


async def assert_told_once(world):
    assert world.said("source_down") == 1
    assert world.said("source_back") == 1
    assert world.said("task_failed") == 0


@pytest.mark.parametrize("name", DAYS)
async def test_a_bad_day_takes_nothing_away(make_world, name):
    day = DAYS[name]
    world = await make_world(desk=day.desk, settings=day.settings)
    keys = await four_rows(world)
    before = await world.rows()
    goes_on(world, keys)
    world.desk.faults.add(day.kind, **({"times": None, "path": "/incidents$"} | day.fault))
    asked = world.asked()
    await world.passes(minutes=6 if day.calls is None else 9)
    stream = await world.stream()
    assert stream["health"] == day.health
    assert day.words in stream["reason"]
    assert world.desk.options.password not in stream["reason"]
    assert day.calls is None or world.asked() - asked <= day.calls
    await assert_kept(world, before)
    assert (await world.tile())["trust"] == "stale"
    assert 'class="stale"' in await world.page()
    world.desk.faults.clear()
    await world.passes(minutes=4)
    assert await world.rows() == AFTERWARDS
    assert (await world.tile())["trust"] == "fresh"
    assert (await world.stream())["health"] == "ok"
    await assert_told_once(world)


async def test_a_right_that_was_taken_away_comes_back_with_a_restart(make_world):
    world = await make_world()
    keys = await four_rows(world)
    world.desk.account.denied.add("incidents.read")
    goes_on(world, keys)
    await world.passes(minutes=3)
    assert "lacks a right (403)" in (await world.stream())["reason"]
    world.desk.account.denied.clear()
    await world.start()
    await world.cycle()
    assert await world.rows() == AFTERWARDS
    await assert_told_once(world)


async def test_a_changed_password_costs_one_try_until_the_secret_is_changed_too(make_world):
    world = await make_world()
    keys = await four_rows(world)
    world.desk.account.password = "another-password"
    goes_on(world, keys)
    asked = world.asked()
    await world.passes(minutes=9)
    assert world.asked() - asked == 1
    assert "check user name and password" in (await world.stream())["reason"]
    await world.start(TOPDESK_PASSWORD="another-password")
    await world.passes(minutes=2)  # a start is no new try: the ten minutes run to their end
    await world.cycle()
    assert await world.rows() == AFTERWARDS
    await assert_told_once(world)


def replaced(world, **options):
    """Another version of the same TOPdesk, with the same incidents."""
    fresh = TopdeskSandbox(
        SandboxOptions(**{"story": False, "closed_tickets": 0} | options), world.clock.now
    )
    fresh.state.incidents = world.desk.state.incidents
    world.desk = fresh


async def test_a_version_that_ignores_filters_is_refused_until_it_is_updated(make_world):
    world = await make_world(desk={"api_version": "3.3"})
    world.major(MAIL)
    await world.passes(minutes=2)
    stream = await world.stream()
    assert stream["health"] == "configuration"
    assert "REST API 3.3, which ignores filters" in stream["reason"]
    assert "update TOPdesk" in stream["reason"]
    assert {r.path for r in world.desk.requests} == {"/tas/api/version"}
    assert await world.rows() == {}
    assert (await world.tile())["trust"] == "none"
    replaced(world)
    await world.plug("desk")
    await world.passes(minutes=11)
    assert await world.rows() == {MAIL: "open"}
    await assert_told_once(world)


async def test_rows_stay_while_a_version_is_refused(make_world):
    world = await make_world()
    await four_rows(world)
    before = await world.rows()
    replaced(world, api_version="3.3")
    await world.plug("desk")
    await world.start()
    await world.passes(minutes=2)
    assert (await world.stream())["health"] == "configuration"
    await assert_kept(world, before)


async def test_a_condition_that_is_answered_with_400_is_checked_by_the_hub(make_world):
    world = await make_world(desk={"major_filter": False, "closed_tickets": 5000})
    keys = await four_rows(world)
    goes_on(world, keys)
    await world.passes(minutes=1)
    assert await world.rows() == AFTERWARDS
    refused = {one.keys["clause"] for one in world.log.lines if one.event == "clause_refused"}
    assert refused == {"majorCall==true", "publishToSsd==true"}
    assert world.said("source_down") == 0


async def test_a_condition_that_is_refused_from_one_day_to_the_next(make_world):
    world = await make_world()
    keys = await four_rows(world)
    before = await world.rows()
    goes_on(world, keys)
    replaced(world, major_filter=False)
    await world.plug("desk")
    world.clock.advance(30)
    await world.cycle()
    assert "refused the request (400). Run `hub check`" in (await world.stream())["reason"]
    await assert_kept(world, before)
    await world.passes(minutes=1)
    assert await world.rows() == AFTERWARDS
    await assert_told_once(world)


async def test_no_majors_at_all_is_calm(make_world):
    world = await make_world()
    await world.passes(minutes=1)
    assert world.desk.requests[-1].status == 204
    html, tile = await world.own_pages()
    assert (tile["trust"], tile["open"], tile["items"]) == ("fresh", 0, [])
    assert "Geen gemelde storingen" in html
    assert "088 000 00 00" in html
    assert 'data-state="calm"' in await world.page()
    world.major(MAIL)
    await world.passes(minutes=1)
    assert await world.rows() == {MAIL: "open"}
    assert world.said("source_down") == 0


SILENT = {
    "403": {"kind": "status", "status": 403},
    "500": {"kind": "status", "status": 500},
    "429": {"kind": "status", "status": 429},
    "a login page": {"kind": "html200"},
    "a reset": {"kind": "reset"},
}


@pytest.mark.parametrize("name", SILENT)
async def test_the_list_comes_but_what_left_it_can_not_be_looked_up(make_world, name):
    """Absence alone proves nothing, however often it is repeated."""
    world = await make_world()
    keys = await four_rows(world)
    before = await world.rows()
    world.desk.faults.add(times=None, path="/incidents/id/", **SILENT[name])
    world.edit(keys[0], completed=True, closed=True)
    world.desk.state.delete(keys[1])
    await world.passes(minutes=4)
    await assert_kept(world, before)
    [told] = {row["unverified_at"] for row in await causes(world, keys[1])}
    assert told is not None
    world.desk.faults.clear()
    await world.passes(minutes=2)
    assert await world.rows() == {MAIL: "solved", VPN: "open", WIFI: "open"}
    assert {row["unverified_at"] for row in await causes(world, keys[0])} == {None}
    assert (await world.status())["holds"] == []


async def causes(world, key):
    explained = await world.store.read(reconcile.explain, key)
    return [cause for one in explained for cause in one["causes"]]


async def test_an_emptied_service_desk_waits_for_a_person(make_world):
    """From several to none without proof: the whole list may simply be hidden from the account."""
    world = await make_world()
    keys = await four_rows(world)
    before = await world.rows()
    world.desk.account.branches.add("Nergens")
    await world.passes(minutes=3)
    await assert_kept(world, before)
    [hold] = (await world.status())["holds"]
    assert (hold["action"], hold["size"]) == ("removal", 4)
    world.desk.account.branches.clear()
    goes_on(world, keys)
    await world.passes(minutes=1)
    assert (await world.status())["holds"] == []
    assert await world.rows() == AFTERWARDS


@pytest.mark.parametrize("loopback", [False, True], ids=["switchboard", "loopback"])
async def test_an_unplugged_server(make_world, loopback):
    world = await make_world(loopback=loopback)
    keys = await four_rows(world)
    before = await world.rows()
    goes_on(world, keys)
    await world.unplug("desk")
    await world.passes(minutes=6)
    stream = await world.stream()
    assert stream["health"] == "unreachable"
    assert "can't be reached: is the server up, the name right" in stream["reason"]
    await assert_kept(world, before)
    assert (await world.tile())["trust"] == "stale"
    await world.plug("desk")
    await world.passes(minutes=1)
    assert await world.rows() == AFTERWARDS
    await assert_told_once(world)
