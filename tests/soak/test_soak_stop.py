"""SIGTERM to a real `hub run`, whatever it is doing: it ends politely, and at once when told twice."""

import asyncio
import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from connectors.topdesk.sandbox import SandboxOptions, TopdeskSandbox, serving
from hub.sandbox.intranet import IntranetOptions, IntranetSandbox
from hub.store.migrate import upgrade

COMMAND = [sys.executable, "-c", "from hub.cli import main; main()", "run"]
SECRETS = {"TOPDESK_PASSWORD": "a1b2c-d3e4f-g5h6i-j7k8l-m9n0p"}
HUB_YAML = """\
store: {store}
organisation: Gemeente Voorbeeld
web: {{port: {port}}}
audiences: {{balie: {{groups: [balie]}}}}
targets:
  intranet:
    target: openintranet
    settings: {{url: {intranet}, token: "${{env:INTRANET_TOKEN}}"}}
"""
DESK_YAML = """\
connector: topdesk
mode: live
targets: [intranet]
every: 10s
settings: {{url: {url}, username: hub, password: "${{env:TOPDESK_PASSWORD}}"}}
"""
MOMENTS = ("starting", "reading", "delivering", "looking up", "idle")


@dataclass
class Slow:
    """A sandbox that takes its time, and knows what it is asked."""

    app: object
    seconds: float = 0.05
    asked: list[str] = field(default_factory=list)
    busy: int = 0

    async def __call__(self, scope, receive, send) -> None:
        self.asked.append(f"{scope['method']} {scope['path']}")
        self.busy += 1
        try:
            await asyncio.sleep(self.seconds)
            await self.app(scope, receive, send)
        finally:
            self.busy -= 1


@dataclass
class Organisation:
    """A TOPdesk, an intranet, and the files of a hub between them."""

    folder: Path
    port: int
    sandbox: TopdeskSandbox
    desk: Slow
    intranet: Slow
    password: str

    def start(self) -> subprocess.Popen:
        said = (self.folder / "said").open("w")
        secrets = {"INTRANET_TOKEN": IntranetOptions().token, "STORE_PASSWORD": self.password}
        with said:
            return subprocess.Popen(
                [*COMMAND, "--config", str(self.folder / "hub.yaml")],
                stdout=said,
                stderr=subprocess.STDOUT,
                env=os.environ | SECRETS | secrets,
            )

    @property
    def said(self) -> str:
        return (self.folder / "said").read_text()

    def met(self, wished: str) -> str:
        """Wait until the hub does this, for a while; what it does then."""
        end = time.monotonic() + 6
        while self.doing() != wished and time.monotonic() < end:
            time.sleep(0.004)
        return self.doing()

    def doing(self) -> str:
        """What the hub does at this moment, as the others see it."""
        if self.intranet.busy:
            return "delivering"
        if self.desk.busy:
            last = self.desk.asked[-1]
            return "looking up" if re.search(r"/incidents/(id|number)/", last) else "reading"
        return "idle" if "Next: " in self.said else "starting"


@pytest.fixture
def organisation(tmp_path, store_url) -> Iterator[Organisation]:
    begun = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=40)
    sandbox = TopdeskSandbox(SandboxOptions(closed_tickets=20, start=begun))
    sandbox.clock.advance(40 * 60)
    sandbox.story.play_until(sandbox.clock.now())
    desk = Slow(sandbox.app)
    intranet = Slow(IntranetSandbox(IntranetOptions(), lambda: datetime.now(UTC)).app)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with serving(desk) as desk_url, serving(intranet) as intranet_url:
        password = sa.make_url(store_url).password or "none"
        store = store_url.replace(password, "${env:STORE_PASSWORD}")
        text = HUB_YAML.format(store=store, port=port, intranet=intranet_url)
        (tmp_path / "hub.yaml").write_text(text)
        (tmp_path / "connectors").mkdir()
        (tmp_path / "connectors" / "desk.yaml").write_text(DESK_YAML.format(url=desk_url))
        yield Organisation(tmp_path, port, sandbox, desk, intranet, password)


