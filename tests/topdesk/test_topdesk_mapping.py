"""Pure mapping: rows of TOPdesk to records, and what a look-up means."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from connectors.topdesk import mapping
from connectors.topdesk.models import Row
from connectors.topdesk.settings import TopdeskSettings
from hub.contract import Gone, Present
from hub.events.base import fingerprint
from hub.events.payloads import dump

KEY = "0d3a8a2c-1111-4222-8333-444455556666"
BASE = {
    "id": KEY, "number": "M 2611 021", "status": "firstLine", "briefDescription": "E-mail traag",
    "majorCall": True, "publishToSsd": True, "closed": False, "closedDate": None,
    "completed": False, "completedDate": None, "callDate": "2026-11-23T07:12:00Z",
    "creationDate": "2026-11-23T07:10:00Z", "modificationDate": "2026-11-23T07:20:00Z",
    "category": {"id": "x", "name": "Software"}, "branch": None, "callerBranch": {"name": "Diemen"},
}  # fmt: skip
LOGIN = {"url": "https://desk.example.org", "username": "hub", "password": "p"}


def settings(**chosen):
    return TopdeskSettings.model_validate(LOGIN | chosen)


def row(**changes):
    return Row.model_validate(BASE | changes)


def payload(changes=None, **chosen):
    return mapping.record(row(**(changes or {})), settings(**chosen)).payload


def test_a_major_becomes_a_record():
    record = mapping.record(row(), settings())
    assert (record.key, record.container) == (KEY, "open")
    assert record.revision == 1795418400000
    assert record.changed_at == datetime(2026, 11, 23, 7, 20, tzinfo=UTC)
    assert dump(record.payload) == {
        "title": {"nl": "E-mail traag"},
        "state": "open",
        "since": "2026-11-23T07:12:00Z",
        "category": {"nl": "Software"},
        "details_url": "https://desk.example.org/tas/public/ssp/content/detail/incident?unid="
        + KEY,
    }


def test_both_forms_of_dates_say_the_same():
    old = {
        name: value.replace("Z", ".303+0000")
        for name, value in BASE.items()
        if "Date" in name and value
    }
    assert mapping.record(row(**old), settings()) == mapping.record(row(), settings())


def test_a_date_in_the_hour_that_comes_twice_keeps_its_offset():
    first = payload({"callDate": "2026-10-25T02:30:00+02:00"}).since
    second = payload({"callDate": "2026-10-25T02:30:00+01:00"}).since
    assert (first.hour, second.hour) == (0, 1)


@pytest.mark.parametrize("date", ["2026-11-23T07:12:00", "2026-11-23", "gisteren", 1795418400, ""])
def test_a_date_without_a_zone_is_refused(date):
    with pytest.raises(ValidationError):
        row(callDate=date)


def test_an_internal_edit_is_no_news():
    later = mapping.record(row(modificationDate="2026-11-23T09:00:00Z"), settings())
    before = mapping.record(row(), settings())
    assert fingerprint(dump(later.payload)) == fingerprint(dump(before.payload))
    assert later.revision > before.revision


def test_without_call_date_the_creation_counts_and_without_both_it_is_unreadable():
    assert payload({"callDate": None}).since == datetime(2026, 11, 23, 7, 10, tzinfo=UTC)
    with pytest.raises(mapping.NoBeginningError):
        payload({"callDate": None, "creationDate": None})


@pytest.mark.parametrize(
    "title",
    [
        "Bel Petra Veenstra op 06-12345678", "Mail jan@example.org", "BSN 123456782 ontbreekt",
        "Bel 06<b>12345678</b>", "Mail jan<i></i>@example.org", "Bel 06&#8203;12345678",
        "x" * 200 + " 06-12345678",
    ],
)  # fmt: skip
def test_a_title_that_names_someone_is_replaced_whole(title):
    shown = payload({"briefDescription": title}).title
    assert shown == {"nl": "Storing Software", "en": "Disturbance Software"}


def test_without_a_category_the_neutral_title_stands_alone():
    shown = payload({"briefDescription": "06-12345678", "category": None}).title
    assert shown == {"nl": "Storing", "en": "Disturbance"}


def test_a_category_that_names_someone_is_not_shown_either():
    state = payload(
        {"briefDescription": "06-12345678", "category": {"name": "Mail jan@example.org"}}
    )
    assert state.title == {"nl": "Storing", "en": "Disturbance"}
    assert state.category is None


@pytest.mark.parametrize("title", ["", None, "  ", "<script>alert(1)</script>"])
def test_an_empty_title_becomes_the_neutral_one(title):
    assert payload({"briefDescription": title}).title["nl"] == "Storing Software"


def test_text_category_never_shows_free_text():
    assert payload(text="category").title == {
        "nl": "Storing Software",
        "en": "Disturbance Software",
    }
    assert "briefDescription" not in mapping.fields(settings(text="category"))


def test_personnel_numbers_of_the_settings_are_scrubbed():
    changes = {"briefDescription": "Account P123456 geblokkeerd"}
    assert payload(changes).title == {"nl": "Account P123456 geblokkeerd"}
    assert payload(changes, personnel_numbers=[r"P\d{6}"]).title["nl"] == "Storing Software"


def test_a_long_title_is_cut():
    shown = payload({"briefDescription": "heel lang " * 40}).title["nl"]
    assert len(shown) <= 120
    assert shown.endswith("\u2026")


def test_a_template_makes_the_title():
    chosen = {"text_template": "{category}: {title} ({number})"}
    assert payload(**chosen).title == {"nl": "Software: E-mail traag (M 2611 021)"}
    assert "number" in mapping.fields(settings(**chosen))
    assert payload({"briefDescription": "06-12345678"}, **chosen).title["nl"] == "Storing Software"
    assert (
        payload({"briefDescription": "{id} {0}"}, **chosen).title["nl"].startswith("Software: {id}")
    )


def test_a_memo_loses_the_lines_that_name_its_writers():
    memo = (
        "31-01-2026 13:13 [GMT +1:00] Graaf, Ruben de: \nGebruik webmail.\r\n"
        "30-01-2026 9:05 [GMT +1:00] Example Operator: Start opnieuw op."
    )
    changes = {"optionalFields1": {"memo1": memo}}
    state = payload(changes, workaround_field="optionalFields1.memo1")
    assert state.workaround == {"nl": "Gebruik webmail. Start opnieuw op."}
    assert payload(changes, text_field="optionalFields1.memo1").title == state.workaround


def test_a_workaround_that_names_someone_is_left_out():
    changes = {"optionalFields2": {"text3": "Bel 06-12345678"}}
    assert payload(changes, workaround_field="optionalFields2.text3").workaround is None


@pytest.mark.parametrize(
    ("branch_field", "shown"), [("branch", None), ("callerBranch", "Diemen"), ("none", None)]
)
def test_the_branch_comes_from_the_chosen_field(branch_field, shown):
    assert payload(branch_field=branch_field).branch == shown
    asked = {"branch", "callerBranch"} & set(mapping.fields(settings(branch_field=branch_field)))
    assert asked == {branch_field} - {"none"}


def test_links_come_from_their_templates():
    state = payload(
        subscribe_url="{origin}/follow/{number}?u={id}",
        details_url="https://x.example.org/{number}",
    )
    assert str(state.details_url) == "https://x.example.org/M%202611%20021"
    assert str(state.subscribe_url) == f"https://desk.example.org/follow/M%202611%20021?u={KEY}"


def test_the_expected_moment_is_off_unless_chosen():
    changes = {"targetDate": "2026-11-23T12:00:00Z"}
    assert payload(changes).expected_at is None
    assert payload(changes, expected_field="targetDate").expected_at.hour == 12


def test_no_field_with_a_person_is_ever_asked_for():
    everything = settings(
        text_template="{number} {branch}", workaround_field="optionalFields2.memo5",
        expected_field="targetDate", branch_field="callerBranch", text_field="optionalFields1.text1",
    )  # fmt: skip
    personal = {"caller", "request", "requests", "operator", "creator", "modifier", "action"}
    assert not personal & set(mapping.fields(everything))


DONE = {"completed": True, "completedDate": "2026-11-23T08:00:00Z"}
CLOSED = {"closed": True, "closedDate": "2026-11-23T09:00:00Z"}
ARCHIVED = {"status": "firstLineArchived"}


@pytest.mark.parametrize(
    ("changes", "resolved_when", "meaning"),
    [
        ({}, "either", ("open", "open", None)),
        (DONE, "either", ("open", "solved", 8)),
        (DONE, "completed", ("open", "solved", 8)),
        (DONE, "closed", ("open", "open", None)),
        (CLOSED, "either", ("solved", "solved", 9)),
        (CLOSED, "closed", ("solved", "solved", 9)),
        (CLOSED, "completed", "closed"),
        (DONE | CLOSED, "either", ("solved", "solved", 8)),
        (DONE | CLOSED, "closed", ("solved", "solved", 9)),
        (ARCHIVED, "either", "archived"),
        (ARCHIVED | DONE, "either", ("solved", "solved", 8)),
        (ARCHIVED | DONE, "closed", ("solved", "solved", 8)),
        (ARCHIVED | CLOSED, "completed", "archived"),
        ({"majorCall": False}, "either", "demoted"),
        ({"majorCall": False, "publishToSsd": False} | DONE | CLOSED, "either", "demoted"),
        ({"publishToSsd": False}, "either", "unpublished"),
        ({"publishToSsd": None} | DONE | CLOSED, "either", "unpublished"),
    ],
)
def test_a_look_up_tells_solved_demoted_unpublished_closed_and_archived_apart(
    changes, resolved_when, meaning
):
    said = mapping.judge(row(**changes), settings(resolved_when=resolved_when))
    if isinstance(meaning, str):
        assert said == Gone(meaning)
        return
    assert isinstance(said, Present)
    state = said.record.payload
    hour = state.solved_at.hour if state.solved_at else None
    assert (said.record.container, state.state, hour) == meaning


def test_every_major_needs_no_publishing():
    everyone = settings(publish="major")
    assert isinstance(mapping.judge(row(publishToSsd=False), everyone), Present)
    assert mapping.clauses(everyone) == ("majorCall==true", "closed==false")


def test_a_stale_completed_date_after_reopening_says_nothing():
    state = payload({"completed": False, "completedDate": "2026-11-23T08:00:00Z"})
    assert (state.state, state.solved_at) == ("open", None)


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({}, set()),
        ({"majorCall": None}, {"majorCall==true"}),
        ({"publishToSsd": False}, {"publishToSsd==true"}),
        ({"closed": True, "majorCall": False}, {"closed==false", "majorCall==true"}),
        ({"status": "secondLineArchived"}, {"closed==false"}),
    ],
)
def test_every_row_is_checked_again(changes, broken):
    assert mapping.broken_clauses(row(**changes), settings()) == broken


@pytest.mark.parametrize("field", ["id", "majorCall", "publishToSsd", "closed", "modificationDate"])
def test_a_row_that_misses_what_decides_is_refused(field):
    with pytest.raises(ValidationError):
        Row.model_validate({name: value for name, value in BASE.items() if name != field})


@pytest.mark.parametrize(
    "key", ["", None, 7, "a/../b", "jan@example.org", "a b", "\ud800", "x" * 101]
)
def test_an_id_that_could_not_stand_in_an_address_is_refused(key):
    with pytest.raises(ValidationError):
        row(id=key)
