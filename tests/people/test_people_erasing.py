"""One person on paper, and one forgotten: nowhere any more, and no old feed brings it back."""

import pytest
import sqlalchemy as sa

from hub.errors import RejectedError
from hub.people import decisions, erasing, finding
from hub.store import trail
from hub.store.store import Store
from hub.store.tables import account, anchor, erased, event, metadata, person, review, subject

SECRETS = ("Wilhelmijntje", "Zuurbier", "0612345678", "1977-07-17", "88442211", "thuis.example")


@pytest.fixture
async def known(directories, person_of):
    """One with two accounts, one who waits for an answer about her, and one beside."""
    await directories.start("hr", "ad")
    whole = {
        "birth_date": "1977-07-17", "employee_number": "88442211", "mobile": "0612345678",
        "contact_mail": "w@thuis.example",
    }  # fmt: skip
    one = ("Wilhelmijntje", "Zuurbier")
    directories["hr"].put("h1", person_of(*one, **whole))
    directories["ad"].put("a1", person_of(*one, employee_number="88442211"))
    directories["ad"].put("a2", person_of(*one, birth_date="1977-07-17"))
    directories["hr"].put("h2", person_of("Sem", "Visser"))
    await directories.read()
    directories["hr"].edit("h1", mobile="0687654321")
    await directories.read()
    ident = (await directories.person("hr/h1")).id
    for what in (
        {"person": ident, "fields": {"mobile": ["0612345678", "0687654321"]}},
        {"subjects": ["hr/h1", "hr/h2"], "number": 2, "asked": {"about": "88442211 Zuurbier"}},
        {"title": "Vragen aan wilhelmijntje zuurbier"},
    ):
        given = {"actor": "beheer", "now": directories.clock.now()}
        await directories.store.write(trail.note, action="told", what=what, **given)
    return directories


async def do(directories, what, *args):
    given = {"actor": "beheer", "now": directories.clock.now()}
    return await directories.store.write(what, *args, **given)


async def test_all_that_is_held_is_on_paper(known):
    found = await do(known, erasing.export, "hr/h1")
    text = str(found)
    for secret in SECRETS:
        assert secret in text
    assert [one["account"] for one in found["accounts"]] == ["hr/h1", "ad/a1"]
    assert len(found["accounts"][0]["facts"]) == 2
    lines = await known.store.read(trail.rows)
    assert lines[-1].action == "people export"


async def test_what_would_be_forgotten_is_shown_first(known):
    made = await do(known, erasing.forgettable, "hr/h1")
    assert (made["accounts"], made["done"]) == (["hr/h1", "ad/a1"], False)
    assert (await known.person("hr/h1")).state == "active"


async def test_who_is_forgotten_is_nowhere_in_the_store(known):
    ident = (await known.person("hr/h1")).id
    made = await do(known, erasing.forget, "hr/h1")
    assert made["present"] == ["hr/h1", "ad/a1"]
    await do(known, erasing.forget, "ad/a2")  # who waited is somebody now
    for table in metadata.sorted_tables:
        for row in await known.rows(sa.select(table)):
            for secret in SECRETS:
                assert secret not in str(row), table.name
    told = [row.what for row in await known.store.read(trail.rows) if row.action == "told"]
    assert told == [
        {"person": ident, "fields": {"mobile": ["erased", "erased"]}},
        {"subjects": ["erased", "hr/h2"], "number": 2, "asked": {"about": "erased"}},
        {"title": "erased"},
    ]
    (row,) = await known.rows(sa.select(person).where(person.c.id == ident))
    assert (row.state, row.name, row.attributes) == ("erased", None, None)
    assert await known.groups() == [["hr/h2"]]
    assert await known.store.read(trail.is_whole)


