"""However a source cuts its pages, the same persons; and a page costs a few statements."""

import random
import secrets

import pytest
import sqlalchemy as sa

from hub.store.tables import account, person, review, subject

GIVEN = ("Noor", "Sem", "N.", "Tim", "Tom", "Hans", "Johannes")
FAMILY = ("Berg", "van den Berg", "Visser", "Berg-Visser")
BORN = ("1990-02-28", "1965-02-28", None)
NUMBERS = ("1", "2", "3", None)
MAILS = ("n@werk.example.org", "n@elders.example", None, None)


def crowd(dice: random.Random, person_of, size: int) -> list:
    """Few names, numbers and addresses, so that everything that can happen to matching does."""
    made = []
    for number in range(size):
        given = {
            "birth_date": dice.choice(BORN),
            "employee_number": dice.choice(NUMBERS),
            "mail": dice.choice(MAILS),
        }
        said = {name: value for name, value in given.items() if value}
        one = person_of(dice.choice(GIVEN), dice.choice(FAMILY), **said)
        made.append((f"a{number:02}", one))
    return made


async def outcome(directories) -> dict:
    """Who is with whom, who waits for whom; without a person's own number."""
    rows = await directories.rows(
        sa.select(subject.c.key, account.c.person, account.c.tier)
        .join(account, account.c.subject == subject.c.id)
        .order_by(subject.c.key)
    )
    mine: dict[str, list[str]] = {}
    for row in rows:
        mine.setdefault(row.person or "", []).append(row.key)
    asked = await directories.rows(
        sa.select(subject.c.key, review.c.person, review.c.tier, review.c.state).join(
            subject, subject.c.id == review.c.subject
        )
    )
    return {
        "persons": sorted(mine.values()),
        "tiers": [(row.key, row.tier) for row in rows],
        "asked": sorted((r.key, mine[r.person], r.tier) for r in asked if r.state == "open"),
    }


@pytest.mark.parametrize("size", [1, 3, 7])
async def test_small_pages_make_the_same_persons_as_large_ones(
    directories, tmp_path, person_of, size, record_property
):
    seed = secrets.randbits(32)
    print(f"seed {seed}")  # noqa: T201  whoever repeats a failure needs it
    record_property("seed of the crowd", seed)
    whole = type(directories)(f"sqlite:///{tmp_path / 'whole.db'}")
    for world, page in ((directories, size), (whole, 100)):
        await world.start("ad")
        world.runner.together = 1
        world["ad"].batch_size = page
        for key, one in crowd(random.Random(seed), person_of, 24):
            world["ad"].put(key, one)
        await world.read()
    made = await outcome(directories)
    assert made == await outcome(whole), seed
    assert len(made["persons"]) > 1
    await whole.read()
    assert await outcome(whole) == made, "and reading again changes nothing"
    await whole.store.close()


async def test_a_thousand_accounts_cost_hardly_more_statements_than_a_hundred(
    directories, person_of, record_property
):
    spent = {}
    await directories.start("hr", "ad")
    for start, size in ((0, 100), (1000, 1000)):
        for name in ("hr", "ad"):
            for number in range(start + 1, start + 1 + size):
                one = person_of(f"Naam{number}", employee_number=str(number))
                directories[name].put(f"{name}{number:05}", one)
            directories[name].batch_size = 5000
        counted = []
        hook = ("before_cursor_execute", lambda *said, seen=counted: seen.append(said[2]))
        sa.event.listen(directories.store._engine, *hook)
        await directories.read()
        sa.event.remove(directories.store._engine, *hook)
        spent[size] = len(counted)
    record_property("statements for 2 x 100 and 2 x 1,000 accounts", str(list(spent.values())))
    assert len(await directories.rows(sa.select(person))) == 1100
    assert spent[1000] < 2 * spent[100] + 20
