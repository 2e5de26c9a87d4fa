"""How accounts and persons are named to people."""

from datetime import UTC, datetime

import pytest

from hub.cli.plan_lines import fields_of, line_of
from hub.engine.reconcile import Step
from hub.render.naming import named_there, short, with_key
from hub.render.people_words import why
from hub.render.typed import typed

KEY = "3a688de0-3168-50cc-9a75-53c63e5e6299"


@pytest.mark.parametrize(
    ("text", "shown"),
    [(KEY, "3a688de0"), (f"ad/{KEY.upper()}", "ad/3A688DE0"), ("1042", "1042"), ("", "")],
)
def test_only_a_uuid_is_cut_short(text, shown):
    assert short(text) == shown


def test_an_account_is_named_with_its_key_and_without_a_name_by_its_key():
    assert with_key(f"ad/{KEY}", "Noor Berg") == "Noor Berg (ad/3a688de0)"
    assert with_key(f"ad/{KEY}", None) == "ad/3a688de0"


def test_the_reason_of_a_line_names_the_colleague():
    at = datetime(2026, 11, 30, 23, tzinfo=UTC).isoformat()
    one = {"account": f"ad/{KEY}", "name": "Noor Berg", "stands": "ended", "at": at}
    found = {"code": "suspended", "accounts": [one, {"account": "hr/7", "stands": "gone"}]}
    assert why(found, "nl") == (
        "geen account is nog geldig: Noor Berg (ad/3a688de0) beëindigd op 2026-11-30; "
        "hr/7 niet meer in de bron"
    )


def test_a_manager_is_named_in_a_line_of_the_plan():
    before, after = (
        {"display_name": "Sem", "manager": None},
        {"display_name": "Sem", "manager": KEY},
    )
    told = {"code": "changed", "accounts": [], "names": {KEY: "Noor Berg"}}
    step = Step("intranet", "ad", "person", "p", "update", "", before, after, told)
    assert fields_of(step) == ["manager: - -> Noor Berg (3a688de0)"]
    assert named_there(["x"], {KEY: "Noor Berg"}) == ["x"]


def test_what_has_no_name_is_shown_by_the_beginning_of_its_key():
    step = Step("intranet", "ad", "photo", KEY, "remove", "", {"sha256": "0"}, None)
    assert line_of(step, "nl") == 'remove photo "3a688de0"'


def test_what_is_typed_is_code_and_all_else_is_escaped():
    assert typed("was <the> OU moved? Name it in `bases`, or `a<b`") == (
        "was &lt;the&gt; OU moved? Name it in <code>bases</code>, or <code>a&lt;b</code>"
    )
