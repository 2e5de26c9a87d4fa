"""Carries bytes between sockets, and may run a program beside that; a script of its own.

    python relay.py tcp:127.0.0.1:3636=unix:/folder/636
    unshare -r -n python relay.py unix:/folder/636=tcp:127.0.0.1:636 -- samba -F ...

Samba has its ports in a network namespace of its own, where nobody else can reach them; a socket
in a folder can be reached from both sides. It ends on SIGTERM, when the program ends, and when
its standard input ends: with whoever started it, however that one ended.
"""

import asyncio
import fcntl
import signal
import socket
import struct
import sys
from collections.abc import Sequence

SIOCSIFFLAGS, UP = 0x8914, 0x1
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def loopback_up() -> None:
    """Switch on the loopback of a new network namespace; elsewhere it is on already."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", UP))


async def _dial(place: str) -> Pair:
    kind, _, where = place.partition(":")
    if kind == "unix":
        return await asyncio.open_unix_connection(where)
    host, _, port = where.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def relay(here: str, there: str) -> asyncio.Server:
    """Listen here, and carry every connection there."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await _dial(there)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_carry(reader, far_writer), _carry(far_reader, writer))

    kind, _, where = here.partition(":")
    if kind == "unix":
        return await asyncio.start_unix_server(one, where)
    host, _, port = where.rpartition(":")
    return await asyncio.start_server(one, host, int(port))


async def _input_ends() -> None:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    await reader.read()


async def _told() -> None:
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    await told.wait()


async def main(words: Sequence[str]) -> None:
    """Relay, run the program, and stop both."""
    cut = words.index("--") if "--" in words else len(words)
    reasons = [asyncio.ensure_future(_told()), asyncio.ensure_future(_input_ends())]
    for each in words[:cut]:
        here, _, there = each.partition("=")
        await relay(here, there)
    program = None
    if words[cut + 1 :]:
        loopback_up()
        program = await asyncio.create_subprocess_exec(
            *words[cut + 1 :], stdin=asyncio.subprocess.DEVNULL
        )
        reasons.append(asyncio.ensure_future(_over(program)))
    await asyncio.wait(reasons, return_when=asyncio.FIRST_COMPLETED)
    if program is not None and program.returncode is None:
        program.terminate()
        try:
            await asyncio.wait_for(program.wait(), 10)
        except TimeoutError:
            program.kill()


async def _over(program: asyncio.subprocess.Process) -> None:
    await program.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
