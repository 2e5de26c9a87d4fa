"""What sponsors are told, and when: over a year, across restarts and crashes, and never twice."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from hub.engine import notices as telling
from hub.engine import reconcile
from hub.engine.notices import Teller
from hub.errors import RejectedError, RetryableError
from hub.mail import MaybeSentError
from hub.metrics import Metrics
from hub.people import erasing, guests
from hub.schedule.embedded import Embedded
from hub.settings.sponsors import Sponsors
from hub.store import notices
from hub.store.store import Store
from hub.testing.fakes import FakeLog

ZONE = "Europe/Amsterdam"
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
HALF = timedelta(hours=12)  # once by day and once by night


@pytest.fixture(params=["sqlite"])
def store_url(request, tmp_path):
    """SQLite, and both where a test says so: the queries are the point of those."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hub.db'}"
    return request.getfixturevalue("postgres_url")


BOTH = pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)


class CrashError(BaseException):
    """The process is gone: nothing after this line happened."""


@dataclass
class Post:
    """A mail server that keeps what it takes, and fails as it is told."""

    taken: list = field(default_factory=list)
    faults: list = field(default_factory=list)

    async def send(self, message):
        if self.faults and (fault := self.faults.pop(0)) is not None:
            raise fault
        self.taken.append(message)


@pytest.fixture
async def told(desk):
    """A desk whose hub tells; `told.post` is the mail server."""
    post = Post()
    teller = Teller(
        desk.hub.store, post, desk.hub.clock.now, FakeLog(), "Voordeelmarkt", ZONE, "nl",
        pages="https://hub.example.org",
    )  # fmt: skip
    return SimpleNamespace(desk=desk, hub=desk.hub, post=post, teller=teller)


async def until(told, moment, step=HALF):
    """Let time pass, and tell after each step; the moments at which mail went."""
    went = []
    while (left := moment - told.hub.clock.now()) > timedelta(0):
        told.hub.clock.advance(min(step, left).total_seconds())
        before = len(told.post.taken)
        await told.teller.tell()
        went += [told.hub.clock.now()] * (len(told.post.taken) - before)
    await told.hub.runner.project()
    return went


def local(moment):
    return moment.astimezone(ZoneInfo(ZONE))


async def rows(told):
    return await told.hub.store.read(telling.listed)


async def test_over_a_year_with_two_changes_of_the_clock_each_reminder_comes_once_by_day(told):
    await told.teller.tell()
    start = told.desk.now
    await told.desk.add(ends=guests.after_day((start + 150 * DAY).date(), ZONE))
    await told.desk.add(
        given_name="Sam",
        contact_mail=None,
        starts=start + 20 * DAY,
        ends=guests.after_day((start + 340 * DAY).date(), ZONE),
    )
    went = await until(told, start + 365 * DAY, step=DAY)
    ends = [(start + days * DAY).date() + DAY for days in (150, 340)]
    wanted = [end - days * DAY for end in ends for days in (30, 7, 1)]
    assert [local(one).date() for one in went] == wanted
    assert {local(one).hour for one in went} <= {9, 10}
    assert {one.to for one in told.post.taken} == {"noor@werk.example.org"}


async def test_looking_again_and_again_says_it_once(told):
    await told.teller.tell()
    await told.desk.add()
    await told.teller.tell()
    await until(told, told.desk.now + 61 * DAY)
    assert len(told.post.taken) == 1
    for _ in range(20):
        assert await told.teller.tell() == Counter()
    [message] = told.post.taken
    assert "Kim" not in message.subject
    assert "Kim Bos" in message.text
    assert "https://hub.example.org/guests/" in message.text


async def test_what_is_due_before_the_first_look_is_not_told(told):
    await told.desk.add(ends=told.desk.now + 5 * DAY)
    went = await until(told, told.desk.now + 2 * DAY)
    assert went == [], "T-30 and T-7 were over when the guest was added"
    assert len(await until(told, told.desk.now + 3 * DAY)) == 1, "T-1 was not"


