"""The benchmark runs, in small: the hub beside bare sockets; what came is judged, no speed is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.rows import Row

ROOT = Path(__file__).parents[2]
WORKS = "W1,W2,KILL,POISON-ITEMS"


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    home = tmp_path_factory.mktemp("bench")
    words = ["--quick", "--count", "1000", "--works", WORKS, "--home", str(home)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words],
        cwd=ROOT, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    logs = "\n".join(path.read_text() for path in (home / "logs").glob("*.hub.log"))
    assert done.returncode == 0, done.stdout + done.stderr + logs
    lines = (home / "fewer.jsonl").read_text().splitlines()
    return {(one.work, one.side): one for one in (Row(**json.loads(line)) for line in lines)}


def test_everybody_did_what_was_asked(rows):
    hub = {(work, "hub") for work in WORKS.split(",")}
    assert rows.keys() == hub | {(work, side) for work in ("W1", "W2") for side in ("raw", "bare")}


def test_nothing_is_lost_and_nothing_comes_in_an_older_version(rows):
    assert {one.lost for one in rows.values()} == {0}
    assert {one.regressions for one in rows.values()} == {0}


def test_nothing_comes_twice_but_after_a_kill(rows):
    assert {one.duplicates for (work, _), one in rows.items() if work != "KILL"} == {0}
    killed = rows["KILL", "hub"]
    assert killed.more["sent_again"] <= 8 * 100


def test_what_changed_is_sent_and_nothing_else(rows):
    assert rows["W2", "hub"].more["arrived"] == 50


def test_the_dead_letters_are_exactly_the_poison(rows):
    poisoned = rows["POISON-ITEMS", "hub"]
    assert poisoned.more["dead_letters"] == 1
    assert poisoned.more["dead_letters_exact"]
