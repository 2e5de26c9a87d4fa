"""Files that people bring: what they are understood as, and what they may conclude."""

import random
from datetime import timedelta

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from connectors.csv.connector import CsvConnector
from connectors.csv.settings import CsvSettings
from hub.contract import ReadRequest, TakesFiles, Unknown
from hub.engine import rehearsal
from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.errors import BadConfigError, RejectedError, RetryableError
from hub.events.base import Family
from hub.people import erasing
from hub.people.policy import Policy
from hub.store import holds, tables
from hub.store.store import Store
from hub.testing.fakes import FakeClock, FakeLog, MemoryTarget, fake_context

HEAD = "Personeelsnummer;Roepnaam;Achternaam;Geboortedatum;Inlognaam;Filiaal\n"
POLICY = Policy(
    accounts={"intranet": "manage"},
    user_name=("user_name",),
    namespaces={"hr": "bedrijf", "winkels": "bedrijf"},
)


def listed(*rows, head=HEAD):
    return (head + "".join(f"{row}\n" for row in rows)).encode()


NOOR = "1;Noor;Berg;1990-02-28;nberg;Diemen"
SEM = "2;Sem;Visser;1985-03-01;svisser;Diemen"
EMMA = "3;Emma;Bakker;1999-12-31;ebakker;Weesp"


@pytest.fixture
def brought():
    def make(name="winkels", **settings):
        config = CsvSettings.model_validate({"by": "upload"} | settings)
        return CsvConnector(config, fake_context(name))

    return make


# --- what is in it -----------------------------------------------------------------------------


def test_a_file_is_understood_column_by_column(brought):
    data = listed("1;Noor;Berg;1990-02-28;x", head="Personeelsnummer;Roepnaam;Achternaam;"
                  "Geboortedatum;Schoenmaat\n")  # fmt: skip
    found = brought().understand("people", data)
    assert found.form == {"encoding": "utf-8", "delimiter": ";", "headings": "1", "rows": "1"}
    assert dict(found.columns) == {
        "Personeelsnummer": "employee_number",
        "Roepnaam": "given_name",
        "Achternaam": "family_name",
        "Geboortedatum": "birth_date",
        "Schoenmaat": None,
    }
    assert found.key == ["Personeelsnummer"]
    assert [one.key for one in found.batch.records] == ["1"]
    assert len(found.batch.finished) == 1


def test_rows_that_cannot_be_read_are_named_with_their_line(brought):
    others = [f"{n};Iemand;Jansen;;;" for n in range(10, 16)]
    data = listed(NOOR, "2;Sem;Visser;gisteren;s;", "3;Emma", *others)
    found = brought().understand("people", data)
    assert len(found.batch.records) == 7
    assert sorted(one.reason for one in found.batch.unreadable) == [
        "line 3: `Geboortedatum` is no date",
        "line 4 has 2 cells, and there are 6 headings",
    ]


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [
        (b"", RetryableError, "is empty"),
        (b"PK\x03\x04" + bytes(range(256)), BadConfigError, "CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0" + bytes(range(256)), BadConfigError, "old workbook"),
        (b"%PDF-1.7\n", BadConfigError, "a PDF"),
        (listed(NOOR) + b'2;"Sem', RetryableError, "breaks off"),
        (listed(NOOR).replace(b"Personeelsnummer", b"Volgnr"), BadConfigError, "names a row"),
        (listed(NOOR).replace(b";", b"#"), BadConfigError, "No line with headings"),
    ],
    ids=["empty", "xlsx", "xls", "pdf", "cut", "no key", "delimiter"],
)
def test_a_wrong_file_says_what_to_do(brought, data, kind, said):
    with pytest.raises(kind, match=said):
        brought().understand("people", data)


def test_a_file_larger_than_allowed_is_refused(brought):
    with pytest.raises(BadConfigError, match="most_bytes"):
        brought(most_bytes=50).understand("people", listed(NOOR))


