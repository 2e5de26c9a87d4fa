from datetime import UTC, datetime, timedelta

import pytest

from connectors.topdesk.sandbox import STORY_START, SandboxOptions, TopdeskSandbox

MAIL = "M 2611 021"


def at(clock: str) -> datetime:
    hours, minutes = clock.split(":")
    return STORY_START.replace(hour=int(hours), minute=int(minutes))


def shown_by_state(desk: TopdeskSandbox, now: datetime, branch: str | None) -> dict[str, str]:
    """The same answer as `expected`, worked out from the incidents instead of the script."""
    found = {}
    for row in desk.state.incidents.values():
        if not (row["majorCall"] and row["publishToSsd"]):
            continue
        if branch and row["branch"] and row["branch"]["name"] != branch:
            continue
        if not row["completed"]:
            found[row["number"]] = "open"
        elif now - row["completedDate"] < timedelta(hours=1):
            found[row["number"]] = "solved"
    return found


@pytest.mark.parametrize("branch", [None, "Uithoorn", "Diemen"])
def test_what_is_expected_is_what_the_incidents_say_at_every_minute(small, branch):
    for minute in range(200):
        now = STORY_START + timedelta(minutes=minute)
        small.story.play_until(now)
        assert small.story.expected(now, branch=branch) == shown_by_state(small, now, branch), now
    assert small.story.upcoming is None


def test_three_or_more_majors_are_open_at_the_fullest_moment(small):
    expected = small.story.expected(at("8:30"))
    assert list(expected.values()) == ["open"] * 7
    assert "M 2611 022" not in small.story.expected(at("8:30"), branch="Diemen")
    assert "M 2611 022" in small.story.expected(at("8:30"), branch="Uithoorn")


def test_the_mail_major_flaps_and_ends(small):
    def state(clock: str) -> tuple[bool, bool, bool, str]:
        small.story.play_until(at(clock))
        row = small.state.by_number(MAIL)
        status = row["processingStatus"]["name"]
        return row["publishToSsd"], row["completed"], row["closed"], status

    assert small.state.by_number(MAIL) is None
    assert state("8:10") == (False, False, False, "In behandeling")
    assert state("8:12") == (True, False, False, "In behandeling")
    assert state("8:40") == (True, True, False, "Opgelost")
    assert state("8:47") == (True, False, False, "In behandeling")
    assert state("8:58") == (True, True, False, "Opgelost")
    assert state("9:04") == (True, False, False, "In behandeling")
    assert state("9:50") == (True, True, False, "Opgelost")
    assert state("10:30") == (True, True, True, "Gesloten")
    assert small.state.by_number(MAIL)["completedDate"] == at("9:50")


def test_two_reports_point_to_the_major(small):
    small.story.play_until(at("8:15"))
    pointers = [small.state.by_number(f"I 2611 900{n}")["majorCallObject"] for n in (1, 2, 3)]
    assert [p and p["name"] for p in pointers] == [MAIL, MAIL, None]


def test_one_major_is_demoted_and_one_disappears(small):
    small.story.play_until(at("9:09"))
    cases, wifi = small.state.by_number("M 2611 023"), small.state.by_number("M 2611 024")
    assert (cases["majorCall"], cases["completed"]) == (False, False)
    assert wifi["publishToSsd"]
    small.story.play_until(at("9:10"))
    assert small.state.by_number("M 2611 024") is None


def test_the_change_moves_starts_and_ends(small):
    def change() -> tuple[str, datetime]:
        (row,) = [r for r in small.state.changes.values() if r["number"] == "C 2611 0003"]
        return row["currentState"], row["startDate"]

    assert change() == ("planned", at("8:55"))
    small.story.play_until(at("8:35"))
    assert change() == ("planned", at("9:25"))
    small.story.play_until(at("9:25"))
    assert change() == ("in_progress", at("9:25"))
    small.story.play_until(at("10:25"))
    assert change() == ("done", at("9:25"))


def test_one_change_is_called_off(small):
    def numbers() -> set[str]:
        return {row["number"] for row in small.state.changes.values()}

    assert "C 2611 0005" in numbers()
    small.story.play_until(at("9:15"))
    assert numbers() == {"C 2611 0003", "C 2611 0004"}


