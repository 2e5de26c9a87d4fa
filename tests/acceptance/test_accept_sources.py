"""Other input than our own: a recorded answer of a real TOPdesk, and what people type in."""

import json

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.sandbox.intranet import report as seen


@pytest.fixture(scope="module")
def recorded(specs):
    path = specs / "topdesk" / "recorded_incident.json"
    if not path.is_file():
        pytest.skip(f"no recorded answer at {path}: set HUB_SPECS to the folder above it")
    return json.loads(path.read_text(encoding="utf-8"))


def tiny_topdesk(row):
    """A server that knows one incident: `row`, which the test may change."""

    async def version(_request):
        return JSONResponse({"version": "3.17.0"})

    async def listing(_request):
        listed = row["majorCall"] and row["publishToSsd"] and not row["closed"]
        return JSONResponse([row]) if listed else Response(status_code=204)

    async def one(request):
        return JSONResponse(row, 200 if request.path_params["id"] == row["id"] else 404)

    api = "/tas/api"
    routes = [Route(f"{api}/version", version), Route(f"{api}/incidents", listing)]
    return Starlette(routes=[*routes, Route(f"{api}/incidents/id/{{id}}", one)])


async def test_a_recorded_answer_becomes_a_row_and_leaves_again(make_world, recorded):
    row = recorded | {"majorCall": True, "publishToSsd": True}
    world = await make_world(loopback=True, start=False)
    address = await world.serve(tiny_topdesk(row))
    world.files["servicedesk"]["settings"]["url"] = address
    await world.start()
    await world.passes(minutes=1)
    assert await world.rows() == {"Storing": "open"} == await world.tile_rows()
    item = world.item(row["id"])
    assert item["since"] == "2021-02-11T06:32:36Z"
    link = f"{address}/tas/public/ssp/content/detail/incident?unid={row['id']}"
    assert [one["href"] for one in item["links"]] == [link]
    names = [recorded["caller"]["dynamicName"], recorded["creator"]["name"], recorded["number"]]
    assert seen.leaks(world.intranet, names) == []
    row |= {"completed": True, "completedDate": "2026-11-23T07:01:00.303+0000", "closed": True}
    await world.passes(minutes=1)
    assert await world.rows() == {"Storing": "solved"}
    row |= {"majorCall": False}
    await world.passes(minutes=6)
    assert await world.rows() == {}
    assert (await world.status())["unreadable"] == []


async def test_the_recorded_answer_as_it_is_becomes_no_row(make_world, recorded):
    world = await make_world(loopback=True, start=False)
    row = recorded | {}
    world.files["servicedesk"]["settings"]["url"] = await world.serve(tiny_topdesk(row))
    await world.start()
    await world.passes(minutes=1)
    assert (await world.stream())["health"] == "ok"
    assert await world.rows() == {}


def typed(action, at, **fields):
    data = {"action": action, "id": "telefonie", "at": f"2026-11-23T{at}:00Z"} | fields
    return {"instance": "manual", "stream": "disturbances", "data": data}


@pytest.mark.slow_on_postgresql
async def test_a_typed_disturbance_while_topdesk_is_unplugged(make_world):
    world = await make_world()
    key = world.major("E-mail hapert")
    await world.passes(minutes=1)
    await world.unplug("desk")
    await world.passes(minutes=6)
    title = {"nl": "TOPdesk en telefonie liggen eruit", "en": "TOPdesk and telephony are down"}
    answer = await world.ask("receive", typed("post", "07:07", title=title))
    assert answer["delivered"]["intranet"] == {"done": 1}
    both = {"TOPdesk en telefonie liggen eruit": "open", "E-mail hapert": "open"}
    assert await world.rows() == both == await world.tile_rows()
    html, tile = await world.own_pages()
    assert tile["trust"] == "stale"
    assert "TOPdesk en telefonie liggen eruit" in html
    page = await world.page()
    assert 'class="stale"' in page
    help_line = {"nl": "Bel de balie op 1234."}
    await world.ask("receive", typed("update", "07:08", workaround=help_line))
    assert "Bel de balie op 1234." in await world.page()
    await world.ask("receive", typed("end", "07:20"))
    assert await world.rows() == both | {"TOPdesk en telefonie liggen eruit": "solved"}
    await world.plug("desk")
    world.edit(key, completed=True)
    await world.passes(minutes=1)
    assert await world.rows() == dict.fromkeys(both, "solved") == await world.tile_rows()
    assert (await world.tile())["trust"] == "fresh"
    assert 'class="stale"' not in await world.page()
    assert (world.said("source_down"), world.said("source_back")) == (1, 1)
    assert seen.timeline_posts(world.intranet) == 0
    await world.passes(minutes=300, step=300)
    assert await world.rows() == {} == await world.tile_rows()


async def test_a_request_that_can_not_be_understood_changes_nothing(make_world):
    world = await make_world()
    with pytest.raises(AssertionError, match="needs a title"):
        await world.ask("receive", typed("post", "07:01"))
    with pytest.raises(AssertionError, match="There is no disturbance telefonie"):
        await world.ask("receive", typed("end", "07:01"))
    assert await world.rows() == {}
    assert world.sent() == []


async def test_unchanged_readings_make_no_calls_but_freshness(make_world):
    world = await make_world()
    world.major("E-mail hapert")
    await world.passes(minutes=2)
    calls = len(world.intranet.requests)
    asked = world.asked()
    await world.passes(minutes=20)
    assert world.asked() - asked >= 38
    assert world.sent(calls) == []
    renewed = world.sent(calls, freshness=True)
    assert 5 <= len(renewed) <= 10
    assert len(world.intranet.requests) - calls == len(renewed)
