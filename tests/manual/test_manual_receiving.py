"""Disturbances that people type in: post, update, end, and requests that do not fit."""

import pytest

from connectors.manual.connector import ManualConnector
from connectors.manual.models import ManualSettings
from hub.contract import Batch, ReadRequest, Received, Receives
from hub.errors import RejectedError
from hub.events.payloads import dump
from hub.testing.fakes import fake_context

AT = "2026-11-23T08:00:00+01:00"
LATER = "2026-11-23T09:30:00+01:00"
POST = {"action": "post", "id": "telefonie", "title": {"nl": "Telefonie ligt eruit"}, "at": AT}
STATE = {"title": {"nl": "Telefonie ligt eruit"}, "state": "open", "since": "2026-11-23T07:00:00Z"}


@pytest.fixture
def manual():
    return ManualConnector(ManualSettings(), fake_context("manual"))


def receive(manual, **data):
    batch = manual.receive(Received("disturbances", data))
    assert batch == Batch(records=batch.records)
    [record] = batch.records
    return record


def after(manual, **data):
    return dump(receive(manual, **data).payload)


def update(manual, previous=STATE, **data):
    return after(manual, action="update", id="telefonie", at=LATER, previous=previous, **data)


def test_it_receives_and_reads_nothing(manual):
    assert isinstance(manual, Receives)
    [stream] = manual.streams()
    assert (stream.name, stream.every) == ("disturbances", None)
    with pytest.raises(RejectedError, match="received"):
        manual.read(ReadRequest("disturbances"))


async def test_check_is_ok(manual):
    assert [finding.level for finding in await manual.check()] == ["ok"]


def test_a_post_becomes_an_open_record(manual):
    record = receive(manual, **POST)
    assert (record.key, record.container, record.revision) == ("telefonie", "open", None)
    assert record.changed_at.isoformat() == "2026-11-23T07:00:00+00:00"
    assert dump(record.payload) == STATE


def test_a_post_takes_every_field(manual):
    more = {
        "title": {"nl": "Telefonie", "en": "Telephony"}, "workaround": {"nl": "Gebruik Teams"},
        "since": "2026-11-23T06:00:00Z", "expected_at": "2026-11-23T12:00:00Z", "branch": "Uithoorn",
        "category": {"nl": "Telefonie"}, "details_url": "https://example.org/storing",
    }  # fmt: skip
    assert after(manual, **(POST | more)) == more | {"state": "open"}


def test_the_same_post_twice_is_one(manual):
    assert after(manual, **POST, previous=STATE) == STATE


def test_a_post_over_another_open_one_is_refused(manual):
    with pytest.raises(RejectedError, match="hub disturbance update telefonie"):
        receive(manual, **(POST | {"title": {"nl": "Iets anders"}}), previous=STATE)


def test_a_post_after_the_end_starts_again(manual):
    ended = STATE | {"state": "solved", "solved_at": "2026-11-23T07:30:00Z"}
    again = after(manual, **(POST | {"at": LATER}), previous=ended)
    assert again == STATE | {"since": "2026-11-23T08:30:00Z"}


def test_an_update_changes_what_it_names_and_keeps_the_rest(manual):
    before = STATE | {"workaround": {"nl": "Gebruik Teams"}, "branch": "Uithoorn"}
    changed = update(manual, before, workaround={"nl": "Bel het loket"})
    assert changed == before | {"workaround": {"nl": "Bel het loket"}}


def test_an_update_takes_a_field_away_with_null(manual):
    before = STATE | {"workaround": {"nl": "Gebruik Teams"}}
    assert update(manual, before, workaround=None) == STATE


def test_an_update_of_one_language_keeps_the_other(manual):
    both = STATE | {"title": {"nl": "Telefonie", "en": "Telephony"}}
    assert update(manual, both, title={"en": "Phones"})["title"] == {
        "nl": "Telefonie",
        "en": "Phones",
    }


@pytest.mark.parametrize("field", ["title", "since"])
def test_an_update_can_not_take_title_or_since_away(manual, field):
    assert update(manual, **{field: None}) == STATE


def test_an_end_is_solved_at_its_moment(manual):
    ended = after(manual, action="end", id="telefonie", at=LATER, previous=STATE)
    assert ended == STATE | {"state": "solved", "solved_at": "2026-11-23T08:30:00Z"}


def test_an_end_may_say_one_thing_more(manual):
    ended = after(
        manual,
        action="end",
        id="telefonie",
        at=LATER,
        previous=STATE,
        workaround={"nl": "Herstart"},
    )
    assert ended["workaround"] == {"nl": "Herstart"}


def test_ending_twice_keeps_the_first_end(manual):
    ended = STATE | {"state": "solved", "solved_at": "2026-11-23T07:30:00Z"}
    assert after(manual, action="end", id="telefonie", at=LATER, previous=ended) == ended


@pytest.mark.parametrize("action", ["update", "end"])
@pytest.mark.parametrize("previous", [{}, {"previous": None}])
def test_what_is_not_there_can_not_be_changed(manual, action, previous):
    with pytest.raises(RejectedError, match="hub disturbance post"):
        receive(manual, action=action, id="telefonie", at=LATER, **previous)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"action": "close"}, "'post', 'update' or 'end'"),
        ({"id": "Telefonie Uithoorn"}, "lower-case letters, digits and hyphens"),
        ({"id": "jan@example.org"}, "lower-case"),
        ({"id": ""}, "lower-case"),
        ({"at": "2026-11-23T08:00:00"}, "at: "),
        ({"at": "nu"}, "at: "),
        ({"title": None}, "needs a title"),
        ({"title": {}}, "title"),
        ({"title": {"de": "Telefonie"}}, "title.de"),
        ({"title": {"nl": "  "}}, "title.nl"),
        ({"title": {"nl": "<script>alert(1)</script>"}}, "plain words"),
        ({"title": "Telefonie"}, "title"),
        ({"details_url": "javascript:alert(1)"}, "details_url"),
        ({"since": "gisteren"}, "since"),
        ({"urgency": "high"}, "urgency"),
        ({"previous": {"title": 1}}, "previous.title"),
    ],
)
def test_a_wrong_request_is_refused_in_words(manual, wrong, said):
    with pytest.raises(RejectedError) as caught:
        receive(manual, **(POST | wrong))
    assert said in str(caught.value)
    assert "For further information" not in str(caught.value)


def test_an_unknown_stream_is_refused(manual):
    with pytest.raises(RejectedError, match="disturbances"):
        manual.receive(Received("majors", POST))


def test_texts_are_made_plain_and_short(manual):
    texts = {"title": {"nl": "<b>Telefonie</b> ligt\neruit " + "x" * 200}, "branch": " Uithoorn\t"}
    state = after(manual, **(POST | texts))
    assert state["title"]["nl"].startswith("Telefonie ligt eruit x")
    assert len(state["title"]["nl"]) == 120
    assert state["branch"] == "Uithoorn"


def test_nothing_but_the_request_decides(manual):
    assert receive(manual, **POST) == receive(manual, **POST)
