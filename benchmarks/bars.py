"""The bars: what must hold within one run, each with the ratio that was measured.

Some are aims that were given up (ADR 0027): they stay in the table, missed or not, and beside each
stands what is promised instead.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from benchmarks.rows import Row, typical
from benchmarks.works import AT_ONCE, WORKS

HUB = "hub"
RUNNING = 3  # peers that must take part


@dataclass(frozen=True, slots=True)
class Verdict:
    """One bar and how it stands.

    Attributes:
        measured: in words; empty: what it needs was not measured.
        passed: None: not measured.
        aim: nothing is promised by it.
    """

    name: str
    asked: str
    measured: str
    passed: bool | None
    aim: bool = False

    @property
    def mark(self) -> str:
        """How it stands, in a word or two."""
        if self.passed is None:
            return "not measured"
        return "pass" if self.passed else "missed" if self.aim else "FAIL"


class Rows:
    """The rows of one run, as bars ask for them."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def __call__(self, work: str, side: str = HUB) -> Row:
        """The typical row.

        Raises:
            LookupError: it was not measured.
        """
        row = typical(self._rows, work, side)
        if row is None:
            raise LookupError(work)
        return row

    def ratio(self, work: str, other: str) -> float:
        """The hub's wall by that of another.

        Raises:
            LookupError: they did not do the same.
        """
        ours, theirs = self(work), self(work, other)
        if ours.count != theirs.count:
            raise LookupError(work)
        return ours.wall / theirs.wall


Judge = Callable[[Rows], tuple[str, bool]]


def _at_most(work: str, other: str, most: float) -> Judge:
    def judge(rows: Rows) -> tuple[str, bool]:
        ratio = rows.ratio(work, other)
        return f"{ratio:.2f}", ratio <= most and rows(work).ok

    return judge


def _times_faster(work: str, other: str, least: float) -> Judge:
    def judge(rows: Rows) -> tuple[str, bool]:
        times = 1 / rows.ratio(work, other)
        return f"{times:.1f}x", times >= least and rows(work).ok

    return judge


def own_cpu(rows: Rows, *, without_start: bool) -> float:
    """Microseconds of CPU per object that the hub adds to the bare client, one by one."""
    hub, bare = rows("W1-1"), rows("W1-1", "bare")
    own = hub.cpu - bare.cpu
    if without_start:
        own -= rows("START").cpu - rows("START", "bare").cpu
    return own / hub.count * 1e6


def _own_cpu(most: float) -> Judge:
    def judge(rows: Rows) -> tuple[str, bool]:
        without, whole = own_cpu(rows, without_start=True), own_cpu(rows, without_start=False)
        return f"{without:.0f} us without start-up, {whole:.0f} us with it", without <= most

    return judge


def _latency(rows: Rows) -> tuple[str, bool]:
    row = rows("LAT")
    work = next(one for one in WORKS if one.name == "LAT")
    theory = row.count / work.at_once * float(work.sink["latency_ms"]) / 1000
    share, whole = theory / row.more["span"], theory / row.wall
    said = f"{share:.0%} from the first request to the last, {whole:.0%} of the whole run"
    return said, share >= 0.85 and row.ok


def _changed(rows: Rows) -> tuple[str, bool]:
    row = rows("W2")
    said = f"{row.source_requests} source, {row.sink_requests} sink"
    return said, row.ok and row.source_requests == row.sink_requests == 1


def _unchanged(rows: Rows) -> tuple[str, bool]:
    row = rows("UNCHANGED")
    said = f"{row.sink_requests} requests, {row.freshness} for freshness"
    return said, row.ok and row.sink_requests == 0


def _received(most: float) -> Judge:
    def judge(rows: Rows) -> tuple[str, bool]:
        ours, theirs = rows("W3"), rows("W3", "nodered")
        mine, other = ours.more["median_ms"], theirs.more["median_ms"]
        said = f"{mine / other:.2f} ({mine} ms beside {other} ms)"
        return said, mine <= most * other and ours.ok

    return judge


def _killed(rows: Rows) -> tuple[str, bool]:
    row, most = rows("KILL"), AT_ONCE * 100
    again = row.more["sent_again"]
    return f"{row.lost} lost, {again} of at most {most} sent again", row.ok and again <= most


