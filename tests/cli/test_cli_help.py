"""Help: quick, with examples, and the same options everywhere."""

import importlib
import os
import re
import subprocess
import sys

import pytest

from hub.cli.app import ENTRIES

GROUPS = {
    "audit": ("search", "verify", "head", "export", "erase"),
    "hold": ("list", "show", "release", "drop"),
    "people": (
        *("list", "show", "history", "link", "unlink", "merge", "unmerge", "export", "forget"),
        *("add", "extend", "end", "guests"),
    ),
    "notices": ("list", "again"),
    "dead-letters": ("list", "show", "replay", "drop"),
    "disturbance": ("post", "update", "end", "list"),
    "connectors": ("show",),
    "sandbox": ("topdesk", "intranet"),
}
COMMANDS = [
    *((entry.name,) for entry in ENTRIES),
    *((group, name) for group, names in GROUPS.items() for name in names),
]
WORKING = [words for words in COMMANDS if words[0] not in GROUPS or len(words) > 1]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_help_has_an_example_of_its_own(hub, words):
    shown = hub(*words, "--help", config=False)
    assert shown.code == 0
    assert "Examples:" in shown.out
    assert f"hub {' '.join(words)}" in shown.out.split("Examples:")[1]
    assert max(map(len, shown.out.splitlines())) <= 100


@pytest.mark.parametrize("words", WORKING, ids=" ".join)
def test_every_command_takes_config_and_json(hub, words):
    shown = hub(*words, "--help", config=False).out
    assert "--config FILE" in shown
    assert "--json" in shown


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_list_and_the_command_say_the_same(hub, entry):
    shown = " ".join(hub(entry.name, "--help", config=False).out.split())
    assert entry.summary in shown
    listed = " ".join(hub("--help", config=False).out.split())
    assert f"{entry.name} {entry.summary}" in listed


def test_help_and_version_load_nothing_heavy():
    program = (
        "import sys\nfrom hub.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'pydantic', 'httpx', 'sqlalchemy', 'uvicorn', 'rich'} & sys.modules.keys()\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    spent = []
    for _ in range(3):
        before = os.times()
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
        after = os.times()
        assert ended.returncode == 0, ended.stderr
        spent.append(after.children_user - before.children_user)
    assert min(spent) < 0.5


def test_version_names_the_distribution_s(hub):
    shown = hub("--version", config=False)
    assert shown.code == 0
    assert re.fullmatch(r"hub \d+\.\d+\.\d+\n", shown.out)


@pytest.mark.parametrize(
    "words",
    [
        ("chek",),
        ("check", "--nonsense"),
        ("pause",),
        ("pause", "manual", "--all"),
        ("withdraw",),
        ("withdraw", "a", "--all"),
        ("withdraw", "a", "--undo", "--target", "web"),
        ("disturbance", "post"),
        ("demo", "--json"),
        ("connectors", "show", "nonsense"),
        ("init", "--connector", "nonsense"),
        ("sandbox", "nonsense"),
        ("explain",),
        ("dead-letters", "replay"),
        ("dead-letters", "replay", "u1", "--all"),
        ("events", "--json", "--jsonl"),
        ("events", "--family", "nonsense"),
        ("repair",),
        ("repair", "a", "--all"),
    ],
    ids=" ".join,
)
def test_what_is_typed_wrongly_ends_with_2_in_plain_words(hub, words):
    shown = hub(*words, config=False)
    assert shown.code == 2
    assert "Error" in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""


def test_every_module_of_a_command_is_named_in_the_list():
    for entry in ENTRIES:
        assert callable(importlib.import_module(f"hub.cli.{entry.module}").add)
