from datetime import UTC, datetime, timedelta

import pytest

from hub.errors import BadConfigError
from hub.render.catalogue import DUTCH, ENGLISH
from hub.render.clock import Clock, zone

AMSTERDAM = zone("Europe/Amsterdam")


def clock(now, words=DUTCH, **more):
    return Clock(now, AMSTERDAM, words, **more)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (datetime(2026, 11, 5, 7, 12, tzinfo=UTC), "08:12"),
        (datetime(2026, 11, 4, 7, 12, tzinfo=UTC), "gisteren 08:12"),
        (datetime(2026, 11, 6, 7, 12, tzinfo=UTC), "morgen 08:12"),
        (datetime(2026, 11, 3, 7, 12, tzinfo=UTC), "3 november 08:12"),
        (datetime(2025, 3, 9, 7, 12, tzinfo=UTC), "9 maart 2025 08:12"),
        (datetime(2026, 11, 4, 23, 30, tzinfo=UTC), "00:30"),
        (datetime(2026, 8, 5, 7, 12, tzinfo=UTC), "5 augustus 09:12"),
    ],
)
def test_a_moment_reads_as_people_say_it(moment, said):
    assert clock(datetime(2026, 11, 5, 8, tzinfo=UTC)).say(moment) == said


def test_the_hour_that_comes_twice_says_which_one():
    now = datetime(2026, 10, 25, 5, tzinfo=UTC)
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    second = first + timedelta(hours=1)
    assert [clock(now).say(first), clock(now).say(second)] == [
        "02:30 zomertijd",
        "02:30 wintertijd",
    ]
    assert clock(now, ENGLISH).say(first) == "02:30 summer time"
    assert clock(now).say(second + timedelta(hours=1)) == "03:30"


def test_the_hour_that_is_skipped_needs_no_word():
    now = datetime(2026, 3, 29, 5, tzinfo=UTC)
    assert clock(now).say(datetime(2026, 3, 29, 0, 59, tzinfo=UTC)) == "01:59"
    assert clock(now).say(datetime(2026, 3, 29, 1, 0, tzinfo=UTC)) == "03:00"


def test_yesterday_is_a_day_of_the_calendar_also_when_it_has_25_hours():
    now = datetime(2026, 10, 25, 22, 59, tzinfo=UTC)  # 23:59, the long day
    assert clock(now).say(datetime(2026, 10, 24, 22, 1, tzinfo=UTC)) == "00:01"
    assert clock(now).say(datetime(2026, 10, 24, 21, 59, tzinfo=UTC)) == "gisteren 23:59"


def test_machines_get_utc():
    now = datetime(2026, 11, 5, 8, tzinfo=UTC)
    local = datetime(2026, 11, 5, 8, 12, tzinfo=AMSTERDAM)
    assert clock(now).mark(local) == '<time datetime="2026-11-05T07:12:00Z">08:12</time>'


def test_text_for_a_later_day_carries_its_date():
    now = datetime(2026, 11, 5, 8, tzinfo=UTC)
    assert clock(now, dated=True).say(now) == "5 november 09:00"


def test_an_unknown_zone_says_what_to_write():
    with pytest.raises(BadConfigError, match="Europe/Amsterdam"):
        zone("Europe/Amsterdan")
