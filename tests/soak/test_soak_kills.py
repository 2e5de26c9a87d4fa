"""Random kills, at named points and at any moment: the end state is that of an unharmed run."""

import asyncio
import contextlib
import json
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from soak_world import ROUND, Intranet, Serving, count_faults, end_state, shown

NURSERY = Path(__file__).with_name("soak_nursery.py")
FIRST = 8  # scenes of the measuring run
LONGEST_MOMENT = 0.25  # seconds after a birth, or after the first point


@dataclass(frozen=True)
class World:
    """One store, and the intranets that it delivers to; `folder` outlives every hub."""

    folder: Path
    url: str
    ports: dict[str, int]

    @property
    def scene(self) -> int:
        progress = self.folder / "scene"
        return int(progress.read_text()) if progress.exists() else 0

    @property
    def points(self) -> dict[str, int]:
        return json.loads((self.folder / "points.json").read_text())


class Nursery:
    """Lives of hubs, one after the other."""

    def __init__(self, process: asyncio.subprocess.Process, said: Path):
        self._process, self._said = process, said

    async def life(self, world: World, until: int, **wish) -> dict:
        given = {"point": "", "hit": 0, "moment": None, "begun": False, "until": until} | wish
        where = {"folder": str(world.folder), "url": world.url, "ports": world.ports}
        line = json.dumps(given | where)
        self._process.stdin.write((line + "\n").encode())
        answer = json.loads(await self._process.stdout.readline())
        assert answer["code"] in {0, -signal.SIGKILL}, f"{answer} {self._said.read_text()}"
        return answer

    async def unharmed(self, folder: Path, until: int) -> tuple[dict, list, dict[str, int]]:
        """End state, what the intranet shows, and how often each point is passed."""
        folder.mkdir()  # noqa: ASYNC240  one folder
        async with both(0.0) as (ports, intranets):
            world = World(folder, f"sqlite:///{folder / 'hub.db'}", ports)
            assert (await self.life(world, until))["code"] == 0
        return end_state(world.url), [shown(one) for one in intranets], world.points


@contextlib.asynccontextmanager
async def both(delay: float = 0.002) -> AsyncIterator[tuple[dict[str, int], list[Intranet]]]:
    """An intranet that knows our keys, and one that has to be searched: it takes doubles."""
    keyed, searched = Intranet(), Intranet(identity="searchable")
    async with Serving(keyed, delay) as one, Serving(searched, delay) as other:
        yield {"intranet": one, "board": other}, [keyed, searched]


@contextlib.asynccontextmanager
async def nursery(folder: Path) -> AsyncIterator[Nursery]:
    path = folder / "said"
    with path.open("w") as said:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(NURSERY),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=said,
        )
        try:
            yield Nursery(process, path)
        finally:
            process.stdin.close()
            await process.wait()


def plan(rng: random.Random, points: dict[str, int]) -> dict:
    """Half at a named point, half at any moment: of the start, or of the work."""
    if rng.random() < 0.5:
        return {"moment": rng.uniform(0.0, LONGEST_MOMENT), "begun": rng.random() < 0.8}
    point = rng.choice(sorted(points))
    most = max(1, round(1.3 * points[point] / FIRST))
    return {"point": point, "hit": rng.randint(1, most)}


def rest(scene: int) -> int:
    """The next scene at which nothing is under way: no subject was missed only once."""
    return scene + (2 if (scene + 1) % ROUND != 10 else 3)


async def test_random_kills_lose_nothing_and_repeat_nothing(tmp_path, store_url, size, figure):
    kills, seconds = size.number(10, 1000), size.seconds(60, 540)
    rng, hits, costs = random.Random(20261122), Counter(), []
    async with nursery(tmp_path) as hub, both() as (ports, intranets):
        *_, points = await hub.unharmed(tmp_path / "first", FIRST)
        world, begun = World(tmp_path, store_url, ports), time.monotonic()
        while len(costs) < kills and time.monotonic() - begun < seconds:
            wish = plan(rng, points)
            answer = await hub.life(world, world.scene + 2, **wish)
            if answer["code"]:
                hits[("after " if "moment" in wish else "") + answer["point"]] += 1
                costs.append(answer["seconds"])
        took, last = time.monotonic() - begun, rest(world.scene)
        assert (await hub.life(world, last))["code"] == 0
        state, stands, _ = await hub.unharmed(tmp_path / "unharmed", last)
    found, faults = end_state(store_url), Counter()
    for intranet in intranets:
        faults.update(count_faults(intranet.log))
        faults["created twice"] += len(intranet.duplicates)
    figure(
        f"random kills, {store_url.split(':', 1)[0]}",
        kills=len(costs),
        lost=len([one for one in state["events"] if one not in found["events"]]),
        **{name.replace(" ", "_"): number for name, number in faults.items()},
        sent=sum(len(intranet.log) for intranet in intranets),
        scenes=last,
        seconds_per_kill=round(took / len(costs), 3),
        hits=dict(hits),
    )
    assert found == state
    assert [shown(intranet) for intranet in intranets] == stands
    assert (faults["created twice"], faults["out of order"]) == (0, 0)
    assert set(points) <= set(hits) or len(costs) < 200, "a named point was never hit"


def test_the_request_log_tells_a_second_creation_and_a_step_back():
    log = [("tile-item", "a", "created", 3), ("tile-item", "a", "changed", 2)]
    assert count_faults(log)["out of order"] == 1
    log = [("tile-item", "a", "created", 3), ("tile-item", "a", "created", 3)]
    assert count_faults(log)["created twice"] == 1
