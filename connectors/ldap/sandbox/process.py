"""Programs of the operating system: found, started, waited for, stopped by their own id."""

import ctypes
import resource
import shutil
import signal
import socket
import subprocess  # nosec B404
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60.0  # seconds, on a busy machine
PR_SET_PDEATHSIG = 1
FILES = 4096  # slapd makes room for as many connections as it may open files


class MissingError(Exception):
    """A program is not on this machine; the message says how to get it."""


@dataclass(frozen=True, slots=True)
class Pem:
    """A server's certificate, its key, and the CA that signed it: files in PEM."""

    certificate: Path
    key: Path
    ca: Path


def program(name: str, package: str) -> str:
    """Where a program is.

    Raises:
        MissingError: it is not there.
    """
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin")
    if found is None:
        raise MissingError(f"no {name} here: install the package `{package}`")
    return found


def run(*command: str | Path, text: str | None = None, env: Mapping[str, str] | None = None) -> str:
    """What a program prints.

    Raises:
        MissingError: it failed; its own last words.
    """
    done = subprocess.run(  # noqa: S603  # nosec B603  # a program of our own choice
        [str(each) for each in command],
        input=text,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 5,
        check=False,
        env=env,
    )
    if done.returncode != 0:
        raise MissingError(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout)[-400:]}")
    return done.stdout


def free_port() -> int:
    """A port on loopback that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _before() -> None:
    """In the new process: end with whoever started it, and open few files."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, hard), hard))


class Program:
    """One running program; what it says goes into a file.

    Args:
        command: what to start.
        log: where its words go.
        ready: a socket, or a port on loopback, that takes connections once it is up.
    """

    def __init__(self, command: Sequence[str], log: Path, ready: Path | int) -> None:
        self._command = command
        with log.open("ab") as said:
            self._process = subprocess.Popen(  # noqa: S603  # nosec B603  # a program of our own choice
                command,
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=subprocess.STDOUT,
                preexec_fn=_before,  # noqa: PLW1509 - nothing else runs between fork and exec
            )
        self.pid = self._process.pid
        try:
            self._wait(ready, log)
        except BaseException:
            self.stop()
            raise

    def _wait(self, ready: Path | int, log: Path) -> None:
        last = time.monotonic() + PATIENCE
        while not answers(ready):
            if self._process.poll() is not None or time.monotonic() > last:
                words = log.read_text(errors="replace")[-400:]
                raise MissingError(f"{self._command[0]} did not start: {words}")
            time.sleep(0.01)

    def stop(self) -> None:
        """End it; killed where it does not listen."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(15)


def answers(place: Path | int) -> bool:
    """Whether somebody takes connections on this socket, or port on loopback."""
    port = isinstance(place, int)
    with socket.socket(socket.AF_INET if port else socket.AF_UNIX) as probe:
        probe.settimeout(5)
        try:
            probe.connect(("127.0.0.1", place) if port else str(place))
        except OSError:
            return False
        return True
