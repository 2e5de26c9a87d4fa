"""`python -m benchmarks.groups`: 20,000 people in five groups each, from a directory to a target.

The directory and the target are in memory, the store is SQLite as it comes, so that what is measured is the
hub: reading, working out who stands in which group, delivering, and the same after one change. Beside it
the closure of 50,000 links of groups within groups, as the connector `ldap` makes it.
"""

import argparse
import asyncio
import random
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from connectors.ldap.closure import everybody
from hub.contract import Ref, Stream
from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.events.base import Family
from hub.events.group import GROUP, MEMBER, Group, Membership, membership_key
from hub.events.objects import Kind
from hub.events.person import Person
from hub.people.policy import Policy
from hub.settings.groups import GroupRule
from hub.store.store import Store
from hub.testing.fakes import FakeClock, FakeLog, MemoryTarget, ScriptedSource, fake_context

PEOPLE, EACH, GROUPS = 20_000, 5, 200
LINKS, ASKED = 50_000, 0.2
FAMILIES = frozenset({Family.PERSON, Family.GROUP, Family.MEMBERSHIP})
POLICY = Policy(
    accounts={"intranet": "manage"},
    groups={"intranet": (GroupRule(instance="ad", name="*"),)},
)


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of each part.

    Attributes:
        read: the first reading, and who stands in which group worked out.
        again: the same when people and groups are known, and the choice of groups changed.
        delivered: everything onto the target, in batches of 100.
        change: one more membership, read as a delta would bring it, and delivered.
        objects: how many were delivered.
    """

    read: float
    again: float
    delivered: float
    change: float
    objects: int


def directory(count: int, groups: int) -> ScriptedSource:
    """So many people, each in five groups."""
    stream = Stream("people", FAMILIES, timedelta(minutes=1), timedelta(minutes=15))
    made = ScriptedSource(streams=(stream,), batch_size=1000, deltas=True)
    for number in range(groups):
        made.put(f"g{number}", Group(name=f"GG-{number}"), container=f"g{number}")
    for number in range(count):
        name = f"Noor Berg{number}"
        given = {"display_name": name, "user_name": f"u{number}", "employee_number": f"n{number}"}
        made.put(f"a{number}", Person(enabled=True, **given))
        for one in range(EACH):
            joins(made, (number + one * 37) % groups, number)
    return made


def joins(source: ScriptedSource, group: int, member: int) -> None:
    """One account in one group."""
    key = f"g{group}"
    refs = (Ref(GROUP, "ad", GROUP, key), Ref(MEMBER, "ad", "account", f"a{member}"))
    name = membership_key(key, f"a{member}")
    source.put(name, Membership(direct=True), container=key, refs=refs)


async def measure(count: int = PEOPLE, groups: int = GROUPS) -> Took:
    """Every part once, on a store of its own."""
    source, target = directory(count, groups), MemoryTarget(batch_max=100)
    with TemporaryDirectory() as folder:
        store = await Store(f"sqlite:///{Path(folder) / 'hub.db'}").open()
        runner = await _runner(store, source, target)
        read = await _timed(runner.run("ad", "people"))
        delivered = await _timed(runner.deliver())
        objects = len(target.objects)
        joins(source, 1, 0)
        change = await _timed(_change(runner))
        found = sum(kind is Kind.MEMBERSHIP for kind, _ in target.objects)
        if found != count * EACH + 1:
            raise SystemExit(f"{count * EACH + 1} memberships expected, delivered: {found}")
        again = await _timed(_again(store, source, target))
        await store.close()
    return Took(read, again, delivered, change, objects)


async def _runner(store: Store, source: ScriptedSource, target: MemoryTarget) -> Runner:
    clock = FakeClock()
    one = Source(
        id="ad",
        connector_name="scripted",
        connector=source.connector(fake_context("ad", clock=clock)),
        routes=(),
        mode="live",
        fingerprint="f",
        reopen=timedelta(hours=72),
        every=None,
        stale_after={},
    )
    targets = {"intranet": target}
    rng = random.Random(1)  # noqa: S311  # nosec B311  # jitter
    runner = Runner(store, {"ad": one}, targets, clock.now, FakeLog(), rng, people=POLICY)
    await runner.start()
    return runner


async def _change(runner: Runner) -> None:
    await runner.run("ad", "people")
    await runner.deliver()


async def _again(store: Store, source: ScriptedSource, target: MemoryTarget) -> None:
    runner = await _runner(store, source, target)
    rule = GroupRule(instance="ad", name="*", prefix="AD ")
    runner.people = POLICY.model_copy(update={"groups": {"intranet": (rule,)}})
    await runner.start()


async def _timed(work: Awaitable[Any]) -> float:
    begun = time.perf_counter()
    await work
    return time.perf_counter() - begun


def closure(links: int = LINKS, groups: int = 500) -> float:
    """Seconds to find everybody in each of the groups, which stand in each other as a tree."""
    rng = random.Random(7)  # noqa: S311  # nosec B311  # made-up groups
    named: dict[str, frozenset[str]] = {}
    for number in range(groups):
        within = [f"g{one}" for one in (2 * number + 1, 2 * number + 2) if one < groups]
        people = [f"p{rng.randrange(20_000)}" for _ in range(links // groups - len(within))]
        named[f"g{number}"] = frozenset([*within, *people])
    begun = time.perf_counter()
    for one in named:
        everybody(one, named)
    return time.perf_counter() - begun


def main(given: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.groups", description=__doc__)
    parser.add_argument("--count", type=int, default=PEOPLE)
    count = parser.parse_args(given).count
    took = asyncio.run(measure(count))
    print(f"{count} people in {EACH} groups each, {took.objects} objects")
    print(f"first reading, and who is in which group: {took.read:.1f} s")
    print(f"delivered: {took.delivered:.1f} s")
    print(f"all worked out again, because the choice changed: {took.again:.1f} s")
    print(f"one membership more, read and delivered: {took.change:.2f} s")
    print(f"closure of {LINKS} links: {closure():.3f} s; asked: under {ASKED} s")


if __name__ == "__main__":
    main()
