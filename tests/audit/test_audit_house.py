"""What `make check` promises is part of the tests, so that CI refuses what it refuses."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RECIPE = re.search(
    r"^check:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
)
COMMANDS = [
    part.strip().removeprefix("@")
    for line in RECIPE[1].splitlines()
    for part in line.split("&&")
    if "docs.generate" not in line  # tests/docs does the same
]


def ours(*suffixes: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: there is no list of the project's own files")
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [one for one in paths if one.suffix in suffixes and one.is_file()]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("command", COMMANDS)
def test_what_make_check_asks_holds(command):
    words = command.replace("$(BIN)", str(BIN)).replace("$(UV)", str(BIN / "uv")).split()
    if not Path(words[0]).exists():
        pytest.skip(f"{Path(words[0]).name} is not installed here: run make setup")
    env = os.environ | {"UV_PROJECT_ENVIRONMENT": str(BIN.parent)}
    done = subprocess.run(
        words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=350, check=False
    )
    if "uv" in words[0] and re.search(r"failed to fetch|error sending request|dns", done.stderr):
        pytest.skip("the package index can't be reached from here")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_check_has_every_tool():
    assert [Path(one.split()[0]).name for one in COMMANDS] == [
        "ruff", "ruff", "mypy", "lint-imports", "codespell", "bandit", "$(UV)",
    ]  # fmt: skip


# --- a layer that is broken is noticed ------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("hub/engine/intake.py", "import connectors.topdesk"),
        ("hub/engine/intake.py", "import hub.engine.settle"),
        ("hub/events/base.py", "import hub.store.store"),
        ("connectors/manual/mapping.py", "import hub.engine.intake"),
        ("connectors/manual/mapping.py", "import connectors.topdesk.mapping"),
        ("hub/targets/web/target.py", "import hub.store.store"),
        ("hub/targets/web/target.py", "import hub.targets.openintranet"),
        ("hub/testing/fakes.py", "import hub.engine.intake"),
    ],
)
def test_a_broken_layer_is_noticed(tmp_path, module, line):
    for path in ours(".py", ".toml"):
        copy = tmp_path / path.relative_to(ROOT)
        if copy.parts[len(tmp_path.parts)] in {"hub", "connectors", "pyproject.toml"}:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    spoilt = tmp_path / module
    spoilt.write_text(spoilt.read_text("utf-8") + f"\n{line}\n", "utf-8")
    done = subprocess.run(
        [str(BIN / "lint-imports"), "--no-logo", "--no-cache"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert "BROKEN" in done.stdout


# --- every exemption has its reason ---------------------------------------------------------------


def test_every_ignored_rule_has_its_reason():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    block = re.search(r"^ignore = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)[1]
    lines = [line for line in block.splitlines() if line.strip()]
    assert len(lines) > 10
    for line in lines:
        assert re.search(r'^\s*"[A-Z]+\d*",?\s+# .{8,}', line), line


def test_every_exemption_in_the_code_has_its_reason():
    found = 0
    for path in ours(".py"):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for kind, more in re.findall(
                r"# (noqa: [A-Z0-9, ]+|type: ignore\[[\w, -]+\])(.*)", line
            ):
                found += 1
                assert re.search(r"[a-z]{3,}", more), f"{path.relative_to(ROOT)}:{number}: {kind}"
    assert found > 5


def test_the_project_names_the_same_pythons_everywhere():
    named = {
        one.rsplit(" ", 1)[1]
        for one in PROJECT["project"]["classifiers"]
        if one.startswith("Programming Language :: Python :: 3.")
    }
    assert named == {"3.11", "3.12", "3.13"}
    assert PROJECT["project"]["requires-python"] == ">=3.11,<3.14"
    assert "(3, 11) <= sys.version_info[:2] <= (3, 13)" in (ROOT / "Makefile").read_text("utf-8")
    for path in ours(".py"):
        ast.parse(path.read_text("utf-8"), feature_version=(3, 11))


# put together here, so that this file names none either
HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]
REGISTRY = re.compile("|".join(map(re.escape, HOSTS)))


def test_no_package_registry_is_named_outside_the_lock_file():
    for path in ours(".py", ".md", ".toml", ".yaml", ".json", ".html", ""):
        found = REGISTRY.search(path.read_text("utf-8"))
        assert found is None, f"{path.relative_to(ROOT)}: {found[0]}"
