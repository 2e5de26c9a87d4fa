"""The intranet's bad days: one call per changed object afterwards, and nothing twice."""

from collections import Counter
from datetime import timedelta

import pytest

from hub.sandbox.intranet import Fault, IntranetOptions, IntranetSandbox
from hub.sandbox.intranet import report as seen
from hub.sandbox.intranet.models import Kind
from hub.store import trail

MAIL, PHONES, VPN, WIFI = "E-mail hapert", "Telefonie hapert", "VPN hapert", "Wifi hapert"
AFTERWARDS = {MAIL: "solved", "VPN hapert zeer": "open", WIFI: "open", "Printers haperen": "open"}


async def four_rows(world):
    found = [world.major(title) for title in (MAIL, PHONES, VPN, WIFI)]
    await world.passes(minutes=2)
    assert await world.rows() == dict.fromkeys((MAIL, PHONES, VPN, WIFI), "open")
    return found


async def goes_on(world, keys):
    """The service desk changes three of four, one of them several times, and adds one."""
    for state in (True, False, True):
        world.edit(keys[0], completed=state)
        await world.passes(seconds=60)
    world.edit(keys[1], majorCall=False)
    world.edit(keys[2], briefDescription="VPN hapert zeer")
    world.major("Printers haperen")


async def assert_whole(world):
    """Nothing lost, nothing twice, one outage with one end."""
    assert await world.rows() == AFTERWARDS == await world.tile_rows()
    assert seen.duplicates(world.intranet) == []
    assert seen.timeline_posts(world.intranet) == 0
    assert (await world.plan()).steps == []
    assert (await world.target()).health == "ok"
    assert (world.said("target_down"), world.said("target_up")) == (1, 1)
    assert world.said("task_failed") == 0


@pytest.mark.slow_on_postgresql
async def test_down_for_an_hour_costs_one_call_per_changed_object(make_world):
    world = await make_world(routes=[{"tile": "disturbances", "keep_solved": "4h"}])
    keys = await four_rows(world)
    before = await world.rows()
    ends = world.clock.now() + timedelta(hours=1)
    world.intranet.faults.add(Fault(kind="down", until=ends))
    await goes_on(world, keys)
    await world.passes(minutes=50)
    target = await world.target()
    assert target.health == "down"
    assert "/v1/" in target.reason
    assert "failed (503)" in target.reason
    assert await world.rows() == before
    assert 'class="stale"' in await world.page()
    assert (await world.plan()).count("create") == 1
    calls = len(world.intranet.requests)
    await world.passes(minutes=10)
    answered = [r for r in world.intranet.requests[calls:] if r.status not in {503, 207}]
    writes = Counter(r.path for r in answered if "/freshness/" not in r.path)
    assert sorted(writes.values()) == [1, 1, 1, 1]
    assert {r.method for r in answered} == {"PUT", "DELETE"}
    await assert_whole(world)


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_asked_to_slow_down(make_world, form):
    world = await make_world()
    keys = await four_rows(world)
    before = await world.rows()
    world.intranet.faults.add(
        Fault(kind="status", status=429, retry_after=form, seconds=600, times=1, method="DELETE")
    )
    world.edit(keys[1], majorCall=False)
    await world.passes(seconds=30)
    assert "asks to come back later (429)" in (await world.target()).reason
    calls = len(world.intranet.requests)
    await goes_on(world, keys)
    await world.passes(minutes=5)
    assert world.intranet.requests[calls:] == []
    assert await world.rows() == before
    await world.passes(minutes=3)
    await assert_whole(world)


async def test_asked_to_slow_down_without_a_time(make_world):
    world = await make_world()
    keys = await four_rows(world)
    before = await world.rows()
    world.intranet.faults.add(Fault(kind="status", status=429))
    await goes_on(world, keys)
    await world.passes(minutes=3)
    assert "asks to come back later (429)" in (await world.target()).reason
    assert await world.rows() == before
    world.intranet.faults.clear()
    await world.passes(minutes=2)
    await assert_whole(world)


async def test_a_create_that_was_done_and_answered_with_500(make_world):
    world = await make_world()
    world.intranet.faults.add(Fault(kind="exists500", method="PUT"))
    world.major(MAIL)
    world.major(PHONES)
    await world.passes(minutes=5)
    assert await world.rows() == {MAIL: "open", PHONES: "open"}
    assert sorted(Counter(path for _, path in world.sent()).values()) == [1, 1]
    assert seen.duplicates(world.intranet) == []
    assert (await world.plan()).steps == []
    assert world.said("target_down") == 0


