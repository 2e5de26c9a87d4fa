"""Many rows in one statement: the same rows as SQLAlchemy would write, on each database."""

from datetime import UTC, datetime, timedelta, timezone

import sqlalchemy as sa

from hub.events.base import JsonText
from hub.store import bulk
from hub.store.store import Store
from hub.store.tables import event, subject

NOW = datetime(2026, 11, 2, 9, 0, 0, 5, tzinfo=UTC)


def row(number: int) -> dict:
    return {
        "instance": "desk",
        "stream": "majors",
        "family": "incident",
        "key": f"k'{number}%s?",
        "version": 1,
        "state": {"b": number, "a": "é"} if number % 2 else JsonText(f'{{"a":{number}}}'),
        "fingerprint": "f",
        "revision": 2**40 + number,
        "container": "",
        "at": None if number % 3 else NOW.astimezone(timezone(timedelta(hours=2))),
        "sweep": 1,
    }


async def test_rows_arrive_whole_whatever_their_number(store_url):
    store = await Store(store_url).open()
    wanted = [row(number) for number in range(1201)]  # three statements

    def work(tx):
        back = bulk.insert(tx, subject, wanted, returning=("key", "id"))
        rows = tx.execute(sa.select(subject).order_by(subject.c.id)).all()
        return dict(tuple(one) for one in back), rows

    ids, rows = await store.write(work)
    assert len(rows) == 1201
    for given, found in zip(wanted, sorted(rows, key=lambda one: one.revision), strict=True):
        state = given["state"]
        assert found.state == ({"a": found.revision - 2**40} if isinstance(state, str) else state)
        assert (found.key, found.at, found.revision) == (
            given["key"],
            given["at"],
            given["revision"],
        )
        assert ids[found.key] == found.id
        assert (found.missing, found.seq, found.removed_at) == (0, 0, None)
    await store.close()


async def test_few_columns_of_the_rows_that_are_asked_for(store_url):
    store = await Store(store_url).open()
    asked = [f"k'{number}%s?" for number in range(0, 1200, 2)] + ["unknown"]

    def work(tx):
        bulk.insert(tx, subject, [row(number) for number in range(1201)])
        columns, same = ("key", "at"), {"instance": "desk", "family": "incident"}
        found = list(bulk.where_in(tx, subject, "key", asked, columns, **same))
        none = list(bulk.where_in(tx, subject, "key", asked, columns, instance="other"))
        return found, none

    found, none = await store.write(work)
    assert {one.key for one in found} == set(asked[:-1])
    assert dict(tuple(one) for one in found)["k'0%s?"] == "2026-11-02T09:00:00.000005Z"
    assert none == []
    await store.close()


async def test_nothing_is_written_for_no_rows(store_url):
    store = await Store(store_url).open()
    assert await store.write(bulk.insert, event, [], returning=("seq",)) == []
    await store.close()
