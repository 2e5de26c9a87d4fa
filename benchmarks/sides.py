"""Who takes part: the ceiling, the peers, and (in `benchmarks.hub`) the hub itself."""

import os
import shutil
import socket
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import NATS, NODE, NODE_RED, ROOT, Environment, environments
from benchmarks.works import Way, Who, Work

PROGRAMS = Path(__file__).parent / "programs"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a side is given for one work.

    Attributes:
        source, sink: addresses.
        state: a folder of its own, empty at first, kept between the runs of one work.
        batch: records a request; 1: one by one.
        at_once: requests that may be in flight.
        parts: how many instances read; each a part of the source.
        deltas: whether changes may be asked for; else everything is read each time.
        receives: whether records come by request.
        port: a free port, for a side that listens.
    """

    source: str
    sink: str
    state: Path
    batch: int
    at_once: int
    port: int
    parts: int = 1
    deltas: bool = True
    receives: bool = False

    def env(self) -> dict[str, str]:
        """For programs; little of the own environment goes along."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return kept | {
            "BENCH_SOURCE": self.source,
            "BENCH_SINK": self.sink,
            "BENCH_STATE": str(self.state),
            "BENCH_BATCH": str(self.batch),
            "BENCH_AT_ONCE": str(self.at_once),
            "BENCH_HOOK_PORT": str(self.port),
        }


@dataclass(frozen=True, slots=True)
class Command:
    """A program to start."""

    words: tuple[str, ...]
    env: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Hook:
    """Where one record can be posted."""

    url: str
    path: str
    headers: Mapping[str, str]


class Side(ABC):
    """One of those who do the same work."""

    name: str
    title: str
    peer: bool = True

    def missing(self) -> str:
        """Why it can't take part; empty when it can."""
        return ""

    @abstractmethod
    def takes(self, work: Work) -> bool:
        """Whether this work means anything to it."""

    def prepare(self, setting: Setting) -> None:  # noqa: B027  most need nothing
        """Write what it needs into the empty state."""

    @abstractmethod
    def sync(self, setting: Setting) -> Command:
        """One synchronisation from the kept state on; ends by itself, 0 when all is well."""

    def serve(self, setting: Setting) -> Command | None:
        """A daemon that takes records by request; None: it has none."""
        del setting
        return None

    def profiled_imports(self, setting: Setting) -> Command | None:
        """One synchronisation that prints what each import took; None: not ours to ask."""
        del setting
        return None

    def hook(self, setting: Setting) -> Hook:
        """Where the daemon takes them."""
        return Hook(f"http://127.0.0.1:{setting.port}", "/hook", {})

    def rejected(self, setting: Setting) -> set[str] | None:
        """Ids that it says the sink refused; None: it keeps no such list."""
        del setting
        return None


class Raw(Side):
    """The ceiling: no framework, nothing stored."""

    peer = False
    works = frozenset({"START", "W1", "W1-1", "W2", "LAT"})

    def __init__(self, name: str, title: str, program: str) -> None:
        self.name, self.title, self._program = name, title, program

    def takes(self, work: Work) -> bool:
        """It knows no faults and keeps nothing."""
        return work.name in self.works

    def sync(self, setting: Setting) -> Command:
        """Run by the project's own Python."""
        env = setting.env() | {"PYTHONPATH": str(ROOT)}
        return Command((sys.executable, str(PROGRAMS / self._program)), env)


class Foreign(Side):
    """A peer in its own environment.

    Args:
        words: the program, seen from `programs`; `serves`: it takes `serve` as a word.
    """

    def __init__(
        self, environment: Environment, words: tuple[str, ...], *, serves: bool = False
    ) -> None:
        self.name, self.title = environment.name, environment.title
        self._environment = environment
        self._words = words
        self._serves = serves

    def missing(self) -> str:
        """It must have been installed by `make bench-setup`."""
        return "" if self._environment.ready() else "not installed: run `make bench-setup`"

    def takes(self, work: Work) -> bool:
        """What is asked of all."""
        return work.who is Who.ALL and (work.way is not Way.RECEIVED or self._serves)

    def sync(self, setting: Setting) -> Command:
        """One run of its program."""
        return Command(self._command(), self._env(setting))

    def serve(self, setting: Setting) -> Command | None:
        """The same program, serving."""
        return Command((*self._command(), "serve"), self._env(setting)) if self._serves else None

    def _command(self) -> tuple[str, ...]:
        program, *more = self._words
        return (self._program(program), *(str(PROGRAMS / word) for word in more))

    def _program(self, name: str) -> str:
        return (
            str(self._environment.interpreter) if name == "python" else shutil.which(name) or name
        )

    def _env(self, setting: Setting) -> dict[str, str]:
        folder = self._environment.folder
        return setting.env() | {
            "BENCH_PYTHON": str(self._environment.interpreter),
            "BENCH_NATS": str(folder / NATS),
            "BENCH_NATS_PORT": str(free_port()),
            "BENCH_NODE": str(folder / NODE),
            "BENCH_NODE_RED": str(folder / NODE_RED),
        }


class NodeRed(Foreign):
    """Node-RED needs its flow in its state."""

    def prepare(self, setting: Setting) -> None:
        """Write the flow."""
        from benchmarks import nodered  # noqa: PLC0415  one side's own business

        folder = setting.state / "nodered"
        folder.mkdir()
        (folder / "flows.json").write_text(nodered.flow(PROGRAMS / "nodered"), "utf-8")


def peers() -> list[Side]:
    """Those that others wrote."""
    known = environments()
    return [
        Foreign(known["dlt"], ("python", "dlt_sync.py")),
        Foreign(known["singer"], ("bash", "singer.sh")),
        Foreign(known["airbyte"], ("bash", "airbyte.sh")),
        Foreign(known["faststream"], ("python", "faststream_hub.py"), serves=True),
        NodeRed(known["nodered"], ("bash", "nodered/run.sh"), serves=True),
    ]


def ceilings() -> list[Side]:
    """Those that store nothing."""
    return [
        Raw("raw", "bare sockets", "raw_loop.py"),
        Raw("bare", "the hub's HTTP clients, bare", "bare_client.py"),
    ]


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
