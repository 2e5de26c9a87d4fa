"""PostgreSQL alone: zombies, a server that goes away, copies, and passwords that never show."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.errors import BadConfigError, RetryableError
from hub.store import streams, tables
from hub.store.postgres import trust
from hub.store.store import Store, StoreInUseError, StoreLostError

# Writes an instance each tenth of a second, until it may no longer; says how it ended.
WRITER = """
import asyncio, sys
from hub.errors import HubError
from hub.store import streams
from hub.store.store import Store

async def main(url, lease):
    store = await Store(url, lease=lease).open()
    store.own()
    number = 0
    while True:
        number += 1
        name = f"zombie-{number}"
        how = {"connector": "c", "mode": "watch", "state": "active"}
        try:
            await store.write(streams.put_instance, name, **how)
        except HubError as error:
            print(type(error).__name__, error, flush=True)
            break
        print(number, flush=True)
        await asyncio.sleep(0.1)
    await store.close()

asyncio.run(main(sys.argv[1], float(sys.argv[2])))
"""
# Owns the store and stops itself in the middle of a transaction.
SLEEPER = """
import asyncio, os, signal, sys, time
from hub.errors import HubError
from hub.store import streams
from hub.store.store import Store

def work(tx):
    how = {"connector": "c", "mode": "watch", "state": "active"}
    streams.put_instance(tx, "half", **how)
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(0.5)  # another thread may be the one that stops all
    streams.put_instance(tx, "whole", **how)

async def main(url, lease):
    store = await Store(url, lease=lease).open()
    store.own()
    for _ in range(2):
        try:
            await store.write(work)
        except HubError as error:
            print(type(error).__name__, flush=True)
    await store.close()

