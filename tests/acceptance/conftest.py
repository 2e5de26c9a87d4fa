"""From YAML to intranet: real files, real settings, a real store, two sandboxes, one clock."""

import asyncio
import os
import random
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import uvicorn
import yaml

from connectors.topdesk.sandbox import STORY_START, SandboxOptions, TopdeskSandbox
from hub.engine import reconcile
from hub.engine.assemble import assemble
from hub.engine.runner import Runner
from hub.metrics import Metrics
from hub.registry import Registry
from hub.render.view import ServiceDesk
from hub.sandbox.intranet import InProcessTransport, IntranetOptions, IntranetSandbox
from hub.sandbox.intranet.models import Kind
from hub.schedule.embedded import Embedded
from hub.settings import Settings, load
from hub.store import holds, ledger, streams
from hub.store.store import Store
from hub.testing.fakes import FakeClock, FakeLog
from hub.web.app import WebOptions, app
from hub.web.serving import Server
from hub.web.source import StoredHealth, StoredTiles

DESK, INTRANET = "https://servicedesk.example.org", "https://intranet.example.org"
ROUTE = {"tile": "disturbances", "audience": "everyone", "keep_solved": "1h"}
HUB = {
    "store": "sqlite:///hub.db",
    "organisation": "Duo+",
    "service_desk": {"hours": {"nl": "werkdagen van 8 tot 17 uur"}, "phone": "088 000 00 00"},
    "audiences": {"uithoorn": {"groups": ["uithoorn"]}},
    "targets": {
        "intranet": {
            "target": "openintranet",
            "settings": {"url": INTRANET, "token": "${env:INTRANET_TOKEN}"},
        }
    },
}


