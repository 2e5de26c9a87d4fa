"""A file that promises too little, too much or what nobody can show is named in words."""

from collections import Counter

import pytest

from hub.errors import BadConfigError
from hub.testing.quality import RULES, load, quality_faults, rules_of

TESTS = """\
import other
from hub.testing.connector_suite import ConnectorContract

class TestIt(ConnectorContract):
    def helper(self): ...
    async def test_own(self): ...

class TestAlone:
    def test_here(self): ...

def test_plain(): ...
def helper(): ...
"""
HERE = "tests/test_it.py"


@pytest.fixture
def promised(tmp_path):
    """Writes a whole file, with these rules in another way; gives its faults."""
    (tmp_path / "tests").mkdir()
    (tmp_path / HERE).write_text(TESTS)

    def faults(kind="connector", leave_out=(), more="", **other):
        lines = [
            f"  {rule.name}: {other.get(rule.name, '{status: todo}')}"
            for rule in rules_of(kind)
            if rule.name not in leave_out
        ]
        path = tmp_path / "quality.yaml"
        path.write_text("\n".join([f"kind: {kind}", "rules:", *lines, more]))
        return quality_faults(path, tmp_path)

    return faults


def test_the_list_is_closed_and_each_rule_is_one_line():
    names = Counter(rule.name for rule in RULES)
    assert set(names.values()) == {1}
    for kind in ("connector", "target"):
        assert 20 <= len(rules_of(kind)) <= 26
    assert [rule.group for rule in RULES] == sorted(
        (rule.group for rule in RULES),
        key=["contract", "security", "privacy", "operations", "docs", "tests"].index,
    )
    assert all(rule.text.endswith(".") and len(rule.text) <= 120 for rule in RULES)


@pytest.mark.parametrize("kind", ["connector", "target"])
def test_a_whole_file_has_no_faults(promised, kind):
    assert promised(kind) == []


def test_a_missing_rule_is_named(promised):
    assert promised(leave_out=["secrets"]) == [
        "secrets: missing; write done, todo, or exempt with a reason"
    ]


def test_an_unknown_rule_is_named(promised):
    assert promised(more="  brave: {status: todo}") == ["brave: no rule of a connector"]


def test_a_rule_of_targets_is_none_of_connectors(promised):
    assert promised(more="  repeat: {status: todo}") == ["repeat: no rule of a connector"]


@pytest.mark.parametrize(
    ("promise", "said"),
    [
        ("{status: done}", "shown_by"),
        ("{status: done, shown_by: []}", "shown_by"),
        ("{status: exempt}", "reason"),
        ("{status: exempt, reason: no}", "reason"),
        ("{status: nearly}", "suite"),
        ("done", "suite"),
        ("{status: todo, shown_by: [tests/test_it.py::test_plain]}", "shown_by"),
    ],
)
def test_a_promise_of_another_shape_is_named(promised, promise, said):
    [fault] = promised(suite=promise)
    assert fault.startswith("quality.yaml: rules.suite")
    assert said in fault


@pytest.mark.parametrize(
    "test",
    [
        "test_plain",
        "TestIt",
        "TestIt::test_own",
        "TestIt::test_keys_are_no_mail_addresses",
        "TestAlone::test_here",
    ],
)
def test_a_test_that_exists_shows_it(promised, test):
    assert promised(keys=f"{{status: done, shown_by: ['{HERE}::{test}']}}") == []


@pytest.mark.parametrize(
    "test",
    [
        HERE,
        f"{HERE}::test_gone",
        f"{HERE}::helper",
        f"{HERE}::other",
        f"{HERE}::TestGone",
        f"{HERE}::TestIt::helper",
        f"{HERE}::TestIt::test_gone",
        f"{HERE}::TestIt::test_own::deeper",
        f"{HERE}::TestAlone::test_keys_are_no_mail_addresses",
        "tests/test_gone.py::test_plain",
        "../test_it.py::test_plain",
    ],
)
def test_a_test_that_does_not_exist_shows_nothing(promised, test):
    faults = promised(keys=f"{{status: done, shown_by: ['{test}']}}")
    assert faults == [f"keys: there is no test {test}"]


@pytest.mark.parametrize(
    "text", [None, "kind: [", "kind: connector\nkind: target\n", "kind: robot\nrules: {}\n", "7"]
)
def test_a_file_that_is_none_is_said_in_words(tmp_path, text):
    path = tmp_path / "quality.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadConfigError, match=r"^quality\.yaml"):
        load(path)
    assert len(quality_faults(path, tmp_path)) == 1