BROKEN = {
    "a login page": (Fault(kind="html200"), "with text/html that is not JSON: a proxy, a login"),
    "half an answer": (Fault(kind="truncate"), "broke off"),
    "a reset": (Fault(kind="reset"), "broke off"),
    "a reset, carried out": (Fault(kind="reset", carried_out=True), "broke off"),
    "500": (Fault(kind="status", status=500), "The intranet answered 500"),
    "502": (Fault(kind="status", status=502), "failed (502)"),
    "502, carried out": (Fault(kind="status", status=502, carried_out=True), "failed (502)"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_bad_day_of_the_intranet(make_world, name):
    fault, words = BROKEN[name]
    world = await make_world()
    keys = await four_rows(world)
    world.intranet.faults.add(fault)
    await goes_on(world, keys)
    await world.passes(minutes=3)
    reasons = [(await world.target()).reason or ""]
    reasons += [row["reason"] for row in (await world.status())["troubled"]]
    assert any(words in reason for reason in reasons), reasons
    if fault.kind == "html200":
        assert await world.rows() == dict.fromkeys((MAIL, PHONES, VPN, WIFI), "open")
    world.intranet.faults.clear()
    await world.passes(minutes=2)
    assert await world.rows() == AFTERWARDS == await world.tile_rows()
    assert seen.duplicates(world.intranet) == []
    assert (await world.plan()).steps == []
    assert world.said("target_down") == world.said("target_up") == (name != "500")


@pytest.mark.parametrize(
    ("token", "health", "words"),
    [
        ("wrong-token", "refused", "refused the login (401): check"),
        ("sandbox-read-token", "down", "the account lacks a right (403): ask its administrator"),
    ],
)
async def test_a_token_that_does_not_fit(make_world, token, health, words):
    world = await make_world()
    keys = await four_rows(world)
    before = await world.rows()
    await world.start(INTRANET_TOKEN=token)
    calls = len(world.intranet.requests)
    await goes_on(world, keys)
    await world.passes(minutes=6)
    target = await world.target()
    assert target.health == health
    assert words in target.reason
    assert token not in target.reason
    tries = [r for r in world.intranet.requests[calls:] if r.status in {401, 403}]
    assert len(tries) == 1 if health == "refused" else tries
    assert await world.rows() == before
    await world.start(INTRANET_TOKEN=world.intranet.options.token)
    await world.passes(minutes=1)
    await assert_whole(world)


def with_groups(world, *groups):
    """The same intranet with other groups."""
    fresh = IntranetSandbox(IntranetOptions(groups=groups), world.clock.now)
    for one in world.intranet.store:
        fresh.store.put(one.kind, one.external_id, one.body)
    world.intranet = fresh


@pytest.mark.slow_on_postgresql
async def test_a_group_that_the_intranet_does_not_know(make_world):
    routes = [
        {"tile": "disturbances", "audience": "everyone", "when": {"branch": ["Diemen"]}},
        {"tile": "disturbances", "audience": "uithoorn", "when": {"branch": ["Uithoorn"]}},
    ]
    groups = ("diemen", "ouder-amstel")
    world = await make_world(routes=routes, intranet={"groups": groups})
    world.major(MAIL, callerBranch="Diemen")
    world.major(PHONES, callerBranch="Uithoorn")
    await world.passes(minutes=3)
    assert await world.rows() == {MAIL: "open"}
    assert await world.rows("diemen") == {MAIL: "open"}
    assert PHONES not in str(world.intranet.requests)
    assert await world.tile_rows("uithoorn") == {PHONES: "open"}
    troubled = [r for r in (await world.status())["troubled"] if r["kind"] == "tile-item"]
    assert len(troubled) == 1
    assert "groups that this intranet does not have: uithoorn" in troubled[0]["reason"]
    assert "Correct `audiences` in hub.yaml, or make the group" in troubled[0]["reason"]
    with_groups(world, *groups, "uithoorn")
    await world.plug("intranet")
    await world.passes(minutes=62)
    assert await world.rows("uithoorn") == {PHONES: "open", MAIL: "open"}
    assert await world.rows() == {MAIL: "open"}
    assert (await world.status())["troubled"] == []


async def drifts(world):
    found = await world.store.read(trail.rows)
    return [row.what["exists"] for row in found if row.action == "drift"]


async def test_somebody_deletes_our_row_there(make_world):
    world = await make_world()
    keys = await four_rows(world)
    lost = world.item(keys[0])["external_id"]
    world.intranet.store.delete(Kind.TILE_ITEM, lost)
    calls = len(world.intranet.requests)
    await world.passes(minutes=3)
    assert world.sent(calls) == []  # unchanged objects are never touched without being asked
    world.edit(keys[0], completed=True)
    world.edit(keys[1], majorCall=False)
    world.intranet.store.delete(Kind.TILE_ITEM, world.item(keys[1])["external_id"])
    await world.passes(minutes=1)
    assert await world.rows() == {MAIL: "solved", VPN: "open", WIFI: "open"}
    assert world.item(keys[0])["external_id"] == lost
    assert await drifts(world) == [False]
    assert (await world.plan()).steps == []


async def test_somebody_edits_our_row_there(make_world):
    world = await make_world()
    keys = await four_rows(world)
    for key, title in zip(keys[:2], ("Koffie is op", "Thee is op"), strict=True):
        item = world.item(key)
        body = item | {"title": {"nl": title}}
        world.intranet.store.put(Kind.TILE_ITEM, body.pop("external_id"), body)
    await world.passes(minutes=2)
    assert await world.rows() == dict.fromkeys(("Koffie is op", "Thee is op", VPN, WIFI), "open")
    world.edit(keys[0], completed=True)
    world.edit(keys[1], majorCall=False)
    await world.passes(minutes=1)
    assert await world.rows() == {MAIL: "solved", VPN: "open", WIFI: "open"}
    assert await drifts(world) == [True, True]
    assert (await world.plan()).steps == []


async def test_an_intranet_that_is_unplugged_over_the_network(make_world):
    world = await make_world(loopback=True)
    keys = await four_rows(world)
    await world.unplug("intranet")
    await goes_on(world, keys)
    await world.passes(minutes=3)
    assert "can't be reached: is the server up" in (await world.target()).reason
    await world.plug("intranet")
    await world.passes(minutes=2)
    await assert_whole(world)
