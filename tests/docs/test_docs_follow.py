"""README and tutorial are followed as they stand; and a page that lies is caught."""

import shutil

import pytest

from docs import follow
from docs.blocks import Command, File, Goal, Look, Snippet, missing, steps

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")


@pytest.mark.xdist_group("docs_follow")
@pytest.mark.parametrize("page", follow.pages(), ids=lambda page: page.name)
def test_the_page_is_true(page):
    report = follow.follow(page, print)
    assert report.faults == []
    assert report.commands <= follow.MOST
    assert report.seconds < 120


def test_the_tutorial_reaches_its_goal_by_commands_that_are_run():
    todo = steps((follow.ROOT / "docs/tutorial/first-tile.md").read_text("utf-8"))
    kinds = {type(step) for step in todo}
    assert {Command, File, Look, Goal} <= kinds
    run = [step.text for step in todo if isinstance(step, Command) and not step.skipped]
    for wanted in ("hub init", "hub check", "hub plan", "hub run", "hub withdraw"):
        assert any(text.startswith(wanted) for text in run), wanted


LIES = {
    "another word": "```console\n$ echo one\ntwo\n```\n",
    "another order": "```console\n$ printf 'b\\na\\n'\na\nb\n```\n",
    "another exit code": "```console\n$ false\n```\n",
    "a success that was to fail": "```console\n$ true\n[exit 1]\n```\n",
    "a script that fails": "```bash\nfalse\ntrue\n```\n",
    "a command that does not exist": "```console\n$ hub frobnicate\n```\n",
    "no YAML": "```yaml\na: [\n```\n",
    "an address that was never printed": "<!-- look: preview | text -->\n",
    "too many commands": "```console\n" + "$ true\n" * 13 + "```\n",
}


@pytest.mark.parametrize("text", LIES.values(), ids=LIES.keys())
def test_a_lie_is_caught(text, tmp_path, monkeypatch):
    monkeypatch.setattr(follow, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(text, "utf-8")
    assert follow.follow(page, print).faults != []


TRUTH = """
```yaml
# config/one.yaml
a: 1
```
```console
$ export NAME=me
$ cd config && cat one.yaml
...
a: 1
$ echo "I am $NAME, \\
> still"
...
$ sleep 60 &
$ false
[exit 1]
```
<!-- not run: it would never end -->
```console
$ sleep 1000
```
"""


def test_a_true_page_passes_and_nothing_stays_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(follow, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(TRUTH, "utf-8")
    told = []
    report = follow.follow(page, told.append)
    assert report.faults == []
    assert report.commands == 6
    assert report.seconds < 20
    assert any("not run here: sleep 1000 (it would never end)" in line for line in told)


@pytest.mark.parametrize(
    ("promised", "printed", "lost"),
    [
        (["a", "b"], ["a", "b"], ""),
        (["a", "b"], ["x", "a", "b"], ""),
        (["a", "b"], ["a", "x", "b"], "b"),
        (["a", "...", "b"], ["a", "x", "b"], ""),
        (["at ... o'clock"], ["at  ten o'clock"], ""),
        (["b", "...", "a"], ["a", "b"], "a"),
        ([], ["anything"], ""),
    ],
)
def test_promises(promised, printed, lost):
    assert missing(promised, printed) == lost


def test_a_snippet_is_no_file():
    assert isinstance(steps("```yaml\na: 1\n```\n")[0], Snippet)
