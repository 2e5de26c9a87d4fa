"""A sandbox on a loopback port, in a thread of this process: for clients that need a network."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve until the block ends.

    The Date header is the application's own; uvicorn's is off.

    Yields:
        The base address, such as http://127.0.0.1:40123.
    """
    config = uvicorn.Config(app, log_level="critical", date_header=False, lifespan="off")
    server = uvicorn.Server(config)
    # naming TCP lets asyncio switch Nagle off: without it each answer waits for 40 ms
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        run = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        run.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            run.join(10)
