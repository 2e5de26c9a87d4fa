"""`kill -9` inside the step: the same persons as after an unharmed run, and nobody twice."""

import signal
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.store.tables import account, anchor, dirty, person, review, subject

WORKER = Path(__file__).with_name("people_kill_worker.py")
KILLS = [
    ("anchor", 2), ("person", 1), ("person", 3), ("account", 1), ("account", 4), ("review", 1),
    ("staged", 3), ("committed", 4),
]  # fmt: skip
ON_POSTGRESQL = [("account", 3), ("committed", 4)]


def sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / 'hub.db'}"


@pytest.fixture(scope="module")
def work(nursery):
    lives = nursery(WORKER)

    def one(folder: Path, point="none", hit=0, kind="whole", url="") -> int:
        code, said = lives(url or sqlite(folder), folder, point, hit, kind)
        assert code in {0, 1, -signal.SIGKILL}, said
        return code

    return one


def end_state(folder: Path, url: str = "") -> dict:
    """Everything that matters; a person's own number is another one each time."""
    engine = sa.create_engine((url or sqlite(folder)).replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as db:
        keys = {row.id: row.key for row in db.execute(sa.select(subject.c.id, subject.c.key))}
        links = list(db.execute(sa.select(account)))
        mine = {row.id: [] for row in db.execute(sa.select(person.c.id))}
        for row in links:
            if row.person:
                mine[row.person].append(keys[row.subject])
        shape = sa.select(person.c.id, person.c.state, person.c.attributes)
        state = {
            "persons": sorted(
                (sorted(mine[row.id]), row.state, _said(row.attributes))
                for row in db.execute(shape)
            ),
            "links": sorted((keys[row.subject], row.tier, row.person is None) for row in links),
            "anchors": sorted(
                (keys[r.subject], r.kind, r.value) for r in db.execute(anchor.select())
            ),
            "asked": sorted(
                (keys[r.subject], sorted(mine[r.person]), r.state, r.tier)
                for r in db.execute(review.select())
            ),
            "dirty": list(db.execute(sa.select(dirty))),
        }
    engine.dispose()
    return state


def _said(attributes: dict) -> list:
    return sorted((name, str(one["value"]), one["instance"]) for name, one in attributes.items())


@pytest.fixture(scope="module")
def unharmed(work, tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("unharmed")
    assert work(folder) == 0
    state = end_state(folder)
    assert len(state["persons"]) == 16
    assert len(state["links"]) == 32
    assert {one[2] for one in state["asked"]} == {"open", "closed"}
    return state


@pytest.mark.parametrize("kill", KILLS, ids=str)
def test_a_kill_leaves_the_persons_of_an_unharmed_run(
    work, tmp_path, unharmed, kill, record_property
):
    assert work(tmp_path, *kill) == -signal.SIGKILL, f"{kill} was not reached"
    assert work(tmp_path) == 0
    assert end_state(tmp_path) == unharmed
    record_property("kill", f"people: {kill[0]}")


@pytest.mark.parametrize("kill", ON_POSTGRESQL, ids=str)
def test_a_kill_leaves_the_same_persons_on_postgresql(
    *, work, tmp_path, unharmed, postgres_url, kill, record_property
):
    assert work(tmp_path, *kill, url=postgres_url) == -signal.SIGKILL, f"{kill} was not reached"
    assert work(tmp_path, url=postgres_url) == 0
    assert end_state(tmp_path, postgres_url) == unharmed
    record_property("kill", f"people: {kill[0]} (PostgreSQL)")


def test_the_control_without_transactions_fails(work, tmp_path, unharmed):
    """If this passed, the kills above would prove nothing."""
    harmed = []
    for hit in (1, 3):
        folder = tmp_path / str(hit)
        folder.mkdir()
        assert work(folder, "account", hit, "torn") == -signal.SIGKILL
        finished = work(folder, kind="torn") == 0
        if not finished or end_state(folder) != unharmed:
            harmed.append(hit)
    assert harmed == [1, 3]
