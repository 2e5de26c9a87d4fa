"""`python -m benchmarks.people`: the first publication of people, beside the raw bulk ceiling.

Both send the same 20,000 persons in the same batches, with as many in flight, over the same HTTP
client, to a sandbox intranet in a process of its own. The ceiling prepares its batches beforehand
and stores nothing; the hub has its store on SQLite, as it comes, and keeps its ledger.
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvloop

from benchmarks.works import AT_ONCE, MANY
from hub.contract import Context
from hub.engine.delivery import Deliverer
from hub.engine.projection import Desired
from hub.events.objects import Kind, PersonEntry
from hub.http import HttpFactory, HttpOptions
from hub.store import desire, ledger, tables
from hub.store.store import Store, Tx
from hub.targets.openintranet import OpenIntranetSettings, OpenIntranetTarget

ASKED = 0.7
BATCH = 100


def person(number: int) -> dict[str, Any]:
    """A made-up person, with what a directory says of most."""
    entry = PersonEntry(
        user_name=f"user.{number}",
        display_name=f"Anna van der Berg {number}",
        given_name="Anna",
        family_name="van der Berg",
        mail=f"user.{number}@example.org",
        title="Wijkverpleegkundige",
        department=f"Team {number % 200}",
        office="Gemeentehuis 2.08",
        phone="020 123 4567",
        locale="nl",
        manager=f"p-{number // 12}",
    )
    return entry.model_dump(mode="json")


@asynccontextmanager
async def intranet() -> AsyncIterator[OpenIntranetSettings]:
    """A sandbox intranet in a process of its own."""
    command = [str(Path(sys.executable).with_name("hub")), "sandbox", "intranet", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: ASYNC220 - once  # nosec B603
        assert process.stdout is not None  # noqa: S101  # nosec B101  # it is a pipe
        try:
            said = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
            yield OpenIntranetSettings(url=said["address"], token=said["credentials"]["token"])
        finally:
            process.terminate()


def target_of(settings: OpenIntranetSettings) -> OpenIntranetTarget:
    """The reference target over the real network."""
    factory = HttpFactory(HttpOptions(), now, asyncio.sleep)
    return OpenIntranetTarget(settings, Context("bench", factory, None, now))


def now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


async def ceiling(settings: OpenIntranetSettings, count: int) -> float:
    """Seconds of prepared batches, and nothing else."""
    target = target_of(settings)
    made: list[dict[str, object]] = [
        {"op": "put", "kind": "person", "external_id": f"p-{number}", "body": _small(number)}
        for number in range(count)
    ]
    waiting = [made[start : start + BATCH] for start in range(0, count, BATCH)]

    async def work() -> None:
        while waiting:
            results = await target.api.batch(waiting.pop())
            assert all(one.status == 201 for one in results)  # noqa: S101  # nosec B101  # measured is what was done

    begun = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    taken = time.perf_counter() - begun
    await target.close()
    return taken


async def hub(settings: OpenIntranetSettings, count: int, folder: Path) -> float:
    """Seconds of a pass of delivery over a ledger that holds them all as desired."""
    store = await Store(f"sqlite:///{folder / 'hub.db'}").open()
    target = target_of(settings)
    await store.write(_begin, target.address(), count)
    deliverer = Deliverer("intranet", target, store, now, random.Random(1), lambda *_a, **_k: None)  # noqa: S311  # nosec B311  # jitter
    begun = time.perf_counter()
    counts = await deliverer.deliver()
    taken = time.perf_counter() - begun
    assert counts == {"done": count}, counts  # noqa: S101  # nosec B101  # measured is what was done
    await target.close()
    await store.close()
    return taken


def _small(number: int) -> dict[str, Any]:
    return {name: value for name, value in person(number).items() if value is not None}


def _begin(tx: Tx, address: str, count: int) -> None:
    given = {"id": "staff", "connector": "bench", "mode": "live", "state": "active"}
    tx.execute(tables.instance.insert().values(given))
    ledger.put_target(tx, "intranet", address=address)
    for number in range(count):
        one = Desired("intranet", Kind.PERSON, f"p-{number}", person(number), "t", "a", "r")
        desire.put(tx, "staff", one, now())


async def measure(count: int, times: int) -> Sequence[tuple[float, float]]:
    """Pairs of seconds, ceiling and hub in turn, each with an intranet of its own."""
    found = []
    for _ in range(times):
        async with intranet() as settings:
            raw = await ceiling(settings, count)
        with TemporaryDirectory() as folder:
            async with intranet() as settings:
                found.append((raw, await hub(settings, count, Path(folder))))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.people", description=__doc__)
    parser.add_argument("--count", type=int, default=MANY)
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(measure(given.count, given.times))
    for raw, ours in found:
        print(f"{given.count} persons: raw {raw:.2f} s, the hub {ours:.2f} s, {raw / ours:.0%}")
    best = sorted(raw / ours for raw, ours in found)[len(found) // 2]
    print(f"median {best:.0%} of the raw bulk ceiling; asked {ASKED:.0%}")


if __name__ == "__main__":
    main()
