"""FastStream with NATS JetStream on disk: published, then subscribed to and sent."""

import asyncio
import json
import os
import signal
import subprocess
import sys

import aiohttp
import nats
from aiohttp import web
from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, PullSub
from nats.js.api import ConsumerConfig
from surroundings import AT_ONCE, BATCH, SINK, SOURCE, STATE

PORT, HOOK = os.environ["BENCH_NATS_PORT"], os.environ["BENCH_HOOK_PORT"]
NATS = f"nats://127.0.0.1:{PORT}"
POSITION = STATE / "position.json"
AGAIN = {"ack_policy": AckPolicy.NACK_ON_ERROR, "config": ConsumerConfig(ack_wait=3)}

stream = JStream("records", subjects=["records"], declare=True)
broker = NatsBroker(NATS, logger=None)
clients = []


def client():
    if not clients:
        connector = aiohttp.TCPConnector(limit=AT_ONCE)
        clients.append(aiohttp.ClientSession(connector=connector, raise_for_status=True))
    return clients[0]


if BATCH > 1:

    @broker.subscriber(
        "records",
        stream=stream,
        durable="sink",
        pull_sub=PullSub(batch_size=BATCH, batch=True, timeout=1.0),
        **AGAIN,
    )
    async def send_batch(messages: list[dict]):
        async with client().post(f"{SINK}/bulk", json=messages) as answer:
            await answer.read()
else:

    @broker.subscriber(
        "records",
        stream=stream,
        durable="sink",
        pull_sub=PullSub(batch_size=100, timeout=1.0),
        max_workers=AT_ONCE,
        **AGAIN,
    )
    async def send_one(message: dict):
        async with client().put(f"{SINK}/upsert/{message['id']}", json=message) as answer:
            await answer.read()


def start_server():
    command = [os.environ["BENCH_NATS"], "-a", "127.0.0.1", "-p", PORT, "-js", "-sd", STATE / "js"]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


async def connect():
    for _ in range(100):
        try:
            return await broker.start()
        except (OSError, nats.errors.Error):
            await asyncio.sleep(0.05)
    raise SystemExit("no NATS")


async def publish(record):
    await broker.publish(record, "records", stream="records")


async def read():
    position = json.loads(POSITION.read_text()) if POSITION.exists() else ""
    page, since = 1, position
    while page:
        asked = {"since": since, "per_page": 100, "page": page}
        async with client().get(f"{SOURCE}/records", params=asked) as answer:
            found = await answer.json()
        await asyncio.gather(*map(publish, found["items"]))
        if found["items"]:
            POSITION.write_text(json.dumps(found["items"][-1]["updated_at"]))
        page = found["next_page"]


async def sent():
    connection = await nats.connect(NATS)
    manager = connection.jetstream()
    while True:
        info = await manager.consumer_info("records", "sink")
        if info.num_pending + info.num_ack_pending == 0:
            break
        await asyncio.sleep(0.05)
    await connection.close()


async def serve():
    async def hook(request):
        await publish(await request.json())
        return web.Response(status=202, body=b"{}")

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(HOOK)).start()
    await asyncio.Event().wait()


async def main():
    await connect()
    if "serve" in sys.argv:
        await serve()
    await read()
    await sent()
    await broker.stop()
    await client().close()


server = start_server()
try:
    asyncio.run(main())
finally:
    server.send_signal(signal.SIGINT)  # a polite end: it keeps what was acknowledged
    server.wait()
