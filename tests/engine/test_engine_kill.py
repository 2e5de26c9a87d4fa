"""`kill -9` at the named points: the end state equals an unharmed run's, and the control fails."""

import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

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


def work(folder: Path, point: str = "none", hit: int = 0, kind: str = "whole") -> int:
    command = [sys.executable, str(WORKER), str(folder), point, str(hit), kind]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in {0, 1, -signal.SIGKILL}, done.stderr
    return done.returncode


def end_state(folder: Path) -> dict:
    """Everything that matters, without moments and run numbers."""
    with sqlite3.connect(folder / "hub.db") as db:
        subjects = db.execute(
            "select key, state, seq, removed_at is null from subject order by key"
        ).fetchall()
        events = db.execute("select id, type, json_extract(body, '$.data') from event").fetchall()
        objects = db.execute(
            "select kind, key, body, state, seq > done_seq, done_state from object "
            "where kind = 'tile-item' order by key"
        ).fetchall()
    db.close()
    intranet = json.loads((folder / "intranet.json").read_text())["objects"]
    shown = sorted((key, body) for kind, key, body, *_ in intranet if kind == "tile-item")
    return {"subjects": subjects, "events": sorted(events), "objects": objects, "shown": shown}


@pytest.fixture(scope="module")
def unharmed(tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("unharmed")
    assert work(folder) == 0
    state = end_state(folder)
    assert len(state["shown"]) == 11
    return state


@pytest.mark.parametrize(("point", "hit"), [(p, h) for p, hits in POINTS.items() for h in hits])
def test_a_kill_leaves_the_end_state_of_an_unharmed_run(
    tmp_path, unharmed, point, hit, record_property
):
    assert work(tmp_path, point, hit) == -signal.SIGKILL, f"{point} was not reached {hit} times"
    assert work(tmp_path) == 0
    assert end_state(tmp_path) == unharmed
    record_property("kill", point)


def test_the_control_without_transactions_fails(tmp_path, unharmed):
    """If this passed, the kills above would prove nothing."""
    harmed = 0
    for hit in (1, 2, 3, 5):
        folder = tmp_path / str(hit)
        folder.mkdir()
        assert work(folder, "inside", hit, "torn") == -signal.SIGKILL
        finished = work(folder, kind="torn") == 0
        harmed += not finished or end_state(folder) != unharmed
    assert harmed >= 1
