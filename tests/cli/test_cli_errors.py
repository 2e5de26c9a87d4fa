"""Bad files and bad plug-ins: an exit code, plain words, the file's line, what to do."""

import subprocess
import sys

import pytest

from hub.cli import exits
from hub.errors import (
    AuthFailedError,
    BadConfigError,
    HubError,
    PermissionMissingError,
    RateLimitedError,
    RejectedError,
    RetryableError,
    StreamLostError,
)
from hub.store.store import StoreInUseError


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (BadConfigError, 78),
        (StoreInUseError, 75),
        (RetryableError, 75),
        (RateLimitedError, 75),
        (StreamLostError, 75),
        (AuthFailedError, 1),
        (PermissionMissingError, 1),
        (RejectedError, 1),
        (HubError, 1),
    ],
)
def test_every_error_has_its_code_and_its_advice(kind, code):
    assert exits.code_of(kind("x")) == code
    assert exits.advice(kind("x")).endswith((".", "`"))


READING = [("check",), ("plan",), ("run",), ("sync",), ("status",), ("hold", "list")]


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_broken_hub_yaml_stops_everything_with_78_and_a_line(hub, words):
    hub.hub_yaml(more="organisatie: Duo\n")
    shown = hub(*words)
    assert shown.code == 78
    assert "hub.yaml:5:" in shown.out + shown.err
    assert "organisation" in shown.out + shown.err
    assert "Traceback" not in shown.err


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_no_configuration_at_all_leads_to_init(hub, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = hub(*words, config=False)
    assert shown.code == 78
    assert "hub init" in shown.err
    hub.config.unlink()
    assert f"There is no file {hub.config}" in hub(*words).err


def test_the_configuration_is_found_by_place_and_by_variable(hub, monkeypatch):
    hub.manual()
    monkeypatch.chdir(hub.folder)
    assert hub("check", config=False).code == 0
    monkeypatch.chdir("/")
    monkeypatch.setenv("HUB_CONFIG", str(hub.config))
    assert hub("check", config=False).code == 0


def test_one_bad_instance_does_not_stop_the_others(hub):
    hub.manual()
    path = hub.instance("bad", "connector: manual\nmodus: live\n")
    synced = hub("sync")
    assert synced.code == 0
    assert "connectors/bad.yaml:2:" in synced.err
    checked = hub("check", "--json")
    assert checked.code == 78
    (problem,) = checked.json["problems"]
    assert (problem["file"], problem["line"]) == ("connectors/bad.yaml", 2)
    assert problem["advice"]
    path.write_text("connector: topdesk: x\n")
    assert hub("check", "--offline").code == 78
    (hub.folder / "connectors" / "manual.yaml").unlink()
    assert hub("sync").code == 78


def test_an_instance_without_a_file_is_named_and_kept(hub):
    hub.manual()
    hub("disturbance", "post", "--title", "Telefonie")
    (hub.folder / "connectors" / "manual.yaml").unlink()
    hub.instance("other", "connector: manual\n")
    checked = hub("check")
    assert checked.code == 0
    assert "hub withdraw --instance manual" in checked.out
    assert hub("check", "--json").json["orphaned"] == ["manual"]
    hub("sync")
    assert "manual has no file any more" in hub("status").out
    assert hub("status", "--json").json["objects"][0]["published"] == 1


def test_a_store_that_is_no_database_is_said_in_words(hub):
    hub.manual()
    hub.store.write_text("this is not a database, and it is long enough to be looked at " * 20)
    for words in (("status",), ("plan",), ("plan", "--stored"), ("check", "--offline")):
        shown = hub(*words)
        assert shown.code == 78
        assert "put a backup back" in shown.err
        assert "Traceback" not in shown.err


def test_check_says_that_no_instance_is_configured(hub):
    checked = hub("check", "--offline")
    assert checked.code == 0
    assert "warning no instance is configured" in checked.out
    hub.manual()
    assert "no instance" not in hub("check", "--offline").out


def test_a_fault_of_the_hub_itself_has_no_traceback_unless_asked(hub, monkeypatch):
    hub.config.unlink()
    hub.config.symlink_to(hub.config)
    monkeypatch.setenv("HUB_DEBUG", "")
    shown = hub("check")
    assert shown.code in {1, 78}
    assert "what to do: " in shown.err


def test_colour_is_never_written_to_a_pipe_or_with_no_color(hub):
    hub.manual()
    command = [
        sys.executable, "-c", "from hub.cli import main; main()",
        "check", "--config", str(hub.config),
    ]  # fmt: skip
    for env in ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, {}):
        import os

        done = subprocess.run(command, capture_output=True, env=os.environ | env, check=True)
        assert b"\x1b[3" not in done.stdout


def test_a_title_can_not_steer_the_terminal(hub):
    hub.manual()
    hub("disturbance", "post", "--title", "Telefonie \x1b[31m rood")
    assert "\x1b" not in hub("plan", "--stored").out + hub("disturbance", "list").out


@pytest.mark.parametrize(
    "words",
    [
        ("check",), ("plan",), ("sync",), ("status",), ("explain", "tel"), ("withdraw", "tel"),
        ("pause", "manual"), ("resume", "manual"), ("hold", "list"), ("disturbance", "list"),
        ("connectors",), ("connectors", "show", "manual"), ("run", "--once"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_the_last_line_says_what_to_do_next_and_json_is_alone(hub, words):
    hub.manual()
    hub("disturbance", "post", "--title", "Telefonie")
    config = words[0] != "connectors"
    shown = hub(*words, config=config)
    assert shown.code == 0
    assert shown.last.startswith("Next: ")
    assert hub(*words, "--json", config=config).json is not None
