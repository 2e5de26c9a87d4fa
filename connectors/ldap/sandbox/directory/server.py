"""The directory on a loopback port, in the event loop of whoever started it."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from connectors.ldap.sandbox.directory.conversation import BrokenOffError, Conversation
from connectors.ldap.sandbox.directory.options import DirectoryOptions, Fault
from connectors.ldap.sandbox.directory.tree import Tree
from connectors.ldap.sandbox.directory.wire import GarbledError, Request, goodbye, requests

CHUNK = 65_536


class DirectorySandbox:
    """A small LDAP server that behaves like OpenLDAP, as far as reading people goes.

    Attributes:
        tree: the entries; whoever changes them changes the answers at once.
        fault: what goes wrong from now on; None: nothing.
    """

    def __init__(self, tree: Tree, options: DirectoryOptions | None = None) -> None:
        self.options = options or DirectoryOptions()
        self.tree = tree
        self.fault: Fault | None = Fault(self.options.fault) if self.options.fault else None
        self._open: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def serving(self, listener: socket.socket) -> AsyncIterator[None]:
        """Serve on this socket until the block ends; whoever is still connected is hung up on."""
        server = await asyncio.start_server(self._client, sock=listener)
        try:
            yield
        finally:
            server.close()
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        with suppress(ConnectionError, BrokenOffError, asyncio.CancelledError):
            await self._talk(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk, buffer = Conversation(self.tree, self.options, self.fault), bytearray()
        while self.fault is not Fault.AWAY and (data := await reader.read(CHUNK)):
            buffer += data
            try:
                for asked in requests(buffer):
                    talk.fault = self.fault
                    if self.fault is Fault.SLOW:
                        await asyncio.sleep(self.options.delay)
                    await _say(writer, talk, asked)
            except GarbledError as error:
                writer.write(goodbye(str(error)))
                await writer.drain()
                return


async def _say(writer: asyncio.StreamWriter, talk: Conversation, asked: Request) -> None:
    """The answer in one go; where a fault breaks it off, what came before that."""
    said = bytearray()
    try:
        for part in talk.answer(asked):
            said += part
    finally:
        writer.write(said)
        await writer.drain()


@contextmanager
def served(directory: DirectorySandbox) -> Iterator[str]:
    """The directory in a thread of this process, for clients that wait; yields its address."""
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        async def work() -> None:
            async with directory.serving(listener):
                ready.set()
                await stop.wait()

        run = threading.Thread(target=loop.run_until_complete, args=[work()], daemon=True)
        run.start()
        ready.wait(10)
        try:
            yield f"ldap://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            loop.call_soon_threadsafe(stop.set)
            run.join(10)
            loop.close()