async def test_what_is_brought_is_never_read(brought):
    connector = brought()
    assert isinstance(connector, TakesFiles)
    (stream,) = connector.streams()
    assert stream.every is None
    with pytest.raises(RejectedError, match="hub people import"):
        [one async for one in connector.read(ReadRequest("people"))]
    assert await connector.look_up(Family.PERSON, "1") == Unknown()
    assert [one.level for one in await connector.check()] == ["ok"]
    assert list(connector.uploads(connector.config)) == ["people"]
    await connector.close()


def test_a_folder_takes_no_file_but_can_look_at_one(connector):
    one = connector()
    assert not one.uploads(one.config)
    assert len(one.understand("people", listed(NOOR)).batch.records) == 1


@pytest.mark.parametrize("wrong", [{}, {"by": "upload", "folder": "/srv/hr"}])
def test_a_file_comes_from_one_place(wrong):
    with pytest.raises(ValidationError, match="folder"):
        CsvSettings.model_validate(wrong)


# --- what it may conclude ----------------------------------------------------------------------


class Shops:
    """A hub with a list that is brought, and a target in memory."""

    def __init__(self, url, make):
        self.url, self.make = url, make
        self.clock, self.target = FakeClock(), MemoryTarget()
        self.store = self.runner = None

    async def start(self, *names, fingerprint="f1", point=lambda _name: None, **settings):
        if self.store is not None:
            await self.store.close()
        self.store = await Store(self.url).open()
        self.runner = Runner(
            self.store,
            {name: self._source(name, fingerprint, settings) for name in names or ("winkels",)},
            {"intranet": self.target},
            now=self.clock.now,
            log=FakeLog(),
            rng=random.Random(1),
            people=POLICY,
            point=point,
        )
        await self.runner.start()
        return self

    def _source(self, name, fingerprint, settings):
        return Source(
            id=name,
            connector_name="csv",
            connector=self.make(name, **settings),
            routes=(),
            mode="live",
            fingerprint=fingerprint,
            reopen=timedelta(hours=72),
            every=None,
            stale_after={},
        )

    async def take(self, *rows, name="winkels", data=None):
        self.clock.advance(60)
        given = listed(*rows) if data is None else data
        return await self.runner.take_file(name, "people", given, actor="els")

    async def keys(self):
        query = sa.select(tables.subject.c.key).where(tables.subject.c.removed_at.is_(None))
        rows = await self.store.read(lambda tx: tx.execute(query.order_by("key")).scalars().all())
        return list(rows)

    async def preview(self, *rows, name="winkels"):
        async with rehearsal.stage(self.runner) as twin:
            return await rehearsal.rehearse(twin, name, "people", listed(*rows))


@pytest.fixture
async def shops(store_url, brought):
    made = await Shops(store_url, brought).start()
    yield made
    await made.store.close()


@pytest.fixture
async def small(tmp_path, brought):
    """On SQLite alone."""
    made = await Shops(f"sqlite:///{tmp_path / 'hub.db'}", brought).start()
    yield made
    await made.store.close()


async def test_a_second_different_file_must_agree(shops):
    assert (await shops.take(NOOR, SEM, EMMA)).counts["new"] == 3
    await shops.take(NOOR, EMMA)
    assert await shops.keys() == ["1", "2", "3"]
    again = await shops.take(NOOR, EMMA)
    assert (again.outcome, dict(again.counts)) == ("same", {})
    assert await shops.keys() == ["1", "2", "3"]
    await shops.take(NOOR, EMMA.replace("Weesp", "Diemen"))
    assert await shops.keys() == ["1", "3"]


async def test_who_is_in_the_next_file_again_was_never_gone(small):
    await small.take(NOOR, SEM, EMMA)
    await small.take(NOOR, EMMA)
    await small.take(NOOR, SEM, EMMA)
    await small.take(EMMA, NOOR)
    assert await small.keys() == ["1", "2", "3"]


async def test_a_line_that_names_nobody_makes_the_list_incomplete(small):
    await small.take(NOOR, SEM, EMMA)
    for place in "AB":
        await small.take(NOOR, EMMA, f";Sem;Visser;;;{place}")
    assert await small.keys() == ["1", "2", "3"]


