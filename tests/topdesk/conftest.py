"""A sandbox TOPdesk and a connector that reads it, without a network."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from connectors.topdesk.connector import TopdeskConnector
from connectors.topdesk.sandbox import SandboxOptions, TopdeskSandbox
from connectors.topdesk.settings import TopdeskSettings
from hub.contract import Batch, ReadRequest, Record
from hub.testing.fakes import FakeClock, FakeLog, fake_context

URL = "https://servicedesk.example.org"
TITLE = "E-mail niet bereikbaar"


@dataclass
class Desk:
    """One sandbox, one connector on it, and what the connector logged."""

    sandbox: TopdeskSandbox
    connector: TopdeskConnector
    log: FakeLog
    clock: FakeClock

    async def read(self) -> list[Batch]:
        """One whole reading."""
        return [batch async for batch in self.connector.read(ReadRequest("majors"))]

    async def records(self) -> dict[str, Record]:
        """The records of one whole reading, by key."""
        found = [record for batch in await self.read() for record in batch.records]
        return {record.key: record for record in found if isinstance(record, Record)}

    def major(self, title: str = TITLE, **fields: Any) -> str:
        """A new open, published major; its id."""
        flags = {"majorCall": True, "publishToSsd": True, "category": "Software"}
        row = self.sandbox.state.add_incident(briefDescription=title, **(flags | fields))
        return str(row["id"])

    def edit(self, key: str, **fields: Any) -> None:
        self.sandbox.state.edit(key, **fields)

    def asked(self, path: str = "/incidents") -> list[dict[str, str]]:
        """The queries of the requests to that path, oldest first."""
        found = [r.query for r in self.sandbox.requests if r.path == f"/tas/api{path}"]
        return [dict(parse_qsl(query)) for query in found]


MakeDesk = Callable[..., Desk]


@pytest.fixture
def make_desk() -> MakeDesk:
    """Makes a desk; `sandbox=` options of the sandbox, all else settings of the connector."""

    def make(
        sandbox: dict[str, Any] | None = None,
        transport: Callable[[TopdeskSandbox], httpx.AsyncBaseTransport] | None = None,
        **settings: Any,
    ) -> Desk:
        options = SandboxOptions(**({"story": False, "closed_tickets": 120} | (sandbox or {})))
        server = TopdeskSandbox(options)
        login = {"url": URL, "username": options.username, "password": options.password}
        config = TopdeskSettings.model_validate(login | settings)
        log, clock = FakeLog(), FakeClock(options.start)
        way = transport(server) if transport else server.transport()
        context = fake_context("servicedesk", clock=clock, transport=way, log=log)
        return Desk(server, TopdeskConnector(config, context), log, clock)

    return make


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    """A desk with its defaults and no major."""
    return make_desk()


@pytest.fixture(scope="session")
def specs(pytestconfig: pytest.Config) -> Path:
    """The folder with TOPdesk's specification; skips without it."""
    folder = Path(os.environ.get("HUB_SPECS", pytestconfig.rootpath.parent / "shared" / "specs"))
    if not (folder / "topdesk" / "openapi_incident.json").is_file():
        pytest.skip(f"TOPdesk's specification is not in {folder}: set HUB_SPECS to its folder")
    return folder / "topdesk"
