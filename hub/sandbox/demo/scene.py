"""Everything that the demo starts, and puts away again: service desk, directory, intranet, hub."""

import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from hub.engine.assemble import assemble
from hub.metrics import Metrics
from hub.registry import Registry
from hub.sandbox.demo import writing
from hub.sandbox.demo.clock import DemoClock
from hub.sandbox.demo.people import company as people
from hub.sandbox.demo.people import seed
from hub.sandbox.demo.people.company import Company
from hub.sandbox.demo.people.office import find_office
from hub.sandbox.demo.serving import address, own, serving
from hub.sandbox.demo.stage import Stage, find_stage
from hub.sandbox.intranet import IntranetOptions, IntranetSandbox
from hub.schedule.embedded import Embedded
from hub.settings import ConfigProblems, Settings, load
from hub.store import streams
from hub.store.store import Store, Tx
from hub.web.site import site

FILE = "sqlite:///hub.db"
SANDBOX = "sandbox"  # the practice directory; `slapd`: a real one
PORTS = 5


@dataclass(frozen=True)
class Scene:
    """The running demo.

    Attributes:
        config: hub.yaml, in a folder that goes with the demo.
        tiles: addresses of the hub's own tiles, by audience.
        hook: where the service desk may call the hub, and with which secret.
        browser: reads pages as a visitor does.
        company: the people; None: the demo goes without.
        guide: where the page that tells the story may be served.
    """

    clock: DemoClock
    stage: Stage
    intranet: IntranetSandbox
    store: Store
    schedule: Embedded
    browser: httpx.AsyncClient
    config: Path
    settings: Settings
    company: Company | None
    guide: socket.socket = field(repr=False)
    desk_address: str
    intranet_address: str
    tiles: Mapping[str, str]
    hook: tuple[str, str] = field(repr=False)


@dataclass(frozen=True)
class _Ports:
    desk: socket.socket
    intranet: socket.socket
    hub: socket.socket
    guide: socket.socket
    directory: socket.socket


@asynccontextmanager
async def opened(
    clock: DemoClock,
    start: datetime,
    *,
    log: Any,
    port_base: int | None = None,
    calls: bool = False,
    store: str = FILE,
    directory: str | None = SANDBOX,
) -> AsyncIterator[Scene]:
    """Start service desk, directory, intranet and hub on loopback; the schedule is the caller's to run.

    Args:
        clock: shared by all of them.
        start: the first moment of the story.
        log: where the hub logs to.
        port_base: the first of five ports; None: free ones.
        calls: the service desk calls the hub when something changes; else the hub only asks.
        store: the address of an empty database; by default a file that goes with the demo.
        directory: `sandbox`, `slapd`, or None: nobody but the service desk.

    Raises:
        BadConfigError: a port is taken, or a sandbox or the chosen directory is missing.
    """
    async with AsyncExitStack() as stack:
        ports = _listen(stack, port_base)
        scene = await _open(stack, clock, start, log, ports, url=store, directory=directory)
        if calls:
            stack.push_async_callback(scene.stage.settle)
            scene.stage.call(*scene.hook)
        yield scene


async def _open(
    stack: AsyncExitStack,
    clock: DemoClock,
    start: datetime,
    log: Any,
    ports: "_Ports",
    *,
    url: str,
    directory: str | None,
) -> Scene:
    registry = Registry.discover()
    stage = find_stage(registry).stage(start, clock.now)
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="hub-demo-")))
    options = IntranetOptions()
    secret = secrets.token_urlsafe(24)
    company = None
    if directory is not None:
        office = find_office(registry).office(directory, start, clock.now)
        where = await stack.enter_async_context(office.opened(ports.directory))
        company = people.company(office, where)
    config = _configure(folder, stage, ports, options, secret=secret, url=url, company=company)
    settings = _loaded(config, registry)
    store = await _store(stack, settings)
    runner = await assemble(settings, store, now=clock.now, log=log, sleep=clock.sleep)
    stack.push_async_callback(runner.close)
    await runner.start()
    tiles = await store.read(_tiles, address(ports.hub))
    shown = options.model_copy(update={"tile_url": tiles["everyone"]})
    intranet = IntranetSandbox(shown, clock.now)
    metrics = Metrics()
    await stack.enter_async_context(serving(stage.app, ports.desk))
    await stack.enter_async_context(serving(intranet.app, ports.intranet))
    pages = site(settings, runner, metrics, clock.now)
    await stack.enter_async_context(serving(pages, ports.hub))
    browser = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=10))
    return Scene(
        clock=clock,
        stage=stage,
        intranet=intranet,
        store=store,
        schedule=Embedded(runner, who="demo", metrics=metrics, sleep=clock.sleep),
        browser=browser,
        config=config,
        settings=settings,
        company=company,
        guide=ports.guide,
        desk_address=address(ports.desk),
        intranet_address=address(ports.intranet),
        tiles=tiles,
        hook=(f"{address(ports.hub)}/hooks/{writing.INSTANCE}", secret),
    )


def _listen(stack: AsyncExitStack, base: int | None) -> _Ports:
    numbers = [0] * PORTS if base is None else range(base, base + PORTS)
    return _Ports(*(stack.enter_context(closing(own(number))) for number in numbers))


def _configure(
    folder: Path,
    stage: Stage,
    ports: _Ports,
    options: IntranetOptions,
    *,
    secret: str,
    url: str,
    company: Company | None,
) -> Path:
    desk, intranet = address(ports.desk), address(ports.intranet)
    token = writing.write_secret(folder, "intranet-token", options.token)
    store = url if url == FILE else writing.write_secret(folder, "store", url)
    port = ports.hub.getsockname()[1]
    said = people.hub_part() if company else {}
    hub = writing.hub_yaml(store=store, port=port, intranet=intranet, token=token, people=said)
    shown = _references(folder, stage.connector, stage.secrets())
    hook = writing.write_secret(folder, f"{stage.connector}-webhook", secret)
    instance = writing.instance_yaml(stage.connector, {**stage.settings(desk), **shown}, hook)
    files = {writing.INSTANCE: instance}
    if company is not None:
        office, shops = company.office, folder / "winkels"
        seed.put_down(shops, company.both)
        secrets_of = _references(folder, office.connector, office.secrets())
        files |= people.instances(company, secrets_of, shops)
    return writing.write(folder, hub, files)


def _references(folder: Path, name: str, secrets_of: Mapping[str, str]) -> dict[str, str]:
    return {
        key: writing.write_secret(folder, f"{name}-{key}", value)
        for key, value in secrets_of.items()
    }


def _loaded(config: Path, registry: Registry) -> Settings:
    """The settings, without the environment: a HUB_STORE of this machine is not the demo's."""
    settings = load(config, registry, {})
    if settings.problems:
        raise ConfigProblems(settings.problems)
    return settings


async def _store(stack: AsyncExitStack, settings: Settings) -> Store:
    store = Store(settings.store)
    stack.push_async_callback(store.close)
    store.own()
    return await store.open()


def _tiles(tx: Tx, base: str) -> dict[str, str]:
    rows = streams.tile_tokens(tx)
    return {row.audience: f"{base}/t/{row.token}" for row in rows if row.view == "live"}
