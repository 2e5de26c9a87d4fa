"""What was measured: a row per side, work and repetition, kept as JSON lines."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement.

    Attributes:
        ok: everything arrived that had to, nothing twice where nothing was killed.
        code: exit code; None: it took too long.
        wall, cpu: seconds. Of the second run, where the first was killed.
        rss: megabytes (millions of bytes), the most that the tree of processes held.
        source_requests, sink_requests: of this run; freshness is counted apart.
        lost: records that the sink should have and has not.
        duplicates: records that the sink got again in the same version.
        regressions: records that it got in an older version than it had.
        more: what only some works measure.
    """

    work: str
    side: str
    time: int
    count: int
    ok: bool
    code: int | None
    wall: float
    cpu: float
    rss: float
    source_requests: int = 0
    sink_requests: int = 0
    freshness: int = 0
    lost: int = 0
    duplicates: int = 0
    regressions: int = 0
    more: dict[str, Any] = field(default_factory=dict)


class Kept:
    """Rows on disk, so that a run that was broken off can go on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text("utf-8").splitlines() if path.is_file() else []
        self.rows = [Row(**json.loads(line)) for line in lines]

    def add(self, row: Row) -> None:
        """Keep one more."""
        self.rows.append(row)
        with self._path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(asdict(row)) + "\n")

    def has(self, work: str, side: str, time: int) -> bool:
        """Whether this was measured already."""
        return any((one.work, one.side, one.time) == (work, side, time) for one in self.rows)

    def forget(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Drop what is to be measured anew: pairs of work and side."""
        gone = set(pairs)
        self.rows = [one for one in self.rows if (one.work, one.side) not in gone]
        lines = [json.dumps(asdict(one)) + "\n" for one in self.rows]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text("".join(lines), "utf-8")


def typical(rows: Sequence[Row], work: str, side: str) -> Row | None:
    """The repetition with the median wall; one that went wrong before all that went well."""
    found = [one for one in rows if (one.work, one.side) == (work, side)]
    if not found:
        return None
    bad = [one for one in found if not one.ok]
    middle = median([one.wall for one in found])
    return bad[0] if bad else min(found, key=lambda one: abs(one.wall - middle))
