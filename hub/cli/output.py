"""What a command writes: for people on stdout, one JSON document for scripts, the rest on stderr.

Colour only on a terminal, and never with NO_COLOR; everything fits in 80 columns.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from hub.events.text import visible

STYLES = {"ok": "green", "warning": "yellow", "failed": "red"}


class Output:
    """One command's voice.

    Args:
        json: True: stdout carries one JSON document and nothing else.
    """

    def __init__(self, *, json: bool = False) -> None:
        self.json = json
        self._begun = False
        self._out = _console(sys.stdout)
        self._err = _console(sys.stderr)

    def say(self, text: str = "", style: str = "") -> None:
        """A line for people; silent when the answer is JSON."""
        if not self.json:
            self._begun = True
            self._out.print(Text(_clean(text), style=style), soft_wrap=True)

    def paragraph(self, text: str, indent: int = 0) -> None:
        """Text folded to the width, every line of it indented."""
        if not self.json:
            self._out.print(Padding(Text(_clean(text)), (0, 0, 0, indent)))

    def heading(self, text: str) -> None:
        """A line that begins a part."""
        if self._begun:
            self.say()
        self.say(text, "bold")

    def finding(self, level: str, text: str, advice: str = "") -> None:
        """A line with its level in words, and below it what to do."""
        if self.json:
            return
        self._begun = True
        mark = Text(f"{level:<8}", style=STYLES.get(level, ""))
        self._out.print(mark + Text(_clean(text)), soft_wrap=True)
        if advice and level != "ok":
            self._out.print(Text(f"{'':8}-> {_clean(advice)}"), soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Rows under headings; long cells are folded, never cut, those of the first never folded."""
        if self.json or not rows:
            return
        self._begun = True
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        for at, name in enumerate(columns):
            table.add_column(name, overflow="fold", no_wrap=at == 0)
        for row in rows:
            table.add_row(*(Text(_clean(shown(cell))) for cell in row))
        self._out.print(table)

    def next(self, text: str) -> None:
        """The last line: what to do next."""
        self.say()
        self.say(f"Next: {text}")

    def warn(self, text: str) -> None:
        """A line on stderr, whatever the form of the answer."""
        for line in text.splitlines():
            self._err.print(Text(f"warning: {_clean(line)}"), soft_wrap=True)

    def document(self, value: Any) -> None:
        """The one JSON document, when the answer is JSON."""
        if self.json:
            text = json.dumps(value, ensure_ascii=False, indent=2, default=_plain)
            sys.stdout.write(text + "\n")

    def flush(self) -> None:
        """Hand over what was written, before a long wait."""
        sys.stdout.flush()

    @contextmanager
    def progress(self, text: str, total: int) -> Iterator["Steps"]:
        """Progress on stderr, on a terminal only."""
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
        )
        quiet = not self._err.is_terminal
        with Progress(*columns, console=self._err, transient=True, disable=quiet) as bar:
            yield Steps(bar, bar.add_task(text, total=total))


class Steps:
    """A bar that moves on with each step."""

    def __init__(self, bar: Progress, task: Any) -> None:
        self._bar = bar
        self._task = task

    def begin(self, text: str) -> None:
        """Name the step that begins."""
        self._bar.update(self._task, description=_clean(text))

    def end(self) -> None:
        """One step is done."""
        self._bar.advance(self._task)


def _console(stream: Any) -> Console:
    return Console(file=stream, markup=False, highlight=False, emoji=False)


def _clean(text: str) -> str:
    """Without control characters: a title from outside must not steer a terminal."""
    indent = len(text) - len(text.lstrip(" "))
    return " " * indent + visible(text[indent:])


def shown(value: Any) -> str:
    """A value as a cell shows it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {shown(one)}" for name, one in value.items())
    return ", ".join(map(shown, value)) if isinstance(value, list | tuple) else str(value)


def local(moment: str | datetime | None, zone: str) -> str:
    """A moment on the organisation's clock, to the minute."""
    if not moment:
        return "-"
    read = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{read.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def title_of(body: Mapping[str, Any] | None, language: str) -> str:
    """The title in a body, in this language or another; of people and groups the name.

    Empty where there is none.
    """
    found = body or {}
    title = found.get("display_name") or found.get("name") or found.get("title") or {}
    if not isinstance(title, Mapping):
        return str(title)
    return str(title.get(language) or next(iter(title.values()), ""))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)
