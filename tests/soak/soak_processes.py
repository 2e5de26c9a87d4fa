"""Real `hub run` processes that share one PostgreSQL, two sandboxes, and a chaos of signals."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from connectors.topdesk.sandbox import SandboxOptions, TopdeskSandbox, serving
from hub.sandbox.intranet import IntranetOptions, IntranetSandbox
from hub.sandbox.intranet.models import Kind

LEASE = 5  # seconds; the shortest that the hub allows
PATIENCE = 90  # seconds until something must have become true, on a busy machine
INSTANCES = ("north", "east", "south", "west")

HUB_YAML = """\
store: {store}
lease: {lease}s
organisation: Gemeente Voorbeeld
targets: {{intranet: {{target: openintranet, settings: {{url: '{url}', token: sandbox-token}}}}}}
"""
INSTANCE = """\
connector: topdesk
mode: live
every: 10s
targets: [intranet]
settings: {{url: '{url}', username: hub, password: '${{env:TOPDESK_PASSWORD}}'}}
"""
MAIN = "from hub.cli import main; main()"


class Process:
    """One `hub run`; what it says goes into a file."""

    def __init__(self, config: Path, env: dict[str, str], said: Path) -> None:
        self._said = said
        with said.open("w") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-c", MAIN, "run", "--no-web", "--config", str(config)],
                stdout=file,
                stderr=subprocess.STDOUT,
                env=os.environ | env,
            )
        self.pid = self._process.pid

    @property
    def said(self) -> str:
        return self._said.read_text()

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        return self._process.wait(timeout=PATIENCE)

    def close(self) -> None:
        if self.runs:
            self._process.kill()
            self._process.wait(timeout=PATIENCE)


class Cluster:
    """Processes, the store that they share, a source and an intranet."""

    def __init__(self, folder: Path, store: str, desk: TopdeskSandbox, intranet: IntranetSandbox):
        self.folder, self.store, self.desk, self.intranet = folder, store, desk, intranet
        self.processes: list[Process] = []
        self._env = {"TOPDESK_PASSWORD": desk.options.password}
        self._titles: dict[str, str] = {}

    def configure(self, desk: str, intranet: str) -> None:
        (self.folder / "connectors").mkdir()
        text = HUB_YAML.format(store="${env:STORE}", lease=LEASE, url=intranet)
        text = text.replace("token: sandbox-token", "token: '${env:INTRANET_TOKEN}'")
        (self.folder / "hub.yaml").write_text(text)
        self._env |= {"STORE": self.store, "INTRANET_TOKEN": self.intranet.options.token}
        for name in INSTANCES:
            path = self.folder / "connectors" / f"{name}.yaml"
            path.write_text(INSTANCE.format(url=desk))

    def start(self) -> Process:
        said = self.folder / f"said-{len(self.processes)}"
        one = Process(self.folder / "hub.yaml", self._env, said)
        self.processes.append(one)
        until(lambda: "Next: " in one.said or not one.runs)
        assert one.runs, one.said
        return one

    def command(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-c", MAIN, *words, "--config", str(self.folder / "hub.yaml")],
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
            env=os.environ | self._env,
        )

    def status(self) -> dict:
        return json.loads(self.command("status", "--json").stdout)

    def owned(self) -> dict[int, set[str]]:
        """What each living process owns, by its pid."""
        rows = self.sql(
            "select l.name, p.holder from lease l join lease p on p.name = l.owner"
            " where p.expires > clock_timestamp()"
        )
        found: dict[int, set[str]] = {}
        for name, holder in rows:
            found.setdefault(json.loads(holder)["pid"], set()).add(name)
        return found

    def sql(self, statement: str) -> list[tuple]:
        with psycopg.connect(self.store, autocommit=True) as connection:
            return connection.execute(statement).fetchall()

    def contents(self) -> dict[str, list[tuple]]:
        """Every row of every table."""
        tables = "select tablename from pg_tables where schemaname = 'public'"
        names = sorted(name for (name,) in self.sql(tables))
        return {name: sorted(self.sql(f'select t::text from "{name}" t')) for name in names}

    # --- the source and the intranet ---------------------------------------------------------

    def major(self, title: str) -> str:
        given = {"majorCall": True, "publishToSsd": True, "category": "Software"}
        key = self.desk.state.add_incident(briefDescription=title, **given)["id"]
        self._titles[key] = title
        return key

    def rename(self, key: str, title: str) -> None:
        self.desk.state.edit(key, briefDescription=title)
        self._titles[key] = title

    def shown(self) -> Counter[str]:
        """Titles on the intranet, each as often as it stands there."""
        rows = list(self.intranet.store.of_kind(Kind.TILE_ITEM))
        return Counter(row.body["title"]["nl"] for row in rows)

    @property
    def wanted(self) -> Counter[str]:
        return Counter(dict.fromkeys(self._titles.values(), len(INSTANCES)))

    def complete(self) -> bool:
        return self.shown() == self.wanted

    def doubled(self) -> list[str]:
        """Calls that the intranet carried out twice, or that changed nothing."""
        seen: set[tuple[str, str | None]] = set()
        last: dict[str, str] = {}
        found = []
        for one in list(self.intranet.requests):
            if not one.applied or one.replayed or "tile-item" not in one.path:
                continue
            if (one.path, one.idempotency_key) in seen or last.get(one.path) == one.digest:
                found.append(f"{one.method} {one.path}")
            seen.add((one.path, one.idempotency_key))
            last[one.path] = one.digest
        return found


def until(ask: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Ask until the answer is true."""
    end = time.monotonic() + seconds
    while not ask():
        assert time.monotonic() < end, "it did not become true in time"
        time.sleep(0.1)


@contextlib.contextmanager
def cluster(folder: Path, store: str) -> Iterator[Cluster]:
    """A configured cluster without processes; all of them end with it."""
    desk = TopdeskSandbox(SandboxOptions(story=False, closed_tickets=10))
    intranet = IntranetSandbox(IntranetOptions(), lambda: datetime.now(UTC))
    with serving(desk.app) as desk_url, serving(intranet.app) as intranet_url:
        made = Cluster(folder, store, desk, intranet)
        made.configure(desk_url, intranet_url)
        try:
            yield made
        finally:
            for one in made.processes:
                with contextlib.suppress(ProcessLookupError):
                    one.signal(signal.SIGCONT)
                one.close()


def pids_of_status(found: dict) -> dict[int, list[str]]:
    """Instances by pid, as `hub status --json` tells them."""
    return {
        int(re.search(r"pid (\d+)", row["process"])[1]): row["instances"]
        for row in found["processes"]
    }