async def test_guests_who_end_on_one_day_are_one_message(told):
    ends = told.desk.now + 60 * DAY
    for name in ("Kim", "Sam", "Alex"):
        await told.desk.add(given_name=name, contact_mail=f"{name.lower()}@example.org", ends=ends)
    await told.teller.tell()
    await until(told, told.desk.now + 31 * DAY)
    [message] = told.post.taken
    assert message.subject.startswith("3 externe")
    assert all(name in message.text for name in ("Kim Bos", "Sam Bos", "Alex Bos"))
    assert message.text.count("/guests/") == 3


async def test_nothing_is_said_at_night(told):
    await told.desk.add(ends=guests.after_day((told.desk.now + 40 * DAY).date(), ZONE))
    await told.teller.tell()
    await until(told, told.desk.now + 10 * DAY)
    [moment] = await until(told, told.desk.now + 2 * DAY, step=HOUR / 2)
    assert local(moment).hour == 8, "the first look after quiet hours"


async def test_what_was_settled_before_the_morning_is_not_told(told):
    kim = await told.desk.add(ends=guests.after_day((told.desk.now + 40 * DAY).date(), ZONE))
    await told.teller.tell()
    midnight = guests.after_day((told.desk.now + 10 * DAY).date(), ZONE)
    assert await until(told, midnight + 2 * HOUR) == []
    assert [row["status"] for row in await rows(told)] == ["waiting"]
    await told.desk.ask(guests.extending, kim.person, told.desk.now + 200 * DAY)
    assert await until(told, midnight + 20 * DAY) == []


async def test_more_than_a_daily_maximum_waits_for_the_next_day_and_is_one_message(told):
    policy = told.hub.policy.model_copy(update={"sponsors": Sponsors(daily_maximum=1)})
    await told.hub.start(policy=policy)
    told.teller = replace(told.teller, store=told.hub.store)
    names = ("Kim", "Sam", "Alex")
    added = [await told.desk.add(given_name=name, contact_mail=None) for name in names]
    await told.teller.tell()
    began = told.desk.now
    for one in added:
        end = told.desk.now + 80 * DAY
        await told.desk.ask(guests.extending, one.person, end, sponsor="Bea")
        await until(told, told.desk.now + HOUR)
    assert len(told.post.taken) == 1
    assert len(await until(told, began + 3 * DAY)) == 1
    assert all(name in told.post.taken[1].text for name in names[1:])


async def test_the_heir_is_told_once_and_whoever_left_nothing(told):
    kim = await told.desk.add()
    await told.teller.tell()
    await told.desk.leaves("noor")
    told.hub.clock.advance(3600)
    assert (await told.teller.tell())["sent"] == 1
    [message] = told.post.taken
    assert message.to == "bea@werk.example.org"
    assert "van een collega" in message.text
    await until(told, told.desk.now + 63 * DAY)
    assert [one.to for one in told.post.taken] == ["bea@werk.example.org"] * 2
    assert "van een collega" not in told.post.taken[1].text
    assert (await told.desk.guest(kim.key)).inherited


async def test_nobody_is_told_of_a_guest_in_watch_and_going_live_tells_nothing_of_the_past(told):
    told.hub.modes["guests"] = "watch"
    await told.hub.start()
    told.teller = replace(told.teller, store=told.hub.store)
    await told.desk.add(ends=told.desk.now + 60 * DAY)
    assert await until(told, told.desk.now + 35 * DAY) == []
    told.hub.modes["guests"] = "live"
    await told.hub.start()
    told.teller = replace(told.teller, store=told.hub.store)
    assert await until(told, told.desk.now + 3 * DAY) == []
    assert len(await until(told, told.desk.now + 20 * DAY)) == 1


