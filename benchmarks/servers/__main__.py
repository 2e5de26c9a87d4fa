"""`python -m benchmarks.servers source|sink`: serve until the standard input closes."""

import asyncio
import sys

import uvloop

from benchmarks.servers.http import App, serve
from benchmarks.servers.sink import Sink
from benchmarks.servers.source import Source


def announce(address: str) -> None:
    """Tell whoever started us."""
    print(address, flush=True)


async def run(app: App) -> None:
    """Serve until the one that started us closes our input, even by dying."""
    serving = asyncio.create_task(serve(app, announce=announce))
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    serving.cancel()


if __name__ == "__main__":
    uvloop.run(run(Source() if sys.argv[1] == "source" else Sink()))
