"""What people decide: link, unlink, merge and its undo, answers; each recorded with who."""

from datetime import timedelta

import pytest

from hub.errors import RejectedError
from hub.people import decisions, finding
from hub.store import trail

BORN = {"birth_date": "1990-02-28"}


@pytest.fixture
async def pair(directories, person_of):
    """Two accounts of one human that nobody could link for sure, and somebody else."""
    await directories.start("hr", "ad")
    directories["hr"].put("h1", person_of(**BORN, department="Zorg"))
    directories["hr"].put("h2", person_of("Sem", "Visser"))
    directories["ad"].put("a1", person_of(**BORN, phone="12"))
    await directories.read()
    return directories


@pytest.fixture
def decide(directories):
    async def work(what, *args):
        given = {"actor": "beheer", "now": directories.clock.now()}
        return await directories.store.write(what, *args, **given)

    return work


async def question(directories) -> int:
    (row,) = await directories.store.read(finding.questions, 10)
    return row["id"]


async def test_an_accepted_question_links(pair, decide):
    await decide(decisions.accept, await question(pair))
    assert await pair.groups() == [["ad/a1", "hr/h1"], ["hr/h2"]]
    assert await pair.asked() == []
    row = await pair.person("hr/h1")
    assert (row.attributes["department"]["value"], row.attributes["phone"]["value"]) == (
        "Zorg",
        "12",
    )
    await pair.read()
    assert await pair.groups() == [["ad/a1", "hr/h1"], ["hr/h2"]]


async def test_a_rejected_question_is_never_asked_again(pair, decide):
    made = await decide(decisions.reject, await question(pair))
    assert made["person"]
    assert await pair.groups() == [["ad/a1"], ["hr/h1"], ["hr/h2"]]
    pair["ad"].edit("a1", phone="13")
    pair["hr"].edit("h1", family_name="Berg-Bos")
    await pair.read()
    await pair.start()
    assert await pair.asked() == []
    assert await pair.groups() == [["ad/a1"], ["hr/h1"], ["hr/h2"]]


async def test_linking_by_hand_and_taking_apart_again(pair, decide):
    await decide(decisions.link, "ad/a1", "Noor Berg")
    assert await pair.groups() == [["ad/a1", "hr/h1"], ["hr/h2"]]
    with pytest.raises(RejectedError, match="already"):
        await decide(decisions.link, "ad/a1", "hr/h1")
    await decide(decisions.unlink, "ad/a1")
    assert await pair.groups() == [["ad/a1"], ["hr/h1"], ["hr/h2"]]
    assert "phone" not in (await pair.person("hr/h1")).attributes
    await pair.read()
    assert await pair.asked() == []
    with pytest.raises(RejectedError, match="only account"):
        await decide(decisions.unlink, "ad/a1")


async def test_merged_persons_are_one_and_can_be_two_again_for_thirty_days(pair, decide):
    await decide(decisions.reject, await question(pair))
    older, younger = await pair.person("hr/h1"), await pair.person("ad/a1")
    made = await decide(decisions.merge, "ad/a1", "hr/h1")
    assert (made["person"], made["merged"]) == (older.id, younger.id)
    assert await pair.groups() == [["ad/a1", "hr/h1"], ["hr/h2"]]
    assert (await pair.person("ad/a1")).id == older.id
    await pair.read()
    shown = await decide(finding.shown, younger.id)
    assert shown["id"] == older.id, "whoever asks for the one gets the other"
    assert [one["id"] for one in shown["merged"]] == [younger.id]
    pair.clock.advance(29 * 86400)
    await decide(decisions.unmerge, younger.id[:8])
    assert (await pair.person("ad/a1")).id == younger.id
    assert (await pair.person("ad/a1")).state == "active"
    assert await pair.groups() == [["ad/a1"], ["hr/h1"], ["hr/h2"]]
    await pair.read()
    assert await pair.asked() == []


async def test_after_thirty_days_a_merge_stands(pair, decide):
    await decide(decisions.merge, "hr/h2", "hr/h1")
    gone = next(one for one in await pair.persons() if one["state"] == "merged")
    pair.clock.advance(timedelta(days=30).total_seconds())
    (row,) = (await decide(finding.shown, "hr/h1"))["merged"]
    with pytest.raises(RejectedError, match="more than 30 days"):
        await decide(decisions.unmerge, row["id"])
    assert gone["accounts"] == []


