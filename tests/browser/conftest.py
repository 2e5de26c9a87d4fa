"""A browser and loopback servers: `serve(app)` gives a URL, `browser` is Debian's Chromium."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from hub.web.serving import Server

CHROMIUM = Path(os.environ.get("HUB_CHROMIUM", "/usr/bin/chromium"))
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

Serve = Callable[[Any], Awaitable[str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, on a machine without Chromium."""
    here = Path(__file__).parent
    skip = pytest.mark.skip(reason=f"no Chromium at {CHROMIUM}: apt-get install chromium")
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM.exists():
                item.add_marker(skip)


@pytest.fixture
async def browser() -> AsyncIterator[Any]:
    """Chromium without a window."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield chromium
        await chromium.close()


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serves ASGI applications on loopback ports of their own until the test ends."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(app: Any) -> str:
            server = Server(
                uvicorn.Config(
                    app,
                    host="127.0.0.1",
                    port=0,
                    log_config=None,
                    ws="none",
                    timeout_graceful_shutdown=2,
                )
            )
            task = asyncio.create_task(server.serve())
            stack.push_async_callback(_stop, server, task)
            async with asyncio.timeout(10):
                while not server.started:  # noqa: ASYNC110 - uvicorn offers no event to await
                    await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            return f"http://127.0.0.1:{port}"

        yield start


async def _stop(server: Server, task: asyncio.Task[None]) -> None:
    server.should_exit = True
    await task
