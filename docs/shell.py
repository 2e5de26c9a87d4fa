"""One terminal: a bash that keeps its folder, its variables and its background jobs."""

import os
import re
import shlex
import signal
import subprocess  # nosec B404  # it types what our own pages say
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from docs.blocks import Command, missing

LONGEST = 60.0  # seconds for one command
READY = 25.0  # seconds until a server in the background says what it promised


class BrokenPromiseError(Exception):
    """The page and the truth differ."""


class Shell:
    """A bash to type into; everything that it started ends with it.

    Args:
        folder: where it begins, empty.
        environment: all of its variables.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.printed: list[str] = []
        self._change = threading.Condition()
        self._bash = subprocess.Popen(  # nosec B603, B607  # the reader's bash, from the PATH
            ["bash", "--noprofile", "--norc"],  # noqa: S607  so is the reader's
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()
        self._type("set -m")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """End every job that this terminal started, then the terminal."""
        start = len(self.printed)
        self._type("jobs -p | sed 's/^/__JOB__ /'; echo __END__ 0")
        self._wait_for(lambda lines: "__END__ 0" in lines, start, 5.0)
        groups = [
            int(one.split()[1]) for one in self.printed[start:] if re.match(r"__JOB__ \d+$", one)
        ]
        for number in (signal.SIGTERM, signal.SIGKILL):
            groups = [group for group in groups if _signalled(group, number)]
            _until_gone(groups)
        self._bash.kill()
        self._bash.wait(10)
        self._reader.join(5)
        for pipe in (self._bash.stdin, self._bash.stdout):
            if pipe is not None:
                pipe.close()

    def run(self, command: Command) -> None:
        """Type it, wait for its end (or, in the background, for what it promised), and judge.

        Raises:
            BrokenPromiseError: another exit code, or a promised line is missing.
        """
        start = len(self.printed)
        if command.background:
            self._type(f"eval {shlex.quote(command.text)} </dev/null")
            self._wait_for(lambda lines: not missing(command.promised, lines), start, READY)
            code = command.exit_code
        else:
            self._type(f"eval {shlex.quote(command.text)} </dev/null; printf '\\n__END__ %s\\n' $?")
            self._wait_for(lambda lines: any(map(_ended, lines)), start, LONGEST)
            code = self._code(start)
        lines = [one for one in self.printed[start:] if not one.startswith("__")]
        lost = missing(command.promised, lines)
        if code != command.exit_code or lost:
            raise BrokenPromiseError(_report(command, code, lost, lines))

    def address(self, word: str) -> str:
        """The last address that was printed on a line with this word.

        Raises:
            BrokenPromiseError: none was.
        """
        for line in reversed(self.printed):
            found = re.search(r"https?://\S+", line)
            if found and word in line:
                return found[0].rstrip(").,")
        raise BrokenPromiseError(f"no address was printed on a line with `{word}`")

    def _code(self, start: int) -> int:
        said = next((one for one in self.printed[start:] if _ended(one)), None)
        if said is None:
            raise BrokenPromiseError(f"it did not end within {LONGEST:.0f} seconds")
        return int(said.split()[1])

    def _type(self, text: str) -> None:
        if self._bash.stdin is not None and self._bash.poll() is None:
            self._bash.stdin.write(text + "\n")
            self._bash.stdin.flush()

    def _listen(self) -> None:
        for line in self._bash.stdout or ():
            with self._change:
                self.printed.append(line.rstrip("\n"))
                self._change.notify_all()

    def _wait_for(self, met: Callable[[Sequence[str]], bool], start: int, seconds: float) -> None:
        until = time.monotonic() + seconds
        with self._change:
            while not met(self.printed[start:]) and time.monotonic() < until:
                self._change.wait(0.2)


def _ended(line: str) -> bool:
    return re.match(r"__END__ \d+$", line) is not None


def _signalled(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _until_gone(groups: list[int]) -> None:
    """Wait a moment; signal 0 only asks whether a group is there."""
    until = time.monotonic() + 5
    while time.monotonic() < until and any(_signalled(one, 0) for one in groups):
        time.sleep(0.05)


def _report(command: Command, code: int, lost: str, lines: list[str]) -> str:
    why = f"`{lost}` was not printed" if lost else f"exit code {code}, not {command.exit_code}"
    shown = "\n".join(f"    {one}" for one in lines[-40:])
    return f"line {command.line}: $ {command.text}\n  {why}; it printed:\n{shown}"