async def test_who_left_meanwhile_is_suspended_when_taken_apart_and_grace_ends(pair, decide):
    made = await decide(decisions.merge, "hr/h2", "hr/h1")
    pair["hr"].remove("h2", proof="deleted")
    await pair.read()
    await decide(decisions.unmerge, made["merged"])
    row = await pair.person("hr/h2")
    assert row.state == "suspended"
    assert row.until == row.since + timedelta(days=30)
    pair.clock.advance(31 * 86400)
    await pair.runner.project()
    assert (await pair.person("hr/h2")).state == "deactivated"


async def test_what_came_to_the_survivor_meanwhile_stays_with_it(pair, person_of, decide):
    await decide(decisions.merge, "hr/h2", "hr/h1")
    (row,) = (await decide(finding.shown, "hr/h1"))["merged"]
    await decide(decisions.accept, await question(pair))
    await decide(decisions.unmerge, row["id"])
    groups = await pair.groups()
    assert sorted(groups) == [["ad/a1", "hr/h1"], ["hr/h2"]]


async def test_a_number_that_comes_later_asks_whether_two_persons_are_one(pair, person_of, decide):
    await decide(decisions.reject, await question(pair))
    pair["hr"].edit("h2", employee_number="77")
    pair["ad"].put("a2", person_of("Sem", "Visser"))
    await pair.read()
    pair["ad"].edit("a2", employee_number="77")
    await pair.read()
    assert [key for key, *_ in await pair.asked()] == ["ad/a2"], "two persons are never joined"
    await decide(decisions.accept, await question(pair))
    assert ["ad/a2", "hr/h2"] in await pair.groups()
    assert "merged" in {one["state"] for one in await pair.persons()}


async def test_the_other_that_waited_is_linked_with_it(directories, person_of, decide):
    """Two accounts of one number wait for the same answer: one answer is enough."""
    await directories.start(
        "hr",
        "ad",
        "rooster",
        policy=directories.policy.model_copy(update={"namespaces": {"ad": "x", "rooster": "x"}}),
    )
    directories["hr"].put("h1", person_of(**BORN))
    directories["ad"].put("a1", person_of(**BORN, employee_number="5"))
    directories["rooster"].put("r1", person_of(employee_number="5"))
    await directories.read()
    assert len(await directories.asked()) == 2
    asked = await directories.store.read(finding.questions, 10)
    await decide(decisions.accept, asked[0]["id"])
    assert await directories.groups() == [["ad/a1", "hr/h1", "rooster/r1"]]
    assert await directories.asked() == []


async def test_who_decided_and_who_looked_is_recorded(pair, decide):
    await decide(finding.shown, "hr/h1")
    await decide(finding.history, "hr/h1")
    await decide(decisions.accept, await question(pair))
    made = await decide(decisions.merge, "hr/h2", "hr/h1")
    await decide(decisions.unmerge, made["merged"])
    lines = await pair.store.read(trail.rows)
    said = [(line.actor, line.action) for line in lines if line.actor != "hub"]
    wanted = ("show", "history", "link", "merge", "unmerge")
    assert said == [("beheer", f"people {one}") for one in wanted]
    assert "Noor" not in str([line.what for line in lines])
    assert await pair.store.read(trail.is_whole)


async def test_history_tells_what_changed_and_by_whom(pair, decide):
    pair["hr"].edit("h1", department="Keuken", birth_date="1990-02-27")
    await pair.read()
    lines = await decide(finding.history, "hr/h1")
    changes = [line["details"]["fields"] for line in lines if line["what"] == "changed"]
    assert changes[-1] == {"department": ["Zorg", "Keuken"]}, "a birth date is never shown"
    assert lines[0]["what"] in {"link", "changed"}
    assert {line["by"] for line in lines} >= {"hr", "hub"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nobody", "Nobody is called nobody"),
        ("hr/none", "No account is called hr/none"),
        ("ad/a1", "linked to nobody yet"),
        ("e", "more than one person"),
        ("none@werk.example.org", "Nobody is called"),
        ("%", "Nobody is called %"),
    ],
)
async def test_who_is_not_found_is_said_in_plain_words(pair, decide, text, words):
    with pytest.raises(RejectedError, match=words):
        await decide(finding.shown, text)


@pytest.mark.parametrize("what", [decisions.accept, decisions.reject])
async def test_an_unknown_question_is_said_in_plain_words(pair, decide, what):
    with pytest.raises(RejectedError, match="Nothing waits under 999"):
        await decide(what, 999)


async def test_several_are_rejected_at_once(pair, person_of, decide):
    asked = await question(pair)
    with pytest.raises(RejectedError, match="999"):
        await decide(decisions.reject_all, [asked, 999])
    assert await question(pair) == asked
    (made,) = await decide(decisions.reject_all, [asked, asked])
    assert made["person"]
