"""TOPdesk says that something changed: the page shows it long before the next reading was due."""

import httpx

from hub.metrics import Metrics
from hub.web.site import site

SECRET = "0123456789-topdesk-webhook"


async def test_a_call_from_topdesk_brings_a_major_to_the_page_at_once(make_world):
    world = await make_world()
    desk = world.files["servicedesk"] | {"webhook": {"secret": "${env:TOPDESK_WEBHOOK_SECRET}"}}
    world.files["servicedesk"] = desk
    await world.start(TOPDESK_WEBHOOK_SECRET=SECRET)
    await world.passes(seconds=40, step=20)
    world.clock.advance(6)
    due = (await world.stream())["due"]
    world.major("E-mail hapert")
    answer = await call(world, {"X-Hub-Secret": SECRET}, b'{"title": "Believe me"}')
    assert answer.status_code == 202
    await world.schedule.settle()
    assert await world.rows() == {"E-mail hapert": "open"}
    assert (await world.stream())["due"] == due, "its own rhythm stays as it was"
    refused = await call(world, {"X-Hub-Secret": SECRET[::-1]})
    assert refused.status_code == 404


async def call(world, headers: dict[str, str], body: bytes = b"") -> httpx.Response:
    pages = site(world.settings, world.runner, Metrics(), world.clock.now)
    transport = httpx.ASGITransport(pages, client=("192.0.2.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        return await client.post("/hooks/servicedesk", content=body, headers=headers)