class Switchboard(httpx.AsyncBaseTransport):
    """A network without sockets: hosts by name, each of which can be unplugged."""

    def __init__(self) -> None:
        self.hosts: dict[str, httpx.AsyncBaseTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = self.hosts.get(request.url.host)
        if host is None:
            raise httpx.ConnectError("connection refused", request=request)
        return await host.handle_async_request(request)


class PageRows(HTMLParser):
    """The rows of the intranet's dashboard as a browser would show them: title and state."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.states: dict[str, str] = {}
        self._state = self._title = ""
        self._reading = False

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if given.get("data-tile-item"):
            self._state = "solved" if "solved" in given["class"].split() else "open"
            self.states[given["data-tile-item"]] = self._state
        self._reading = self._reading or (tag == "h3" and bool(self._state))

    def handle_data(self, data):
        self._title += data if self._reading else ""

    def handle_endtag(self, tag):
        if tag == "h3" and self._reading:
            assert self._title not in self.found, f"two rows say {self._title}"
            self.found[self._title] = self._state
            self._reading, self._state, self._title = False, "", ""


@dataclass
class World:
    """One organisation's systems; `hub` and `files` are what its YAML files say."""

    folder: Path
    stack: AsyncExitStack
    clock: Any = field(default_factory=lambda: FakeClock(STORY_START.astimezone(UTC)))
    loopback: bool = False
    hub: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Any] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    desk: TopdeskSandbox = None
    intranet: IntranetSandbox = None
    registry: Registry = field(default_factory=Registry.discover)
    wire: Switchboard = field(default_factory=Switchboard)
    log: FakeLog = field(default_factory=FakeLog)
    settings: Settings = None
    store: Store = None
    runner: Runner = None
    schedule: Embedded = None
    visitor: httpx.AsyncClient = None
    plugs: dict[str, Any] = field(default_factory=dict)

    # --- the hub ---------------------------------------------------------------------------

    async def start(self, **env: str) -> "World":
        """Write the YAML files, load them, and start the hub; or stop it and start it again."""
        await self.stop()
        self.env |= env
        self._write()
        self.settings = load(self.folder / "hub.yaml", self.registry, self.env)
        self.store = Store(self.settings.store)
        self.store.own()
        await self.store.open()
        self.runner = await assemble(
            self.settings,
            self.store,
            now=self.clock.now,
            log=self.log,
            rng=random.Random(1),
            sleep=self.clock.sleep,
            transport=None if self.loopback else self.wire,
        )
        await self.runner.start()
        sleep = self.clock.sleep
        self.schedule = Embedded(self.runner, who="test", metrics=Metrics(), sleep=sleep)
        return self

    async def stop(self) -> None:
        if self.runner is not None:
            await self.runner.close()
            await self.store.close()
            self.runner = self.store = None

    def _write(self) -> None:
        (self.folder / "connectors").mkdir(exist_ok=True)
        for old in (self.folder / "connectors").iterdir():
            old.unlink()
        (self.folder / "hub.yaml").write_text(yaml.safe_dump(self.hub), encoding="utf-8")
        for name, content in self.files.items():
            text = content if isinstance(content, str) else yaml.safe_dump(content)
            (self.folder / "connectors" / f"{name}.yaml").write_text(text, encoding="utf-8")

    async def cycle(self, seconds: float = 30) -> None:
        """What is due is read; the next tick delivers it. Then time moves on."""
        for _ in range(2):
            await self.schedule.tick()
            await self.schedule.settle()
        self.clock.advance(seconds)

    async def passes(self, *, seconds: float = 0, minutes: float = 0, step: float = 30) -> None:
        """So much time passes; the last look is at its end."""
        end = self.clock.now() + timedelta(seconds=seconds, minutes=minutes)
        while self.clock.now() < end:
            await self.cycle(step)
        await self.cycle(0)

    async def ask(self, action: str, body: dict[str, Any]) -> Any:
        """Ask the running hub, as another process does; its answer."""
        number = await self.store.write(holds.ask, action, body, self.clock.now())
        await self.cycle(0)
        row = await self.store.read(holds.answered, number)
        assert row.error is None, row.error
        return row.answer

    # --- what there is to see --------------------------------------------------------------

    async def page(self, group: str = "", path: str = "/") -> str:
        """A page of the intranet, as it is served to somebody of this group."""
        answer = await self.visitor.get(f"{self.address('intranet')}{path}?group={group}")
        assert answer.status_code == 200
        return answer.text

    async def rows(self, group: str = "") -> dict[str, str]:
        """Title and state of the rows on the served dashboard."""
        return (await self._parsed(group)).found

    async def states(self, group: str = "") -> dict[str, str]:
        """State by key of the rows on the served dashboard."""
        return (await self._parsed(group)).states

    async def _parsed(self, group: str) -> PageRows:
        parser = PageRows()
        parser.feed(await self.page(group))
        return parser

    async def own_pages(self, language: str = "nl", audience: str = "everyone", view: str = "live"):
        """The hub's own tile as it is served: HTML text and JSON values."""
        tokens = await self.store.read(streams.tile_tokens)
        token = next(t.token for t in tokens if (t.audience, t.view) == (audience, view))
        transport = httpx.ASGITransport(self._site(), client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as visitor:
            html = await visitor.get(f"/t/{token}", headers={"accept-language": language})
            data = await visitor.get(f"/t/{token}.json")
        assert (html.status_code, data.status_code) == (200, 200)
        return html.text, data.json()

    async def tile(self, audience: str = "everyone", view: str = "live") -> dict[str, Any]:
        """The hub's own tile as JSON values."""
        return (await self.own_pages(audience=audience, view=view))[1]

    async def tile_rows(self, audience: str = "everyone", view: str = "live") -> dict[str, str]:
        """Title and state of the rows on the hub's own tile."""
        items = (await self.tile(audience, view))["items"]
        return {item["title"]["nl"]: item["state"] for item in items}

    def _site(self):
        hub = self.settings.hub
        tiles = StoredTiles(
            store=self.store,
            sources=self.runner.sources,
            titles={name: tile.title for name, tile in hub.tiles.items()},
            stale_after={name: tile.stale_after for name, tile in hub.tiles.items()},
            service_desk=ServiceDesk(hub.service_desk.hours, hub.service_desk.phone),
            organisation=hub.organisation,
            time_zone=hub.time_zone,
            now=self.clock.now,
        )
        health = StoredHealth(self.store, self.clock.now, Metrics())
        return app(tiles, health, WebOptions(), self.clock.now)

    async def status(self) -> dict[str, Any]:
        return await self.store.read(reconcile.status)

    async def stream(self, instance: str = "servicedesk") -> dict[str, Any]:
        found = (await self.status())["streams"]
        return next(row for row in found if row["instance"] == instance)

    async def target(self) -> Any:
        return (await self.store.read(ledger.targets))["intranet"]

    async def plan(self) -> reconcile.Plan:
        return await self.store.read(reconcile.plan)

    def said(self, event: str) -> int:
        """How often the log says this."""
        return sum(line.event == event for line in self.log.lines)

    def sent(self, since: int = 0, *, freshness: bool = False) -> list[tuple[str, str]]:
        """Method and path of the writes to the intranet after the first so many, also in batches."""
        return [
            (one.method, one.path)
            for one in self.intranet.requests[since:]
            if one.method in {"PUT", "DELETE"} and (freshness or "/freshness/" not in one.path)
        ]

    # --- what others do --------------------------------------------------------------------

    def major(self, title: str, **fields: Any) -> str:
        """The service desk makes a published major; its id."""
        given = {"majorCall": True, "publishToSsd": True, "category": "Software"} | fields
        return self.desk.state.add_incident(briefDescription=title, **given)["id"]

    def edit(self, key: str, **fields: Any) -> None:
        self.desk.state.edit(key, **fields)

    def asked(self) -> int:
        """How many requests TOPdesk saw."""
        return len(self.desk.requests)

    def item(self, key: str) -> dict[str, Any]:
        """A tile item as it stands on the intranet, by a part of its key."""
        found = self.intranet.store.of_kind(Kind.TILE_ITEM)
        [one] = [one for one in found if key in one.external_id]
        return {"external_id": one.external_id, **one.body}

    # --- the wires -------------------------------------------------------------------------

    async def plug(self, name: str) -> None:
        """Connect `desk` or `intranet`: by the switchboard, or on its loopback port."""
        box = {"desk": self.desk, "intranet": self.intranet}[name]
        if not self.loopback:
            way = box.transport() if name == "desk" else InProcessTransport(box.app)
            self.wire.hosts[httpx.URL(self.address(name)).host] = way
            return
        port = httpx.URL(self.plugs[name][1]).port if name in self.plugs else 0
        stack = await self.stack.enter_async_context(AsyncExitStack())
        self.plugs[name] = (stack, await serve(box.app, port, stack))

    async def serve(self, site: Any) -> str:
        """Serve another application on a loopback port; its address."""
        return await serve(site, 0, self.stack)

    async def unplug(self, name: str) -> None:
        if self.loopback:
            await self.plugs[name][0].aclose()
        else:
            del self.wire.hosts[httpx.URL(self.address(name)).host]

    def address(self, name: str) -> str:
        return self.plugs[name][1] if self.loopback else {"desk": DESK, "intranet": INTRANET}[name]


async def serve(site: Any, port: int, stack: AsyncExitStack) -> str:
    """Serve on a loopback port (0: a free one) until the stack is closed; the base address."""
    config = uvicorn.Config(
        site, port=port, log_config=None, lifespan="off", date_header=False, ws="none",
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = Server(config)
    task = asyncio.create_task(server.serve())

    async def end() -> None:
        server.should_exit = True
        await task

    stack.push_async_callback(end)
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110  # uvicorn offers no event to await
            await asyncio.sleep(0.01)
    return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"


MakeWorld = Callable[..., Any]


@pytest.fixture
def folder(tmp_path) -> Iterator[Path]:
    """Memory where there is a disk of it: hours of virtual time would wait for minutes of disk."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="hub-test-") as made:
        yield Path(made)


@pytest.fixture
async def make_world(folder, store_url) -> AsyncIterator[MakeWorld]:
    """Makes worlds, once on each database: `desk=` options of TOPdesk, `settings=` of its connector, `routes=`, ..."""
    async with AsyncExitStack() as stack:

        async def make(
            *, desk=None, intranet=None, settings=None, routes=None, mode="live",
            loopback=False, start=True, **changes,
        ) -> World:  # fmt: skip
            made = World(folder, stack, loopback=loopback, **changes)
            stack.push_async_callback(made.stop)
            options = {"story": False, "closed_tickets": 60} | (desk or {})
            made.desk = TopdeskSandbox(SandboxOptions(**options), made.clock.now)
            made.intranet = IntranetSandbox(IntranetOptions(**(intranet or {})), made.clock.now)
            for name in ("desk", "intranet"):
                await made.plug(name)
            given = {"url": made.address("desk"), "username": "hub", "branch_field": "callerBranch"}
            given |= {"password": "${env:TOPDESK_PASSWORD}"} | (settings or {})
            made.files = {
                "servicedesk": {
                    "connector": "topdesk", "name": "Servicedesk", "mode": mode,
                    "routes": routes or [ROUTE], "settings": given,
                },
                "manual": {"connector": "manual", "mode": mode},
            }  # fmt: skip
            made.hub = yaml.safe_load(yaml.safe_dump(HUB))
            made.hub["targets"]["intranet"]["settings"]["url"] = made.address("intranet")
            made.env = {
                "TOPDESK_PASSWORD": made.desk.options.password,
                "INTRANET_TOKEN": made.intranet.options.token,
            }
            if store_url.startswith("postgresql"):
                password = sa.make_url(store_url).password
                made.hub["store"] = store_url.replace(password, "${env:HUB_DATABASE_PASSWORD}")
                made.env["HUB_DATABASE_PASSWORD"] = password
            transport = None if loopback else made.wire
            made.visitor = await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, trust_env=False, timeout=10)
            )
            return await made.start() if start else made

        yield make
