"""Who owns the store, and what a store that is broken says."""

import subprocess
import sys
import time

import pytest
import sqlalchemy as sa

from hub.contract import Batch
from hub.engine import intake
from hub.errors import BadConfigError, StreamLostError
from hub.store import streams, tables
from hub.store.migrate import current, make, upgrade
from hub.store.store import Store, StoreInUseError

HOLD = """
import sys, time
from hub.store.store import Store
store = Store(sys.argv[1], lease=3); store.own(); print("owned", flush=True); time.sleep(60)
"""


async def test_a_second_owner_is_refused_and_told_who_the_first_is(store_url):
    url = store_url
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, url], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline().strip() == "owned"
        store = await Store(url, lease=3).open()
        time.sleep(4)  # longer than its lease: it is renewed
        assert store.in_use()
        with pytest.raises(StoreInUseError, match=f"pid {other.pid}"):
            store.own()
        other.kill()
        other.wait()
    deadline = time.monotonic() + 20
    while store.in_use() and time.monotonic() < deadline:
        time.sleep(0.05)
    store.own()
    await store.close()


async def test_a_worker_that_lost_its_stream_writes_nothing(store_url):
    store = await Store(store_url).open()
    given = {"instance_id": "a", "connector": "c", "name": "s", "fingerprint": "f"}

    async def take(now):
        return await store.write(streams.take, traceparent="t", now=now, **given)

    from datetime import UTC, datetime, timedelta

    now = datetime(2026, 11, 2, tzinfo=UTC)
    old = await take(now)
    new = await take(now)
    with pytest.raises(StreamLostError):
        await store.write(intake.apply, old, Batch(), now=now, reopen=timedelta(hours=1))
    await store.write(intake.apply, new, Batch(), now=now, reopen=timedelta(hours=1))
    await store.close()


async def test_a_file_that_is_no_database_is_a_clear_error(tmp_path):
    path = tmp_path / "hub.db"
    path.write_bytes(b"this is not a database, it is a letter" * 50)
    with pytest.raises(BadConfigError, match="put a backup back"):
        await Store(f"sqlite:///{path}").open()


def test_another_database_is_refused_without_its_password():
    with pytest.raises(BadConfigError, match="does not know") as error:
        Store("mysql://u:secret@localhost/hub")
    assert "secret" not in str(error.value)


async def test_migrations_make_exactly_the_tables(store_url):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    store = await Store(store_url).open()
    found = await store.read(
        lambda tx: compare_metadata(MigrationContext.configure(tx), tables.metadata)
    )
    beside = {change[1].name for change in found if change[0] == "remove_index"}
    assert beside == set(tables.PARTIAL)
    assert [change for change in found if change[0] != "remove_index"] == []
    await store.close()


def shape(tx) -> dict:
    """Columns, keys and indexes of every table, whatever their order."""
    seen = sa.inspect(tx)
    return {
        name: {
            "columns": sorted(
                (one["name"], str(one["type"]), one["nullable"], str(one["default"]))
                for one in seen.get_columns(name)
            ),
            "key": seen.get_pk_constraint(name)["constrained_columns"],
            "foreign": sorted(
                str(one["constrained_columns"]) for one in seen.get_foreign_keys(name)
            ),
            "unique": sorted(str(one["column_names"]) for one in seen.get_unique_constraints(name)),
            "indexes": sorted(
                (one["name"], *one["column_names"]) for one in seen.get_indexes(name)
            ),
        }
        for name in seen.get_table_names()
    }


async def test_a_new_store_is_made_as_the_migrations_leave_an_old_one(store_url):
    store = await Store(store_url).open()

    def anew(tx, work, *args):
        there = sa.MetaData()
        there.reflect(tx)
        there.drop_all(tx)
        work(tx, *args)
        if work is upgrade:
            upgrade(tx)
        return shape(tx), current(tx)

    migrated = await store.write(anew, upgrade, "0001")
    assert migrated[0].keys() > {"subject", "object", "alembic_version"}
    assert await store.write(anew, make) == migrated
    await store.close()


async def test_the_store_is_durable_and_forgets_safely(tmp_path):
    store = await Store(f"sqlite:///{tmp_path / 'hub.db'}").open()

    def pragmas(tx):
        return [
            tx.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        ]

    assert await store.read(pragmas) == ["wal", 2, 1, 1]
    await store.close()


async def test_the_transaction_is_whole_or_nothing(store_url):
    store = await Store(store_url).open()

    def half(tx):
        streams.put_instance(tx, "a", connector="c", mode="watch", state="active")
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        await store.write(half)
    assert await store.read(streams.instances) == {}
    await store.close()


async def test_a_store_of_a_newer_hub_is_refused_in_words(store_url):
    store = await Store(store_url).open()
    await store.write(
        lambda tx: tx.exec_driver_sql("update alembic_version set version_num = '9999'")
    )
    await store.close()
    with pytest.raises(BadConfigError, match="made by a newer hub"):
        await Store(store_url).open()


async def test_the_file_is_for_its_owner_alone(tmp_path):
    store = await Store(f"sqlite:///{tmp_path / 'hub.db'}").open()
    await store.close()
    assert (tmp_path / "hub.db").stat().st_mode & 0o077 == 0
