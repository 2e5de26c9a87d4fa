"""A recorded answer of a real TOPdesk, as it is, and TOPdesk's own list of parameters."""

import json
import re

import httpx
import pytest

from connectors.topdesk import mapping
from connectors.topdesk.models import Row
from connectors.topdesk.settings import TopdeskSettings
from hub.contract import Gone, Present
from hub.events.base import Family
from hub.events.payloads import dump


@pytest.fixture(scope="module")
def recorded(specs):
    path = specs / "recorded_incident.json"
    if not path.is_file():
        pytest.skip(f"no recorded answer at {path}: set HUB_SPECS to its folder")
    return json.loads(path.read_text())


def _serving(incident):
    def answer(request):
        if request.url.path.endswith("/version"):
            return httpx.Response(200, json={"version": "3.17.0"})
        return httpx.Response(200, json=incident if "/id/" in request.url.path else [incident])

    return lambda _: httpx.MockTransport(answer)


async def test_the_recorded_answer_is_read_and_is_no_major(make_desk, recorded):
    desk = make_desk(transport=_serving(recorded))
    [batch] = await desk.read()
    assert (batch.records, batch.unreadable, batch.ignored) == ((), (), 1)
    assert await desk.connector.look_up(Family.INCIDENT, recorded["id"]) == Gone("demoted")


async def test_a_copy_made_major_and_published_becomes_a_record(make_desk, recorded):
    desk = make_desk(transport=_serving(recorded | {"majorCall": True, "publishToSsd": True}))
    [batch] = await desk.read()
    [record] = batch.records
    assert dump(record.payload) == {
        "title": {"nl": "Storing", "en": "Disturbance"},
        "state": "open",
        "since": "2021-02-11T06:32:36Z",
        "details_url": "https://servicedesk.example.org/tas/public/ssp/content/detail/incident"
        f"?unid={recorded['id']}",
    }
    said = await desk.connector.look_up(Family.INCIDENT, record.key)
    assert said == Present(record)
    assert "Operator" not in repr(record)


def test_every_field_that_is_asked_for_stands_in_the_recorded_answer(recorded):
    login = {"url": "https://x.example.org", "username": "u", "password": "p"}
    everything = {
        "text_template": "{number}", "workaround_field": "optionalFields1.memo1",
        "expected_field": "targetDate", "branch_field": "callerBranch",
    }  # fmt: skip
    asked = mapping.fields(TopdeskSettings.model_validate(login | everything))
    assert set(asked) <= set(recorded)
    assert {field.alias for field in Row.model_fields.values()} <= set(recorded)


async def test_every_parameter_that_is_sent_stands_in_the_specification(make_desk, specs):
    desk = make_desk(page_size=2, text_template="{number}", expected_field="targetDate")
    keys = [desk.major(f"Storing {n}") for n in range(7)]
    await desk.connector.check()
    await desk.read()
    await desk.connector.look_up(Family.INCIDENT, keys[0])
    allowed = _parameters(specs)
    sent = {
        (_path(r.path), name) for r in desk.sandbox.requests for name in httpx.QueryParams(r.query)
    }
    assert ("/incidents", "pageStart") in sent
    assert {path for path, _ in sent} == {"/incidents", "/operators/current"}
    assert sent <= allowed
    known = {path for path, _ in allowed}
    assert {_path(request.path) for request in desk.sandbox.requests} <= known


def _path(path):
    return re.sub(r"/id/[^/]+", "/id/{id}", path.removeprefix("/tas/api"))


def _parameters(specs):
    found = set()
    for name in ("incident", "supporting", "general"):
        spec = json.loads((specs / f"openapi_{name}.json").read_text())
        for path, item in spec["paths"].items():
            for parameter in [{"name": ""}, *item.get("get", {}).get("parameters", [])]:
                found.add((path, parameter["name"]))
    return found
