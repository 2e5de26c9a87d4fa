"""When sponsors are reminded, and when nobody is: days of the organisation's clock. Pure."""

from datetime import UTC, datetime, time, timedelta

import pytest

from hub.people.reminders import Standing, is_news, loud, standing, today, tomorrow

ZONE = "Europe/Amsterdam"
QUIET = (time(18), time(8))
DAYS = (30, 7, 1)
ENDS = datetime(2026, 12, 31, 23, tzinfo=UTC)  # 1 January begins there


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("now", "left", "expires"),
    [
        ("2026-12-01T22:59", None, "2026-12-01T23:00"),
        ("2026-12-01T23:00", 30, "2026-12-24T23:00"),
        ("2026-12-24T23:00", 7, "2026-12-30T23:00"),
        ("2026-12-30T22:59", 7, "2026-12-30T23:00"),
        ("2026-12-30T23:00", 1, "2026-12-31T23:00"),
    ],
)
def test_each_reminder_has_its_day(now, left, expires):
    found = standing(ENDS, at(now), DAYS, ZONE)
    assert (found.left, found.expires) == (left, at(expires))


@pytest.mark.parametrize(
    ("ends", "mark"),
    [
        ("2026-10-25T23:00", "2026-10-24T22:00"),  # the clock goes back on the day between
        ("2027-03-28T22:00", "2027-03-27T23:00"),  # and forward
    ],
)
def test_a_day_before_is_a_day_of_the_calendar_also_when_the_clock_changes(ends, mark):
    moment = at(mark)
    assert standing(at(ends), moment - timedelta(seconds=1), (1,), ZONE).left is None
    assert standing(at(ends), moment, (1,), ZONE).left == 1


def test_without_reminders_there_is_nothing_to_tell():
    assert standing(ENDS, ENDS - timedelta(days=1), (), ZONE) == Standing(ENDS, None, ENDS)


def test_what_is_news():
    now = standing(ENDS, at("2026-12-25T12:00"), DAYS, ZONE)
    assert is_news(None, now)
    assert is_news({"ends": now.state["ends"], "left": None}, now)
    assert is_news({"ends": now.state["ends"], "left": 30}, now)
    assert not is_news(now.state, now)
    assert not is_news({"ends": "2026-06-30T22:00:00+00:00", "left": 1}, now), "another end"
    assert not is_news({"ends": now.state["ends"], "left": 1}, now), "other days in the settings"


@pytest.mark.parametrize(
    ("now", "quiet", "first"),
    [
        ("2026-12-01T12:00", QUIET, "2026-12-01T12:00"),
        ("2026-12-01T17:00", QUIET, "2026-12-02T07:00"),  # 18:00 there
        ("2026-12-01T23:30", QUIET, "2026-12-02T07:00"),
        ("2026-12-02T06:59", QUIET, "2026-12-02T07:00"),
        ("2026-12-02T07:00", QUIET, "2026-12-02T07:00"),
        ("2027-03-27T20:00", QUIET, "2027-03-28T06:00"),  # the night is an hour shorter
        ("2026-10-24T20:00", QUIET, "2026-10-25T07:00"),  # and here longer
        ("2026-12-01T12:00", (time(12), time(14)), "2026-12-01T13:00"),
        ("2026-12-01T23:30", (time(8), time(8)), "2026-12-01T23:30"),
    ],
)
def test_the_first_moment_outside_quiet_hours(now, quiet, first):
    assert loud(at(now), quiet, ZONE) == at(first)


def test_a_day_begins_at_midnight_there():
    assert today(at("2026-12-01T22:30"), ZONE) == at("2026-11-30T23:00")
    assert tomorrow(at("2026-12-01T22:30"), QUIET, ZONE) == at("2026-12-02T07:00")
