"""The command line as an administrator uses it: in this process, and as real processes."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.cli import main

PASSWORD = "a1b2c-d3e4f-g5h6i-j7k8l-m9n0p"

HUB_YAML = """\
store: {store}
organisation: Gemeente Voorbeeld
web: {{port: {port}}}
audiences: {{balie: {{groups: [balie]}}}}
"""
MANUAL = "connector: manual\nmode: {mode}\ntargets: [web]\n"
TOPDESK = """\
connector: topdesk
mode: {mode}
settings:
  url: {url}
  username: hub
  password: ${{env:TOPDESK_PASSWORD}}
"""


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        return self.out.strip().splitlines()[-1]

    @property
    def json(self):
        return json.loads(self.out)


@dataclass
class Place:
    """A folder with a configuration, and a hub that is called in it."""

    folder: Path
    capsys: pytest.CaptureFixture
    address: str = "sqlite:///hub.db"  # as hub.yaml says it
    database: str = ""  # where it is really

    def __post_init__(self) -> None:
        self.database = self.database or f"sqlite:///{self.store}"

    @property
    def config(self) -> Path:
        return self.folder / "hub.yaml"

    @property
    def store(self) -> Path:
        return self.folder / "hub.db"

    def hub_yaml(self, port: int = 8090, more: str = "") -> None:
        self.config.write_text(HUB_YAML.format(store=self.address, port=port) + more)

    def manual(self, mode: str = "live", more: str = "") -> None:
        self.instance("manual", MANUAL.format(mode=mode) + more)

    def topdesk(self, url: str, mode: str = "watch") -> None:
        self.instance("servicedesk", TOPDESK.format(mode=mode, url=url))

    def instance(self, name: str, text: str) -> Path:
        path = self.folder / "connectors" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def sql(self, statement: str) -> list:
        """What the store says itself, beside the hub."""
        engine = sa.create_engine(
            self.database.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool
        )
        with engine.begin() as tx:
            found = tx.execute(sa.text(statement))
            return found.all() if found.returns_rows else []

    def __call__(self, *words: str, config: bool = True) -> Result:
        given = [*words, "--config", str(self.config)] if config else list(words)
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(given)
        out, err = self.capsys.readouterr()
        return Result(ended.value.code or 0, out, err)

    def start(self, *words: str, **env: str) -> "Process":
        return self.program(
            "from hub.cli import main; main()", *words, "--config", *self._own, **env
        )

    def program(self, text: str, *words: str, **env: str) -> "Process":
        command = [sys.executable, "-c", text, *words]
        return Process(command, env, self.folder.parent / f"said-{time.monotonic_ns()}")

    @property
    def _own(self) -> list[str]:
        return [str(self.config)]


class Process:
    """A real process of ours, which writes into files; ended with the test."""

    def __init__(self, command: list[str], env: dict[str, str], said: Path) -> None:
        said.mkdir()
        self._said = said
        with (said / "out").open("w") as out, (said / "err").open("w") as err:
            self.process = subprocess.Popen(command, stdout=out, stderr=err, env=os.environ | env)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def out(self) -> str:
        return (self._said / "out").read_text()

    @property
    def err(self) -> str:
        return (self._said / "err").read_text()

    def until(self, pattern: str) -> re.Match:
        """Wait for something on stdout."""

        def said():
            ended = self.process.poll() is not None
            found = re.search(pattern, self.out, re.MULTILINE)
            assert found or not ended, f"{pattern!r} never came: {self.out}{self.err}"
            return found

        return _until(said, 30)

    def end(self, number: int = signal.SIGTERM) -> Result:
        self.process.send_signal(number)
        return Result(self.process.wait(timeout=60), self.out, self.err)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=60)


@pytest.fixture
def hub(tmp_path, capsys) -> Place:
    place = Place(tmp_path / "here", capsys)
    place.folder.mkdir()
    place.hub_yaml()
    return place


@pytest.fixture
def either(hub, store_url, monkeypatch) -> Place:
    """The same, once on each database: for what goes through the store."""
    if store_url.startswith("postgresql"):
        password = sa.make_url(store_url).password
        monkeypatch.setenv("HUB_DATABASE_PASSWORD", password)
        hub.address = store_url.replace(password, "${env:HUB_DATABASE_PASSWORD}")
        hub.database = store_url
        hub.hub_yaml()
    return hub


@pytest.fixture
def processes():
    """Give it what was started: it ends with the test."""
    started: list[Process] = []
    yield started
    for one in started:
        one.close()


@pytest.fixture(scope="module")
def desk():
    """A practice TOPdesk on a loopback port; its story stands still at the beginning."""
    from connectors.topdesk.sandbox import SandboxOptions, TopdeskSandbox, serving

    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=40)
    sandbox = TopdeskSandbox(SandboxOptions(closed_tickets=50, start=start))
    sandbox.clock.advance(40 * 60)
    sandbox.story.play_until(sandbox.clock.now())
    with serving(sandbox.app) as url:
        yield url


@pytest.fixture
def password(monkeypatch):
    """The practice TOPdesk's, where the configuration looks for it."""
    monkeypatch.setenv("TOPDESK_PASSWORD", PASSWORD)


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def until():
    return _until


def _until(ask, seconds: float = 60.0):
    """Ask until the answer is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := ask():
            return answer
        time.sleep(0.1)
    raise AssertionError("it did not become true in time")
