"""Whether the sandbox's bodies satisfy TOPdesk's own specification, found by HUB_SPECS."""

import copy
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from connectors.topdesk.sandbox import STORY_START

ROOT = Path(__file__).parents[2]
SPECS = Path(os.environ.get("HUB_SPECS", ROOT.parent / "shared" / "specs"))
LIST = "/tas/api/incidents"


def load(name: str) -> dict[str, Any]:
    path = SPECS / "topdesk" / name
    if not path.is_file():
        pytest.skip(f"{name} is not here: set HUB_SPECS to the folder with topdesk/{name}")
    return json.loads(path.read_text("utf-8"))


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return [without_nulls(v) for v in value] if isinstance(value, list) else value


def closed(spec: dict[str, Any], *names: str) -> dict[str, Any]:
    """The specification with fields that it does not know forbidden in these schemas."""
    spec = copy.deepcopy(spec)
    for name in names:
        spec["components"]["schemas"][name]["additionalProperties"] = False
    return spec


def errors(spec: dict[str, Any], name: str, body: Any, *, dates: bool = True) -> list[str]:
    schema = {"$ref": f"#/components/schemas/{name}", "components": spec["components"]}
    formats = FormatChecker(("uuid", "date-time") if dates else ("uuid",))
    checker = Draft202012Validator(schema, format_checker=formats)
    return [error.message for error in checker.iter_errors(without_nulls(body))]


@pytest.fixture
def spec() -> dict[str, Any]:
    return closed(load("openapi_incident.json"), "Incident", "ProgressTrail", "Caller")


@pytest.mark.parametrize("minute", [0, 30, 60, 180])
async def test_every_incident_satisfies_the_specification(small, connect, spec, minute):
    small.story.play_until(STORY_START + timedelta(minutes=minute))
    client = connect(small)
    for form, dates in ({"dateFormat": "iso8601"}, True), ({}, False):
        answer = await client.get(LIST, params={"all": "true", "pageSize": 1000} | form)
        assert len(answer.json()) == len(small.state.incidents)
        for row in answer.json():
            assert errors(spec, "Incident", row, dates=dates) == []


async def test_written_incidents_and_entries_satisfy_it_too(small, connect, spec):
    client = connect(small)
    body = {"caller": {"dynamicName": "Gast"}, "action": "<b>x</b>", "request": "y"}
    row = (await client.post(LIST, json=body)).json()
    assert errors(spec, "Incident", row, dates=False) == []
    trail = (await client.get(f"{LIST}/id/{row['id']}/progresstrail")).json()
    assert len(trail) == 2
    for entry in trail:
        assert errors(spec, "ProgressTrail", entry, dates=False) == []


async def test_planted_errors_are_caught(small, connect, spec):
    answer = await connect(small).get(LIST, params={"pageSize": 1, "dateFormat": "iso8601"})
    (row,) = answer.json()
    assert errors(spec, "Incident", row) == []
    for planted in ({"majorCall": "true"}, {"id": "no-uuid"}, {"status": "thirdLine"},
                    {"category": {"name": 5}}, {"modificationDate": "gisteren"}, {"major": True}):  # fmt: skip
        assert len(errors(spec, "Incident", row | planted)) == 1, planted


async def test_persons_and_operators_satisfy_theirs(small, connect):
    spec = closed(load("openapi_supporting.json"), "PersonV2Dto", "OperatorDto", "ListOfPersonsV2")
    client = connect(small)
    accept = {"accept": "application/x.topdesk-collection-person-v2+json"}
    body = (await client.get("/tas/api/persons", params={"fields": "*"}, headers=accept)).json()
    assert len(body["item"]) == 8
    assert errors(spec, "ListOfPersonsV2", body) == []
    me = (await client.get("/tas/api/operators/current")).json()
    assert errors(spec, "OperatorDto", me) == []


async def test_a_recorded_answer_has_no_field_that_the_sandbox_lacks(small, connect):
    recorded = load("recorded_incident.json")
    (row,) = (await connect(small).get(LIST, params={"pageSize": 1})).json()
    assert recorded.keys() - row.keys() == set()
    nulls = {name for name, value in row.items() if value is None}
    assert len(nulls & {name for name, value in recorded.items() if value is None}) > 10


async def test_the_calendar_satisfies_its_own(small, connect):
    spec = closed(load("openapi_change.json"), "ChangeCalendarEntry", "CalendarDetails")
    client = connect(small)
    period = {"start": "2026-11-01T00:00:00Z", "end": "2026-12-31T00:00:00Z"}
    body = (await client.get("/tas/api/changeCalendar", params=period)).json()
    assert len(body["results"]) == 3
    assert errors(spec, "ListOfCalendarEntries", body) == []
    for row in body["results"]:
        one = (await client.get(f"/tas/api/changeCalendar/{row['id']}")).json()
        assert errors(spec, "CalendarDetails", one) == []
        assert len(errors(spec, "CalendarDetails", one | {"requester": "x"})) == 1
