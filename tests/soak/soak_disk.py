"""A hub whose disk fills up in the middle of a batch, and in the middle of a delivery.

Arguments: a folder, `real` (a small file system of its own is mounted there) or `limit` (no file
may grow: for machines where nothing can be mounted), how many subjects come at once.
Prints what was measured as JSON; a broken promise is an AssertionError.
"""

import asyncio
import json
import resource
import sqlite3
import sys
from pathlib import Path

from soak_hub import Hub, few, many, whole
from soak_world import count_faults, end_state, shown

from hub.store.store import StoreDownError

ROOM = 256 * 1024  # bytes that are left, so that the fault comes in the middle


class RealDisk:
    """A mounted file system, filled with a file of nothing."""

    def __init__(self, folder: Path):
        self._filler = folder / "filler"

    def fill(self, room: int) -> None:
        with self._filler.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
            file.truncate(max(0, file.tell() - room))

    def clear(self) -> None:
        self._filler.unlink()


class LimitedFiles:
    """No file may become longer than the longest is now and a little, or none be written at all."""

    def __init__(self, folder: Path):
        self._folder = folder

    def fill(self, room: int) -> None:
        longest = max(one.stat().st_size for one in self._folder.iterdir())
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (longest + room if room else 0, hard))

    def clear(self) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


async def unharmed(folder: Path, number: int) -> tuple[dict, list]:
    hub = await Hub(f"sqlite:///{folder / 'unharmed.db'}").start()
    few(hub)
    await hub.cycle()
    for version in (1, 2):
        many(hub, number, version)
        await hub.cycle()
    await hub.store.close()
    state = end_state(hub.url), shown(hub.intranet)
    clean_up(folder)
    return state


def clean_up(folder: Path) -> None:
    for path in folder.glob("unharmed.db*"):
        path.unlink()


async def in_a_batch(hub: Hub, disk, folder: Path) -> dict:
    """The disk fills up while a reading is stored; it goes on when there is room."""
    disk.fill(ROOM)
    try:
        await hub.runner.run("desk", "majors")
    except StoreDownError as error:
        said = str(error)
    else:
        raise AssertionError("there was room enough")
    stored = whole(folder)
    asked = len(hub.source.requests)
    await hub.pass_time(60)
    assert hub.said("store_down", "store_back", "task_failed") == ["store_down"]
    asked = len(hub.source.requests) - asked
    assert asked <= 8, f"the source was asked {asked} times in a minute without room"
    disk.clear()
    return {"said": said, "stored": stored, "asked": asked}


def checkpoint(folder: Path) -> None:
    """Leave no room inside the write-ahead log either."""
    db = sqlite3.connect(folder / "hub.db", timeout=10)
    db.execute("pragma wal_checkpoint(truncate)")
    db.close()


async def in_a_delivery(hub: Hub, disk, folder: Path, number: int) -> dict:
    """The disk fills up when a call was sent, before its answer could be written down."""
    await hub.pass_time(65)
    assert hub.said("store_down", "store_back") == ["store_down", "store_back"]
    many(hub, number, 2)
    hub.before["sent"] = lambda: (hub.before.clear(), checkpoint(folder), disk.fill(0))
    await hub.pass_time(65)
    sent = len(hub.intranet.log)
    await hub.pass_time(60)
    assert hub.said("target_down", "task_failed") == []
    assert hub.said("store_down", "store_back") == ["store_down", "store_back", "store_down"]
    again = len(hub.intranet.log) - sent
    disk.clear()
    await hub.pass_time(65)
    return {"sent_meanwhile": again}


async def main(folder: Path, disk, number: int) -> dict:
    state, stands = await unharmed(folder, number)
    hub = await Hub(f"sqlite:///{folder / 'hub.db'}").start()
    few(hub)
    await hub.cycle()
    many(hub, number)
    found = await in_a_batch(hub, disk, folder)
    found |= await in_a_delivery(hub, disk, folder, number)
    assert hub.said("store_down", "store_back") == ["store_down", "store_back"] * 2
    await hub.store.close()
    whole(folder)
    assert end_state(hub.url) == state
    assert shown(hub.intranet) == stands
    faults = count_faults(hub.intranet.log)
    assert (faults["created twice"], faults["out of order"]) == (0, 0)
    return found | {"lost": 0, "sent_again": faults["sent again"]}


if __name__ == "__main__":
    where = Path(sys.argv[1])
    made = (RealDisk if sys.argv[2] == "real" else LimitedFiles)(where)
    sys.stdout.write(json.dumps(asyncio.run(main(where, made, int(sys.argv[3])))))
