"""`hub new-connector` and `hub new-target`: names, places, and nothing overwritten."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from hub.testing.quality import load, quality_faults, rules_of

KINDS = ("connector", "target")
FILES = {
    "__init__.py", "README.md", "client.py", "mapping.py", "models.py", "py.typed", "quality.yaml",
    "sample.yaml", "sandbox.py",
}  # fmt: skip
HEADINGS = {
    "connector": ["What it does", "Settings", "Events", "Rights it needs", "Known limits"],
    "target": ["What it does", "Settings", "Rights it needs", "Known limits"],
}
OPTIONS = {"connector": ("--hints", "--deltas"), "target": ()}
LONGEST = "abcdefghijklmnopqrst-abc"


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def made(hub, kind, tmp_path):
    def make(name, *more):
        result = hub(f"new-{kind}", name, *more, "--into", str(tmp_path), "--json", config=False)
        assert result.code == 0
        return Path(result.json["folder"])

    return make


def test_it_writes_a_whole_package(made, kind):
    folder = made("car-park")
    code = folder / folder.name.replace("-", "_")
    assert {path.name for path in code.iterdir()} == FILES | {f"{kind}.py"}
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    assert project["project"]["name"] == folder.name
    assert project["project"]["entry-points"] == {
        f"intranet_hub.{kind}s": {"car-park": f"{code.name}.{kind}:CarPark{kind.capitalize()}"}
    }
    assert project["project"]["dependencies"][0].startswith("intranet-hub>=")
    test = (folder / "tests" / "test_contract.py").read_text()
    assert len([line for line in test.splitlines() if line.strip()]) == 12
    assert "{{" not in "".join(path.read_text() for path in folder.rglob("*") if path.is_file())


def test_every_promise_is_to_do(made, kind):
    folder = made("car-park")
    path = folder / folder.name.replace("-", "_") / "quality.yaml"
    quality = load(path)
    assert quality.kind == kind
    assert list(quality.rules) == [rule.name for rule in rules_of(kind)]
    assert {promise.status for promise in quality.rules.values()} == {"todo"}
    assert quality_faults(path, folder) == []


def test_the_readme_has_its_headings_and_the_sample_names_the_plug_in(made, kind):
    folder = made("car-park")
    code = folder / folder.name.replace("-", "_")
    heads = [
        line[3:] for line in (code / "README.md").read_text().splitlines() if line[:3] == "## "
    ]
    assert heads == HEADINGS[kind]
    sample = yaml.safe_load((code / "sample.yaml").read_text())
    assert (sample if kind == "connector" else sample["intranet"])[kind] == "car-park"


@pytest.mark.parametrize("option", ["deltas", "hints"])
def test_an_option_adds_what_it_says_and_nothing_else(hub, tmp_path, option):
    texts = {}
    for words in ((), (f"--{option}",)):
        given = ("car-park", *words, "--into", str(tmp_path / "-".join(words)), "--json")
        folder = Path(hub("new-connector", *given, config=False).json["folder"])
        texts[words] = {path.name: path.read_text() for path in folder.rglob("*.*")}
    plain, chosen = texts.values()
    assert {name for name in plain if plain[name] != chosen[name]} == CHANGED[option]
    for word in NEW[option]:
        assert word not in "".join(plain.values())
        assert word in "".join(chosen.values())


CHANGED = {
    "deltas": {"README.md", "client.py", "connector.py", "sandbox.py"},
    "hints": {"README.md", "connector.py", "sample.yaml"},
}
NEW = {
    "deltas": ("sweep_every=", "next_delta=", "def position(", "def edit("),
    "hints": ("def hinted(", "${env:CAR_PARK_WEBHOOK_SECRET}"),
}


def test_both_of_one_name_live_side_by_side(hub, tmp_path):
    for kind in KINDS:
        assert hub(f"new-{kind}", "car-park", "--into", str(tmp_path), config=False).code == 0
    assert len(list(tmp_path.glob("intranet-hub-car-park*"))) == 2


def test_the_last_line_says_how_to_install_and_test_it(hub, kind, tmp_path):
    into = tmp_path / "my src"
    made = hub(f"new-{kind}", "car-park", "--into", str(into), config=False)
    [folder] = into.iterdir()
    assert made.last == f"Next: `pip install -e '{folder}[test]'`, then `pytest '{folder}'`."
    assert made.out.count("wrote ") == 12


def test_nothing_is_overwritten_and_nothing_is_half_written(hub, kind, made, tmp_path):
    folder = made("car-park")
    mine = folder / "pyproject.toml"
    mine.write_text("# mine\n")
    (folder / "tests" / "test_contract.py").unlink()
    again = hub(f"new-{kind}", "car-park", "--into", str(tmp_path), config=False)
    assert again.code == 2
    assert "nothing was written" in " ".join(again.err.split())
    assert mine.read_text() == "# mine\n"
    assert not (folder / "tests" / "test_contract.py").exists()


@pytest.mark.parametrize(
    "name",
    ["", "Car", "car_park", "2cars", "-car", "car-", "car--park", "../car", "car/park", "caré",
     LONGEST + "d", "car\n"],
)  # fmt: skip
def test_a_name_that_is_none_is_refused(hub, kind, name, tmp_path):
    refused = hub(f"new-{kind}", "--into", str(tmp_path / "new"), "--", name, config=False)
    assert refused.code == 2
    assert "can't be a name" in " ".join(refused.err.split())
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("kind", "name"), [("connector", "topdesk"), ("target", "web")])
def test_a_name_that_is_taken_is_refused(hub, kind, name, tmp_path):
    refused = hub(f"new-{kind}", name, "--into", str(tmp_path / "new"), config=False)
    assert refused.code == 2
    assert f"There is a {kind} {name} already, from intranet-hub" in " ".join(refused.err.split())
    assert not (tmp_path / "new").exists()


def test_a_place_that_takes_no_files_is_said_in_words(hub, kind, tmp_path):
    (tmp_path / "file").write_text("")
    refused = hub(f"new-{kind}", "car-park", "--into", str(tmp_path / "file"), config=False)
    assert refused.code == 2
    assert "can't be written" in " ".join(refused.err.split())


@pytest.mark.parametrize(("name", "number"), [("a", 0), (LONGEST, 0), ("a", 1), (LONGEST, 2)])
def test_style_is_clean_whatever_the_length_of_the_name(made, kind, name, number):
    folder = made(name, *OPTIONS[kind][:number])
    ruff = Path(sys.executable).parent / "ruff"
    for words in (("check",), ("format", "--check")):
        done = subprocess.run(
            [ruff, *words, "--no-cache", "."],
            cwd=folder, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