async def test_too_many_at_once_wait_for_an_administrator(small):
    many = [f"{n};Iemand{n};Jansen{n};;i{n};Diemen" for n in range(100, 130)]
    await small.take(*many)
    await small.take(*many[:20])
    report = await small.take(*many[:19], many[19].replace("Diemen", "Weesp"))
    assert report.hold
    assert len(await small.keys()) == 30
    (hold,) = await small.store.read(holds.all_open)
    assert (await small.runner.release(hold.hash, "els"))["removed"] == 10
    assert len(await small.keys()) == 20


async def test_under_changed_settings_a_file_is_stored_once_somebody_released_what_it_does(small):
    await small.take(NOOR, SEM, EMMA)
    await small.take(NOOR, EMMA)
    await small.start(fingerprint="f2", ignore=("office",))
    found = await small.preview(NOOR, EMMA)
    assert found["settings_first"]
    assert [one["fields"] for one in found["changed"]] == [
        {"office": ["Diemen", None]},
        {"office": ["Weesp", None]},
    ]
    for _ in range(2):
        assert (await small.take(NOOR, EMMA)).outcome == "previewed"
    assert await small.keys() == ["1", "2", "3"]
    (hold,) = await small.store.read(holds.all_open)
    assert await small.runner.release(hold.hash, "els") == {"waits": 1}
    rows = await small.store.read(lambda tx: tx.execute(sa.select(tables.stream.c.health)).all())
    assert rows == [("ok",)]
    assert (await small.take(NOOR, EMMA)).outcome == "complete"
    assert await small.keys() == ["1", "3"]  # who was shown as gone, and was released
    assert (await small.take(NOOR, EMMA)).outcome == "same"


@pytest.mark.parametrize("data", [b"", listed(NOOR) + b'2;"Sem', b"PK\x03\x04"])
async def test_a_wrong_file_stores_nothing(small, data):
    await small.take(NOOR, SEM)
    before = await everything(small.store)
    with pytest.raises(RejectedError):
        await small.take(data=data)
    assert await everything(small.store) == before


async def test_what_breaks_off_halfway_is_brought_again_and_ends_the_same(small):
    class KilledError(BaseException):
        pass

    def kill(name):
        if name == "committed":
            raise KilledError

    await small.take(NOOR, SEM)
    await small.start(point=kill)
    with pytest.raises(KilledError):
        await small.take(NOOR, EMMA)
    await small.start()
    assert (await small.take(NOOR, EMMA)).outcome == "complete"
    assert await small.keys() == ["1", "2", "3"]
    assert (await small.take(NOOR, EMMA)).outcome == "same"


async def test_who_was_forgotten_stays_forgotten(small):
    await small.take(NOOR, SEM)
    given = {"actor": "els", "now": small.clock.now()}
    await small.store.write(erasing.forget, "winkels/1", **given)
    found = await small.preview(NOOR, SEM, EMMA)
    assert (found["forgotten"], [one["account"] for one in found["new"]]) == (1, ["winkels/3"])
    assert (await small.take(NOOR, SEM, EMMA)).counts["forgotten"] == 1
    assert "Noor" not in str(await everything(small.store))


async def test_who_brought_it_is_in_the_trail_without_names(small):
    await small.take(NOOR)
    query = sa.select(tables.audit.c.actor, tables.audit.c.action, tables.audit_value.c.what)
    query = query.join(tables.audit_value, tables.audit_value.c.seq == tables.audit.c.seq)
    rows = await small.store.read(lambda tx: tx.execute(query).all())
    ((actor, _, what),) = [row for row in rows if row.action == "people import"]
    assert (actor, what["instance"], what["bytes"]) == ("els", "winkels", len(listed(NOOR)))
    assert "Noor" not in str(rows)


# --- what it would do --------------------------------------------------------------------------


async def everything(store):
    """Every row of every table."""
    return await store.read(
        lambda tx: {
            table.name: [tuple(row) for row in tx.execute(sa.select(table)).all()]
            for table in tables.metadata.sorted_tables
        }
    )


