"""Every body that the practice TOPdesk sends satisfies TOPdesk's own specification."""

import json
import re
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from connectors.topdesk.sandbox import STORY_START, SandboxOptions, TopdeskSandbox
from connectors.topdesk.sandbox.supporting import LISTS, V2

API = "/tas/api"
FILES = ("incident", "supporting", "general", "change", "operations")
UNSPECIFIED = {  # the files that HUB_SPECS brings do not describe these; clients ask them all the same
    "/services": "an older list, which one client reads",
}
MAIL = "M 2611 021"
WHOLE_DAY = {"start": "2026-11-23T00:00:00Z", "end": "2026-11-30T00:00:00Z"}


@cache
def described(folder: Path) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Per path what a GET answers, and the components that it refers to."""
    found = {}
    for name in FILES:
        spec = json.loads((folder / "topdesk" / f"openapi_{name}.json").read_text("utf-8"))
        for path, item in spec["paths"].items():
            if "get" in item:
                found[path] = (item["get"]["responses"], spec.get("components", {}))
    return found


def schema_of(folder: Path, path: str) -> dict[str, Any] | None:
    """The schema of a good answer at this address; None: it is not specified."""
    for template, (responses, components) in described(folder).items():
        if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
            content = responses.get("200", {}).get("content", {})
            for one in content.values():
                return {**one.get("schema", {}), "components": components}
    return None


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(one) for name, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value


def faults(schema: dict[str, Any], body: Any) -> list[str]:
    checker = Draft202012Validator(schema, format_checker=FormatChecker(("uuid",)))
    return [error.message for error in checker.iter_errors(without_nulls(body))]


@pytest.fixture
def specification(specs):
    if not (specs / "topdesk" / "openapi_change.json").is_file():
        pytest.skip("TOPdesk's specification is not here: set HUB_SPECS to its folder")
    return specs


@pytest.fixture
def desk():
    sandbox = TopdeskSandbox(SandboxOptions(closed_tickets=20))
    sandbox.story.play_until(STORY_START + timedelta(minutes=60))
    return sandbox


@pytest.fixture
async def client(desk):
    async with httpx.AsyncClient(
        transport=desk.transport(),
        base_url=f"http://desk.example.org{API}",
        auth=(desk.options.username, desk.options.password),
    ) as one:
        yield one


def asked(desk) -> list[tuple[str, dict[str, str], dict[str, str]]]:
    """Address, parameters and headers of every GET that the sandbox answers."""
    row = desk.state.by_number(MAIL)
    change = next(iter(desk.state.changes))
    operator = desk.account.operator["id"]
    one = f"/incidents/id/{row['id']}"
    return [
        *((path, {}, {}) for path in ("/version", "/operators/current", *LISTS)),
        *((f"/operators/id/{operator}/filters/{kind}", {}, {}) for kind in ("branch", "category")),
        *((f"{one}{rest}", {}, {}) for rest in ("", "/progresstrail", "/actions", "/requests")),
        (f"{one}/progresstrail/count", {}, {}),
        (f"/incidents/number/{MAIL}", {}, {}),
        ("/incidents", {"pageSize": "100"}, {}),
        ("/persons", {}, {"accept": V2}),
        ("/persons/lookup", {"name": ""}, {}),
        ("/categories", {}, {}),
        ("/operatorChanges", {}, {}),
        (f"/operatorChanges/{change}", {}, {}),
        (f"/changeCalendar/{change}", {}, {}),
        ("/changeCalendar", WHOLE_DAY, {}),
    ]


async def test_every_body_satisfies_the_specification(specification, desk, client):
    desk.account.branches = {one["name"] for one in desk.state.catalogue.lists["branch"].values()}
    unspecified, wrong, checked = set(), {}, 0
    for path, params, headers in asked(desk):
        answer = await client.get(path, params=params, headers=headers)
        if answer.status_code == 204:
            continue
        assert answer.status_code in {200, 206}, (path, answer.text)
        schema = schema_of(specification, path)
        if schema is None or len(schema) == 1:
            unspecified.add(path)
            continue
        checked += 1
        if found := faults(schema, answer.json()):
            wrong[path] = found[:3]
    assert wrong == {}
    assert checked > 20
    assert unspecified == UNSPECIFIED.keys()
