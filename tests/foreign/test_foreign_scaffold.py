"""What `hub new-connector` and `hub new-target` write: red until filled in, then green."""

import ast
import json
import re
import subprocess
import sys
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HUB = "from hub.cli import main; main()"
OPTIONS = ("-ra", "-Werror", "-pno:cacheprovider")

FILLED = {
    path.stem: tomllib.loads(path.read_text())
    for path in Path(__file__).parent.glob("filled/*.toml")
}


@dataclass
class Package:
    """A package that was written for this test."""

    kind: str
    name: str
    folder: Path
    options: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        return self.folder.name.replace("-", "_")

    @property
    def code(self) -> Path:
        return self.folder / self.module

    @property
    def parts(self) -> list[dict]:
        """What an author writes for the kind, and then for each option."""
        return [FILLED[self.kind], *(FILLED[one] for one in self.options)]

    @property
    def bodies(self) -> dict[tuple[str, str], str]:
        """Of each file and function; what an option asks for comes instead."""
        return {
            (file, function): body
            for part in self.parts
            for file, bodies in part["body"].items()
            for function, body in bodies.items()
        }

    def fill(self, but: tuple[str, str] = ("", "")) -> None:
        """What an author writes, put in the places that the failures name."""
        for edit in (edit for part in self.parts for edit in part.get("edit", ())):
            replace(self.code / edit["file"], edit["old"], edit["new"])
        for (file, function), body in self.bodies.items():
            if (file, function) != but:
                fill_in(self.code / file, function, body)
        path = self.code / "sandbox.py"
        more = [part["more"]["text"] for part in self.parts if "more" in part]
        path.write_text(path.read_text().rstrip() + more[-1])


def replace(path, old, new):
    text = path.read_text()
    assert text.count(old) == 1, (path.name, old)
    path.write_text(text.replace(old, new))


def fill_in(path, function, body):
    """Replace the `raise NotImplementedError(...)` of one function."""
    text = path.read_text()
    [raised] = [
        statement
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function
        for statement in node.body
        if isinstance(statement, ast.Raise)
    ]
    lines = text.splitlines()
    assert f"Not filled in yet: {path.name}, {function}()" in "".join(
        lines[raised.lineno - 1 : raised.end_lineno]
    )
    new = textwrap.indent(body.rstrip(), " " * raised.col_offset).splitlines()
    lines[raised.lineno - 1 : raised.end_lineno] = new
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def scaffold(tmp_path_factory, python):
    def made(which, name):
        kind, *options = which
        into = tmp_path_factory.mktemp("somebody")
        words = (f"new-{kind}", name, "--into", into, "--json", *(f"--{one}" for one in options))
        done = python(ROOT, "-c", HUB, *words, cwd=into)
        assert done.returncode == 0, done.stderr
        return Package(kind, name, Path(json.loads(done.stdout)["folder"]), tuple(options))

    return made


WHOLE = ("connector", "deltas", "hints")


@pytest.fixture(scope="module", params=[("connector",), ("target",), WHOLE], ids=" ".join)
def which(request):
    return request.param


@pytest.fixture(scope="module")
def fresh(scaffold, which):
    """As it was written."""
    return scaffold(which, "car-park")


@pytest.fixture(scope="module")
def filled(scaffold, which):
    """With everything that its failures ask for."""
    package = scaffold(which, "car-park")
    package.fill()
    return package


@pytest.fixture(scope="module")
def run_tests(python):
    def run(package, *more):
        words = ("-m", "pytest", *OPTIONS, package.folder, *more)
        return python(package.folder, *words, cwd=package.folder, COLUMNS="300")

    return run


@pytest.fixture(scope="module")
def red(run_tests, fresh):
    return run_tests(fresh)


@pytest.fixture(scope="module")
def is_clean(tmp_path_factory):
    """mypy and ruff, by the package's own settings and by the hub's."""
    cache = tmp_path_factory.mktemp("mypy")

    def run(folder, *words):
        done = subprocess.run(
            list(map(str, words)),
            cwd=folder, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def clean(package):
        ruff = Path(sys.executable).parent / "ruff"
        strictest = ("--config", ROOT / "pyproject.toml")
        run(package.folder, sys.executable, "-m", "mypy", "--cache-dir", cache, ".")
        run(package.folder, ruff, "format", "--check", "--no-cache", ".")
        run(package.folder, ruff, "check", "--no-cache", ".")
        run(package.folder, ruff, "check", "--no-cache", *strictest, package.module)
        return True

    return clean


def test_it_is_red_and_each_failure_says_what_comes_next(red, fresh):
    assert red.returncode == 1, red.stdout
    failed = re.findall(r"^FAILED \S+::(test_\w+)", red.stdout, flags=re.MULTILINE)
    assert len(failed) > 10
    said = re.findall(r"Not filled in yet: (\w+\.py), (\w+)\(\)", red.stdout)
    assert set(said) <= set(fresh.bodies)
    chosen = {("client.py", "position"), ("connector.py", "hinted")} if fresh.options else set()
    assert chosen <= set(said)
    parts = re.split(r"^_{3,} .*?(test_\w+) _{3,}$", red.stdout, flags=re.MULTILINE)[1:]
    told = dict(zip(parts[::2], parts[1::2], strict=True))
    assert set(told) == set(failed)
    assert [name for name, text in told.items() if "Not filled in yet: " not in text] == []


def test_settings_secrets_and_promises_hold_from_the_beginning(red):
    assert int(re.search(r"(\d+) passed", red.stdout)[1]) >= 6


def test_types_and_style_are_clean_from_the_beginning(fresh, is_clean):
    assert is_clean(fresh)


def test_filled_in_it_is_green(filled, run_tests, is_clean):
    done = run_tests(filled)
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 18
    assert is_clean(filled)


@pytest.mark.parametrize(
    ("left", "test"),
    [
        (("client.py", "position"), "deltas"),
        (("sandbox.py", "edit"), "deltas"),
        (("connector.py", "hinted"), "hints"),
    ],
    ids=lambda one: one[1] if isinstance(one, tuple) else one,
)
def test_nothing_of_deltas_and_hints_can_be_left_out(scaffold, run_tests, left, test):
    package = scaffold(WHOLE, "car-park")
    package.fill(but=left)
    done = run_tests(package, "-k", test)
    assert done.returncode == 1, done.stdout
    assert f"Not filled in yet: {left[0]}, {left[1]}()" in done.stdout


def test_with_deltas_and_hints_no_test_of_them_is_skipped(scaffold, run_tests):
    package = scaffold(WHOLE, "car-park")
    package.fill()
    done = run_tests(package, "-k", "delta or hints or resumed")
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
    assert "skipped" not in done.stdout


def test_installed_it_is_listed_and_its_name_is_taken(filled, install, python, tmp_path):
    site = install(filled.folder, tmp_path / "site")
    done = python(site, "-c", HUB, "connectors", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [row] = [row for row in json.loads(done.stdout) if row["name"] == "car-park"]
    assert row == {
        "kind": filled.kind,
        "name": "car-park",
        "state": "ready",
        "reason": "",
        "distribution": filled.folder.name,
    }
    taken = python(site, "-c", HUB, f"new-{filled.kind}", "car-park", cwd=tmp_path)
    assert taken.returncode == 2
    said = " ".join(re.sub(r"[│╭╮╰╯─]", " ", taken.stderr).split())
    assert f"There is a {filled.kind} car-park already, from {filled.folder.name}" in said
    sample = (filled.code / "sample.yaml").read_text()
    assert "${env:CAR_PARK_TOKEN}" in sample
