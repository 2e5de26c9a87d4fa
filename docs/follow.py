"""Does what README and tutorial say, in an empty directory: `python -m docs.follow`.

Every page gets a directory of its own with the project's `hub` on the PATH. Commands, exit codes
and promised lines are checked, servers are stopped at the end. Exit code 1 when a page is wrong.
"""

import os
import re
import socket
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from docs.blocks import Command, File, Goal, Look, Snippet, Step, steps
from docs.shell import BrokenPromiseError, Shell

ROOT = Path(__file__).parents[1]
MOST = 12  # commands from nothing to one's own tile and its plan
LOOKS = 45.0  # seconds until a page shows what it should: a reading every half minute
PORTS = re.compile(r"\b(?:8090|88\d\d)\b")


@dataclass
class Report:
    """How one page went.

    Attributes:
        commands: up to the goal, those that are not run here too.
        faults: what is wrong, in words.
    """

    page: str
    commands: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


def pages() -> list[Path]:
    """The pages to follow."""
    return [ROOT / "README.md", *sorted((ROOT / "docs/tutorial").glob("*.md"))]


def follow(page: Path, say: Callable[[str], None]) -> Report:
    """Do what one page says.

    Args:
        page: the Markdown file.
        say: told every step with its seconds.
    """
    report = Report(page.relative_to(ROOT).as_posix())
    say(f"{report.page}")
    began = time.monotonic()
    todo = steps(moved(page.read_text("utf-8")))
    report.commands = _counted(todo)
    if report.commands > MOST:
        report.faults.append(f"{report.commands} commands until the goal, {MOST} are promised")
    with tempfile.TemporaryDirectory(prefix="hub-docs-") as name:
        folder = Path(name)
        with Shell(folder, plain_environment(folder)) as shell:
            walk(todo, shell, folder, report, say)
    report.seconds = time.monotonic() - began
    return report


def walk(
    todo: Sequence[Step], shell: Shell, folder: Path, report: Report, say: Callable[[str], None]
) -> None:
    """Step by step, until one fails: the next ones stand on it. Faults go into the report."""
    for step in todo:
        began = time.monotonic()
        try:
            said = _do(step, shell, folder)
        except BrokenPromiseError as error:
            report.faults.append(str(error))
            say(f"  BROKEN  {error}")
            return
        if said:
            say(f"  {time.monotonic() - began:5.1f} s  {said}")


def _do(step: Step, shell: Shell, folder: Path) -> str:
    match step:
        case Command(skipped=reason) if reason:
            return f"not run here: {_short(step.text)} ({reason})"
        case Command():
            shell.run(step)
            return f"$ {_short(step.text)}"
        case File():
            path = folder / step.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text, "utf-8")
            return f"wrote {step.name}"
        case Snippet():
            return _parsed(step)
        case Look():
            return _looked(step, shell)
        case Goal():
            return "here is the goal"


def _parsed(step: Snippet) -> str:
    try:
        YAML(typ="safe", pure=True).load(step.text)
    except YAMLError as error:
        raise BrokenPromiseError(f"line {step.line}: this is not YAML") from error
    return ""


def _looked(step: Look, shell: Shell) -> str:
    address = shell.address(step.word)
    until = time.monotonic() + LOOKS
    while True:
        body = _page(address)
        if step.text in body:
            return f"{address.split('/t/', maxsplit=1)[0]}... shows: {step.text}"
        if time.monotonic() > until:
            raise BrokenPromiseError(f"line {step.line}: {address} does not show `{step.text}`")
        time.sleep(0.5)


def _page(address: str) -> str:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310  # nosec B310  # the hub's
            return str(answer.read().decode("utf-8"))
    except (urllib.error.URLError, OSError):
        return ""


def _counted(todo: Sequence[Step]) -> int:
    goal = next((at for at, step in enumerate(todo) if isinstance(step, Goal)), len(todo))
    return sum(isinstance(step, Command) for step in todo[:goal])


def _short(text: str) -> str:
    first, *more = text.splitlines()
    return first + (" ..." if more else "")


def moved(text: str) -> str:
    """The page with ports that are taken on this machine replaced by free ones."""
    places = {port: _free(int(port)) for port in sorted(set(PORTS.findall(text)))}
    return PORTS.sub(lambda found: places[found[0]], text)


def _free(port: int) -> str:
    for wanted in (port, 0):
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return str(one.getsockname()[1])
    raise BrokenPromiseError("this machine has no free port")


def plain_environment(folder: Path) -> Mapping[str, str]:
    """A plain environment: nothing of the person who runs this decides how it goes."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    fixed = {"PATH": path, "HOME": str(folder), "NO_COLOR": "1", "COLUMNS": "100", "TERM": "dumb"}
    return {**kept, **fixed, "PYTHONUNBUFFERED": "1"}


def main() -> int:
    """Follow every page; 0 when all of them are true."""
    reports = [follow(page, _say) for page in pages()]
    for one in reports:
        state = "wrong" if one.faults else "true"
        _say(f"{one.page}: {state}, {one.commands} commands, {one.seconds:.1f} s")
        for fault in one.faults:
            _say(f"  {fault}")
    return 1 if any(one.faults for one in reports) else 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
