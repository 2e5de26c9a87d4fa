"""Adds rows to the audit trail of a store until it is done or killed; says each one's number."""

import asyncio
import sys
from datetime import UTC, datetime

from hub.store import trail
from hub.store.store import Store


async def work(url: str, name: str, number: int) -> None:
    store = await Store(url).open()
    for one in range(number):
        given = {"actor": name, "action": "pause", "what": {"number": one}}
        seq = await store.write(trail.note, now=datetime.now(UTC), **given)
        sys.stdout.write(f"{seq}\n")
        sys.stdout.flush()
    await store.close()


asyncio.run(work(sys.argv[1], sys.argv[2], int(sys.argv[3])))
