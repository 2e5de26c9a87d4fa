"""Does one work with one side, and measures it."""

import json
import shutil
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.control import Remote, until
from benchmarks.environments import ROOT
from benchmarks.process import Program, Spent
from benchmarks.rows import Row
from benchmarks.sides import Command, Setting, Side, free_port
from benchmarks.works import Way, Work

CHANGED = 50
KILL_AT = 0.4
IDLE = 10.0  # seconds that a daemon is watched when it has nothing to do


@dataclass(frozen=True, slots=True)
class Before:
    """What the servers had counted before a run."""

    source: dict[str, Any]
    sink: dict[str, Any]


class Measuring:
    """One work, one side, once.

    Args:
        home: a folder for state and logs.
    """

    def __init__(
        self, work: Work, side: Side, number: int, *, source: Remote, sink: Remote, home: Path
    ) -> None:
        self.work, self.side, self.number = work, side, number
        self._source, self._sink = source, sink
        self._programs: list[Program] = []
        self._log = home / "logs" / f"{work.name}.{side.name}.log"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self.count = work.peers_count if side.peer and work.peers_count else work.count
        self._setting = Setting(
            source.url,
            sink.url,
            home / "state" / side.name,
            work.batch,
            work.at_once,
            free_port(),
            work.parts,
            deltas=work.way is not Way.UNCHANGED,
            receives=work.way is Way.RECEIVED,
        )

    def measure(self) -> Row:
        """Do it from an empty state on; what goes wrong is a row too, and no program is left."""
        try:
            return self._measure()
        except Exception as error:  # noqa: BLE001  one side's fault must not end the others' run
            more = {"error": f"{type(error).__name__}: {error}"[:200]}
            names = (self.work.name, self.side.name, self.number, self.count)
            return Row(*names, ok=False, code=None, wall=0.0, cpu=0.0, rss=0.0, more=more)
        finally:
            for program in self._programs:
                if not program.ended:
                    program.kill()

    def _measure(self) -> Row:
        self._log.unlink(missing_ok=True)
        shutil.rmtree(self._setting.state, ignore_errors=True)
        self._setting.state.mkdir(parents=True)
        self._source.reset(n=self.count, parts=self.work.parts)
        self._sink.reset(**self.work.sink)
        self.side.prepare(self._setting)
        ways = {
            Way.FULL: self._full,
            Way.CHANGED: self._changed,
            Way.UNCHANGED: self._unchanged,
            Way.IMPORTS: self._imports,
            Way.KILLED: self._killed,
            Way.RECEIVED: self._received,
            Way.DAEMON: self._daemon,
        }
        return ways[self.work.way]()

    # --- ways -------------------------------------------------------------------------------------

    def _full(self) -> Row:
        before = self._before()
        spent = self._sync()
        row = self._row(spent, before, expected=self._deliverable())
        more = {"span": self._span(), "bytes": self._sink.stats()["bytes"]}
        rejected = self.side.rejected(self._setting) if self.work.poison_every else None
        if rejected is not None:
            more["dead_letters"] = len(rejected)
            more["dead_letters_exact"] = rejected == self._poison()
        ok = row.ok and more.get("dead_letters_exact", True)
        return _with(row, ok=ok, more=more)

    def _changed(self) -> Row:
        self._sync()
        self._source.change(CHANGED)
        before = self._before()
        spent = self._sync()
        row = self._row(spent, before, expected=self.count)
        arrived = self._sink.stats()["version_sum"] - before.sink["version_sum"]
        served = self._source.stats()["served"] - before.source["served"]
        more = {"arrived": arrived, "served": served}
        return _with(row, ok=row.ok and arrived == CHANGED, more=more)

    def _imports(self) -> Row:
        """The share of imports; each import is written down, which costs a little itself."""
        command = self.side.profiled_imports(self._setting)
        if command is None:
            raise ValueError(f"{self.side.name} tells nothing of its imports")
        self._sync()
        self._source.change(CHANGED)
        before = self._before()
        spent = self._run(command)
        row = self._row(spent, before, expected=self.count)
        return _with(row, more={"imports_share": round(_import_seconds(self._log) / spent.wall, 3)})

    def _unchanged(self) -> Row:
        self._sync()
        before = self._before()
        row = self._row(self._sync(), before, expected=self.count)
        return _with(row, ok=row.ok and row.sink_requests == 0)

    def _killed(self) -> Row:
        program = self._start(self.side.sync(self._setting))
        enough = int(self.count * KILL_AT)
        until(
            lambda: self._sink.stats()["records"] >= enough or not program.running(),
            self.work.limit,
            pause=0.002,
        )
        at = self._sink.stats()["records"]
        program.kill()
        before = self._before()
        row = self._row(self._sync(), before, expected=self.count)
        again = self._sink.stats()["duplicates"]
        more = {"killed_at": at, "sent_again": again}
        return _with(row, ok=row.lost == 0 and row.code == 0, more=more)

    def _received(self) -> Row:
        command = self.side.serve(self._setting)
        if command is None:
            raise ValueError(f"{self.side.name} takes nothing by request")
        self._source.reset(n=1)
        template = json.loads(self._source.ask("GET", "/records")[1])["items"][0]
        self._source.reset(n=0)
        self._sink.reset(times=1)
        return self._post_all(self._start(command), template)

    def _post_all(self, program: Program, template: dict[str, Any]) -> Row:
        hook = self.side.hook(self._setting)
        remote = Remote(hook.url)

        def post(one: str) -> tuple[int, int]:
            at = time.monotonic_ns()
            record = template | {"id": one}
            status, _ = remote.ask("POST", hook.path, record, **hook.headers)
            return at, status

        warm = until(lambda: _quietly(post, "w000000") and self._arrived("w000000", 1.0), 60, 0.2)
        before, cpu = self._before(), program.cpu()
        waits = [self._one(post, f"h{number:06d}") for number in range(self.count)] if warm else []
        good = sorted(one for one in waits if one is not None)
        spent = Spent(0, 0.0, program.cpu() - cpu, program.rss())
        row = self._row(spent, before, expected=self.count + 1)
        more = _percentiles(good) | {"posted": self.count, "arrived": len(good)}
        return _with(row, ok=len(good) == self.count, more=more)

    def _one(self, post: Any, one: str) -> float | None:
        """Milliseconds from the request to the sink; None: it did not arrive."""
        at, _ = post(one)
        moment = self._arrived(one, 10.0)
        return (moment - at) / 1e6 if moment else None

    def _arrived(self, one: str, timeout: float) -> int:
        until(lambda: self._sink.seen(one)["at"], timeout, pause=0.0005)
        return self._sink.seen(one)["at"]

    def _daemon(self) -> Row:
        command = self.side.serve(self._setting)
        if command is None:
            raise ValueError(f"{self.side.name} has no daemon")
        before = self._before()
        program = self._start(command)
        begun = time.monotonic()
        until(
            lambda: self._sink.stats()["unique"] >= self.count or not program.running(),
            self.work.limit,
            pause=0.1,
        )
        wall = time.monotonic() - begun
        cpu = program.cpu()
        time.sleep(IDLE)
        idle, rss = program.cpu() - cpu, program.rss() / 1e6
        spent = program.stop()
        row = self._row(spent, before, expected=self.count)
        more = {"idle_cpu": round(idle / IDLE, 4), "rss_after": round(rss, 1)}
        return _with(row, wall=round(wall, 3), more=more)

    # --- parts ------------------------------------------------------------------------------------

    def _sync(self) -> Spent:
        return self._run(self.side.sync(self._setting))

    def _run(self, command: Command) -> Spent:
        return self._start(command).wait(self.work.limit)

    def _start(self, command: Command) -> Program:
        program = Program(command.words, env=command.env, folder=ROOT, log=self._log)
        self._programs.append(program)
        return program

    def _before(self) -> Before:
        return Before(self._source.stats(), self._sink.stats())

    def _span(self) -> float:
        """Seconds from the first to the last request at the sink."""
        counted = self._sink.stats()
        nanoseconds: int = counted["last"] - counted["first"]
        return nanoseconds / 1e9

    def _poison(self) -> set[str]:
        every = self.work.poison_every
        return {f"u{number:06d}" for number in range(every // 2, self.count, every)}

    def _deliverable(self) -> int:
        return self.count - (len(self._poison()) if self.work.poison_every else 0)

    def _row(self, spent: Spent, before: Before, *, expected: int) -> Row:
        source, sink = self._source.stats(), self._sink.stats()
        lost = expected - sink["unique"]
        duplicates = sink["duplicates"] - before.sink["duplicates"]
        regressions = sink["regressions"]
        return Row(
            self.work.name,
            self.side.name,
            self.number,
            self.count,
            ok=spent.code == 0 and lost == duplicates == regressions == 0,
            code=spent.code,
            wall=round(spent.wall, 3),
            cpu=round(spent.cpu, 3),
            rss=round(spent.rss / 1e6, 1),
            source_requests=source["requests"] - before.source["requests"],
            sink_requests=sink["requests"] - before.sink["requests"],
            freshness=sink["freshness"] - before.sink["freshness"],
            lost=lost,
            duplicates=duplicates,
            regressions=regressions,
        )


def _with(row: Row, **changed: Any) -> Row:
    given = {name: getattr(row, name) for name in Row.__slots__}
    return Row(**(given | changed))


def _quietly(post: Any, one: str) -> bool:
    """Whether it was taken; the daemon may not listen yet."""
    try:
        _, status = post(one)
    except OSError:
        return False
    return bool(status < 300)


def _percentiles(sorted_waits: list[float]) -> dict[str, Any]:
    if not sorted_waits:
        return {}
    p95 = sorted_waits[min(len(sorted_waits) - 1, int(len(sorted_waits) * 0.95))]
    return {
        "median_ms": round(statistics.median(sorted_waits), 2),
        "p95_ms": round(p95, 2),
        "max_ms": round(sorted_waits[-1], 2),
    }


def _import_seconds(log: Path) -> float:
    """The sum of what `-X importtime` says of each module itself."""
    lines = log.read_text("utf-8", errors="replace").splitlines()
    parts = [
        line.removeprefix("import time:").split("|") for line in lines if "import time:" in line
    ]
    return sum(int(own) for own, *_ in parts if own.strip().isdecimal()) / 1e6
