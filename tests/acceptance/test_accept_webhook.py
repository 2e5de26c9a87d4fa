"""TOPdesk says that something changed: the page shows it long before the next reading was due."""

import httpx
import pytest

from connectors.topdesk.sandbox.webhook import Receiver
from hub.metrics import Metrics
from hub.web.site import site

SECRET = "0123456789-topdesk-webhook"


@pytest.mark.parametrize("signed", [False, True], ids=["secret", "hmac"])
async def test_a_call_from_topdesk_brings_a_major_to_the_page_at_once(make_world, signed):
    """Every hop is HTTP over loopback: TOPdesk's call, the reading, the delivery, the page."""
    world, address = await called_by_topdesk(make_world, signed=signed)
    due = (await world.stream())["due"]
    world.major("E-mail hapert")
    await heard(world)
    assert await world.rows() == {"E-mail hapert": "open"}
    assert (await world.stream())["due"] == due, "its own rhythm stays as it was"
    assert [one.status for one in world.desk.webhook.calls] == [202]
    async with httpx.AsyncClient(trust_env=False) as client:
        wrong = {"X-Hub-Secret": SECRET[::-1]}
        refused = await client.post(address, content=b'{"title": "Believe me"}', headers=wrong)
    assert refused.status_code == 404


async def test_a_change_and_a_solution_are_told_too(make_world):
    world, _ = await called_by_topdesk(make_world)
    key = world.major("E-mail hapert")
    await heard(world)
    for changes, shown in (
        ({"briefDescription": "E-mail traag"}, {"E-mail traag": "open"}),
        ({"majorCall": False, "publishToSsd": False}, {}),
        ({"majorCall": True, "publishToSsd": True}, {"E-mail traag": "open"}),
        ({"completed": True, "closed": True}, {"E-mail traag": "solved"}),
    ):
        world.clock.advance(6)
        world.edit(key, **changes)
        await heard(world)
        assert await world.rows() == shown
    assert [one.status for one in world.desk.webhook.calls] == [202] * 5


async def test_a_secret_that_topdesk_has_wrong_costs_speed_and_nothing_else(make_world):
    world, address = await called_by_topdesk(make_world)
    world.desk.webhook.receiver = Receiver(address, SECRET[::-1])
    world.major("E-mail hapert")
    await heard(world)
    assert [one.status for one in world.desk.webhook.calls] == [404]
    assert await world.rows() == {}
    await world.passes(seconds=30)
    assert await world.rows() == {"E-mail hapert": "open"}


async def called_by_topdesk(make_world, *, signed=False):
    """A world in which TOPdesk calls the hub, some seconds after a reading; where it calls."""
    world = await make_world(loopback=True, start=False)
    door = {"secret": "${env:TOPDESK_WEBHOOK_SECRET}", "hmac": signed}
    world.files["servicedesk"]["webhook"] = door
    await world.start(TOPDESK_WEBHOOK_SECRET=SECRET)
    await world.passes(seconds=40, step=20)
    world.clock.advance(6)
    pages = site(world.settings, world.runner, Metrics(), world.clock.now)
    address = f"{await world.serve(pages)}/hooks/servicedesk"
    world.desk.webhook.receiver = Receiver(address, SECRET, hmac=signed)
    return world, address


async def heard(world):
    """TOPdesk's calls are made, and what the hub began because of them has ended."""
    await world.desk.webhook.settle()
    await world.schedule.settle()
