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

from hub.cli.pen import Steps, pen
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
        self._out = pen(sys.stdout)
        self._err = pen(sys.stderr)

    def say(self, text: str = "", style: str = "") -> None:
        """A line for people; silent when the answer is JSON."""
        if not self.json:
            self._begun = True
            self._out.line((_clean(text), style))

    def paragraph(self, text: str, indent: int = 0) -> None:
        """Text folded to the width, every line of it indented."""
        if not self.json:
            self._out.paragraph(_clean(text), indent)

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
        self._out.line((f"{level:<8}", STYLES.get(level, "")), (_clean(text), ""))
        if advice and level != "ok":
            self._out.line((f"{'':8}-> {_clean(advice)}", ""))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Rows under headings; long cells are folded, never cut, those of the first never folded."""
        if self.json or not rows:
            return
        self._begun = True
        self._out.table(columns, [[_clean(shown(cell)) for cell in row] for row in rows])

    def next(self, text: str) -> None:
        """The last line: what to do next."""
        self.say()
        self.say(f"Next: {text}")

    def warn(self, text: str) -> None:
        """A line on stderr, whatever the form of the answer."""
        for line in text.splitlines():
            self._err.line((f"warning: {_clean(line)}", ""))

    def document(self, value: Any) -> None:
        """The one JSON document, when the answer is JSON."""
        if self.json:
            sys.stdout.write(_document(value) + "\n")

    def flush(self) -> None:
        """Hand over what was written, before a long wait."""
        sys.stdout.flush()

    @contextmanager
    def progress(self, text: str, total: int) -> Iterator[Steps]:
        """Progress on stderr, on a terminal only."""
        with self._err.progress(_clean(text), total) as steps:
            yield steps


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


def standing(status: str, mode: str | None) -> str:
    """How an object stands; what waits for a mode waits for a person."""
    return "not sent: mode watch" if (status, mode) == ("waiting", "watch") else status


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


def _document(value: Any) -> str:
    import orjson  # noqa: PLC0415  most commands write no document

    option = orjson.OPT_INDENT_2 | orjson.OPT_PASSTHROUGH_DATACLASS
    try:
        return orjson.dumps(value, default=_plain, option=option).decode()
    except (
        orjson.JSONEncodeError
    ):  # numbers over 64 bits, say; for large documents four times slower
        return json.dumps(value, ensure_ascii=False, indent=2, default=_plain)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)
