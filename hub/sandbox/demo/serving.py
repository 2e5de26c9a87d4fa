"""ASGI applications on loopback ports, in this event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from hub.web.listening import listen
from hub.web.serving import Server

LOOPBACK = "127.0.0.1"
PATIENCE = 10.0  # seconds that a server may take to start


def own(port: int = 0) -> socket.socket:
    """A socket on this machine only; port 0: a free one.

    Raises:
        BadConfigError: something else has the port.
    """
    return listen(
        LOOPBACK,
        port,
        "stop what uses it, or choose another `--port-base`; without it free ports are taken.",
    )


def address(listener: socket.socket) -> str:
    """Where a browser finds what listens here."""
    return f"http://{LOOPBACK}:{listener.getsockname()[1]}"


@asynccontextmanager
async def serving(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    """Serve until the block ends; answers carry the application's own Date, or none.

    Raises:
        RuntimeError: the server did not start.
    """
    config = uvicorn.Config(
        app,
        log_level="critical",
        access_log=False,
        date_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    server = Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await _started(server, task)
        yield
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)


async def _started(server: uvicorn.Server, task: asyncio.Task[None]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not server.started:
            if task.done():
                raise RuntimeError("a server of the demo did not start") from task.exception()
            await asyncio.sleep(0.01)
