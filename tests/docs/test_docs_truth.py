"""What exists is documented, what is documented exists, and nothing tells of a machine."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from docs import commands, generate, pages
from docs.blocks import Command, File, steps
from hub.events.payloads import FAMILIES
from hub.registry import Group

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs/reference"
MARKDOWN = sorted(
    path
    for folder in ("", "docs", "connectors", "hub")
    for path in (ROOT / folder).glob("*.md" if not folder else "**/*.md")
)
HEADINGS = ["What it does", "Settings", "Events", "Rights it needs", "Known limits"]
FILES = {
    "README.md", "sample.yaml", "connector.py", "client.py", "models.py", "mapping.py", "sandbox",
}  # fmt: skip
WAIVED = {
    ("csv", "sandbox"): "a folder with a file in it is the real thing",
    ("guests", "client.py"): "it reaches no system",
    ("guests", "sandbox"): "there is no source to imitate",
    ("manual", "client.py"): "it reaches no system",
    ("manual", "sandbox"): "there is no source to imitate",
    ("scim_in", "client.py"): "it reaches no system: the provider calls",
    ("scim_in", "sandbox"): "there is no source to imitate; testers of others push",
}
PLUGINS = [
    one for group in (Group.CONNECTORS, Group.TARGETS) for one in generate.bundled().ready(group)
]


def reference(name):
    return (REFERENCE / name).read_text("utf-8")


# --- what exists is documented ------------------------------------------------------------------


def test_nothing_generated_is_stale():
    assert generate.stale(generate.files()) == [], "run `make docs` and commit it"


def test_check_names_a_stale_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    assert generate.main(["--check"]) == 1
    assert "docs/reference/settings.md is stale" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda one: one.name)
def test_every_setting_is_documented(plugin):
    page = "connectors.md" if plugin.group is Group.CONNECTORS else "targets.md"
    section = reference(page).split(f"## `{plugin.name}`")[1].split("\n## ")[0]
    for name, field in plugin.cls.settings.model_fields.items():
        assert f"| `{name}` |" in section
        assert field.description


def test_every_command_is_documented():
    text = reference("command-line.md")
    found = [words for words, _ in commands.walk()]
    assert len(found) > 15
    for words in found:
        assert f"## `{words}`" in text


def test_every_error_is_documented():
    text = reference("errors.md")
    for name in sorted(_error_classes()):
        assert f"| `{name}` |" in text, f"{name} is missing: name its module in docs/pages.py"


def _error_classes():
    """Names of the classes in hub/ that end up below HubError, read from the sources."""
    bases = {}
    for path in (ROOT / "hub").rglob("*.py"):
        if "sandbox" in path.parts or "testing" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = {getattr(one, "id", "") for one in node.bases}
    below = {"HubError"}
    while more := {name for name, over in bases.items() if over & below} - below:
        below |= more
    return below


def test_every_event_type_is_documented():
    text = reference("events.md")
    for family, payload in FAMILIES.items():
        for verb in ("changed", "removed"):
            assert f"`nl.intranet-hub.{family}.{verb}.v{payload.version}`" in text
        for name in payload.model_fields:
            assert f"| `{name}` |" in text
    assert set(pages.payload_schemas()) == {path.name for path in REFERENCE.glob("*.schema.json")}


def test_every_log_line_is_documented():
    text = (ROOT / "docs/howto/when-something-is-wrong.md").read_text("utf-8")
    call = re.compile(r"(?:log\.(?:warning|error|exception|info)|self\.note)\(\s*\"(\w+)\"")
    found = {
        name
        for folder in ("hub", "connectors")
        for path in (ROOT / folder).rglob("*.py")
        if "sandbox" not in path.parts and "testing" not in path.parts
        for name in call.findall(path.read_text("utf-8"))
    }
    assert "source_down" in found
    for name in sorted(found):
        assert f"`{name}`" in text


# --- what is documented exists ------------------------------------------------------------------


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_resolve(path):
    text = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    for link in links:
        if link.startswith(("http:", "https:")):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        if anchor:
            assert anchor in _anchors(target), link


def _anchors(path):
    heads = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def _typed():
    """Every `hub ...` in a block or between backticks, with its page."""
    for path in MARKDOWN:
        text = path.read_text("utf-8")
        blocks = [one.text for one in steps(text) if isinstance(one, Command)]
        named = [*blocks, *re.findall(r"`(hub [^`]+)`", text)]
        for line in (re.sub(r"^hub --as \S+", "hub", one) for one in named):
            if line.startswith("hub "):
                yield path.relative_to(ROOT).as_posix(), line


def test_every_command_in_the_pages_exists():
    known = {words: _options(command) for words, command in commands.walk()}
    typed = list(_typed())
    assert len(typed) > 60
    for page, line in typed:
        words = line.split()
        found = max((one for one in known if line.startswith(one)), key=len, default=None)
        group = any(one.startswith(" ".join(words[:2])) for one in known)
        assert found or group or words[1].startswith("-"), f"{page}: {line}"
        options = {one.split("=")[0] for one in words if one.startswith("--")}
        assert options - {"--version", "--help"} <= (known[found] if found else set()), (
            f"{page}: {line}"
        )


def _options(command):
    return {name for one in command.params for name in [*one.opts, *one.secondary_opts]}


def test_every_yaml_file_in_the_pages_fits_its_schema():
    parser = YAML(typ="safe", pure=True)
    schemas = {
        name: json.loads((ROOT / "config" / name).read_text("utf-8"))
        for name in ("hub.schema.json", "connector.schema.json")
    }
    files = [
        (step, parser.load(step.text))
        for path in MARKDOWN
        for step in steps(path.read_text("utf-8"))
        if isinstance(step, File)
    ]
    assert len(files) >= 4
    for step, data in files:
        which = "connector" if "connectors/" in step.name else "hub"
        jsonschema.validate(data, schemas[f"{which}.schema.json"])


def test_the_twelve_lines_of_test_pass(tmp_path):
    text = (ROOT / "docs/howto/write-a-connector.md").read_text("utf-8")
    code = re.search(r"```python\n(.*?)```", text, flags=re.DOTALL)[1]
    assert len([line for line in code.splitlines() if line.strip()]) <= 12
    (tmp_path / "test_board.py").write_text(code, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_board.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 15


# --- shape --------------------------------------------------------------------------------------


def _connectors():
    folders = (ROOT / "connectors").iterdir()
    return sorted(one for one in folders if (one / "connector.py").is_file())


@pytest.mark.parametrize("folder", _connectors(), ids=lambda folder: folder.name)
def test_every_connector_has_the_same_files_and_headings(folder):
    there = {one.name.removesuffix(".py") if "sandbox" in one.name else one.name
             for one in folder.iterdir()}  # fmt: skip
    waived = {name for (connector, name), _reason in WAIVED.items() if connector == folder.name}
    assert FILES - there == waived
    text = (folder / "README.md").read_text("utf-8")
    assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE)[: len(HEADINGS)] == HEADINGS


def test_every_connector_is_one_entry_point():
    named = {one.name for one in PLUGINS if one.group is Group.CONNECTORS}
    assert named == {folder.name for folder in _connectors()}


def test_the_readme_tests_as_ci_does():
    readme = (ROOT / "README.md").read_text("utf-8")
    ci = (ROOT / ".ci/run").read_text("utf-8")
    command = ci.strip().splitlines()[-1].removeprefix("exec ")
    typed = [one.text for one in steps(readme) if isinstance(one, Command)]
    assert command == "make test"
    assert typed == ["make demo", command]


def test_the_glossary_has_each_word_once_and_in_order():
    rows = re.findall(r"^\| ([a-z ]+) \|", reference("glossary.md"), flags=re.MULTILINE)
    words = [row for row in rows if row != "word"]
    assert words == sorted(set(words))
    assert len(words) > 30


MACHINE = re.compile(r"/(?:work|root)/(?!\.)|/tmp/(?:brief|pip|bash)")


def _project_files():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout: there is no list of the project's own files")
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def test_no_path_of_a_machine_is_in_the_project():
    read = 0
    for path in _project_files():
        if path.suffix in {".png", ".gz"} or not path.is_file():
            continue
        found = MACHINE.search(path.read_text("utf-8"))
        assert found is None, f"{path.relative_to(ROOT)}: {found[0]}"
        read += 1
    assert read > 100


@pytest.mark.parametrize("text", ["see /" + "work/main", "in /" + "root/x", "/tmp" + "/brief/A"])
def test_a_path_of_a_machine_would_be_found(text):
    assert MACHINE.search(text)


def test_decisions_have_every_part():
    parts = ["Context", "Decision", "Consequences", "Is, and is not", "Prior art"]
    found = sorted((ROOT / "docs/adr").glob("*.md"))
    numbers = [path.name[:4] for path in found]
    assert len(set(numbers)) == len(numbers), "each number once"
    for path in found:
        heads = re.findall(r"^## (.+)$", path.read_text("utf-8"), flags=re.MULTILINE)
        assert heads == parts, path.name
