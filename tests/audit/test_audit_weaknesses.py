"""`make audit`: a weakness is named, and nobody to ask is never taken for good news."""

import json

import pytest

from docs.weaknesses import judge

CLEAN = {"name": "httpx", "version": "0.28.1", "vulns": []}
WEAK = {
    "name": "jinja2",
    "version": "3.1.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.1.6"], "aliases": ["CVE-2025-1"]}],
}
UNKNOWN = {"name": "ours", "skip_reason": "Dependency not found"}


def said(*dependencies) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


def test_a_weakness_is_named_with_its_cure_and_ends_with_1():
    verdict = judge(1, said(CLEAN, WEAK), "Found 1 known vulnerability")
    assert verdict.code == 1
    assert verdict.lines[0] == "jinja2 3.1.0: PYSEC-1, mended in 3.1.6"
    assert verdict.lines[-1] == "2 packages audited, 1 weaknesses known"


def test_a_weakness_that_is_explained_is_shown_with_its_reason():
    verdict = judge(1, said(WEAK), "", {"CVE-2025-1": "no template from outside"})
    assert verdict.code == 0
    assert "explained: no template from outside" in verdict.lines[0]


def test_clean_is_clean_and_what_nobody_knows_is_named():
    verdict = judge(0, said(CLEAN, UNKNOWN), "")
    assert verdict.code == 0
    assert verdict.lines[0] == "not audited, unknown to the service: ours"
    assert verdict.lines[-1] == "1 packages audited, 0 weaknesses known"


@pytest.mark.parametrize(
    ("out", "err"),
    [
        ("", "requests.exceptions.ConnectionError: no route"),
        (said(UNKNOWN, UNKNOWN), ""),
    ],
)
def test_nobody_to_ask_is_skipped_with_a_reason(out, err):
    verdict = judge(1, out, err)
    assert verdict.code == 0
    assert verdict.lines[0].startswith("audit skipped: ")
    assert "weaknesses known" not in verdict.lines[0]


def test_any_other_failure_is_a_failure():
    assert judge(2, "", "error: unrecognized arguments").code == 2
    assert judge(0, "", "").code == 1
