"""`kill -9` while a provider pushes: the people of an unharmed run, and nobody twice."""

import signal
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.store.tables import account, dirty, event, obj, person, subject

WORKER = Path(__file__).with_name("scim_kill_worker.py")
KILLS = [
    ("subject", 3), ("person", 2), ("account", 3), ("object", 2), ("object", 7), ("event", 4), ("commit", 9),
    ("answered", 1), ("answered", 6), ("answered", 10),
]  # fmt: skip


@pytest.fixture(scope="module")
def work(nursery):
    lives = nursery(WORKER)

    def one(folder: Path, point="none", hit=0, kind="whole", url="") -> int:
        code, said = lives(url or f"sqlite:///{folder / 'hub.db'}", folder, point, hit, kind)
        assert code in {0, 1, -signal.SIGKILL}, said
        return code

    return one


def end_state(folder: Path, url: str = "") -> dict:
    """Everything that matters; ids are other ones each time."""
    url = url or f"sqlite:///{folder / 'hub.db'}"
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as db:
        persons = {row.id: row for row in db.execute(sa.select(person))}
        links = {row.subject: row.person for row in db.execute(sa.select(account))}
        rows = list(db.execute(sa.select(subject)))
        objects = list(db.execute(sa.select(obj)))
        events = [row.type for row in db.execute(sa.select(event).order_by(event.c.id))]
        waiting = list(db.execute(sa.select(dirty)))
    engine.dispose()
    return {
        "subjects": sorted(
            (row.family, (row.state or {}).get("user_name", ""), row.removed_at is None)
            for row in rows
        ),
        "persons": sorted((row.name, row.state) for row in persons.values()),
        "links": sorted(persons[one].name for one in links.values()),
        "objects": sorted(
            (row.kind, row.state, (row.body or {}).get("user_name", ""), _flag(row))
            for row in objects
        ),
        "events": sorted(events),
        "dirty": waiting,
    }


def _flag(row) -> bool:
    return bool((row.body or {}).get("active"))


@pytest.fixture(scope="module")
def unharmed(work, tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("unharmed")
    assert work(folder) == 0
    state = end_state(folder)
    assert [one for one in state["persons"] if one[1] == "active"] == [
        (f"Noor{number} Berg", "active") for number in (0, 1, 2, 4, 5)
    ]
    assert len(state["links"]) == 6
    assert sum(one[0] == "membership" for one in state["objects"]) == 4
    return state


@pytest.mark.parametrize("kill", KILLS, ids=str)
def test_a_kill_leaves_the_people_of_an_unharmed_run(
    work, tmp_path, unharmed, kill, record_property
):
    assert work(tmp_path, *kill) == -signal.SIGKILL, f"{kill} was not reached"
    assert work(tmp_path) == 0
    assert end_state(tmp_path) == unharmed
    record_property("kill", f"scim_in: {kill[0]}")


@pytest.mark.parametrize("kill", [("account", 2), ("answered", 4)], ids=str)
def test_a_kill_leaves_the_same_people_on_postgresql(
    *, work, tmp_path, unharmed, postgres_url, kill, record_property
):
    assert work(tmp_path, *kill, url=postgres_url) == -signal.SIGKILL, f"{kill} was not reached"
    assert work(tmp_path, url=postgres_url) == 0
    assert end_state(tmp_path, postgres_url) == unharmed
    record_property("kill", f"scim_in: {kill[0]} (PostgreSQL)")


def test_the_control_without_transactions_fails(work, tmp_path, unharmed):
    """If this passed, the kills above would prove nothing."""
    harmed = []
    for point in ("event", "person"):
        folder = tmp_path / point
        folder.mkdir()
        assert work(folder, point, 2, "torn") == -signal.SIGKILL
        finished = work(folder, kind="torn") == 0
        if not finished or end_state(folder) != unharmed:
            harmed.append(point)
    assert harmed == ["event", "person"]
