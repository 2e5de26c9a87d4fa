"""What `make soak` shares: each test in a short form for `make test` and a full one, and figures.

`SOAK_N` shortens the numbers of kills and stops, `SOAK_MINUTES` the whole.
"""

import json
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Size:
    """How much of a long test is done.

    Attributes:
        full: for `make soak`.
    """

    full: bool

    def number(self, short: int, full: int) -> int:
        """So many kills, stops, ..."""
        wanted = int(os.environ.get("SOAK_N") or full)
        return min(wanted, full) if self.full else short

    def seconds(self, short: float, full: float) -> float:
        """So long at most; `full` is meant for half an hour in all."""
        minutes = float(os.environ.get("SOAK_MINUTES") or 30)
        return full * min(1.0, minutes / 30) if self.full else short


@pytest.fixture(
    params=["short", pytest.param("full", marks=[pytest.mark.soak, pytest.mark.timeout(1500)])]
)
def size(request) -> Size:
    return Size(full=request.param == "full")


@pytest.fixture
def figure(record_property) -> Callable[..., None]:
    """Keeps what a test measured: `figure("kills, sqlite", kills=1000, lost=0)`."""

    def keep(name: str, **values) -> None:
        record_property("soak", {"what": name} | values)

    return keep


def pytest_terminal_summary(terminalreporter, config):
    """The figures as a table, and in `.cache/soak/latest.json` after `make soak`."""
    said = [
        (value, report)
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        for name, value in report.user_properties
        if name == "soak"
    ]
    if not said or "soak" not in (config.option.markexpr or "") or "not" in config.option.markexpr:
        return
    rows = [value | {"seconds": round(report.duration, 1)} for value, report in said]
    for row in rows:
        terminalreporter.write_line(_line(row))
    failed = len(terminalreporter.stats.get("failed", []) + terminalreporter.stats.get("error", []))
    _keep(rows, failed)


def _line(row: dict) -> str:
    values = (f"{name} {_plain(value)}" for name, value in row.items() if name != "what")
    return f"{row['what']:<44} {', '.join(values)}"


def _plain(value) -> str:
    if not isinstance(value, dict):
        return str(value)
    return "(" + ", ".join(f"{name} {number}" for name, number in sorted(value.items())) + ")"


def _keep(rows: list[dict], failed: int) -> None:
    folder = ROOT / ".cache" / "soak"
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "taken": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "failed": failed,
        "figures": rows,
    }
    (folder / "latest.json").write_text(json.dumps(document, indent=2) + "\n")
