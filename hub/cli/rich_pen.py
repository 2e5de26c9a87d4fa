"""What writes on a terminal: colour (never with NO_COLOR), folding, a bar that moves."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from hub.cli.pen import GAP, Part, Steps
from hub.events.text import visible


class RichPen:
    """Writes on one stream with rich."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream, markup=False, highlight=False, emoji=False)

    def line(self, *parts: Part) -> None:
        """One line, in colour where there is colour."""
        self._console.print(Text.assemble(*parts), soft_wrap=True)

    def paragraph(self, text: str, indent: int) -> None:
        """Folded to the width, every line of it indented."""
        self._console.print(Padding(Text(text), (0, 0, 0, indent)))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Long cells are folded, never cut; those of the first column are never folded."""
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, GAP, 0, 0))
        for at, name in enumerate(columns):
            table.add_column(name, overflow="fold", no_wrap=at == 0)
        for row in rows:
            table.add_row(*map(Text, row))
        self._console.print(table)

    @contextmanager
    def progress(self, text: str, total: int) -> Iterator[Steps]:
        """A bar, on a terminal only."""
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
        )
        quiet = not self._console.is_terminal
        with Progress(*columns, console=self._console, transient=True, disable=quiet) as bar:
            yield _Bar(bar, bar.add_task(text, total=total))


class _Bar:
    def __init__(self, bar: Progress, task: Any) -> None:
        self._bar = bar
        self._task = task

    def begin(self, text: str) -> None:
        """Name the step that begins."""
        self._bar.update(self._task, description=visible(text))

    def end(self) -> None:
        """One step is done."""
        self._bar.advance(self._task)
