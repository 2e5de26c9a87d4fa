"""The hub's own HTTP clients without the hub: httpx reads, own connections send; nothing is stored."""

import asyncio
import json
from datetime import UTC, datetime

import orjson
from surroundings import AT_ONCE, BATCH, JSON, SINK, SOURCE, STATE

from hub.http import HttpFactory, HttpOptions
from hub.http.wire import WireTransport

POSITION = STATE / "position.json"


async def send(wire, queue, refused):
    while (part := await queue.get()) is not None:
        if BATCH > 1:
            address, body = f"{SINK}/bulk", orjson.dumps(part)
            answer = await wire.exchange("POST", address, JSON, body)
        else:
            address, body = f"{SINK}/upsert/{part[0]['id']}", orjson.dumps(part[0])
            answer = await wire.exchange("PUT", address, JSON, body)
        refused.extend([part] if answer.status >= 400 else [])


async def main():
    position = json.loads(POSITION.read_text()) if POSITION.exists() else ""
    source = HttpFactory(HttpOptions(), lambda: datetime.now(UTC))(SOURCE)
    wire, queue, refused = WireTransport(SINK, HttpOptions()), asyncio.Queue(AT_ONCE * 2), []
    senders = [asyncio.create_task(send(wire, queue, refused)) for _ in range(AT_ONCE)]
    page, last = 1, position
    while page:
        asked = {"per_page": "100", "page": str(page), "since": position}
        found = orjson.loads((await source.get("records", params=asked)).content)
        items, page = found["items"], found["next_page"]
        for start in range(0, len(items), BATCH):
            await queue.put(items[start : start + BATCH])
        last = items[-1]["updated_at"] if items else last
    for _ in senders:
        await queue.put(None)
    await asyncio.gather(*senders)
    POSITION.write_text(json.dumps(last))
    await wire.aclose()
    await source.aclose()
    return len(refused)


raise SystemExit(1 if asyncio.run(main()) else 0)
