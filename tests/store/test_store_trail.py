"""The audit trail: one chain, append-only, every tampering found, values erasable."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import BadConfigError
from hub.store import chain, heads, trail
from hub.store.chain import Head, Verifier
from hub.store.migrate import make, upgrade
from hub.store.store import Store
from hub.store.tables import audit, audit_value
from hub.store.trail import Wanted

NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)
WORKER = Path(__file__).with_name("trail_worker.py")
ANNA = "4f6f6f1c-0000-4000-8000-000000000001"


def note(tx, number=1, **changes):
    given = {"actor": "anna", "action": "pause", "what": {"number": number}, "now": NOW}
    return trail.note(tx, **given | changes)


def faults(tx, exported=()):
    verifier = Verifier(exported)
    for row in trail.part(tx, None):
        verifier.take(row)
    return verifier.faults(trail.strays(tx))


def unguarded(tx):
    """As whoever owns the database can."""
    if tx.dialect.name == "sqlite":
        seen = tx.exec_driver_sql("select name from sqlite_master where type = 'trigger'")
        for name in list(seen.scalars()):
            tx.exec_driver_sql(f"drop trigger {name}")
    else:
        for name in ("audit", "audit_value"):
            tx.exec_driver_sql(f"alter table {name} disable trigger all")


@pytest.fixture
async def store(store_url):
    made = await Store(store_url).open()
    yield made
    await made.close()


# --- one chain ------------------------------------------------------------------------------------


async def test_rows_follow_from_each_other_and_say_what_they_were_told(store):
    assert await store.read(trail.is_whole)
    first = await store.write(note, 1)
    second = await store.write(note, 2, what={"title": {"nl": 'Café "De Zon"\n\x00é'}})
    rows = await store.read(trail.rows)
    assert [row.seq for row in rows] == [first, second]
    assert rows[0].prev == chain.GENESIS
    assert rows[1].prev == rows[0].digest
    assert rows[1].what == {"title": {"nl": 'Café "De Zon"\n\x00é'}}
    assert (rows[1].at, rows[1].actor, rows[1].action) == (NOW, "anna", "pause")
    assert await store.read(trail.is_whole)


async def test_equal_values_have_different_digests(store):
    await store.write(note)
    await store.write(note)
    one, other = await store.read(trail.rows)
    assert one.what == other.what
    assert one.body != other.body, "else an erased value could be guessed"


async def test_half_a_character_pair_is_written_as_a_question_mark(store):
    await store.write(note, actor="a\ud800", what={"key": "k\udfff"})
    (row,) = await store.read(trail.rows)
    assert (row.actor, row.what) == ("a?", {"key": "k?"})
    assert await store.read(trail.is_whole)


async def test_two_processes_write_one_chain(store, store_url):
    workers = [
        subprocess.Popen(
            [sys.executable, WORKER, store_url, name, "25"], stdout=subprocess.PIPE, text=True
        )
        for name in ("one", "two")
    ]
    said = [worker.communicate(timeout=120)[0].split() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    rows = await store.read(trail.rows)
    assert sorted(int(seq) for one in said for seq in one) == [row.seq for row in rows]
    assert len({row.prev for row in rows}) == len(rows) == 50
    assert await store.read(trail.is_whole)


async def test_killed_between_rows_the_chain_goes_on(store, store_url):
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, WORKER, store_url, "killed", "100000"],
            stdout=subprocess.PIPE,
            text=True,
        ) as worker:
            said = [worker.stdout.readline() for _ in range(5)]
            worker.kill()
        found = [row.seq for row in await store.read(trail.rows)]
        assert {int(seq) for seq in said} <= set(found), "what it said is stored"
        assert await store.read(trail.is_whole)
    await store.write(note)
    assert await store.read(trail.is_whole)


# --- append-only ----------------------------------------------------------------------------------

FORBIDDEN = (
    "update audit set actor = 'b'",
    "update audit set seq = seq + 100",
    "delete from audit",
    "delete from audit where seq = 1",
    "delete from audit_value",
    "update audit_value set what = '{}'",
    "update audit_value set what = '{}', erased = null",
    "update audit_value set what = '{}', erased = seq",
    "insert into audit select seq, prev, digest, at, 'b', action, body from audit",
    "insert into audit select 99, prev, digest, at, 'b', action, body from audit where seq = 1",
    "insert into audit_value select seq, nonce, '{}', erased from audit_value",
)


async def test_nobody_changes_the_trail_by_mistake(store):
    await store.write(note, 1)
    await store.write(note, 2)
    before = await store.read(trail.rows)
    around = {
        "sqlite": "insert or replace into audit values (1, 'p', 'd', 't', 'b', 'a', 'x')",
        "postgresql": "truncate audit cascade",
    }
    for statement in (*FORBIDDEN, around[await store.read(lambda tx: tx.dialect.name)]):
        with pytest.raises(sa.exc.DBAPIError, match=r"append-only|duplicate key|unique"):
            await store.write(lambda tx, words=statement: tx.exec_driver_sql(words))
        assert await store.read(trail.rows) == before, statement


# --- every tampering is found ---------------------------------------------------------------------

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | TEXT,
    lambda one: st.lists(one, max_size=3) | st.dictionaries(TEXT, one, max_size=3),
    max_leaves=6,
)
WRITES = st.lists(
    st.tuples(st.just("note"), TEXT, TEXT, st.dictionaries(TEXT, JSON, max_size=3))
    | st.tuples(st.just("person"), TEXT, st.just("change"), st.just({})),
    min_size=2,
    max_size=6,
)
COLUMNS = ("prev", "digest", "at", "actor", "action", "body")


def written(tx, writes, *, erase):
    for _, actor, action, what in writes:
        about = what or {"person": ANNA, "fields": {"name": ["Anna", "Anna B."]}}
        note(tx, actor=actor, action=action, what=about)
    if erase:
        trail.erase(tx, persons=[ANNA], texts=["Anna"], actor="jan", now=NOW)


def tamper(tx, data) -> str:
    """One change to one row, whatever the triggers say; what it was."""
    unguarded(tx)
    seqs = [row.seq for row in trail.part(tx, None)]
    seq = data.draw(st.sampled_from(seqs), "row")
    mine, value = audit.c.seq == seq, audit_value.c.seq == seq
    row = next(row for row in trail.part(tx, None) if row.seq == seq)
    how = data.draw(st.sampled_from([*COLUMNS, "seq", "nonce", "what", "erased", "row", "value"]))
    if how == "at":
        tx.execute(audit.update().where(mine).values(at=NOW + timedelta(seconds=1)))
    elif how in COLUMNS:
        tx.execute(audit.update().where(mine).values({how: getattr(row, how) + "x"}))
    elif how == "seq":
        tx.execute(audit.update().where(mine).values(seq=seq + 1000))
    elif how == "what":
        new = {"forged": data.draw(JSON)}
        tx.execute(audit_value.update().where(value).values(what=new))
    elif how == "nonce":
        tx.execute(audit_value.update().where(value).values(nonce="0" * 64))
    elif how == "erased":
        new = None if row.erased else data.draw(st.sampled_from(seqs))
        tx.execute(audit_value.update().where(value).values(erased=new))
    elif how == "row":
        tx.execute(audit_value.delete().where(value))
        tx.execute(audit.delete().where(mine))
    else:
        tx.execute(audit_value.delete().where(value))
    return f"{how} of {seq}"


@settings(max_examples=150, deadline=None)
@given(writes=WRITES, erase=st.booleans(), data=st.data())
def test_any_single_tampering_is_found(writes, erase, data):
    engine = sa.create_engine("sqlite://")
    with engine.begin() as tx:
        make(tx)
        written(tx, writes, erase=erase)
        exported = [trail.head(tx, NOW)]
        assert faults(tx, exported) == []
        before = trail.part(tx, None)
        how = tamper(tx, data)
        if trail.part(tx, None) != before:
            assert faults(tx, exported), how
    engine.dispose()


def rewritten(tx, keep):
    """Another trail, whole in itself, in place of this one."""
    rows = [(row.actor, row.action, row.what) for row in trail.rows(tx)]
    unguarded(tx)
    tx.execute(audit_value.delete())
    tx.execute(audit.delete())
    for actor, action, what in rows[:keep]:
        note(tx, actor=actor, action=action, what=what)


@pytest.mark.parametrize(
    ("keep", "more", "first"),
    [(3, 0, (4, "cut")), (5, 0, (2, "replaced")), (0, 5, (2, "replaced"))],
)
async def test_only_exported_heads_show_another_trail(tmp_path, keep, more, first):
    store = await Store(f"sqlite:///{tmp_path / 'hub.db'}").open()
    exported = []
    for number in range(5):
        await store.write(note, number)
        exported += [await store.read(trail.head, NOW)] if number % 2 else []
    assert await store.read(faults, exported) == []

    def other(tx):
        if keep == 3:
            unguarded(tx)
            tx.execute(audit_value.delete().where(audit_value.c.seq > keep))
            tx.execute(audit.delete().where(audit.c.seq > keep))
        else:
            rewritten(tx, keep)
        for number in range(more):
            note(tx, number)

    await store.write(other)
    assert await store.read(faults) == [], "it is whole in itself"
    (found, *_) = await store.read(faults, exported)
    assert (found.seq, found.kind) == first
    assert f"row {found.seq} " in found.words
    await store.close()


async def test_the_first_row_that_is_wrong_comes_first(store):
    for number in range(6):
        await store.write(note, number)

    def two(tx):
        unguarded(tx)
        tx.execute(audit.update().where(audit.c.seq == 5).values(actor="b"))
        tx.execute(audit_value.update().where(audit_value.c.seq == 3).values(what={}))

    await store.write(two)
    found = await store.read(faults)
    assert [(one.seq, one.kind) for one in found] == [(3, "values"), (5, "altered")]


async def test_a_removed_row_is_missed_by_the_next(store):
    for number in range(4):
        await store.write(note, number)

    def remove(tx):
        unguarded(tx)
        tx.execute(audit_value.delete().where(audit_value.c.seq == 2))
        tx.execute(audit.delete().where(audit.c.seq == 2))

    await store.write(remove)
    assert [(one.seq, one.kind) for one in await store.read(faults)] == [(3, "gap")]


# --- erasure --------------------------------------------------------------------------------------


async def test_an_erasure_takes_out_one_person_and_nothing_else(store):
    change = {"person": ANNA, "event": "e1", "fields": {"family_name": ["Jansen", "de Vries"]}}
    await store.write(note, what=change)
    other = {"person": "other", "fields": {"family_name": ["Jansen", "Bakker"]}}
    await store.write(note, what={"changes": [change, other], "hold": "4f2a"})
    await store.write(note, what={"objects": ["web/a-anna@example.org-b", "web/anna@example.orgs"]})
    before = await store.read(trail.rows)
    given = {"persons": [ANNA], "texts": ["ANNA@example.org", " "], "actor": "jan", "now": NOW}
    assert await store.write(trail.erase, **given) == [1, 2, 3]
    *rows, last = await store.read(trail.rows)
    gone = change | {"fields": {"family_name": ["erased", "erased"]}}
    assert rows[0].what == gone
    assert rows[1].what == {"changes": [gone, other], "hold": "4f2a"}
    assert rows[2].what == {"objects": ["erased", "web/anna@example.orgs"]}
    assert [row[:7] for row in rows] == [row[:7] for row in before], "the chain is what it was"
    assert not {row.nonce for row in rows} & {row.nonce for row in before}
    assert (last.action, last.actor) == ("audit erase", "jan")
    assert set(last.what["rows"]) == {"1", "2", "3"}
    assert await store.read(trail.is_whole)


async def test_an_erased_row_can_be_erased_again_and_not_altered(store):
    await store.write(note, what={"names": ["Anna", "Bert"]})
    for name in ("Anna", "Bert"):
        assert await store.write(trail.erase, texts=[name], actor="jan", now=NOW) == [1]
    assert await store.write(trail.erase, texts=["Anna"], actor="jan", now=NOW) == []
    first, *rest = await store.read(trail.rows)
    assert first.what == {"names": ["erased", "erased"]}
    assert len(rest) == 2, "an erasure that finds nothing is no row"
    assert await store.read(trail.is_whole)

    def forge(tx):
        unguarded(tx)
        tx.execute(audit_value.update().where(audit_value.c.seq == 1).values(what={"names": []}))

    await store.write(forge)
    assert [(one.seq, one.kind) for one in await store.read(faults)] == [(1, "values")]


async def test_after_an_erasure_no_file_holds_it(tmp_path):
    store = await Store(f"sqlite:///{tmp_path / 'hub.db'}").open()
    for number in range(300):
        await store.write(note, what={"person": ANNA, "fields": {"name": f"Canary {number} Vogel"}})

    def files():
        return {path.name for path in tmp_path.iterdir() if b"Vogel" in path.read_bytes()}

    assert files()
    assert len(await store.write(trail.erase, persons=[ANNA], actor="jan", now=NOW)) == 300
    assert await store.scrub("audit_value")
    assert files() == set()
    assert await store.read(trail.is_whole)
    await store.close()


async def test_postgresql_writes_the_table_anew(postgres, postgres_url):
    store = await Store(postgres_url).open()
    await store.write(note, what={"name": "Canary Vogel"})
    await store.write(trail.erase, texts=["vogel"], actor="jan", now=NOW)
    where = "select pg_relation_filenode('audit_value')"
    before = await store.read(lambda tx: tx.exec_driver_sql(where).scalar())
    assert await store.scrub("audit_value")
    assert await store.read(lambda tx: tx.exec_driver_sql(where).scalar()) != before
    assert await store.read(trail.is_whole)
    await store.close()


# --- search ---------------------------------------------------------------------------------------


async def test_search_by_who_what_about_and_when(store):
    hour = timedelta(hours=1)
    await store.write(note, actor="anna", action="release", what={"title": 'Café "De Zon" 100%'})
    await store.write(note, actor="bert", action="look events", what={}, now=NOW + hour)
    await store.write(note, actor="bert", action="look hold", what={}, now=NOW + 2 * hour)

    async def found(**asked):
        return [row.seq for row in await store.read(trail.search, Wanted(**asked))]

    assert await found() == [3, 2, 1]
    assert await found(limit=1) == [3]
    assert await found(actor="bert") == [3, 2]
    assert await found(action="look") == [3, 2]
    assert await found(action="l_ok") == []
    assert await found(about='"de zon" 100%') == [1]
    assert await found(about="%") == [1], "it stands for itself"
    assert await found(about="d_ zon") == []
    assert await found(since=NOW + hour) == [3, 2]
    assert await found(until=NOW + hour) == [1]


# --- heads ----------------------------------------------------------------------------------------


def test_heads_are_lines_and_a_torn_one_costs_only_itself(tmp_path):
    path = tmp_path / "heads"
    one, two = (Head(NOW + timedelta(days=day), 7 + day, f"{day}" * 64) for day in (1, 2))
    assert heads.read(path) == ([], [])
    heads.append(path, one)
    with path.open("a") as file:
        file.write("2026-11-04T06:0")
    heads.append(path, two)
    assert heads.read(path) == ([one, two], [2])
    assert path.read_text().splitlines()[0] == f"2026-11-03T06:00:00.000000Z 8 {'1' * 64}"


def test_a_place_where_no_head_can_be_written_is_named(tmp_path):
    with pytest.raises(BadConfigError, match=r"audit\.head_file"):
        heads.append(tmp_path / "away" / "heads", Head(NOW, 1, "0" * 64))
    with pytest.raises(BadConfigError, match=r"audit\.head_file"):
        heads.read(tmp_path)


# --- the trail of before --------------------------------------------------------------------------

OLD = (  # made by the hub before digests: prev, digest, at, actor, action, what
    ("0" * 64, None, "2026-11-02T06:00:00.000000Z", "anna", "pause", '{"instances":["desk"]}'),
    (None, None, "2026-11-02T06:00:01.250000Z", "hub", "drift", '{"exists":true,"key":"é"}'),
    (None, None, "2026-11-02T06:00:02.000000Z", "anna", "resume", '{"instances":["desk"]}'),
)


def old_trail(tx):
    import hashlib
    import json

    prev = "0" * 64
    for seq, (_, _, at, actor, action, what) in enumerate(OLD, 3):
        moment = datetime.fromisoformat(at).isoformat()
        body = {"prev": prev, "at": moment, "actor": actor, "action": action}
        text = json.dumps(
            body | {"what": json.loads(what)},
            sort_keys=True, separators=(",", ":"), ensure_ascii=False,
        )  # fmt: skip
        digest = hashlib.sha256(text.encode()).hexdigest()
        values = {"seq": seq, "prev": prev, "digest": digest, "at": at, "actor": actor}
        names = ("seq", "prev", "digest", "at", "actor", "action", "what")
        columns, marks = ", ".join(names), ", ".join(f":{name}" for name in names)
        insert = sa.text(f"insert into audit ({columns}) values ({marks})")
        tx.execute(insert, values | {"action": action, "what": what})
        prev = digest


@pytest.mark.parametrize("broken", [None, 4])
async def test_an_older_trail_is_carried_over(store, broken):
    def migrated(tx):
        there = sa.MetaData()
        there.reflect(tx)
        there.drop_all(tx)
        upgrade(tx, "0007")
        old_trail(tx)
        if broken:
            tx.execute(sa.text("update audit set actor = 'b' where seq = :seq"), {"seq": broken})
        upgrade(tx)

    await store.write(migrated)
    *rows, last = await store.read(trail.rows)
    assert [row.seq for row in rows] == [3, 4, 5]
    assert [row.action for row in rows] == ["pause", "drift", "resume"]
    assert rows[1].what == {"exists": True, "key": "é"}
    assert (last.seq, last.actor, last.action) == (6, "hub", "audit carried over")
    assert (last.what["rows"], last.what["first_broken"]) == (3, broken)
    assert await store.write(note) == 7
    assert await store.read(trail.is_whole)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        await store.write(lambda tx: tx.exec_driver_sql("delete from audit_value"))


async def test_a_migrated_store_is_guarded_like_a_new_one(store):
    def triggers(tx):
        query = {
            "sqlite": "select name, sql from sqlite_master where type = 'trigger'",
            "postgresql": "select tgname, pg_get_triggerdef(oid) from pg_trigger "
            "where not tgisinternal",
        }[tx.dialect.name]
        return sorted(tuple(row) for row in tx.exec_driver_sql(query))

    new = await store.read(triggers)
    assert len(new) >= 5

    def anew(tx):
        there = sa.MetaData()
        there.reflect(tx)
        there.drop_all(tx)
        upgrade(tx, "0001")
        upgrade(tx)
        return triggers(tx)

    assert await store.write(anew) == new