async def test_without_mail_nothing_is_lost_and_once_there_is_mail_one_message_goes(told):
    silent = SimpleNamespace(**vars(told) | {"teller": replace(told.teller, mailer=None)})
    for name in ("Kim", "Sam"):
        ends = told.desk.now + 60 * DAY
        await told.desk.add(given_name=name, contact_mail=None, ends=ends)
    await silent.teller.tell()
    assert await until(silent, told.desk.now + 56 * DAY) == []
    found = await rows(told)
    assert [(row["status"], row["days_before"]) for row in found] == [("waiting", 7)] * 2
    assert "mail:" in found[0]["reason"]
    assert (await told.hub.store.read(notices.counts)) == {"late": 2}
    assert len(await until(told, told.desk.now + DAY)) == 1


async def test_a_sponsor_without_an_address_is_shown_until_there_is_one(told):
    await told.desk.add()
    await told.teller.tell()
    told.hub["hr"].edit("noor", mail=None)
    await told.hub.read("hr")
    assert await until(told, told.desk.now + 62 * DAY) == []
    assert "work address" in (await rows(told))[0]["reason"]
    told.hub["hr"].edit("noor", mail="noor.berg@werk.example.org")
    await told.hub.read("hr")
    assert len(await until(told, told.desk.now + DAY)) == 1
    assert told.post.taken[0].to == "noor.berg@werk.example.org"


async def due_soon(told):
    """One notice is due at the next look, in office hours."""
    await told.desk.add()
    await told.teller.tell()
    told.hub.clock.advance(61 * 86400 + 3 * 3600)


@BOTH
@pytest.mark.parametrize("point", ["notice_claimed", "notice_sent"])
async def test_a_crash_around_sending_repeats_nothing_and_is_shown(told, point):
    await due_soon(told)

    def crash(name):
        if name == point:
            raise CrashError

    with pytest.raises(CrashError):
        await replace(told.teller, point=crash).tell()
    sent = len(told.post.taken)
    assert sent == (point == "notice_sent")
    again = await Store(told.hub.url).open()  # another process, afterwards
    other = replace(told.teller, store=again)
    assert await other.tell() == Counter()
    told.hub.clock.advance(16 * 60)
    assert await other.tell() == Counter()
    [row] = await rows(told)
    assert (row["status"], len(told.post.taken)) == ("uncertain", sent)
    assert "may have arrived" in row["reason"]
    await again.write(telling.repeat, [row["id"]], told.desk.now)
    assert await other.tell() == Counter(sent=1)
    assert (await rows(told))[0]["status"] == "sent"
    await again.close()


async def test_after_an_uncertain_one_the_next_reminder_comes_all_the_same(told):
    await due_soon(told)
    told.post.faults = [MaybeSentError("It did not say.")]
    assert await told.teller.tell() == Counter(uncertain=1)
    went = await until(told, told.desk.now + 29 * DAY)
    assert len(went) == 2, "T-7 and T-1"


async def test_a_server_that_is_away_is_asked_again_later_and_a_refusal_is_final(told):
    await due_soon(told)
    told.post.faults = [RetryableError("down"), RetryableError("down"), None]
    assert await told.teller.tell() == Counter(waiting=1)
    assert await told.teller.tell() == Counter(), "not at once"
    await until(told, told.desk.now + HOUR / 6, step=timedelta(minutes=1))
    assert len(told.post.taken) == 1
    told.post.faults = [RejectedError("no such mailbox")]
    await until(told, told.desk.now + 24 * DAY)
    assert {row["status"] for row in await rows(told)} == {"refused"}
    assert (await told.hub.store.read(notices.counts)) == {"refused": 1}


