"""Guests and who answers for them, by time passing and by sponsors who leave."""

from datetime import UTC, date, datetime, timedelta

import pytest

from hub.errors import RejectedError
from hub.people import decisions, erasing, finding, guests
from hub.store.store import Store

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)


BOTH = pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(params=["sqlite"])
def store_url(request, tmp_path):
    """SQLite, and both where a test says so: the queries are the point of those."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hub.db'}"
    return request.getfixturevalue("postgres_url")


@BOTH
async def test_a_guest_begins_expires_is_suspended_and_deactivated_by_time_alone(desk):
    kim = await desk.add(starts=desk.now + 10 * DAY)
    seen = [kim.state]
    for days in (10, 50, 30, 30):
        await desk.pass_days(days)
        seen.append((await desk.guest(kim.key)).state)
    assert seen == ["announced", "active", "expiring", "suspended", "deactivated"]


async def test_extending_within_grace_brings_everything_back_and_later_not(desk):
    kim = await desk.add()
    await desk.pass_days(95)
    assert (await desk.guest(kim.key)).state == "suspended"
    back = await desk.ask(guests.extending, "Kim Bos", desk.now + 60 * DAY)
    assert (back.state, back.person) == ("active", kim.person)
    ended = await desk.ask(guests.ending, kim.person, desk.now)
    assert ended.state == "suspended"
    await desk.pass_days(31)
    with pytest.raises(RejectedError, match="add the guest again"):
        await desk.ask(guests.extending, kim.person, desk.now + 60 * DAY)


async def test_who_did_it_stands_in_the_history_and_the_private_address_does_not(desk):
    kim = await desk.add()
    await desk.ask(guests.ending, kim.person, desk.now + 5 * DAY)
    asked = {"actor": "jan", "now": desk.now}
    lines = await desk.hub.store.write(finding.history, kim.person, **asked)
    by_jan = [line["what"] for line in lines if line["by"] == "jan"]
    assert by_jan[:2] == ["add", "end"]
    assert "kim@example.org" not in str(lines)


@BOTH
async def test_the_managers_take_over_in_turn_and_give_back(desk):
    kim = await desk.add()
    assert await desk.answers(kim.key) == "Noor Berg"
    await desk.leaves("noor")
    assert await desk.answers(kim.key) == "Bea Chef"
    assert (await desk.guest(kim.key)).inherited
    await desk.leaves("boss")
    assert await desk.answers(kim.key) == "Ada Top"
    desk.hub["hr"].edit("noor", enabled=True)
    await desk.hub.read("hr")
    assert await desk.answers(kim.key) == "Noor Berg"


async def test_managers_in_a_circle_end_in_a_finding_and_the_guest_goes_on_to_the_end(desk):
    kim = await desk.add()
    desk.hub["hr"].put(
        "director", desk.hub["hr"].subjects["director"].payload, refs=(desk.boss("noor"),)
    )
    await desk.hub.read("hr")
    await desk.leaves("noor", "boss", "director")
    assert await desk.answers(kim.key) is None
    alone = await desk.hub.store.read(guests.without_sponsor)
    assert [one.key for one in alone] == [kim.key]
    assert alone[0].state == "active"
    with pytest.raises(RejectedError, match="--sponsor"):
        await desk.ask(guests.extending, kim.person, desk.now + 60 * DAY)
    await desk.pass_days(91)
    assert await desk.hub.store.read(guests.without_sponsor) == []
    assert (await desk.guest(kim.key)).state == "suspended"


async def test_a_sponsor_who_became_somebody_else_goes_on_as_that_person(desk, person_of):
    kim = await desk.add()
    noor = await desk.hub.person("hr/noor")
    desk.hub["hr"].put("noor2", person_of("Noor", "Berg"))
    await desk.hub.read("hr")
    other = await desk.hub.person("hr/noor2")
    done = {"actor": "jan", "now": desk.now}
    made = await desk.hub.store.write(decisions.merge, noor.id, other.id, **done)
    assert (await desk.guest(kim.key)).sponsor == made["person"]


@pytest.mark.parametrize(
    ("change", "sponsor", "words"),
    [
        ({}, "Tim", "no external"),
        ({}, "Nobody", "Nobody is called"),
        ({"ends": START - DAY}, "Noor", "is over"),
        ({"ends": START + 400 * DAY}, "Noor", "12 months at most"),
        ({"ends": START + 50 * DAY, "starts": START + 60 * DAY}, "Noor", "before the beginning"),
    ],
    ids=["external", "unknown", "over", "too long", "turned round"],
)
async def test_what_can_not_be_is_refused(desk, change, sponsor, words):
    with pytest.raises(RejectedError, match=words):
        await desk.add(sponsor=sponsor, **change)
    assert await desk.hub.store.read(guests.everyone) == []


async def test_the_same_address_twice_is_refused_as_long_as_the_first_goes_on(desk):
    kim = await desk.add()
    with pytest.raises(RejectedError, match=f"guest already .{kim.person[:8]}"):
        await desk.add(given_name="Kimberley", contact_mail="KIM@example.org")
    await desk.pass_days(91)
    again = await desk.add(given_name="Kimberley", contact_mail="KIM@example.org")
    assert again.key != kim.key


async def test_ends_that_are_none_and_people_who_are_no_guests(desk):
    kim = await desk.add()
    with pytest.raises(RejectedError, match="no guest"):
        await desk.ask(guests.ending, "Noor Berg", desk.now)
    with pytest.raises(RejectedError, match="ends before that already"):
        await desk.ask(guests.ending, kim.person, desk.now + 200 * DAY)
    await desk.ask(guests.ending, kim.person, desk.now)
    with pytest.raises(RejectedError, match="ended already"):
        await desk.ask(guests.ending, kim.person, desk.now)


@BOTH
async def test_nothing_of_a_forgotten_guest_is_left_and_export_has_it_all(desk, directories):
    kim = await desk.add(employer="Loodgieters Jansen")
    done = {"actor": "jan", "now": desk.now}
    paper = str(await desk.hub.store.write(erasing.export, kim.person, **done))
    noor = await desk.hub.person("hr/noor")
    for word in ("kim@example.org", "Loodgieters Jansen", noor.id):
        assert word in paper
    await desk.hub.store.write(erasing.forget, kim.person, **done)
    assert await desk.hub.store.read(guests.everyone) == []
    with pytest.raises(RejectedError):
        await desk.ask(guests.extending, kim.person, desk.now + 60 * DAY)


async def test_guests_are_the_same_after_a_restart(desk, directories):
    kim = await desk.add()
    await directories.store.close()
    directories.store = await Store(directories.url).open()
    directories.runner.store = directories.store
    assert await desk.answers(kim.key) == "Noor Berg"


@pytest.mark.parametrize(
    ("day", "over"),
    [
        (date(2026, 10, 25), datetime(2026, 10, 25, 23, tzinfo=UTC)),  # the night is an hour longer
        (date(2027, 3, 28), datetime(2027, 3, 28, 22, tzinfo=UTC)),  # and here an hour shorter
    ],
)
def test_the_last_day_is_worked_also_when_the_clock_changes(day, over):
    assert guests.after_day(day, "Europe/Amsterdam") == over
    assert guests.last_day(over, "Europe/Amsterdam") == day


@pytest.mark.parametrize(
    ("begin", "months", "end"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2026-11-02", 12, "2027-11-02"),
    ],
)
def test_months_later(begin, months, end):
    moment = datetime.fromisoformat(f"{begin}T10:00:00+00:00")
    assert guests.later(moment, months).date().isoformat() == end
