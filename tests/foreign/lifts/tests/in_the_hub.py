"""The foreign connector and target in a whole hub; says as JSON what the kiosks show.

Usage: python in_the_hub.py HUB.YAML
"""

import asyncio
import inspect
import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx
from lifts_for_the_hub.worlds import KioskWorld, LiftsWorld

from hub.engine.assemble import assemble
from hub.engine.runner import Runner
from hub.events.objects import Kind
from hub.registry import Registry
from hub.settings import load
from hub.store.store import Store


async def cycle(runner: Runner, kiosk: KioskWorld) -> dict[str, Any]:
    report = await runner.run("lifts", "outages")
    await runner.deliver()
    titles = sorted(card["title"]["nl"] for _, card in kiosk.stored(Kind.TILE_ITEM))
    return {"outcome": report.outcome, "shown": titles}


async def story(path: Path) -> dict[str, Any]:
    lifts, kiosk = LiftsWorld(), KioskWorld()
    hosts = {"lifts.test": lifts.wire, "kiosk.test": kiosk.wire}
    network = httpx.MockTransport(lambda one: hosts[one.url.host].handle_async_request(one))
    settings = load(path, Registry.discover(), os.environ)
    hall = next(one for one in settings.targets if one.id == "hall")
    classes = [*(one.connector_class for one in settings.instances), hall.target_class]
    first, second = lifts.populate(2)
    store, clock = await Store(settings.store).open(), lifts.clock
    runner = await assemble(
        settings, store, now=clock.now, log=lifts.log, sleep=clock.sleep, transport=network
    )
    await runner.start()
    cycles = [await cycle(runner, kiosk)]
    lifts.edit(first)
    cycles.append(await cycle(runner, kiosk))
    lifts.retire(second)
    cycles.append(await cycle(runner, kiosk))
    await runner.close()
    await store.close()
    return {
        "problems": [str(problem) for problem in settings.problems],
        "code": [inspect.getfile(one) for one in classes],
        "cycles": cycles,
        "fresh": [card["source"] for _, card in kiosk.stored(Kind.FRESHNESS)],
        "writes": [method for method, _ in kiosk.wire.requests if method != "GET"],
        "log": [f"{line.event} {line.keys}" for line in lifts.log.lines],
    }


json.dump(asyncio.run(story(Path(sys.argv[1]))), sys.stdout)
