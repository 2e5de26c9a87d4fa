"""What writes lines and tables: plainly into a file or a pipe, with rich on a terminal.

A start without rich is a twentieth shorter, and scripts start the hub more often than people do.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

GAP = 2  # spaces between columns
WIDTH = 80  # of a page that is no terminal and where COLUMNS says nothing else
_ASKED_FOR = ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")

Part = tuple[str, str]  # a text and its style: empty, or a word of rich's


class Steps(Protocol):
    """A bar that moves on with each step."""

    def begin(self, text: str) -> None:
        """Name the step that begins."""

    def end(self) -> None:
        """One step is done."""


class Pen(Protocol):
    """Writes on one stream."""

    def line(self, *parts: Part) -> None:
        """One line, never folded."""

    def paragraph(self, text: str, indent: int) -> None:
        """Text folded to the width, every line of it indented."""

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Rows under headings; long cells are folded, never cut, those of the first never folded."""

    def progress(self, text: str, total: int) -> Any:
        """A context with `Steps`."""


def pen(stream: TextIO) -> Pen:
    """The pen for this stream."""
    if stream.isatty() or any(os.environ.get(name) for name in _ASKED_FOR):
        return _rich(stream)
    return Plain(stream)


def _rich(stream: TextIO) -> Pen:
    from hub.cli.rich_pen import RichPen  # noqa: PLC0415  a cold start counts

    return RichPen(stream)


class Plain:
    """Writes without rich what looks the same without it; the rest is left to rich."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def line(self, *parts: Part) -> None:
        """One line; styles are for terminals."""
        self._stream.write("".join(text for text, _ in parts) + "\n")

    def paragraph(self, text: str, indent: int) -> None:
        """Folded by rich."""
        _rich(self._stream).paragraph(text, indent)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """As wide as it is where that fits; else folded by rich."""
        lines = [columns, *rows]
        widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
        fits = sum(widths) + GAP * (len(widths) - 1) <= _width()
        if not fits or not all(cell.isascii() for line in lines for cell in line):
            _rich(self._stream).table(columns, rows)
            return
        for line in lines:
            cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            self.line(((" " * GAP).join(cells), ""))

    @contextmanager
    def progress(self, text: str, total: int) -> Iterator[Steps]:
        """None: nobody looks."""
        del text, total
        yield _Unseen()


class _Unseen:
    def begin(self, text: str) -> None:
        """Nobody looks."""

    def end(self) -> None:
        """Nobody looks."""


def _width() -> int:
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isdecimal() else WIDTH
