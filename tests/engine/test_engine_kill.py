"""`kill -9` at the named points: the end state equals an unharmed run's, and the control fails."""

import json
import signal
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.store.tables import event, obj, subject

WORKER = Path(__file__).with_name("kill_worker.py")
POINTS = {
    "read": (1, 5, 10),
    "inside": (1, 3, 5),
    "staged": (1, 6, 11),
    "committed": (2, 5, 12),
    "intent written": (1, 2, 4),
    "sent": (1, 2, 4),
    "acknowledged": (1, 2, 3),
}
ON_POSTGRESQL = [("inside", 3), ("committed", 5), ("sent", 2)]  # the same code, another database


def sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / 'hub.db'}"


@pytest.fixture(scope="module")
def work(nursery):
    lives = nursery(WORKER)

    def one(folder: Path, point="none", hit=0, kind="whole", url="") -> int:
        code, said = lives(folder, url or sqlite(folder), point, hit, kind)
        assert code in {0, 1, -signal.SIGKILL}, said
        return code

    return one


def end_state(folder: Path, url: str = "") -> dict:
    """Everything that matters, without moments and run numbers."""
    ahead = (obj.c.seq > obj.c.done_seq).label("ahead")
    shape = (obj.c.kind, obj.c.key, obj.c.body, obj.c.state, ahead, obj.c.done_state)
    items = sa.select(*shape).where(obj.c.kind == "tile-item").order_by(obj.c.key)
    state = (subject.c.key, subject.c.state, subject.c.seq, subject.c.removed_at.is_(None))
    engine = sa.create_engine((url or sqlite(folder)).replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as db:
        subjects = [tuple(row) for row in db.execute(sa.select(*state).order_by(subject.c.key))]
        rows = db.execute(sa.select(event.c.id, event.c.type, event.c.body).order_by(event.c.id))
        events = [(row.id, row.type, row.body["data"]) for row in rows]
        objects = [tuple(row) for row in db.execute(items)]
    engine.dispose()
    intranet = json.loads((folder / "intranet.json").read_text())["objects"]
    shown = sorted((key, body) for kind, key, body, *_ in intranet if kind == "tile-item")
    return {"subjects": subjects, "events": events, "objects": objects, "shown": shown}


@pytest.fixture(scope="module")
def unharmed(work, tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("unharmed")
    assert work(folder) == 0
    state = end_state(folder)
    assert len(state["shown"]) == 11
    return state


@pytest.mark.parametrize(("point", "hit"), [(p, h) for p, hits in POINTS.items() for h in hits])
def test_a_kill_leaves_the_end_state_of_an_unharmed_run(
    *, work, tmp_path, unharmed, point, hit, record_property
):
    assert work(tmp_path, point, hit) == -signal.SIGKILL, f"{point} was not reached {hit} times"
    assert work(tmp_path) == 0
    assert end_state(tmp_path) == unharmed
    record_property("kill", point)


@pytest.mark.parametrize("kill", ON_POSTGRESQL, ids=str)
def test_a_kill_leaves_the_same_end_state_on_postgresql(
    *, work, tmp_path, unharmed, postgres_url, kill, record_property
):
    assert work(tmp_path, *kill, url=postgres_url) == -signal.SIGKILL, f"{kill} was not reached"
    assert work(tmp_path, url=postgres_url) == 0
    assert end_state(tmp_path, postgres_url) == unharmed
    record_property("kill", f"{kill[0]} (PostgreSQL)")


def test_the_control_without_transactions_fails(work, tmp_path, unharmed):
    """If this passed, the kills above would prove nothing."""
    harmed = []
    for hit in (1, 2, 3, 5):
        folder = tmp_path / str(hit)
        folder.mkdir()
        assert work(folder, "inside", hit, "torn") == -signal.SIGKILL
        finished = work(folder, kind="torn") == 0
        if not finished or end_state(folder) != unharmed:
            harmed.append(hit)
    assert harmed == [1, 2, 3, 5]


@pytest.mark.parametrize("identity", ["searchable", "none"])
@pytest.mark.parametrize(("point", "hit"), [("intent written", 1), ("sent", 1), ("sent", 3)])
def test_after_a_kill_nothing_is_made_twice(*, work, tmp_path, unharmed, identity, point, hit):
    assert work(tmp_path, point, hit, identity) == -signal.SIGKILL
    assert work(tmp_path, kind=identity) == 0
    intranet = tmp_path / "intranet.json"  # none: all was in doubt before the first call
    stored = json.loads(intranet.read_text()) if intranet.exists() else {"duplicates": []}
    assert stored["duplicates"] == []
    with sa.create_engine(sqlite(tmp_path)).connect() as connection:
        uncertain = connection.execute(sa.select(obj.c.key).where(obj.c.status == "uncertain"))
        left = list(uncertain.scalars())
    if identity == "searchable":
        assert left == []
        assert end_state(tmp_path)["shown"] == unharmed["shown"]
    else:
        assert left, "the create whose end is not known is left to a person"