async def test_who_is_forgotten_is_nowhere_in_the_files(tmp_path, known):
    if known.url.startswith("postgresql"):
        pytest.skip("PostgreSQL reuses the room of deleted rows in its own time")
    files = [path for path in tmp_path.iterdir() if path.name.startswith("hub.db")]
    before = b"".join(path.read_bytes() for path in files)
    assert all(secret.encode() in before for secret in SECRETS)
    await do(known, erasing.forget, "hr/h1")
    await do(known, erasing.forget, "ad/a2")
    await known.store.scrub()
    after = b"".join(path.read_bytes() for path in files if path.exists())
    assert [secret for secret in SECRETS if secret.encode() in after] == []
    assert b"Visser" in after


async def test_an_old_feed_brings_nobody_back(known, person_of):
    await do(known, erasing.forget, "hr/h1")
    counts = [(await known.runner.run(name, "people", full=True)).counts for name in ("hr", "ad")]
    assert [one["forgotten"] for one in counts] == [1, 1]
    await known.start()
    await known.read()
    keys = {row.key for row in await known.rows(sa.select(subject))}
    assert keys == {"a2", "h2"}
    for table in (account, anchor, event):
        rows = await known.rows(sa.select(table.c.subject).distinct())
        assert len(rows) <= 2
    known["ad"].put("a9", person_of("Wilhelmijntje", "Zuurbier", employee_number="88442211"))
    await known.read()
    assert (await known.person("ad/a9")).state == "active", "a new account is a new person"


async def test_what_waited_for_an_answer_about_her_is_somebody_else_now(known):
    assert [key for key, *_ in await known.asked()] == ["ad/a2"]
    await do(known, erasing.forget, "hr/h1")
    assert await known.asked() == []
    assert await known.groups() == [["ad/a2"], ["hr/h2"]]
    assert await known.rows(sa.select(review)) == []


async def test_whom_she_was_merged_with_is_forgotten_too(known):
    made = await do(known, decisions.merge, "hr/h2", "hr/h1")
    await do(known, erasing.forget, "hr/h1")
    states = {row.id: row.state for row in await known.rows(sa.select(person))}
    assert states[made["merged"]] == states[made["person"]] == "erased"
    assert len(await known.rows(sa.select(erased))) == 3
    with pytest.raises(RejectedError, match="Nobody is called"):
        await do(known, finding.shown, "Visser")


async def test_who_left_long_ago_is_a_number_and_returns_as_the_same_person(directories, person_of):
    await directories.start("ad")
    directories["ad"].put("a1", person_of("Wilhelmijntje", "Zuurbier", employee_number="88442211"))
    await directories.read()
    ident = (await directories.person("ad/a1")).id
    directories["ad"].remove("a1", proof="deleted")
    await directories.read()
    for days, name in ((40, "Wilhelmijntje Zuurbier"), (100, None)):
        directories.clock.advance(days * 86400)
        await directories.runner.project()
        await directories.runner.forget()
        row = await directories.person("ad/a1")
        assert (row.id, row.state, row.name) == (ident, "deactivated", name)
    assert await directories.rows(sa.select(anchor)) == []
    directories["ad"].put("a1", person_of("Wilhelmijntje", "Zuurbier", employee_number="88442211"))
    await directories.read()
    row = await directories.person("ad/a1")
    assert (row.id, row.state, row.name) == (ident, "active", "Wilhelmijntje Zuurbier")
    assert len(await directories.rows(sa.select(anchor))) == 1


async def test_forgotten_once_is_enough(known):
    ident = (await known.person("hr/h1")).id
    await do(known, erasing.forget, "hr/h1")
    with pytest.raises(RejectedError, match="is erased"):
        await do(known, erasing.forget, ident)


async def test_a_store_can_be_scrubbed_while_another_reads_it(known):
    other = await Store(known.url).open()
    await do(known, erasing.forget, "hr/h1")
    await known.store.scrub()
    assert len(await other.read(lambda tx: list(tx.execute(sa.select(erased))))) == 2
    await other.close()
