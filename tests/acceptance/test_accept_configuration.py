"""Changed and missing configuration: held, never silently obeyed."""

import copy

from hub.sandbox.intranet import InProcessTransport, IntranetOptions, IntranetSandbox

MAIL, PHONES = "E-mail hapert", "Telefonie hapert"
BOTH = {MAIL: "open", PHONES: "open"}


async def two_rows(world):
    keys = [world.major(MAIL, callerBranch="Diemen"), world.major(PHONES, callerBranch="Uithoorn")]
    await world.passes(minutes=1)
    assert await world.rows() == BOTH == await world.tile_rows()
    return keys


async def the_hold(world):
    [hold] = (await world.status())["holds"]
    return hold


async def release(world, hold):
    answer = await world.ask("release", {"hash": hold["hash"], "actor": "test"})
    assert (await world.status())["holds"] == []
    return answer


async def test_a_file_that_is_removed_takes_nothing_away(make_world):
    world = await make_world()
    keys = await two_rows(world)
    world.edit(keys[0], completed=True)
    await world.passes(minutes=1)
    before = {MAIL: "solved", PHONES: "open"}
    file = world.files.pop("servicedesk")
    await world.start()
    asked = world.asked()
    world.clock.advance(2 * 3600)  # the solved one would have left by now
    world.edit(keys[1], completed=True)
    await world.passes(minutes=2)
    states = {row["id"]: row["state"] for row in (await world.status())["instances"]}
    assert states == {"manual": "active", "servicedesk": "orphaned"}
    [said] = [line for line in world.log.lines if line.event == "instance_orphaned"]
    assert said.keys["instance"] == "servicedesk"
    assert world.asked() == asked
    assert await world.rows() == before == await world.tile_rows()
    assert 'class="stale"' in await world.page()
    assert (await world.tile())["trust"] == "stale"
    world.files["servicedesk"] = file
    await world.start()
    await world.passes(minutes=1)
    assert await world.rows() == {PHONES: "solved"} == await world.tile_rows()
    assert (await world.tile())["trust"] == "fresh"
    assert (await world.status())["holds"] == []


async def test_another_address_of_the_intranet_waits_for_a_person(make_world):
    world = await make_world()
    await two_rows(world)
    old, other = world.intranet, IntranetSandbox(IntranetOptions(), world.clock.now)
    world.wire.hosts["new.example.org"] = InProcessTransport(other.app)
    calls = len(old.requests)
    world.hub["targets"]["intranet"]["settings"]["url"] = "https://new.example.org"
    await world.start()
    world.major("VPN hapert")
    await world.passes(minutes=2)
    assert other.requests == []
    assert len(old.requests) == calls
    assert await world.rows() == BOTH
    hold = await the_hold(world)
    assert (hold["instance"], hold["action"]) == ("intranet", "address")
    assert hold["content"] == [
        {"from": "https://intranet.example.org", "to": "https://new.example.org"}
    ]
    plan = await world.plan()
    assert [hold["hash"]] == [one["hash"] for one in plan.holds]
    assert plan.steps[0].blocked == "the target's address changed: see `hub hold`"
    await release(world, hold)
    world.intranet = other
    world.wire.hosts["intranet.example.org"] = InProcessTransport(other.app)
    assert await world.rows() == BOTH | {"VPN hapert": "open"}
    assert len(old.requests) == calls
    assert (await world.plan()).steps == []


async def test_an_address_that_is_put_back_closes_the_hold(make_world):
    world = await make_world()
    await two_rows(world)
    good = copy.deepcopy(world.hub)
    world.hub["targets"]["intranet"]["settings"]["url"] = "https://wrong.example.org"
    await world.start()
    await world.cycle()
    assert (await the_hold(world))["action"] == "address"
    world.hub = good
    await world.start()
    world.major("VPN hapert")
    await world.passes(minutes=1)
    assert (await world.status())["holds"] == []
    assert await world.rows() == BOTH | {"VPN hapert": "open"}