@BOTH
async def test_two_processes_say_it_once(told):
    await due_soon(told)
    other = await Store(told.hub.url).open()
    one, two = told.teller, replace(told.teller, store=other)
    known = await told.hub.store.write(telling.look, told.desk.now, ZONE)
    await other.write(telling.look, told.desk.now, ZONE)
    [row] = await told.hub.store.read(notices.due, told.desk.now)
    first = await told.hub.store.write(one._claim, row.person, known)
    assert first is not None
    assert await other.write(two._claim, row.person, known) is None
    await other.close()


async def test_a_running_hub_looks_once_a_minute(told):
    await due_soon(told)
    told.hub.runner.teller = told.teller
    schedule = Embedded(told.hub.runner, who="here", metrics=Metrics())
    told.post.faults = [RetryableError("down")]
    seen = []
    for seconds in (0, 30, 29, 2, 60):
        told.hub.clock.advance(seconds)
        await schedule.tick()
        await schedule.settle()
        seen.append((len(told.post.faults), len(told.post.taken)))
    assert seen == [(0, 0), (0, 0), (0, 0), (0, 1), (0, 1)]


async def test_a_notice_is_taken_by_one_process_only(told):
    await due_soon(told)
    await told.hub.store.write(telling.look, told.desk.now, ZONE)
    [row] = await told.hub.store.read(notices.due, told.desk.now)
    taken = [
        await told.hub.store.write(notices.claim, row.id, "token", row.expires, told.desk.now)
        for _ in range(2)
    ]
    assert taken == [True, False]


async def test_only_what_is_doubtful_can_be_sent_again(told):
    await due_soon(told)
    await told.hub.store.write(telling.look, told.desk.now, ZONE)
    [row] = await rows(told)
    with pytest.raises(RejectedError, match="neither uncertain nor refused"):
        await told.hub.store.write(telling.repeat, [row["id"]], told.desk.now)
    with pytest.raises(RejectedError, match="Notice 999"):
        await told.hub.store.write(telling.repeat, [999], told.desk.now)


@BOTH
@pytest.mark.parametrize("whose", ["guest", "sponsor"])
async def test_what_was_told_goes_with_who_is_forgotten_and_is_on_paper_before(told, whose):
    await due_soon(told)
    await told.teller.tell()
    [row] = await rows(told)
    who = row["about"] if whose == "guest" else row["person"]
    done = {"actor": "jan", "now": told.desk.now}
    paper = await told.hub.store.write(erasing.export, who, **done)
    assert [one["status"] for one in paper["notices"]] == ["sent"]
    stored = str(await told.hub.store.read(lambda tx: notices.every(tx, "")))
    assert not any(word in stored for word in ("Kim", "Bos", "Noor", "Berg", "@"))
    await told.hub.store.write(erasing.forget, who, **done)
    assert await told.hub.store.read(notices.every, "") == []


async def test_a_paused_instance_tells_nothing(told):
    await due_soon(told)
    done = {"paused": True, "actor": "jan", "now": told.desk.now}
    await told.hub.store.write(reconcile.pause, ["guests"], **done)
    assert await told.teller.tell() == Counter()


@pytest.mark.parametrize(("address", "trusted", "links"), [
    ("noor@elsewhere.example.org", (), 0), ("noor@elsewhere.example.org", ("hr",), 1),
    ("noor@werk.example.org.evil.example", (), 0), ("Noor@WERK.example.org", (), 1),
])  # fmt: skip
async def test_a_link_goes_only_to_an_address_that_is_vouched_for(told, address, trusted, links):
    told.hub["hr"].edit("noor", mail=address)
    await told.hub.read("hr")
    await due_soon(told)
    await replace(told.teller, mail_from=trusted).tell()
    [message] = told.post.taken
    assert message.text.count("/guests/") == links
    assert "Kim Bos" in message.text


async def test_the_text_is_in_english_where_the_organisation_is(told):
    await due_soon(told)
    await replace(told.teller, language="en", pages=None).tell()
    [message] = told.post.taken
    assert "you vouch for this person" in message.text
    assert "An administrator can extend" in message.text
    assert "http" not in message.text
