"""Stopping a server that shares its event loop: signals stay others', no connection is left."""

import asyncio
import signal

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hub.web.listening import listen
from hub.web.serving import Server


async def test_a_connection_that_came_while_it_began_to_stop_is_closed(monkeypatch):
    # uvicorn tells only those to close that it knows by then: here, none
    monkeypatch.setattr(HttpToolsProtocol, "shutdown", lambda _: None)
    listener = listen("127.0.0.1", 0, "choose another")
    server = Server(
        uvicorn.Config(None, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    )
    before = signal.getsignal(signal.SIGTERM)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    async with asyncio.timeout(10):
        while not server.server_state.connections:  # noqa: ASYNC110  uvicorn has no event for this
            await asyncio.sleep(0.01)
        assert signal.getsignal(signal.SIGTERM) == before
        server.should_exit = True
        await task
        assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
