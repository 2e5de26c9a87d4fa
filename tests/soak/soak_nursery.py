"""A process without threads that has everything imported, and forks a hub for each life.

Reads one JSON line per life from stdin, answers with one: how the life ended, and at which point.
"""

import asyncio
import json
import mmap
import os
import select
import signal
import sys
import time
import traceback
from pathlib import Path

import psycopg  # noqa: F401  imported once, for all lives
from soak_world import Killer, live

import hub.store.postgres  # noqa: F401  the same

SLOT = 64  # bytes of shared memory for the name of a point
LONGEST = 600.0  # seconds; what lasts longer hangs: an unharmed life plays hundreds of scenes


def born(memory: mmap.mmap, first: int, wish: dict) -> None:
    """A life, in the child; at its first point it closes `first`."""
    left = [first]

    def seen(name: str) -> None:
        while left:
            os.close(left.pop())
        memory[:SLOT] = name.encode().ljust(SLOT, b"\0")

    try:
        at = Killer(wish["point"], wish["hit"], seen)
        folder = Path(wish["folder"])
        asyncio.run(live(folder, wish["url"], wish["ports"], wish["until"], at))
    except BaseException:  # noqa: BLE001  whatever it is, the parent must hear of it
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def raised(memory: mmap.mmap, wish: dict) -> dict:
    """Fork a life, kill it at its moment if it has one, and say how it ended."""
    memory[:SLOT] = b"born".ljust(SLOT, b"\0")
    begun, first = os.pipe()
    pid = os.fork()
    if not pid:
        born(memory, first, wish)
    os.close(first)
    handle, moment = os.pidfd_open(pid), wish["moment"]
    try:
        if wish["begun"]:
            _wait(begun, LONGEST)
        ended = _wait(handle, LONGEST if moment is None else moment)
        if not ended:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    finally:
        os.close(handle)
        os.close(begun)
    if not ended and moment is None:
        return {"code": "hung", "point": _point(memory)}
    return {"code": os.waitstatus_to_exitcode(status), "point": _point(memory)}


def _wait(handle: int, seconds: float) -> bool:
    return bool(select.select([handle], [], [], seconds)[0])


def _point(memory: mmap.mmap) -> str:
    return memory[:SLOT].rstrip(b"\0").decode()


def main() -> None:
    memory = mmap.mmap(-1, SLOT)
    for line in sys.stdin:
        begun = time.monotonic()
        answer = raised(memory, json.loads(line))
        answer["seconds"] = round(time.monotonic() - begun, 4)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
