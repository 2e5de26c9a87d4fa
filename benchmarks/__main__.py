"""`python -m benchmarks [setup]`: install the peers, or measure; see `--help`."""

import argparse
import itertools
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import report
from benchmarks.bars import judge
from benchmarks.control import serving
from benchmarks.environments import HOME, make_all
from benchmarks.hub import Hub
from benchmarks.measure import Measuring
from benchmarks.rows import Kept, Row
from benchmarks.sides import Side, ceilings, peers
from benchmarks.works import WORKS, Work

QUICK = 2_000


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """What was typed."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("run", "setup"), default="run")
    parser.add_argument("--works", default="", help="names, with commas; default: all")
    parser.add_argument("--sides", "--peers", default="", help="names, with commas; default: all")
    parser.add_argument("--quick", action="store_true", help="few records, once, no peers")
    parser.add_argument("--count", type=int, help="at most so many records; nothing is published")
    parser.add_argument("--resume", action="store_true", help="go on with what was broken off")
    parser.add_argument("--home", type=Path, default=HOME, help="for state, logs and rows")
    parser.add_argument("--publish", action="store_true", help="write benchmarks/results anyway")
    return parser.parse_args(arguments)


def chosen_works(names: str, *, most: int | None, once: bool) -> list[Work]:
    """The works of these names, in their order; with at most so many records.

    Args:
        once: without repetitions.

    Raises:
        SystemExit: there is no such work.
    """
    known = {one.name: one for one in WORKS}
    if unknown := set(filter(None, names.split(","))) - known.keys():
        raise SystemExit(f"No work is called {', '.join(unknown)}; there are: {', '.join(known)}")
    found = [one for one in WORKS if not names or one.name in names.split(",")]
    fewer = [one if most is None else replace(one, count=min(one.count, most)) for one in found]
    return [replace(one, times=1) if once else one for one in fewer]


def chosen_sides(names: str, *, quick: bool) -> list[Side]:
    """Those who take part: these, or all.

    Raises:
        SystemExit: nobody has such a name.
    """
    everybody: list[Side] = [Hub(), *ceilings(), *([] if quick else peers())]
    wanted = set(filter(None, names.split(",")))
    if unknown := wanted - {one.name for one in everybody}:
        known = ", ".join(one.name for one in everybody)
        raise SystemExit(f"Nobody is called {', '.join(unknown)}; there are: {known}")
    return [one for one in everybody if not wanted or one.name in wanted]


def run(given: argparse.Namespace) -> int:
    """Measure what was asked; 1 when a bar does not hold, or was not measured though all were asked."""
    most = given.count or (QUICK if given.quick else None)
    works = chosen_works(given.works, most=most, once=given.quick)
    sides = _present(chosen_sides(given.sides, quick=given.quick))
    given.home.mkdir(parents=True, exist_ok=True)
    kept = Kept(given.home / ("rows.jsonl" if most is None else "fewer.jsonl"))
    pairs = [(work, side) for work in works for side in sides if side.takes(work)]
    if not given.resume:
        kept.forget((work.name, side.name) for work, side in pairs)
    with serving("source") as source, serving("sink") as sink:
        for (work, side), number in _turns(pairs):
            if not kept.has(work.name, side.name, number):
                measuring = Measuring(work, side, number, source=source, sink=sink, home=given.home)
                kept.add(_told(measuring.measure()))
    whole = most is None and not (given.works or given.sides)
    verdicts = [] if given.quick else judge(kept.rows)
    report.show(kept.rows, verdicts)
    if given.publish or whole:
        report.publish(kept.rows)
    if given.quick:
        return 0 if all(one.ok for one in kept.rows) else 1
    good = {True} if whole else {True, None}
    return 0 if {one.passed for one in verdicts if not one.aim} <= good else 1


def _present(sides: Sequence[Side]) -> list[Side]:
    for one in sides:
        if reason := one.missing():
            print(f"{one.title} takes no part: {reason}")
    return [one for one in sides if not one.missing()]


def _turns(
    pairs: Sequence[tuple[Work, Side]],
) -> list[tuple[tuple[Work, Side], int]]:
    """Repetitions go round: what disturbs the machine for a while disturbs all sides."""
    turns = []
    for _, group in itertools.groupby(pairs, key=lambda pair: pair[0].name):
        same = list(group)
        turns += [(pair, number) for number in range(same[0][0].times) for pair in same]
    return turns


def _told(row: Row) -> Row:
    report.line(row)
    return row


def main(arguments: Sequence[str]) -> int:
    """Set up or measure."""
    given = options(arguments)
    return make_all() and 1 if given.what == "setup" else run(given)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
