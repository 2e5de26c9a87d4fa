"""A cold start counts: a command loads what it needs, not what other commands need."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.cli import main

ROOT = Path(__file__).parents[2]
COMMAND = """
import sys
from hub.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print("loaded:", *sorted(sys.modules))
"""
OF_SANDBOXES = {"fastapi"}
OF_SERVING = {"starlette", "uvicorn", "jinja2"}
OF_OTHERS = {
    "structlog": "nothing is said in a run that goes well",
    "rich": "nobody looks: it is no terminal",
    "httpx": "no source is asked over HTTP",
    "truststore": "no address wants TLS",
    "pydantic_settings": "no variable stands for a key of hub.yaml",
    "alembic": "the store is as this version wants it",
    "icalendar": "no calendar is read",
    "ldap3": "no directory is read",
    "nh3": "no text has markup",
    "tenacity": "nothing is tried again",
}
OF_THE_HUB = {
    "hub.engine.dead_letters": "nobody replays anything",
    "hub.engine.drift": "nobody repairs anything",
    "hub.engine.grouping": "no source has groups",
    "hub.engine.notices": "nobody vouches for anybody",
    "hub.engine.provisioning": "no source has people",
    "hub.engine.receiving": "nothing comes by request",
    "hub.engine.reconcile": "no hold is released",
    "hub.engine.serving": "no source speaks its protocol here",
    "hub.engine.uploads": "nobody brings a file",
    "hub.people.step": "no source has people",
    "hub.render.notice": "nobody is told anything",
}
OF_WORK = {
    "hub.engine.assemble",
    "hub.engine.delivery",
    "hub.engine.runner",
    "hub.schedule.embedded",
}
OF_ITS_COMMAND_LINE = {"click", "pygments", "rich", "httpx._main"}
APART = {"FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}
HUB = "store: sqlite:///hub.db\norganisation: Test\n"


def without_settings():
    return {name: value for name, value in os.environ.items() if name not in APART}


def loaded_by(*words):
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *words],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False, env=without_settings(),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return set(done.stdout.rpartition("loaded:")[2].split())


def test_the_version_is_told_without_a_database():
    loaded = loaded_by("--version")
    assert "typer" in loaded
    assert "sqlalchemy" not in loaded


def test_a_sync_loads_what_it_uses_and_who_only_looks_no_runner(tmp_path):
    (tmp_path / "connectors").mkdir()
    (tmp_path / "hub.yaml").write_text(HUB)
    (tmp_path / "connectors" / "hand.yaml").write_text("connector: manual\nmode: live\n")
    loaded = loaded_by("sync", "--config", str(tmp_path / "hub.yaml"))
    assert "sqlalchemy" in loaded
    assert "hub.engine.reading" in loaded
    assert loaded & (OF_SANDBOXES | OF_SERVING | OF_OTHERS.keys() | OF_THE_HUB.keys()) == set()
    loaded = loaded_by("events", "--config", str(tmp_path / "hub.yaml"))
    assert "sqlalchemy" in loaded
    assert loaded & OF_WORK == set()


def told(code):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=100,
        check=True, env=without_settings(),
    )  # fmt: skip
    return set(done.stdout.split())


def test_httpx_comes_without_its_command_line():
    loaded = told("import sys; import hub.http.over_httpx; print(*sys.modules)")
    assert "httpx" in loaded
    assert loaded & OF_ITS_COMMAND_LINE == set()


def test_a_command_line_of_httpx_that_is_there_already_stays():
    loaded = told("import httpx, sys; import hub.http.over_httpx; print(*sys.modules)")
    assert loaded >= OF_ITS_COMMAND_LINE


def test_a_settings_model_is_not_built_for_a_default():
    code = "import hub.settings.models as m; print(m.PeopleSettings.__pydantic_complete__)"
    assert told(code) == {"False"}


def test_whoever_calls_it_in_a_process_of_their_own_keeps_their_garbage_collector():
    frozen, threshold = gc.get_freeze_count(), gc.get_threshold()
    with pytest.raises(SystemExit):
        main(["--version"])
    assert gc.get_freeze_count() <= frozen, "what was garbage would stay for ever"
    assert (gc.get_threshold(), gc.isenabled()) == (threshold, True)
