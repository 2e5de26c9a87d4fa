"""A package of somebody else: installed for real, found, configured; the hub is not changed."""

import json

import pytest

PROJECT = """\
[project]
name = "weather-for-the-hub"
version = "1.0"

[project.entry-points."intranet_hub.connectors"]
weather = "weather_for_the_hub:WeatherConnector"
unwell = "weather_for_the_hub.unwell:UnwellConnector"

[project.entry-points."intranet_hub.targets"]
board = "weather_for_the_hub:BoardTarget"

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""

MODULE = '''\
"""Weather alarms as disturbances, and a board that shows them."""

from datetime import datetime, timedelta, UTC
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, HttpUrl, SecretStr

from hub.contract import (
    Ability, Batch, Capabilities, Connector, Finding, Outcome, Record, Slice, Stream, Target,
)
from hub.events.base import Family
from hub.events.incident import Incident, IncidentState
from hub.events.objects import Kind


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: HttpUrl
    key: SecretStr


class WeatherConnector(Connector[Settings]):
    name: ClassVar[str] = "weather"
    settings: ClassVar[type[BaseModel]] = Settings

    def streams(self):
        return (Stream("alarms", frozenset({Family.INCIDENT}), timedelta(minutes=5)),)

    async def check(self):
        return (Finding("ok", "the sky is there"),)

    async def read(self, request):
        storm = Incident(
            title={"en": "Storm"}, state=IncidentState.OPEN, since=datetime(2026, 1, 5, tzinfo=UTC)
        )
        yield Batch(records=[Record("storm", storm)], finished=[Slice()])


class BoardTarget(Target[Settings]):
    name: ClassVar[str] = "board"
    settings: ClassVar[type[BaseModel]] = Settings

    def address(self):
        return str(self.config.url)

    async def capabilities(self):
        return Capabilities({Kind.TILE_ITEM: Ability()})

    async def check(self):
        return ()

    async def publish(self, items):
        return [Outcome("done", remote_id=item.key) for item in items]

    async def find(self, kind, keys):
        return {}

    async def list_remote(self, kind):
        return
        yield
'''

UNWELL = "import a_library_that_is_not_installed\n"

HUB = """\
store: sqlite:///hub.db
organisation: Duo+
targets:
  board: {target: board, settings: {url: "https://board.example.org", key: "${env:KEY}"}}
"""

INSTANCE = """\
connector: weather
targets: [board]
settings: {url: "https://weather.example.org", key: "${env:KEY}"}
"""

STORY = """
import asyncio, json, os, sys
from datetime import UTC, datetime
from pathlib import Path
from hub.contract import Context, Delivery, ReadRequest
from hub.events.objects import Kind
from hub.http import HttpFactory
from hub.registry import Registry
from hub.settings import load, schema

registry = Registry.discover()
settings = load(Path(sys.argv[1]), registry, os.environ)
now = lambda: datetime.now(UTC)

def context(name, http):
    return Context(name, HttpFactory(http, now), None, now)

async def story():
    (one,) = settings.instances
    board = next(target for target in settings.targets if target.id == "board")
    source = one.connector_class(one.config, context(one.id, one.http))
    target = board.target_class(board.config, context(board.id, board.http))
    keys = []
    async for batch in source.read(ReadRequest(source.streams()[0].name)):
        keys += [record.key for record in batch.records]
    items = [Delivery(Kind.TILE_ITEM, key, "present", {}, "token") for key in keys]
    return [outcome.remote_id for outcome in await target.publish(items)], target.address()

hub_schema, connector_schema = schema(registry)
print(json.dumps({
    "plugins": {one.name: [one.state, one.reason, one.dist] for one in registry.plugins},
    "problems": [str(problem) for problem in settings.problems],
    "told": asyncio.run(story()),
    "schemas": [hub_schema["$defs"]["TargetSettings"]["properties"]["target"]["enum"],
                connector_schema["properties"]["connector"]["enum"]],
}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory, install):
    """A folder with the foreign package installed into it."""
    folder = tmp_path_factory.mktemp("foreign")
    package = folder / "source" / "weather_for_the_hub"
    package.mkdir(parents=True)
    (package.parent / "pyproject.toml").write_text(PROJECT)
    (package / "__init__.py").write_text(MODULE)
    (package / "unwell.py").write_text(UNWELL)
    return install(package.parent, folder / "site")


@pytest.fixture(scope="module")
def told(tmp_path_factory, installed, python):
    """What a fresh process finds, loads, reads and publishes."""
    folder = tmp_path_factory.mktemp("configured")
    (folder / "connectors").mkdir()
    (folder / "hub.yaml").write_text(HUB)
    (folder / "connectors" / "alarms.yaml").write_text(INSTANCE)
    (folder / "connectors" / "unwell.yaml").write_text("connector: unwell\n")
    done = python(installed, "-c", STORY, folder / "hub.yaml", cwd=folder, KEY="foreign-secret")
    assert done.returncode == 0, done.stderr
    assert "foreign-secret" not in done.stdout + done.stderr
    return json.loads(done.stdout)


def test_foreign_connector_and_target_are_ready(told):
    assert told["plugins"]["weather"] == ["ready", "", "weather-for-the-hub"]
    assert told["plugins"]["board"] == ["ready", "", "weather-for-the-hub"]


def test_broken_entry_point_is_a_line_and_stops_nobody(told):
    state, reason, dist = told["plugins"]["unwell"]
    assert (state, dist) == ("load_failed", "weather-for-the-hub")
    assert "No module named 'a_library_that_is_not_installed'" in reason
    (said,) = told["problems"]
    assert said.startswith("connectors/unwell.yaml:1: connector: the connector `unwell` could not")
    assert "repair or reinstall `weather-for-the-hub`, or remove this file" in said


def test_bundled_plugins_stand_beside_the_foreign_ones(told):
    assert told["plugins"]["topdesk"][0] == "ready"
    assert told["plugins"]["web"][0] == "ready"


def test_foreign_connector_reads_and_foreign_target_publishes(told):
    assert told["told"] == [["storm"], "https://board.example.org/"]


def test_editors_know_the_foreign_names(told):
    targets, connectors = told["schemas"]
    assert {"board", "web"} <= set(targets)
    assert "weather" in connectors
    assert "unwell" not in connectors