async def test_a_preview_leaves_no_trace_and_sends_nothing(shops):
    await shops.take(NOOR, SEM)
    await shops.runner.deliver()
    sent, before = len(shops.target.calls), await everything(shops.store)
    found = await shops.preview(NOOR.replace("Diemen", "Weesp"), EMMA, ";x;y;;;")
    assert found["plan"]["counts"] == {"create": 1, "update": 1, "remove": 0}
    assert await everything(shops.store) == before
    assert len(shops.target.calls) == sent


async def test_a_preview_says_per_person_what_the_store_then_does(small, brought):
    await small.start("hr", "winkels")
    await small.take("9;Kim;Smit;;ksmit;Kantoor", "2;Sem;Visser;1985-03-01;;", name="hr")
    await small.take(NOOR, EMMA, "6;Piet;Vos;;pvos;Diemen")
    await small.runner.deliver()
    rows = (
        NOOR.replace("Diemen", "Weesp").replace("1990-02-28", "1990-03-01"),
        SEM,
        "4;Kim;Smit;;;Diemen",
        "7;Sem;Visser;1985-03-01;;",
        "6;Piet;Vos;;pvos;Diemen",
        "8;Iets;Fout;nooit;;",
    )
    found = await small.preview(*rows)
    assert {name: len(found[name]) for name in rehearsal.GROUPS} == {
        "new": 1, "linked": 1, "doubtful": 1, "changed": 1, "back": 0, "absent": 1,
    }  # fmt: skip
    assert found["new"][0]["name"] == "Kim Smit"
    (linked,) = found["linked"]
    assert (linked["account"], linked["person_name"], linked["tier"]) == (
        "winkels/2", "Sem Visser", "number",
    )  # fmt: skip
    (asked,) = found["doubtful"]
    assert (asked["account"], asked["persons"][0]["tier"]) == ("winkels/7", "birth")
    assert "birth" in asked["persons"][0]["evidence"]
    (changed,) = found["changed"]
    assert changed["fields"] == {"office": ["Diemen", "Weesp"], "birth_date": [None, None]}
    assert found["absent"] == [
        {"account": "winkels/3", "name": "Emma Bakker", "follows": "nothing"}
    ]
    assert (found["same"], len(found["unreadable"])) == (1, 1)
    steps = {(one["action"], one["after"]["display_name"]) for one in found["plan"]["steps"]}
    assert steps == {("create", "Sem Visser"), ("update", "Noor Berg")}
    less = str(rehearsal.without_others(found))
    assert linked["person"] not in less
    assert asked["persons"][0]["person"] not in less
    assert "birth'" not in less.replace("'birth_date'", "")
    await small.take(*rows)
    assert await small.preview(*rows) | {"file": 0, "columns": 0, "key": 0} == {
        **{name: [] for name in rehearsal.GROUPS},
        "absent": found["absent"],
        "file": 0, "columns": 0, "key": 0, "same": 0, "forgotten": 0,
        "unreadable": found["unreadable"], "instance": "winkels", "mode": "live",
        "storable": True, "same_file": True, "settings_first": False,
        "plan": {
            "counts": {"create": 0, "update": 0, "remove": 0}, "steps": [], "holds": [],
            "totals": [],
        },
    }  # fmt: skip


async def test_a_preview_tells_who_would_leave_and_what_would_wait(small):
    many = [f"{n};Iemand{n};Jansen{n};;i{n};Diemen" for n in range(100, 130)]
    await small.take(*many)
    await small.take(*many[:29])
    found = await small.preview(*many[1:29])
    follows = {one["account"]: one["follows"] for one in found["absent"]}
    assert follows == {"winkels/100": "nothing", "winkels/129": "leaves"}
    await small.take(*many[1:20])
    found = await small.preview(*many[2:20])
    assert {one["follows"] for one in found["absent"]} == {"waits", "nothing"}
    assert [row["action"] for row in found["plan"]["holds"]] == ["removal"]
    assert rehearsal.sizes(found)["absent"] == len(found["absent"])
