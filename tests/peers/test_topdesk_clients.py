"""Clients that others wrote read the sandbox TOPdesk, each in its own virtual environment.

Their code never enters this project: it is installed below `.cache/peers` and runs in processes
of its own. An impossible installation is a printed skip.
"""

import json
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from connectors.topdesk.sandbox import STORY_START, SandboxOptions, TopdeskSandbox, serving

pytestmark = [pytest.mark.peers, pytest.mark.timeout(300)]

TOPDESK = """
import json, sys
from topdesk import Topdesk, errors
base, name, password = sys.argv[1:]
desk = Topdesk(base, app_creds=(name, password))
found = {"version": desk.version()}
found["default"] = len(desk.incidents({}))
found["reports"] = [r["number"] for r in desk.incidents(
    {"query": "briefDescription=='Outlook opent niet';closed==false", "pageSize": 100})]
found["none"] = desk.incidents({"query": "number==nothing"})
one = desk.incident("M 2611 021")
found["one"] = [one["briefDescription"], desk.incident(one["id"])["number"]]
made = desk.create_incident({"briefDescription": "Van een ander", "request": "Hallo"})
found["made"] = desk.incident(made["id"])["request"].splitlines()[-1]
token = Topdesk(base)
token.login_operator(name, password)
found["token"] = token.incident("M 2611 021")["number"]
for label, call in {
    "400": lambda: desk.incidents({"query": ""}),
    "401": lambda: Topdesk(base, app_creds=(name, "wrong")).version(),
    "404": lambda: desk.incident("I 0000 000"),
}.items():
    try:
        call()
    except errors.HttpException as error:
        found[label] = type(error).__name__
print(json.dumps(found))
"""

MCP = """
import json, logging, sys
logging.disable(logging.CRITICAL)
from topdesk_mcp import _topdesk_sdk as sdk
base, name, password = sys.argv[1:]
desk = sdk.connect(base, name, password)
find = desk.incident.get_list
found = {}
found["followed"] = [r["number"] for r in find(query="closed==false", page_size=10)]
found["filtered"] = [r["number"] for r in find(
    query="majorCall==true;publishToSsd==true;closed==false", page_size=10)]
found["spec_style"] = len(find(query="closed==false", page_size=None, pageSize=100))
found["one"] = desk.incident.get("M 2611 021")["id"]
found["trail"] = len(desk.incident.get_progress_trail(found["one"], page_size=5))
found["persons"] = [p["surName"] for p in desk.person.get_list(query="email=='balie@example.org'")]
found["nobody"] = desk.person.get_list(query="email=='nobody@example.org'")
found["refused"] = sdk.connect(base, name, "wrong").incident.get_list()
found["bodies"] = find(query="closed==false", page_size=25, dateFormat="iso8601")
print(json.dumps(found))
"""


def ask(python: Path, script: str, desk: TopdeskSandbox, base: str) -> dict[str, Any]:
    command = [str(python), "-c", script, base, desk.options.username, desk.options.password]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env={"NO_PROXY": "*"}
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def desk_at_half_past_eight(**options: Any) -> TopdeskSandbox:
    desk = TopdeskSandbox(SandboxOptions(closed_tickets=300, **options))
    desk.story.play_until(STORY_START + timedelta(minutes=30))
    return desk


def test_the_client_topdesk_reads_the_strict_sandbox(ready):
    python = ready("topdesk", "requests", alone="topdesk==0.0.17") / "python"
    desk = desk_at_half_past_eight()
    with serving(desk.app) as base:
        found = ask(python, TOPDESK, desk, base)
    assert found == {
        "version": {"version": "3.17.0"},
        "default": 10,
        "reports": ["I 2611 9001", "I 2611 9002", "I 2611 9003"],
        "none": None,
        "one": ["E-mail niet bereikbaar", "M 2611 021"],
        "made": "Hallo",
        "token": "M 2611 021",
        "400": "BadRequest",
        "401": "Unauthorized",
        "404": "NotFound",
    }
    statuses = {entry.status for entry in desk.requests}
    assert statuses == {200, 201, 204, 206, 400, 401, 404}


@pytest.fixture(scope="module")
def mcp(ready: Callable[..., Path]) -> Path:
    python = ready("topdesk-mcp", "requests", alone="topdesk-mcp==0.8.20") / "python"
    (packages,) = (python.parents[1] / "lib").glob("python*/site-packages")
    stub = packages / "markitdown.py"  # 300 MB otherwise, for attachments that nobody reads here
    stub.write_text("def MarkItDown(**_): pass\n", "utf-8")
    return python


@pytest.fixture(scope="module")
def read_by_mcp(mcp: Path) -> tuple[TopdeskSandbox, dict[str, Any]]:
    desk = desk_at_half_past_eight(params="legacy")
    mail = desk.state.by_number("M 2611 021")["id"]
    for n in range(10):
        desk.state.add_progress(mail, f"Bericht {n}")
    with serving(desk.app) as base:
        return desk, ask(mcp, MCP, desk, base)


def test_the_client_topdesk_mcp_reads_the_legacy_sandbox(read_by_mcp):
    desk, found = read_by_mcp
    still_open = [row["number"] for row in desk.state.incidents.values() if not row["closed"]]
    assert len(still_open) > 40
    assert found["followed"] == still_open
    assert found["spec_style"] == len(still_open)
    majors = [number for number in still_open if number.startswith("M ")]
    assert found["filtered"] == majors
    assert len(majors) == 7
    assert found["trail"] == 12
    assert found["persons"] == ["Visser", "Meijer"]
    assert found["nobody"] == "Success"  # its word for 204
    assert found["refused"].startswith("Unauthorized")
    partial = [entry for entry in desk.requests if entry.status == 206]
    assert len(partial) >= 6  # pages of incidents and of the trail were followed


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return [without_nulls(v) for v in value] if isinstance(value, list) else value


def test_what_it_read_satisfies_the_schema_that_it_ships(mcp, read_by_mcp):
    (path,) = mcp.parents[1].glob("lib/python*/site-packages/topdesk_mcp/resources/*schemas.yaml")
    shipped = yaml.safe_load(path.read_text("utf-8"))["schemas"]
    shipped["Incident"]["additionalProperties"] = False
    schema = {"$ref": "#/schemas/Incident", "schemas": shipped}
    checker = Draft202012Validator(schema, format_checker=FormatChecker(("uuid", "date-time")))
    bodies = read_by_mcp[1]["bodies"]
    assert len(bodies) > 40
    for body in bodies:
        assert [e.message for e in checker.iter_errors(without_nulls(body))] == []
    for planted in ({"closed": "no"}, {"number": 7}, {"id": "x"}, {"callDate": "nu"}, {"extra": 1}):
        assert len(list(checker.iter_errors(without_nulls(bodies[0] | planted)))) == 1, planted