async def test_a_route_with_a_typo_withdraws_nothing(make_world):
    world = await make_world()
    keys = await two_rows(world)
    calls = len(world.intranet.requests)
    world.files["servicedesk"]["routes"] = [
        {"tile": "disturbances", "keep_solved": "1h", "when": {"branch": ["Diemen", "Uithorn"]}}
    ]
    await world.start()
    await world.passes(minutes=5)
    assert world.sent(calls) == []
    assert await world.rows() == BOTH == await world.tile_rows()
    hold = await the_hold(world)
    assert (hold["instance"], hold["action"]) == ("servicedesk", "configuration")
    assert {line["target"] for line in hold["content"]} == {"intranet", "web"}
    assert all(keys[1] in line["object"] and line["to"] is None for line in hold["content"])
    assert [one["hash"] for one in (await world.plan()).holds] == [hold["hash"]]
    world.edit(keys[0], completed=True)  # everything else goes on
    world.major("VPN hapert", callerBranch="Diemen")
    await world.passes(minutes=1)
    assert await world.rows() == {MAIL: "solved", PHONES: "open", "VPN hapert": "open"}
    world.files["servicedesk"]["routes"][0]["when"] = {"branch": ["Diemen", "Uithoorn"]}
    await world.start()
    await world.passes(minutes=1)
    assert (await world.status())["holds"] == []
    assert await world.rows() == {MAIL: "solved", PHONES: "open", "VPN hapert": "open"}


async def test_a_narrower_route_is_obeyed_once_it_is_released(make_world):
    world = await make_world()
    await two_rows(world)
    world.files["servicedesk"]["routes"] = [
        {"tile": "disturbances", "when": {"branch": ["Diemen"]}}
    ]
    await world.start()
    await world.passes(minutes=1)
    assert await world.rows() == BOTH
    await release(world, await the_hold(world))
    await world.passes(minutes=1)
    assert await world.rows() == {MAIL: "open"} == await world.tile_rows()
    assert (await world.plan()).steps == []


async def test_another_mapping_waits_and_release_applies_it(make_world):
    world = await make_world()
    keys = await two_rows(world)
    calls = len(world.intranet.requests)
    world.files["servicedesk"]["settings"]["text"] = "category"
    await world.start()
    await world.passes(minutes=3)
    assert world.sent(calls) == []
    assert await world.rows() == BOTH == await world.tile_rows()
    hold = await the_hold(world)
    assert (hold["action"], hold["size"]) == ("configuration", 4)  # two rows on two targets
    shown = {(line["from"]["title"]["nl"], line["to"]["title"]["nl"]) for line in hold["content"]}
    assert shown == {(MAIL, "Storing Software"), (PHONES, "Storing Software")}
    await release(world, hold)
    titles = {world.item(key)["title"]["nl"] for key in keys}
    assert titles == {"Storing Software"}
    calls = len(world.intranet.requests)
    await world.passes(minutes=1)
    assert world.sent(calls) == []
    assert (await world.status())["holds"] == []


async def test_watch_sends_nothing_and_live_sends_once(make_world):
    world = await make_world(mode="watch")
    keys = [world.major(MAIL), world.major(PHONES)]
    await world.passes(minutes=2)
    world.edit(keys[0], completed=True)
    gone = world.major("Wifi hapert")
    await world.passes(minutes=2)
    world.edit(gone, majorCall=False)
    await world.passes(minutes=2)
    assert world.intranet.requests == []
    assert await world.rows() == {} == await world.tile_rows()
    assert await world.tile_rows(view="preview") == {MAIL: "solved", PHONES: "open"}
    page, tile = await world.own_pages(view="preview")
    assert tile["preview"] is True
    assert MAIL in page
    plan = await world.plan()
    lines = [(s.action, s.after["title"]["nl"], s.blocked) for s in plan.steps]
    expected = [("create", MAIL, "watch"), ("create", PHONES, "watch")]
    assert sorted(lines) == sorted(expected * 2)  # the intranet, and the hub's own pages
    for name in ("servicedesk", "manual"):
        world.files[name]["mode"] = "live"
    await world.start()
    await world.passes(minutes=2)
    assert await world.rows() == {MAIL: "solved", PHONES: "open"} == await world.tile_rows()
    assert len(world.sent()) == 2
    assert (await world.plan()).steps == []
    assert (await world.status())["holds"] == []


async def test_from_live_to_watch_withdraws_nothing(make_world):
    world = await make_world()
    keys = await two_rows(world)
    world.files["servicedesk"]["mode"] = "watch"
    await world.start()
    calls = len(world.intranet.requests)
    world.edit(keys[0], completed=True)
    await world.passes(minutes=7)
    assert len(world.intranet.requests) == calls
    assert await world.rows() == BOTH
    assert 'class="stale"' in await world.page()
    assert [step.blocked for step in (await world.plan()).steps] == ["watch", "watch"]
