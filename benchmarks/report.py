"""What a run came to: a line while it goes on, a table at its end, a file to keep."""

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.bars import Verdict
from benchmarks.environments import environments
from benchmarks.rows import Row

LATEST = Path(__file__).parent / "results" / "latest.json"
OWN = ("intranet-hub", "httpx", "orjson", "pydantic", "sqlalchemy", "uvloop")
MARKS = {True: "pass", False: "FAIL", None: "not measured"}
COLUMNS = (
    "work", "side", "time", "ok", "exit", "wall s", "cpu s", "MB", "source", "sink", "lost",
    "twice", "more",
)  # fmt: skip
WIDTHS = (13, 11, 4, 4, 4, 8, 8, 6, 7, 7, 6, 6, 0)


def line(row: Row) -> None:
    """One measurement, as soon as it is there."""
    more = ", ".join(f"{name} {value}" for name, value in row.more.items())
    cells = (
        row.work, row.side, row.time, "yes" if row.ok else "NO", row.code, f"{row.wall:.2f}",
        f"{row.cpu:.2f}", f"{row.rss:.0f}", row.source_requests, row.sink_requests, row.lost,
        row.duplicates, more,
    )  # fmt: skip
    print(_columns(cells), flush=True)


def show(rows: Sequence[Row], verdicts: Sequence[Verdict]) -> None:
    """Everything that was measured, and how the bars stand."""
    print()
    print(_columns(COLUMNS))
    for row in rows:
        line(row)
    print()
    for one in verdicts:
        print(f"{one.mark:13}{one.name:14}{one.asked}: {one.measured or '-'}")


def _columns(cells: Iterable[object]) -> str:
    return " ".join(f"{cell!s:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True))


def publish(rows: Sequence[Row], path: Path = LATEST) -> None:
    """Keep the rows and the facts of the machine, for the page in the docs."""
    facts = {
        **machine(),
        "versions": {name: version(name) for name in OWN},
        "peers": _pins(),
    }
    body = {"facts": facts, "rows": [asdict(row) for row in rows]}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(body, indent=1) + "\n", "utf-8")
    print(f"wrote {path.name}")


def machine() -> dict[str, str | int]:
    """Today, and where it was measured."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
    }


def _pins() -> dict[str, str]:
    return {
        one.title: ", ".join([*one.python, *one.npm, *one.debian])
        for one in environments().values()
        if one.ready()
    }


def _processor() -> str:
    for text in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if text.startswith("model name"):
            return " ".join(text.partition(":")[2].split())
    return platform.machine()
