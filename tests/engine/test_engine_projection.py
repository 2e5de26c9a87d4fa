"""Projection is pure: keys, routes, time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.engine.projection import Matter, object_key, project
from hub.events.base import Family
from hub.events.incident import Incident, IncidentState
from hub.events.objects import Audience, TileItem
from hub.events.payloads import dump
from hub.events.route import Route
from hub.testing.fakes import incident

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def route(**changes):
    given_ = {
        "name": "r",
        "family": Family.INCIDENT,
        "tile": "t",
        "audience": "everyone",
        "members": Audience(everyone=True),
        "targets": ("web", "intranet"),
    }
    return Route(**given_ | changes)


def shown(payload, *routes, now=NOW):
    return project(Matter("desk", "k", payload), routes, now)


def test_one_object_per_target_and_route():
    objects = shown(incident(), route(), route(audience="b", targets=("web",))).objects
    assert sorted((one.target, one.audience) for one in objects) == [
        ("intranet", "everyone"),
        ("web", "b"),
        ("web", "everyone"),
    ]
    assert len({one.key for one in objects}) == 2


@pytest.mark.parametrize(
    ("when", "payload", "matches"),
    [
        ({"branch": ("A", "B")}, {"branch": "B"}, True),
        ({"branch": ("A",)}, {"branch": "B"}, False),
        ({"branch": ("A",)}, {}, False),
        ({"category": ("Netwerk",)}, {"category": {"nl": "Netwerk", "en": "Network"}}, True),
        ({"branch": ("A",), "category": ("X",)}, {"branch": "A"}, False),
    ],
)
def test_a_route_takes_what_it_names(when, payload, matches):
    assert bool(shown(incident(**payload), route(when=when)).objects) is matches


def test_nothing_comes_of_a_removed_subject():
    assert shown(None, route()).objects == ()


def test_solved_looks_again_when_it_leaves():
    solved = NOW - timedelta(hours=1)
    made = shown(incident(state="solved", solved_at=solved), route())
    assert made.look_again == solved + timedelta(hours=4)
    later = shown(
        incident(state="solved", solved_at=solved), route(), now=solved + timedelta(hours=4)
    )
    assert later.objects == ()
    assert later.look_again is None


def test_a_solved_item_says_nothing_about_workaround_and_expectation():
    payload = incident(state="solved", solved_at=NOW, workaround={"nl": "Bel"}, expected_at=NOW)
    body = shown(payload, route()).objects[0].body
    assert "workaround" not in body
    assert "expected_at" not in body


@given(st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=4))
def test_a_key_is_always_allowed(parts):
    key = object_key(*parts)
    assert 1 <= len(key) <= 200
    assert set(key) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~:@-")


@given(st.text(max_size=80), st.text(max_size=80))
def test_two_subjects_never_share_a_key(one, other):
    same = object_key("t", "a", "i", one) == object_key("t", "a", "i", other)
    assert same is (one == other)


MOMENTS = st.integers(0, 3_000_000_000).map(lambda one: datetime.fromtimestamp(one, UTC))
TEXTS = st.dictionaries(st.sampled_from(("nl", "en")), st.text(min_size=1), min_size=1)
INCIDENTS = st.builds(
    Incident,
    title=TEXTS,
    state=st.sampled_from(IncidentState),
    since=MOMENTS,
    solved_at=st.none() | MOMENTS,
    expected_at=st.none() | MOMENTS,
    category=st.none() | TEXTS,
    branch=st.none() | st.text(),
    workaround=st.none() | TEXTS,
    details_url=st.none() | st.just("https://portal.example.nl/é?a=1"),
    subscribe_url=st.none() | st.just("https://portal.example.nl"),
)


@given(INCIDENTS, st.none() | MOMENTS, st.integers(0, 9), st.booleans())
def test_a_row_is_what_the_model_would_write(payload, began_at, reopened, stored):
    body = dump(payload) if stored else None
    matter = Matter("desk", "k", payload, body, reopened=reopened, began_at=began_at)
    long = route(targets=("web",), keep_solved=timedelta(days=400_000))
    (made,) = project(matter, [long], NOW).objects
    item = TileItem.model_validate(made.body)
    assert made.body == item.model_dump(mode="json", exclude_none=True)
    assert (item.since, item.title) == (began_at or payload.since, payload.title)
    assert len(item.links) == bool(payload.details_url) + bool(payload.subscribe_url)
