"""Takes the pictures of README and tutorial: `python -m docs.pictures`.

It follows the tutorial until its tile is live, then looks at the pages with Chromium and keeps what
the terminal printed as SVG; then it plays the demo until people wait for a decision. Without Chromium the old pictures stay.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from docs import demo_pictures, follow
from docs.blocks import Command, Goal, Step, steps
from docs.shell import Shell

IMAGES = follow.ROOT / "docs/images"
TUTORIAL = follow.ROOT / "docs/tutorial/first-tile.md"
SIZES = {"intranet-desktop": (1280, 900), "intranet-phone": (360, 780)}
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
WIDTH = 92  # characters of a terminal picture


def main() -> int:
    """Take all pictures; 1 when the tutorial could not be followed."""
    browser = shutil.which("chromium")
    if browser is None:
        sys.stdout.write("no chromium on this machine: the pictures stay as they are\n")
        return 0
    report = follow.Report("pictures")
    watch, live = _parts(steps(follow.moved(TUTORIAL.read_text("utf-8"))))
    with tempfile.TemporaryDirectory(prefix="hub-pictures-") as name:
        folder = Path(name)
        with Shell(folder, follow.plain_environment(folder)) as shell:
            follow.walk(watch, shell, folder, report, _quiet)
            if not report.faults:
                _draw("plan", shell)
                _draw("status", shell)
                follow.walk(live, shell, folder, report, _quiet)
            if not report.faults:
                _photograph(shell.address("Listening on"), browser)
    demo_pictures.take(IMAGES, browser, list(QUIET))
    for fault in report.faults:
        sys.stderr.write(fault + "\n")
    return 1 if report.faults else 0


def _quiet(_text: str) -> None:
    """The tutorial's own steps are no news here."""


def _parts(todo: list[Step]) -> tuple[list[Step], list[Step]]:
    """Up to the goal, where the mode is `watch`; and on, until something is taken away."""
    goal = next(at for at, one in enumerate(todo) if isinstance(one, Goal))
    rest = todo[goal:]
    ends = (at for at, one in enumerate(rest) if isinstance(one, Command) and _takes(one))
    return todo[:goal], rest[: next(ends, len(rest))]


def _takes(command: Command) -> bool:
    return command.text.startswith("hub withdraw")


def _draw(command: str, shell: Shell) -> None:
    """What `hub COMMAND` prints, as a terminal."""
    _write(command, f"hub {command}", _output(shell, f"hub {command}"))


def _output(shell: Shell, text: str) -> list[str]:
    start = len(shell.printed)
    shell.run(Command(0, text))
    return [one for one in shell.printed[start:] if not one.startswith("__")]


def _write(name: str, command: str, lines: Sequence[str]) -> None:
    """A terminal with one command and its output."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True)
    console.print(Text(f"$ {command}", style="bold"))
    for line in lines:
        console.print(Text(line, style=_style(line)), soft_wrap=False)
    drawn = console.export_svg(title=command, unique_id=name)
    without_fonts = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    tidy = "\n".join(line.rstrip() for line in without_fonts.splitlines()) + "\n"
    (IMAGES / f"{name}.svg").write_text(tidy, "utf-8")


def _style(line: str) -> str:
    return "green" if line.startswith(("ok", "  +")) else ""


def _photograph(address: str, browser: str) -> None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  only this command needs it

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser, args=list(QUIET))
        for name, (width, height) in SIZES.items():
            size: Any = {"width": width, "height": height}
            page = chromium.new_page(viewport=size, locale="nl-NL")
            page.goto(address)
            page.screenshot(path=str(IMAGES / f"{name}.png"))
        chromium.close()


if __name__ == "__main__":
    sys.exit(main())
