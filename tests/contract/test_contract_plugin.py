"""The product as an author uses it: twelve lines in an own folder, run by an own pytest."""

import subprocess
import sys

TWELVE_LINES = """
from hub.testing.connector_suite import ConnectorContract
from hub.testing.example_connector import BoardConnector, BoardWorld


class {name}(BoardConnector):
    {change}


class TestMine(ConnectorContract):
    def world(self):
        return type("World", (BoardWorld,), {{"connector": {name}}})()
"""


def run(folder, *, name, change):
    (folder / "test_mine.py").write_text(TWELVE_LINES.format(name=name, change=change))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-ra", str(folder)]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=100, check=False
    )


def test_a_good_connector_passes_with_twelve_lines_and_prints_what_it_skipped(tmp_path):
    done = run(tmp_path, name="Good", change="pass")
    assert done.returncode == 0, done.stdout
    assert "board receives nothing" in done.stdout


def test_a_bad_connector_fails_and_the_assert_explains_itself(tmp_path):
    done = run(tmp_path, name="Bad", change='name = "No Good Name"')
    assert done.returncode == 1, done.stdout
    assert "'No Good Name' is no plain lower-case word" in done.stdout
    assert "fullmatch(name)" in done.stdout


def test_the_plugin_is_cheap_and_silent():
    code = "import sys, hub.testing.plugin; print([m for m in sys.modules if 'httpx' in m])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.strip() == "[]"
