"""Planned changes from TOPdesk's calendar to the intranet's page, from YAML, through the story."""

from datetime import timedelta

import pytest

from connectors.topdesk.sandbox import STORY_START

CHOICE = {"card_types": ["change_simple"], "statuses": ["Goedgekeurd"]}
ROUTES = [
    {"tile": "disturbances"},
    {"family": "maintenance", "tile": "maintenance", "keep_solved": "1h"},
]
TILES = {"maintenance": {"title": {"nl": "Onderhoud", "en": "Maintenance"}}}
DIGID, PRINTERS = "Onderhoud DigiD-koppeling", "Herstart printservers"


async def begun(make_world, **more):
    world = await make_world(
        desk={"story": True}, settings={"maintenance": CHOICE}, routes=ROUTES, start=False, **more
    )
    world.hub["tiles"] = TILES
    return await world.start()


async def told(world, minutes):
    """The story up to this minute, and time for the hub to notice."""
    while world.clock.now() < STORY_START + timedelta(minutes=minutes):
        world.desk.story.play_until(world.clock.now())
        await world.cycle(60)
    world.desk.story.play_until(world.clock.now())
    await world.passes(minutes=4)


async def faces(world) -> dict[str, str]:
    """Which word stands before each row of planned work on the intranet's page."""
    page = await world.page()
    words = ("Gepland onderhoud", "Onderhoud bezig", "Onderhoud klaar")
    found = {}
    for part in page.split("<li class=")[1:]:
        word = next((one for one in words if one in part), None)
        title = next((one for one in (DIGID, PRINTERS) if one in part), None)
        if word and title:
            found[title] = word
    return found


@pytest.mark.slow_on_postgresql
async def test_the_page_follows_the_calendar(make_world):
    world = await begun(make_world)
    await told(world, 1)
    assert await faces(world) == {DIGID: "Gepland onderhoud", PRINTERS: "Gepland onderhoud"}
    await told(world, 80)
    assert await faces(world) == {DIGID: "Gepland onderhoud"}, "the restart was called off"
    await told(world, 90)
    assert await faces(world) == {DIGID: "Onderhoud bezig"}
    await told(world, 147)
    assert await faces(world) == {DIGID: "Onderhoud klaar"}
    await told(world, 210)
    assert await faces(world) == {}
    assert (await world.status())["holds"] == []


async def test_what_was_not_chosen_and_who_asked_for_it_never_arrive(make_world):
    world = await begun(make_world)
    await told(world, 40)
    sent = repr([one.body for one in world.intranet.store]) + await world.page()
    assert DIGID in sent
    for secret in ("firewall", "Noordlicht", "Brouwer", "C 2611 0004"):
        assert secret not in sent


async def test_without_the_right_to_read_changes_disturbances_go_on(make_world):
    world = await begun(make_world)
    world.desk.account.denied = {"changes.read"}
    await told(world, 20)
    found = {row["stream"]: row["health"] for row in (await world.status())["streams"]}
    assert found["maintenance"] == "permission"
    assert found["majors"] == "ok"
    assert (await world.tile())["trust"] == "fresh"