def _faults(work: str) -> Judge:
    def judge(rows: Rows) -> tuple[str, bool]:
        row = rows(work)
        said = f"{row.lost} lost, exit {row.code}"
        if "dead_letters" in row.more:
            exact = "exact" if row.more["dead_letters_exact"] else "wrong"
            said += f", {row.more['dead_letters']} dead letters, {exact}"
        return said, row.ok and row.code == 0

    return judge


def _memory(work: str, most: float) -> Judge:
    def judge(rows: Rows) -> tuple[str, bool]:
        row = rows(work)
        return f"{row.rss:.0f} MB", row.rss <= most and row.ok

    return judge


def _million(rows: Rows) -> tuple[str, bool]:
    row, base = rows("MEM-1M"), rows("MEM-200K")
    ratio = row.rss / base.rss
    return f"{ratio:.2f} ({row.rss:.0f} MB)", ratio <= 1.2 and row.ok


AIMS: tuple[tuple[str, str, Judge], ...] = (
    ("W1", "wall at most 1/3 of dlt's", _at_most("W1", "dlt", 1 / 3)),
    ("W1-1", "at least 4 times as fast as Node-RED", _times_faster("W1-1", "nodered", 4)),
    ("W1-1", "at least 8 times as fast as dlt", _times_faster("W1-1", "dlt", 8)),
    ("W1-1", "own CPU beside the bare client at most 100 us an object", _own_cpu(100)),
    ("W2", "wall at most 0.8 of Singer's", _at_most("W2", "singer", 0.8)),
    ("W3", "median at most twice Node-RED's, which stores nothing", _received(2)),
)
BARS: tuple[tuple[str, str, Judge], ...] = (
    ("W1", "promised: wall at most 1.5 of dlt's", _at_most("W1", "dlt", 1.5)),
    ("W1-1", "promised: as fast as Node-RED", _times_faster("W1-1", "nodered", 1)),
    ("W1-1", "promised: at least 5 times as fast as dlt", _times_faster("W1-1", "dlt", 5)),
    ("W1-1", "promised: own CPU at most 250 us an object", _own_cpu(250)),
    ("W2", "promised: wall at most twice Singer's", _at_most("W2", "singer", 2)),
    ("W3", "promised: median at most 4 times Node-RED's", _received(4)),
    ("LAT", "at least 85 % of theory", _latency),
    ("W2", "one source request, one sink request", _changed),
    ("UNCHANGED", "no sink request but freshness", _unchanged),
    ("KILL", "nothing lost; at most in flight x batch sent again", _killed),
    ("503", "everything delivered, exit 0", _faults("503")),
    ("POISON", "all else delivered, exact dead letters, exit 0", _faults("POISON")),
    ("POISON-ITEMS", "all else delivered, exact dead letters, exit 0", _faults("POISON-ITEMS")),
    ("POISON-WHOLE", "all else delivered, exact dead letters, exit 0", _faults("POISON-WHOLE")),
    ("MEM-200K", "under 150 MB", _memory("MEM-200K", 150)),
    ("MEM-1M", "within 1.2 of 200,000's", _million),
    ("FIVE", "under 150 MB", _memory("FIVE", 150)),
)


def judge(rows: Sequence[Row]) -> list[Verdict]:
    """Every bar, in the order of the works."""
    aims = (replace(_verdict(Rows(rows), *bar), aim=True) for bar in AIMS)
    return [*aims, *(_verdict(Rows(rows), *bar) for bar in BARS), _running(rows)]


def _verdict(rows: Rows, name: str, asked: str, judged: Judge) -> Verdict:
    try:
        measured, passed = judged(rows)
    except (LookupError, ZeroDivisionError):
        return Verdict(name, asked, "", None)
    return Verdict(name, asked, measured, passed)


def _running(rows: Sequence[Row]) -> Verdict:
    peers = {one.side for one in rows if one.work == "W1" and one.ok} - {HUB, "raw", "bare"}
    asked = f"at least {RUNNING} peers run"
    if not any(one.work == "W1" for one in rows):
        return Verdict("W1", asked, "", None)
    return Verdict("W1", asked, f"{len(peers)}: {', '.join(sorted(peers))}", len(peers) >= RUNNING)