def test_each_canary_is_somewhere_inside_topdesk(small):
    small.story.play_until(at("8:30"))
    inside = repr(small.state.incidents) + repr(small.state.trail)
    for canary in small.story.canaries:
        assert canary in inside, canary
    internal = [e for e in small.state.trail[small.state.by_number(MAIL)["id"]] if e.internal]
    assert ["Noordlicht" in e.text and "Ruben de Graaf" in e.text for e in internal] == [True]


def test_one_title_has_eighty_characters_with_emoji(small):
    small.story.play_until(at("8:30"))
    title = small.state.by_number("M 2611 027")["briefDescription"]
    assert len(title) == 80
    assert any(ord(letter) > 0xFFFF for letter in title)


async def test_the_autumn_change_has_half_past_two_twice(small, connect):
    answer = await connect(small).get("/tas/api/incidents/number/M 2610 007")
    row = answer.json()
    assert row["callDate"] == "2026-10-25T00:30:00.000+0000"
    assert row["completedDate"] == "2026-10-25T01:30:00.000+0000"
    heads = [line for line in row["request"].splitlines() if "[GMT" in line]
    assert heads == [
        "25-10-2026 02:30 [GMT +1:00] Brouwer, Daniël: ",
        "25-10-2026 02:30 [GMT +2:00] Brouwer, Daniël: ",
    ]


def test_descriptions_are_sentences_and_tell_no_secrets(small):
    steps = small.story.steps
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert len({step.name for step in steps}) == len(steps)
    text = " ".join(step.description for step in steps)
    assert not [canary for canary in small.story.canaries if canary in text]
    assert all(step.description.endswith(".") for step in steps)


def test_without_a_story_there_is_no_major_at_all():
    desk = TopdeskSandbox(SandboxOptions(story=False, closed_tickets=900))
    assert not [row for row in desk.state.incidents.values() if row["majorCall"]]
    assert desk.story.play_until(at("12:00")) == []
    assert desk.story.expected(at("12:00")) == {}


def test_with_a_story_some_closed_tickets_were_major_once():
    desk = TopdeskSandbox(SandboxOptions(closed_tickets=900))
    old = [r for r in desk.state.incidents.values() if r["majorCall"]]
    assert len(old) == 3
    assert all(row["closed"] for row in old)


def test_another_start_moves_the_whole_morning():
    start = datetime(2027, 3, 28, 0, 0, tzinfo=UTC)
    desk = TopdeskSandbox(SandboxOptions(start=start, closed_tickets=1))
    assert desk.story.steps[0].at == start + timedelta(minutes=2)


def test_a_reset_tells_the_same_morning_again(small):
    before = dict(small.state.incidents)
    small.story.play_until(at("11:00"))
    small.faults.add("status")
    small.clock.advance(60)
    small.reset()
    assert small.state.incidents == before
    assert small.clock.now() == STORY_START
    assert not small.faults.listed()
    assert small.story.play_until(at("8:12"))[-1] == "mail-published"


def test_a_clock_can_run_by_itself():
    from connectors.topdesk.sandbox.clock import VirtualClock

    real = [100.0]
    clock = VirtualClock(STORY_START, speed=60, monotonic=lambda: real[0])
    real[0] += 2
    assert clock.now() == STORY_START + timedelta(minutes=2)
    clock.advance(60)
    real[0] += 1
    assert clock.now() == STORY_START + timedelta(minutes=4)
    with pytest.raises(ValueError, match="time zone"):
        VirtualClock(STORY_START.replace(tzinfo=None))


def test_an_edit_moves_the_modification_date_by_whole_seconds_never_back(small):
    row = small.state.add_incident(briefDescription="a", at=at("8:00"))
    later = at("8:05") + timedelta(seconds=30.9)
    small.state.edit(row["id"], at=later, briefDescription="b")
    edited = small.state.edit(row["id"], at=at("8:01"), briefDescription="c")
    assert edited["modificationDate"] == at("8:05") + timedelta(seconds=30)
    with pytest.raises(KeyError):
        small.state.edit(row["id"], nonsense=1)
    with pytest.raises(KeyError):
        small.state.edit("unknown", closed=True)