asyncio.run(main(sys.argv[1], float(sys.argv[2])))
"""


def started(program: str, url: str, lease: float) -> subprocess.Popen:
    command = [sys.executable, "-c", program, url, str(lease)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def stopped(process: subprocess.Popen) -> bool:
    stat = Path(f"/proc/{process.pid}/stat").read_text()
    return stat.rsplit(")", 1)[1].split()[0] == "T"


async def take_over(url: str, lease: float) -> Store:
    """Another hub, as soon as it may."""
    store = await Store(url, lease=lease).open()
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        try:
            store.own()
        except StoreInUseError:
            time.sleep(0.1)
        else:
            return store
    raise AssertionError("the lease never ended")


@pytest.mark.parametrize("taken", [True, False], ids=["taken-over", "left-alone"])
async def test_a_process_stopped_past_its_lease_and_continued_writes_nothing(postgres_url, taken):
    with started(WRITER, postgres_url, 2) as zombie:
        for _ in range(5):
            assert zombie.stdout.readline().strip().isdigit()
        zombie.send_signal(signal.SIGSTOP)
        other = await (take_over if taken else _opened)(postgres_url, 2)
        time.sleep(0 if taken else 3)
        before = await other.read(streams.instances)
        zombie.send_signal(signal.SIGCONT)
        said, faults = zombie.communicate(timeout=30)
    assert said.splitlines()[-1].startswith("StoreLostError"), said + faults
    assert await other.read(streams.instances) == before
    await other.close()


async def _opened(url: str, lease: float) -> Store:
    return await Store(url, lease=lease).open()


async def test_a_process_stopped_inside_a_transaction_holds_nobody_up(postgres_url):
    with started(SLEEPER, postgres_url, 2) as zombie:
        while not stopped(zombie):
            time.sleep(0.05)
        other = await take_over(postgres_url, 2)  # the server ends the session that sleeps
        zombie.send_signal(signal.SIGCONT)
        said, faults = zombie.communicate(timeout=30)
    assert said.split() == ["StoreDownError", "StoreLostError"], said + faults
    assert await other.read(streams.instances) == {}
    await other.close()


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_a_restarted_server_is_found_again_and_nothing_is_lost(postgres, world):
    world.source.put("a")
    await world.start()
    world.store.own()
    await world.runner.start()
    await world.cycle()
    world.source.put("b")
    postgres.stop("immediate")
    try:
        with pytest.raises(RetryableError, match="can't be reached"):
            await world.runner.run("desk", "majors")
    finally:
        postgres.start()
    report = await world.cycle()
    assert report.outcome == "complete"
    assert sorted(world.items()) == ["Disturbance a", "Disturbance b"]


async def test_an_owner_that_was_awake_keeps_the_store_through_an_outage(postgres, postgres_url):
    store = await Store(postgres_url, lease=2).open()
    store.own()
    postgres.stop()
    time.sleep(3)
    postgres.start()
    await store.write(streams.put_instance, "a", connector="c", mode="watch", state="active")
    other = Store(postgres_url, lease=2)
    assert other.in_use()
    await other.close()
    await store.close()


async def test_who_gave_the_store_back_leaves_it_to_the_next_at_once(postgres_url):
    one, second = await Store(postgres_url).open(), await Store(postgres_url).open()
    one.own()
    with pytest.raises(StoreInUseError, match="its lease ends 30 seconds after"):
        second.own()
    one.disown()
    second.own()
    with pytest.raises(StoreInUseError):
        one.own()
    await one.close()
    await second.close()


async def test_a_session_that_lost_the_lease_is_told(postgres, postgres_url):
    store = await Store(postgres_url).open()
    store.own()
    database = postgres_url.rsplit("/", 1)[1]
    postgres.sql("delete from lease", database)
    with pytest.raises(StoreLostError, match="another hub took over"):
        await store.read(streams.instances)
    await store.close()


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_a_copy_holds_everything_and_leaves_the_original_alone(postgres, world):
    world.source.put("a")
    await world.start()
    world.store.own()
    await world.runner.start()
    await world.cycle()
    database = world.url.rsplit("/", 1)[1]
    names = [table.name for table in tables.metadata.sorted_tables if table.name != "lease"]

    def contents() -> dict:
        return {name: postgres.sql(f'select * from "{name}"', database) for name in names}

    before = contents()
    copy = await world.store.shadow()
    for table in (tables.subject, tables.event, tables.obj, tables.cause, tables.stream):
        rows = await copy.read(lambda tx, one=table: tx.execute(sa.select(one)).all())
        assert rows == await world.rows(sa.select(table))
        assert rows
    await copy.write(streams.put_instance, "new", connector="c", mode="watch", state="active")
    await copy.close()
    assert contents() == before


async def test_two_that_open_an_empty_database_at_once_make_the_tables_once(postgres):
    import asyncio

    postgres.sql("create database hub_empty")
    stores = [Store(postgres.url("hub_empty")) for _ in range(3)]
    assert not stores[0].exists()
    await asyncio.gather(*(store.open() for store in stores))
    assert stores[0].exists()
    for store in stores:
        await store.close()
    postgres.sql("drop database hub_empty with (force)")


async def test_long_texts_and_large_revisions_are_stored(postgres_url):
    store = await Store(postgres_url).open()
    row = {
        "instance": "a",
        "stream": "s",
        "family": "incident",
        "key": "k" * 400,
        "version": 1,
        "fingerprint": "f",
        "revision": 2**53,
        "sweep": 1,
    }
    await store.write(lambda tx: tx.execute(tables.subject.insert().values(row)))
    (found,) = await store.read(lambda tx: tx.execute(sa.select(tables.subject)).all())
    assert (found.key, found.revision) == (row["key"], row["revision"])
    await store.close()


async def test_a_wrong_password_is_said_and_never_shown(postgres, postgres_url):
    wrong = postgres_url.replace("canary-", "wrong-canary-")
    store = Store(wrong)
    with pytest.raises(BadConfigError, match="authentication failed") as error:
        await store.open()
    assert "canary" not in str(error.value) + store.name + repr(store._engine)
    await store.close()
    missing = Store(postgres.url("nothing_here"))
    with pytest.raises(BadConfigError, match="does not exist"):
        await missing.open()
    await missing.close()


async def test_a_server_that_is_away_is_tried_again_later():
    store = Store("postgresql://hub:canary@127.0.0.1:1/hub")
    with pytest.raises(RetryableError, match=r"PostgreSQL database hub on 127\.0\.0\.1:1") as error:
        await store.open()
    assert "canary" not in str(error.value)
    await store.close()


def test_a_server_elsewhere_is_verified():
    far = trust(sa.make_url("postgresql://hub@db.example.org/hub"))
    assert far["sslmode"] == "verify-full"
    assert trust(sa.make_url("postgresql://hub@127.0.0.1/hub")) == {}
