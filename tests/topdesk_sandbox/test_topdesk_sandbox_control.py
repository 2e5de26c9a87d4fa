from datetime import UTC, datetime, timedelta
from importlib.metadata import EntryPoint

import httpx
import pytest
from pydantic import ValidationError

from connectors.topdesk.sandbox import (
    STORY_START,
    SandboxOptions,
    SandboxSettings,
    TopdeskSandbox,
    sandbox,
)

LIST = "/tas/api/incidents"


async def test_without_the_secret_nothing_is_told_or_changed(connect):
    desk = TopdeskSandbox(SandboxOptions(closed_tickets=5, control_secret="s3cret"))
    client = connect(desk)
    for header in ({}, {"x-sandbox-secret": "wrong"}):
        assert (await client.post("/__sim/advance", headers=header)).status_code == 403
    right = {"x-sandbox-secret": "s3cret"}
    assert (await client.get("/__sim/now", headers=right)).status_code == 200


async def test_the_clock_and_the_story_are_moved_from_outside(small, connect):
    client = connect(small, auth=None)
    moved = (await client.post("/__sim/advance", json={"seconds": 720})).json()
    assert moved["played"] == ["reports", "phones", "mail-major", "mail-published"]
    assert moved["now"] == (STORY_START + timedelta(minutes=12)).isoformat()
    step = (await client.post("/__sim/step")).json()
    assert (step["name"], step["now"]) == ("mail-minors", "2026-11-23T08:15:00+01:00")
    story = (await client.get("/__sim/story")).json()
    assert story["expected"] == {"M 2611 022": "open", "M 2611 021": "open"}
    assert story["canaries"] == list(small.story.canaries)
    still = (await client.post("/__sim/advance", json={"seconds": 3600, "play": False})).json()
    assert still["played"] == []
    again = (await client.post("/__sim/reset")).json()
    assert again["now"] == STORY_START.isoformat()
    assert (await client.post("/__sim/advance", json={"minutes": 1})).status_code == 400


async def test_faults_and_the_log_are_managed_from_outside(small, connect):
    client = connect(small)
    rule = {"kind": "status", "status": 503, "path": "incidents"}
    listed = (await client.post("/__sim/faults", json=rule)).json()
    assert (listed[0]["status"], listed[0]["seen"]) == (503, 0)
    assert (await client.get(LIST)).status_code == 503
    assert (await client.get("/__sim/faults")).json()[0]["seen"] == 1
    assert (await client.delete("/__sim/faults")).json() == []
    assert (await client.post("/__sim/faults", json={"kind": "gremlin"})).status_code == 400
    (entry,) = (await client.get("/__sim/requests")).json()
    assert (entry["path"], entry["status"]) == (LIST, 503)
    assert (await client.delete("/__sim/requests")).json() == []


async def test_incidents_are_changed_from_outside(small, connect):
    client = connect(small)
    body = {"briefDescription": "Nieuw", "majorCall": True, "publishToSsd": True,
            "category": "Netwerk", "subcategory": "Wifi", "at": "2026-11-23T07:59:00+01:00"}  # fmt: skip
    made = await client.post("/__sim/incidents", json=body)
    row = made.json()
    assert (made.status_code, row["creationDate"]) == (201, "2026-11-23T06:59:00Z")
    one = f"/__sim/incidents/{row['id']}"
    changed = (await client.patch(one, json={"majorCall": False})).json()
    assert changed["majorCall"] is False
    said = await client.post(f"{one}/progress", json={"text": "bezig", "internal": True})
    assert said.status_code == 201
    assert (await client.patch(one, json={"nonsense": 1})).status_code == 400
    assert (await client.delete(one)).status_code == 204
    assert (await client.delete(one)).status_code == 404
    assert (await client.get(f"{LIST}/id/{row['id']}")).status_code == 404


async def test_rights_are_taken_away_from_outside(small, connect):
    client = connect(small)
    await client.put("/__sim/rights", json={"denied": ["persons.read"], "branches": ["Diemen"]})
    assert (await client.get("/tas/api/persons")).status_code == 403
    await client.put("/__sim/rights", json={"denied": []})
    assert (await client.get("/tas/api/persons")).status_code == 200
    assert small.account.branches == {"Diemen"}


async def test_the_command_line_gets_an_app_that_plays_by_itself():
    settings = SandboxSettings(start="2026-11-23T08:00+01:00", speed=360_000, closed_tickets=5)
    transport = httpx.ASGITransport(app=sandbox.build(settings))
    auth = (settings.username, settings.password)
    async with httpx.AsyncClient(transport=transport, base_url="http://x", auth=auth) as client:
        deadline = datetime.now(UTC) + timedelta(seconds=10)
        while datetime.now(UTC) < deadline:  # a hundred virtual hours a second
            answer = await client.get(f"{LIST}/number/M 2611 021")
            if answer.status_code == 200 and answer.json()["closed"]:
                break
    assert answer.json()["closed"] is True


def test_settings_are_closed_and_all_described():
    for wrong in ({"port": 1}, {"params": "loose"}, {"api_version": "new"}, {"speed": -1}):
        with pytest.raises(ValidationError):
            SandboxSettings(**wrong)
    for name, field in SandboxSettings.model_fields.items():
        assert field.description, name
    with pytest.raises(ValueError, match="offset"):
        SandboxSettings(start="2026-11-23T08:00").to_options()
    assert SandboxSettings().to_options().start.tzinfo is not None


def test_the_entry_point_leads_to_the_sandbox():
    point = EntryPoint("topdesk", "connectors.topdesk.sandbox:sandbox", "intranet_hub.sandboxes")
    found = point.load()
    assert (found.name, found.settings) == ("topdesk", SandboxSettings)
    assert found.description
    with pytest.raises(TypeError):
        found.build(ValidationError)
