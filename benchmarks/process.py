"""A program and its children, measured: wall, CPU, memory. Linux only: it reads /proc."""

import contextlib
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE = 0.05  # seconds between looks at the memory
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = resource.getpagesize()
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Spent:
    """What a program and its children cost.

    Attributes:
        code: exit code; negative: the signal that ended it; None: it took too long.
        wall: seconds.
        cpu: seconds of all processes of the tree that were waited for.
        rss: bytes, the largest sum over the tree in any sample.
    """

    code: int | None
    wall: float
    cpu: float
    rss: int


class Program:
    """A program at work, in a session of its own.

    Args:
        log: where its output goes.
    """

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str], folder: Path, log: Path
    ) -> None:
        self._begin = time.monotonic()
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command,
                env=dict(env),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.pid = self._process.pid
        self._peak = 0
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def wait(self, timeout: float) -> Spent:
        """Wait until it ends; it is killed after `timeout` seconds."""
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            if (spent := self._ended()) is not None:
                return spent
            time.sleep(0.005)
        return self.kill(code=None)

    def _ended(self) -> Spent | None:
        pid, status, usage = os.wait4(self.pid, os.WNOHANG)
        if not pid:
            return None
        return self._spent(os.waitstatus_to_exitcode(status), usage)

    def _spent(self, code: int | None, usage: resource.struct_rusage) -> Spent:
        wall = time.monotonic() - self._begin
        self._over.set()
        self._watcher.join()
        self._process.returncode = 0 if code is None else code
        peak = max(self._peak, usage.ru_maxrss * 1024)
        return Spent(code, wall, usage.ru_utime + usage.ru_stime, peak)

    @property
    def ended(self) -> bool:
        """Whether its end was collected."""
        return self._over.is_set()

    def running(self) -> bool:
        """Whether it goes on; an end that is seen here still waits to be collected."""
        seen = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return seen is None

    def cpu(self) -> float:
        """Seconds of CPU that the tree used until now."""
        return sum(_cpu(pid) for pid in tree(self.pid))

    def rss(self) -> int:
        """Bytes of memory that the tree holds now."""
        return sum(_rss(pid) for pid in tree(self.pid))

    def kill(self, code: int | None = -signal.SIGKILL) -> Spent:
        """Kill the whole tree at once."""
        for pid in tree(self.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        _, _, usage = os.wait4(self.pid, 0)
        return self._spent(code, usage)

    def stop(self, timeout: float = 20.0) -> Spent:
        """Ask it politely to end."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait(timeout)

    def _watch(self) -> None:
        while not self._over.wait(SAMPLE):
            self._peak = max(self._peak, self.rss())


def tree(pid: int) -> Iterator[int]:
    """A process and all below it, those that exist now."""
    yield pid
    for path in PROC.glob(f"{pid}/task/*/children"):
        with contextlib.suppress(OSError):
            for child in path.read_text("ascii").split():
                yield from tree(int(child))


def _rss(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int((PROC / str(pid) / "statm").read_text("ascii").split()[1]) * PAGE
    return 0


def _cpu(pid: int) -> float:
    with contextlib.suppress(OSError):
        fields = (PROC / str(pid) / "stat").read_text("ascii").rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / TICKS
    return 0.0
