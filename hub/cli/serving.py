"""Serving an application inside a command, and stopping politely."""

import asyncio
import os
import signal
import socket
from typing import Any

import uvicorn

from hub.web.serving import Server


def server(app: Any, *, date_header: bool = True) -> Server:
    """A quiet server: no access log, because a tile's address is its only key."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        date_header=date_header,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    return Server(config)


def guarded(app: Any, log: Any) -> Any:
    """The application, with a fault that it answered already as a line in our own log.

    The server would write the fault's text, which may hold a secret, and the tile's address.
    """

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        try:
            await app(scope, receive, send)
        except Exception as error:
            log.exception("page_failed", error=type(error).__name__)

    return answer


def stop_on_signals() -> asyncio.Event:
    """An event that the first SIGTERM or Ctrl-C sets; a second one ends the process at once.

    That is as safe as a power failure: what is not stored is done again after the next start.
    """
    stop = asyncio.Event()
    asked: list[int] = []

    def ask(number: int) -> None:
        if asked:
            os._exit(128 + number)
        asked.append(number)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask, number)
    return stop


async def serve(app: Any, listener: socket.socket, stop: asyncio.Event, **how: Any) -> None:
    """Serve on this socket until `stop` is set."""
    one = server(app, **how)
    task = asyncio.create_task(one.serve(sockets=[listener]))
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    one.should_exit = True
    await task