def ended(process: subprocess.Popen, seconds: float = 60) -> int:
    try:
        return process.wait(timeout=seconds)
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def visitor(port: int) -> Iterator[None]:
    """Somebody who keeps asking for a page, and keeps the connection."""
    stop = threading.Event()

    def ask() -> None:
        with httpx.Client(trust_env=False) as client:
            while not stop.wait(0.02):
                with contextlib.suppress(httpx.HTTPError):
                    client.get(f"http://127.0.0.1:{port}/healthz")

    thread = threading.Thread(target=ask)
    thread.start()
    yield
    stop.set()
    thread.join()


def test_it_ends_politely_whatever_it_does(organisation, size, figure):
    stops, seconds = size.number(3, 30), size.seconds(120, 180)
    rng, moments, longest, begun = random.Random(3), Counter(), 0.0, time.monotonic()
    with visitor(organisation.port):
        while sum(moments.values()) < stops and time.monotonic() - begun < seconds:
            process = organisation.start()
            wished = MOMENTS[sum(moments.values()) % len(MOMENTS)]
            if wished == "starting":
                time.sleep(rng.uniform(0.05, 1.0))
            moments[organisation.met(wished)] += 1
            process.send_signal(signal.SIGTERM)
            asked = time.monotonic()
            code = ended(process)
            assert code == 0 or (code == -signal.SIGTERM and not organisation.said), (
                f"{code} {moments}: {organisation.said}"
            )
            assert "Traceback" not in organisation.said
            assert "task_failed" not in organisation.said, organisation.said
            longest = max(longest, time.monotonic() - asked)
            organisation.sandbox.clock.advance(300)
            organisation.sandbox.story.play_until(organisation.sandbox.clock.now())
    assert longest < 30
    figure(
        f"SIGTERM, {_database(organisation)}",
        stops=sum(moments.values()),
        exit_other_than_0=0,
        tracebacks=0,
        longest_seconds=round(longest, 1),
        moments=dict(moments),
    )


def _database(organisation: Organisation) -> str:
    return "sqlite" if "sqlite" in (organisation.folder / "hub.yaml").read_text() else "postgresql"


def until(true, process: subprocess.Popen, organisation: Organisation) -> None:
    end = time.monotonic() + 60
    while not true():
        late = time.monotonic() > end or process.poll() is not None
        if late:
            process.kill()
            process.wait()
        assert not late, organisation.said
        time.sleep(0.02)


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_second_signal_ends_it_at_once(organisation, second):
    organisation.desk.seconds = 8.0
    process = organisation.start()
    until(lambda: organisation.desk.busy, process, organisation)
    process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(2)
    process.send_signal(second)
    assert ended(process, 10) == 128 + second
    assert "Traceback" not in organisation.said


@pytest.mark.soak
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("slow", ["desk", "intranet"])
def test_what_does_not_end_is_broken_off(organisation, slow, figure):
    getattr(organisation, slow).seconds = 85.0
    process = organisation.start()
    until(lambda: getattr(organisation, slow).busy, process, organisation)
    process.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    assert ended(process) == 0
    took = time.monotonic() - begun
    getattr(organisation, slow).seconds = 0.0
    assert 15 < took < 40
    assert "Traceback" not in organisation.said
    figure(f"SIGTERM while the {slow} hangs", seconds_to_end=round(took, 1), exit_code=0)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_stop_during_a_migration_harms_nothing(organisation, size, figure):
    store, stops = organisation.folder / "hub.db", size.number(2, 20)
    rng, codes = random.Random(4), Counter()
    for _ in range(stops):
        for end in ("", "-wal", "-shm"):
            Path(f"{store}{end}").unlink(missing_ok=True)
        engine = sa.create_engine(f"sqlite:///{store}")
        with engine.begin() as tx:
            upgrade(tx, "0001")
        engine.dispose()
        process = organisation.start()
        time.sleep(rng.uniform(0.2, 1.5))
        process.send_signal(signal.SIGTERM)
        codes[ended(process)] += 1
        assert "Traceback" not in organisation.said
    process = organisation.start()
    until(lambda: "Next: " in organisation.said, process, organisation)
    process.send_signal(signal.SIGTERM)
    assert ended(process) == 0
    figure("SIGTERM around a migration", stops=stops, codes={str(k): n for k, n in codes.items()})
    assert set(codes) <= {0, -signal.SIGTERM}
