"""The envelope against the CloudEvents SDK that others wrote, and payloads against themselves."""

import json
from datetime import UTC, datetime

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.errors import BadConfigError
from hub.events.base import Family, canonical, fingerprint
from hub.events.envelope import Envelope, envelope, event_id, fact
from hub.events.incident import Incident
from hub.events.objects import Audience
from hub.events.payloads import dump, load
from hub.testing.fakes import incident

MOMENT = datetime(2026, 11, 2, 7, 30, tzinfo=UTC)
TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


def made(**changes):
    given_ = {"traceparent": TRACE, "time": MOMENT}
    return envelope(
        "/topdesk/desk", Family.INCIDENT, "id-1", 3, dump(incident()), **given_ | changes
    )


def test_the_sdk_reads_our_envelope():
    ours = made()
    text = ours.model_dump_json(exclude_none=True)
    read = JSONFormat().read(CloudEvent, text)
    assert read.get_specversion() == "1.0"
    assert read.get_id() == ours.id
    assert read.get_source() == "/topdesk/desk"
    assert read.get_type() == "nl.intranet-hub.incident.changed.v1"
    assert read.get_subject() == "id-1"
    assert read.get_time() == MOMENT
    assert read.get_data() == ours.data
    assert read.get_extension("traceparent") == TRACE


def test_the_sdk_refuses_a_broken_one():
    broken = made().model_dump(mode="json", exclude_none=True) | {"source": ""}
    with pytest.raises(Exception, match="source"):
        JSONFormat().read(CloudEvent, json.dumps(broken))


def test_a_removal_says_so_in_its_type():
    assert made(removed=True).type.endswith(".removed.v1")


def test_each_accepted_change_has_an_id_of_its_own():
    ids = {event_id("/a/b", Family.INCIDENT, "k", seq) for seq in range(1, 100)}
    assert len(ids) == 99


def test_fields_of_an_id_never_run_together():
    assert event_id("/a", Family.INCIDENT, "1", 11) != event_id("/a", Family.INCIDENT, "11", 1)


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.none())))
def test_a_fingerprint_does_not_mind_the_order_of_keys(body):
    assert fingerprint(body) == fingerprint(dict(reversed(body.items())))


def test_a_payload_comes_back_as_it_went():
    payload = incident(workaround={"en": "Use the phone"}, branch="Uithoorn")
    assert load("incident", 1, dump(payload)) == payload


def test_a_store_of_a_newer_hub_is_refused():
    with pytest.raises(BadConfigError, match="update intranet-hub"):
        load("incident", 2, {})


@pytest.mark.parametrize(
    "wrong",
    [{"title": {}}, {"title": {"fr": "x"}}, {"since": datetime(2026, 1, 1)}, {"x": 1}],  # noqa: DTZ001 - naive on purpose
)
def test_payloads_are_closed_and_refuse_nonsense(wrong):
    with pytest.raises(ValidationError):
        incident(**wrong)


def test_a_payload_is_frozen():
    with pytest.raises(ValidationError):
        incident().branch = "x"


def test_an_incident_that_goes_on_has_not_ended():
    assert incident().ended() is None
    assert isinstance(incident(), Incident)
    assert incident(state="solved").ended() == incident().since


@pytest.mark.parametrize("wrong", [{}, {"everyone": True, "groups": ["a"]}, {"groups": []}])
def test_an_audience_is_everyone_or_groups_never_nobody_or_both(wrong):
    with pytest.raises(ValidationError):
        Audience.model_validate(wrong)


def test_an_audience_says_only_what_was_given():
    assert Audience(everyone=True).model_dump(mode="json") == {"everyone": True}
    assert Audience(groups=("a",)).model_dump(mode="json") == {"groups": ["a"]}


ANY_MOMENT = st.datetimes(timezones=st.timezones())


@given(st.none() | ANY_MOMENT, st.booleans(), st.integers(1, 10**6), st.text(min_size=1))
def test_a_fact_is_what_the_model_would_write(time, removed, seq, key):
    data = dump(incident())
    given_ = {"traceparent": TRACE, "time": time, "removed": removed, "version": 2}
    plain = fact("/topdesk/desk", Family.INCIDENT, key, seq, data, **given_)
    modelled = Envelope.model_validate(plain)
    assert plain == modelled.model_dump(mode="json", exclude_none=True)


PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
JSON = PLAIN | NUMBERS | st.lists(PLAIN, max_size=3) | st.dictionaries(st.text(max_size=3), PLAIN)


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=8), JSON, max_size=6))
def test_canonical_text_is_equal_for_equal_content_and_reads_back(body):
    turned = dict(reversed(body.items()))
    assert canonical(body) == canonical(turned)
    assert json.loads(canonical(body)) == body


@pytest.mark.parametrize("body", [{"a": 2**70}, {"a": "\ud800"}, {1: "a"}])
def test_what_the_fast_writer_refuses_is_written_all_the_same(body):
    assert canonical(body) == json.dumps(body, ensure_ascii=False).replace(" ", "")
