"""A sandbox intranet with a clock that the test moves, and clients for it."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import uvicorn

from hub.sandbox.intranet import InProcessTransport, IntranetOptions, IntranetSandbox
from hub.web.serving import Server


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sandbox(clock):
    return IntranetSandbox(IntranetOptions(), clock)


def _client(sandbox, token):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = InProcessTransport(sandbox.app)
    return httpx.AsyncClient(
        base_url="http://intranet.example", transport=transport, headers=headers
    )


@pytest.fixture
async def api(sandbox):
    async with _client(sandbox, sandbox.options.token) as client:
        yield client


@pytest.fixture
async def reader(sandbox):
    async with _client(sandbox, sandbox.options.readonly_token) as client:
        yield client


@pytest.fixture
async def visitor(sandbox):
    async with _client(sandbox, None) as client:
        yield client


@pytest.fixture
def item():
    """Return a function that makes the body of a tile item."""

    def make(title="Zaaksysteem niet bereikbaar", **changed):
        body = {
            "tile": "storingen",
            "title": {"nl": title},
            "state": "open",
            "since": "2026-11-23T07:12:00Z",
            "audience": {"everyone": True},
        }
        return body | changed

    return make


@pytest.fixture
def freshness(clock):
    """Return a function that makes a freshness body, fresh for five minutes from now."""

    def make(**changed):
        body = {
            "tile": "storingen",
            "audience": {"everyone": True},
            "source": "topdesk",
            "as_of": clock.at.isoformat(),
            "fresh_until": (clock.at + timedelta(minutes=5)).isoformat(),
        }
        return body | changed

    return make


@contextlib.asynccontextmanager
async def _served(app):
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off")
    server = Server(config)
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110  # uvicorn has no event for this
                await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, 10)


@pytest.fixture
def served():
    """Return a context manager that serves an app on a free loopback port and gives its address."""
    return _served
