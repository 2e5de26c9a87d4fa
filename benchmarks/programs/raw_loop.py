"""The ceiling: bare sockets and JSON, nothing stored but where the reading was."""

import asyncio
import json

import orjson
import uvloop
from surroundings import AT_ONCE, BATCH, SINK, SOURCE, STATE

POSITION = STATE / "position.json"
PATH = "/bulk" if BATCH > 1 else "/upsert"


class Wire:
    """One connection, one request at a time."""

    def __init__(self, url):
        self.host, port = url.removeprefix("http://").split(":")
        self.port = int(port)
        self.reader = self.writer = None

    async def ask(self, method, path, body=b""):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        self.writer.write(
            b"%s %s HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%s"
            % (method, path.encode(), len(body), body)
        )
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.partition(b"content-length: ")[2].split(b"\r\n", 1)[0])
        return int(head[9:12]), await self.reader.readexactly(length)


async def send(queue, refused):
    wire = Wire(SINK)
    while (part := await queue.get()) is not None:
        body = orjson.dumps(part if BATCH > 1 else part[0])
        status, _ = await wire.ask(b"POST", PATH, body)
        refused.extend([part] if status >= 400 else [])


async def main():
    position = json.loads(POSITION.read_text()) if POSITION.exists() else ""
    source, queue, refused = Wire(SOURCE), asyncio.Queue(AT_ONCE * 2), []
    senders = [asyncio.create_task(send(queue, refused)) for _ in range(AT_ONCE)]
    page, last = 1, position
    while page:
        path = f"/records?per_page=100&page={page}&since={position}"
        _, body = await source.ask(b"GET", path)
        answer = orjson.loads(body)
        items, page = answer["items"], answer["next_page"]
        for start in range(0, len(items), BATCH):
            await queue.put(items[start : start + BATCH])
        last = items[-1]["updated_at"] if items else last
    for _ in senders:
        await queue.put(None)
    await asyncio.gather(*senders)
    POSITION.write_text(json.dumps(last))
    return len(refused)


raise SystemExit(1 if uvloop.run(main()) else 0)
