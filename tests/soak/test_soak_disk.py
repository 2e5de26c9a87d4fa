"""A disk without room, and a file that loses its name, under a running hub."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from soak_hub import Hub, few, many, whole

from hub.store.store import StoreDownError

WORKER = Path(__file__).with_name("soak_disk.py")
# a file system of its own, seen by that one process and gone with it
MOUNTED = 'mount -t tmpfs -o size=96m tmpfs "$1" && exec "$2" "$3" "$1" real "$4"'


def mounted(folder: Path, number: int) -> list[str]:
    words = ["sh", "-c", MOUNTED, "sh", str(folder), sys.executable, str(WORKER), str(number)]
    for how in (["--mount"], ["--mount", "--map-root-user"]):
        trial = ["unshare", *how, "mount", "-t", "tmpfs", "tmpfs", str(folder)]
        try:
            done = subprocess.run(trial, capture_output=True, check=False, timeout=30)
        except FileNotFoundError:
            break
        if done.returncode == 0:
            return ["unshare", *how, *words]
    pytest.skip("nothing can be mounted here: the test beside it limits the files' size instead")


@pytest.mark.parametrize("way", ["file system", "file size"])
def test_a_full_disk_loses_nothing_and_the_hub_goes_on(tmp_path, way, size, figure):
    number = 150 if size.full else 60
    plain = [sys.executable, str(WORKER), str(tmp_path), "limit", str(number)]
    command = mounted(tmp_path, number) if way == "file system" else plain
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    said = "is full: nothing of this step is kept" if way == "file system" else "disk I/O error"
    assert said in found.pop("said")
    assert found["stored"] < number
    figure(f"disk full ({way})", objects=number, **found)


@pytest.fixture
async def hub(tmp_path):
    made = await Hub(f"sqlite:///{tmp_path / 'hub.db'}").start()
    few(made)
    await made.cycle()
    yield made
    await made.store.close()


async def test_a_file_that_is_renamed_is_said_and_back_it_goes_on(hub, tmp_path, size, figure):
    file, away = tmp_path / "hub.db", tmp_path / "away.db"
    many(hub, 20)
    file.rename(away)
    with pytest.raises(StoreDownError, match=r"removed or renamed under the hub .*Put that very"):
        await hub.runner.run("desk", "majors")
    await hub.pass_time(30)
    assert hub.said("store_down", "store_back", "task_failed") == ["store_down"]
    away.rename(file)
    await hub.pass_time(90)
    assert hub.said("store_down", "store_back") == ["store_down", "store_back"]
    assert len(hub.intranet.objects) == 21
    assert whole(tmp_path) == 20
    figure("file renamed and back", said=1, lost=0)


async def test_a_file_that_is_removed_is_said_and_none_is_made(hub, tmp_path):
    (tmp_path / "hub.db").unlink()
    await hub.pass_time(30)
    assert hub.said("store_down", "store_back", "task_failed") == ["store_down"]
    assert not (tmp_path / "hub.db").exists()


async def test_a_file_that_is_replaced_is_left_alone(hub, tmp_path):
    (tmp_path / "hub.db").rename(tmp_path / "old.db")
    (tmp_path / "hub.db").write_bytes(b"somebody else's")
    with pytest.raises(StoreDownError, match="Restart the hub"):
        await hub.runner.run("desk", "majors")
    assert (tmp_path / "hub.db").read_bytes() == b"somebody else's"


async def test_the_store_is_said_to_be_back_when_all_that_failed_works(hub, tmp_path):
    file, away = tmp_path / "hub.db", tmp_path / "away.db"
    file.rename(away)
    await asyncio.gather(*(hub.pass_time(3) for _ in range(2)))
    away.rename(file)
    await hub.pass_time(2)
    assert hub.said("store_down", "store_back") == ["store_down", "store_back"]
