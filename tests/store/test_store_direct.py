"""Statements that go straight to the driver say what SQLAlchemy would say, on each database."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from hub.store import direct
from hub.store.direct import Statement
from hub.store.store import Store
from hub.store.tables import hold, stream

NOW = datetime(2026, 11, 2, 9, 0, 0, 5, tzinfo=UTC)
NAMED = stream.c.stream == sa.bindparam("named")


@pytest.fixture
async def store(store_url):
    one = await Store(store_url).open()
    yield one
    await one.close()


def fill(tx):
    tx.execute(
        stream.insert().values(
            instance="desk",
            stream="k'%s?",
            partition="",
            health="ok",
            due=NOW,
            finished=[{"a": "é"}],
        )
    )


async def test_rows_come_as_they_do_otherwise(store):
    query = sa.select(stream, sa.func.count().over().label("number"), sa.literal(7)).where(NAMED)

    def work(tx):
        fill(tx)
        return (
            Statement(query).all(tx, {"named": "k'%s?"}),
            tx.execute(query, {"named": "k'%s?"}).all(),
            Statement(query).first(tx, {"named": "none"}),
        )

    ours, theirs, none = await store.write(work)
    assert [tuple(one) for one in ours] == [tuple(one) for one in theirs]
    assert none is None
    assert (ours[0].due, ours[0].finished, ours[0].number) == (NOW, [{"a": "é"}], 1)


async def test_values_go_in_as_they_do_otherwise(store):
    change = stream.update().where(NAMED).values(due=sa.bindparam("v_due"), sweep_open=True)

    def work(tx):
        fill(tx)
        done = Statement(change).run(tx, {"named": "k'%s?", "v_due": NOW}).rowcount
        missed = Statement(change).run(tx, {"named": "none", "v_due": None}).rowcount
        return done, missed, tx.execute(sa.select(stream.c.due, stream.c.sweep_open)).one()

    assert await store.write(work) == (1, 0, (NOW, True))


async def test_what_is_fixed_in_a_statement_needs_no_value(store):
    query = sa.select(stream.c.stream).where(stream.c.health == "ok", NAMED)

    def work(tx):
        fill(tx)
        return Statement(query).all(tx, {"named": "k'%s?"})

    assert [tuple(one) for one in await store.write(work)] == [("k'%s?",)]


async def test_a_fault_of_the_driver_is_one_of_sqlalchemy(store):
    def twice(tx):
        fill(tx)
        direct.run(tx, "insert into stream select * from stream")

    with pytest.raises(sa.exc.IntegrityError):
        await store.write(twice)
    assert await store.read(lambda tx: tx.execute(sa.select(hold)).all()) == []
    with pytest.raises(sa.exc.DBAPIError, match="no_such"):
        await store.write(lambda tx: direct.run(tx, "select no_such from stream"))


async def test_who_listens_hears_each_statement(store):
    heard = []
    engine = await store.read(lambda tx: tx.engine)
    sa.event.listen(engine, "before_cursor_execute", lambda *said: heard.append(said[2]))
    query = sa.select(stream.c.health).where(NAMED)
    await store.read(lambda tx: Statement(query).all(tx, {"named": "none"}))
    assert "health" in heard[-1]
    await store.read(lambda tx: direct.run(tx, "select 1").fetchall())
    assert heard[-1] == "select 1"
