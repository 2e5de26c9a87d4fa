"""Reading majors from the sandbox TOPdesk: the set, its pages, and the whole story."""

from datetime import timedelta

import pytest

from hub.contract import Gone, Present, ReadRequest, Slice, Unknown
from hub.errors import BadConfigError, PermissionMissingError, RetryableError
from hub.events.base import Family

FINISHED = (Slice(container="open"),)


async def test_no_major_is_one_finished_empty_batch(desk):
    [batch] = await desk.read()
    assert (batch.records, batch.unreadable, batch.finished, batch.ignored) == ((), (), FINISHED, 0)


async def test_only_published_open_majors_are_read(desk):
    shown = desk.major()
    desk.major("Niet gepubliceerd", publishToSsd=False)
    desk.major("Gesloten", closed=True)
    desk.sandbox.state.add_incident(briefDescription="Gewone melding")
    assert set(await desk.records()) == {shown}


async def test_with_publish_major_every_major_is_read(make_desk):
    desk = make_desk(publish="major")
    keys = {desk.major(), desk.major("Niet gepubliceerd", publishToSsd=False)}
    assert set(await desk.records()) == keys


async def test_a_completed_major_stays_in_the_set_as_solved(desk):
    key = desk.major()
    desk.edit(key, completed=True)
    record = (await desk.records())[key]
    assert (record.container, record.payload.state) == ("open", "solved")


async def test_the_same_reading_twice_is_equal(desk):
    for n in range(5):
        desk.major(f"Storing {n}")
    assert await desk.read() == await desk.read()


async def test_version_and_conditions_are_asked_once(desk):
    for _ in range(3):
        await desk.read()
    assert len(desk.asked("/version")) == 1
    assert len(desk.asked()) == 3 + 3


async def test_the_question_asks_for_nothing_else_than_what_can_be_shown(desk):
    desk.major()
    await desk.read()
    question = desk.asked()[-1]
    assert question == {
        "query": "majorCall==true;publishToSsd==true;closed==false",
        "fields": "id,status,majorCall,publishToSsd,closed,closedDate,completed,completedDate,"
        "callDate,creationDate,modificationDate,category,briefDescription,branch",
        "sort": "modificationDate:asc",
        "dateFormat": "iso8601",
        "pageSize": "1000",
    }


async def test_an_unknown_stream_is_refused(desk):
    with pytest.raises(BadConfigError, match="majors"):
        [batch async for batch in desk.connector.read(ReadRequest("minors"))]


# --- filter -------------------------------------------------------------------------------------


async def test_a_server_that_ignores_filters_by_its_age_is_refused(make_desk):
    desk = make_desk(sandbox={"api_version": "3.3"})
    desk.major()
    with pytest.raises(BadConfigError, match=r"3\.4"):
        await desk.read()
    assert desk.asked() == []


@pytest.mark.parametrize("version", ["3.4.0", "3.17.0", "4.0"])
async def test_newer_servers_are_read(make_desk, version):
    desk = make_desk(sandbox={"api_version": version})
    assert set(await desk.records()) == set()


async def test_a_refused_condition_is_dropped_and_checked_here(make_desk):
    desk = make_desk(sandbox={"major_filter": False, "closed_tickets": 300})
    shown = desk.major()
    desk.major("Niet gepubliceerd", publishToSsd=False)
    batches = await desk.read()
    assert [record.key for batch in batches for record in batch.records] == [shown]
    assert sum(batch.ignored for batch in batches) == 0
    assert batches[-1].finished == FINISHED
    assert desk.asked()[-1]["query"] == "closed==false"
    refused = {line.keys["clause"] for line in desk.log.lines if line.event == "clause_refused"}
    assert refused == {"majorCall==true", "publishToSsd==true"}


async def test_a_filter_that_is_ignored_concludes_nothing(desk):
    desk.major()
    await desk.read()
    desk.sandbox.faults.add("ignore_filter", path="/incidents$", times=None)
    with pytest.raises(RetryableError, match="ignores the filter"):
        await anext(aiter(desk.connector.read(ReadRequest("majors"))))


async def test_a_few_rows_that_should_not_have_come_are_dropped_and_counted(make_desk):
    desk = make_desk(sandbox={"closed_tickets": 10})
    shown = desk.major()
    await desk.read()
    desk.sandbox.faults.add("ignore_filter", path="/incidents$")
    batches = await desk.read()
    assert [record.key for batch in batches for record in batch.records] == [shown]
    assert sum(batch.ignored for batch in batches) > 10


# --- pages --------------------------------------------------------------------------------------


async def test_pages_are_followed_by_key(make_desk):
    desk = make_desk(page_size=10)
    keys = set()
    for n in range(45):
        desk.sandbox.clock.advance(7)
        keys.add(desk.major(f"Storing {n}"))
    batches = await desk.read()
    assert {record.key for batch in batches for record in batch.records} == keys
    assert sum(len(batch.records) for batch in batches) == 45
    assert [batch.finished for batch in batches] == [()] * (len(batches) - 1) + [FINISHED]
    assert not any("pageStart" in query for query in desk.asked())


@pytest.mark.parametrize("rows", [1, 5])
async def test_no_row_is_lost_while_rows_are_edited_between_pages(make_desk, rows):
    desk = make_desk(page_size=10)
    keys = set()
    for n in range(60):
        desk.sandbox.clock.advance(60)
        keys.add(desk.major(f"Storing {n}"))
    desk.sandbox.faults.add("drift", path="/incidents$", times=12, rows=rows)
    assert set(await desk.records()) == keys


@pytest.mark.parametrize(("size", "count"), [(2, 9), (10, 35), (10, 10)])
async def test_more_rows_in_one_second_than_a_page_holds(make_desk, size, count):
    desk = make_desk(page_size=size)
    keys = {desk.major(f"Storing {n}") for n in range(count)}
    desk.sandbox.clock.advance(5)
    keys |= {desk.major(f"Later {n}") for n in range(3)}
    found = await desk.read()
    assert {record.key for batch in found for record in batch.records} == keys
    assert sum(len(batch.records) for batch in found) == len(keys)


async def test_a_page_that_repeats_concludes_nothing(make_desk):
    desk = make_desk(page_size=10)
    for n in range(30):
        desk.sandbox.clock.advance(1)
        desk.major(f"Storing {n}")
    desk.sandbox.faults.add("repeat_page", path="/incidents$", nth=5, times=None)
    with pytest.raises(RetryableError, match="same page again"):
        await desk.read()


async def test_a_next_page_on_another_host_is_refused(make_desk):
    desk = make_desk(page_size=10)
    for n in range(30):
        desk.sandbox.clock.advance(1)
        desk.major(f"Storing {n}")
    desk.sandbox.faults.add("foreign_next", path="/incidents$", nth=4, times=None)
    with pytest.raises(RetryableError, match=r"elsewhere\.example\.org"):
        await desk.read()


# --- look-ups -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"majorCall": False, "publishToSsd": False}, Gone("demoted")),
        ({"publishToSsd": False}, Gone("unpublished")),
        ({"status": "firstLineArchived"}, Gone("archived")),
    ],
)
async def test_a_major_that_left_for_another_reason_is_gone(desk, changes, said):
    key = desk.major()
    desk.edit(key, **changes)
    assert await desk.connector.look_up(Family.INCIDENT, key) == said


@pytest.mark.parametrize("changes", [{}, {"status": "firstLineArchived"}])
async def test_a_closed_major_is_present_and_solved(desk, changes):
    key = desk.major()
    desk.edit(key, completed=True, closed=True, **changes)
    said = await desk.connector.look_up(Family.INCIDENT, key)
    assert isinstance(said, Present)
    assert (said.record.container, said.record.payload.state) == ("solved", "solved")


async def test_reading_and_looking_up_say_exactly_the_same(desk):
    key = desk.major()
    read = (await desk.records())[key]
    assert await desk.connector.look_up(Family.INCIDENT, key) == Present(read)


async def test_not_found_is_no_proof(desk):
    key = desk.major()
    desk.sandbox.state.delete(key)
    assert await desk.connector.look_up(Family.INCIDENT, key) == Unknown()
    assert await desk.connector.look_up(Family.INCIDENT, "../persons") == Unknown()


async def test_a_branch_filter_hides_a_major_without_proof(desk):
    key = desk.major(branch="Uithoorn")
    desk.sandbox.account.branches.add("Diemen")
    assert await desk.connector.look_up(Family.INCIDENT, key) == Unknown()


async def test_forbidden_is_no_answer(desk):
    key = desk.major()
    desk.sandbox.account.denied.add("incidents.read")
    with pytest.raises(PermissionMissingError):
        await desk.connector.look_up(Family.INCIDENT, key)


# --- the story ----------------------------------------------------------------------------------


async def test_the_whole_story_is_read_as_it_was_written(make_desk):
    desk = make_desk(sandbox={"story": True, "closed_tickets": 200})
    story, clock, start = desk.sandbox.story, desk.sandbox.clock, desk.sandbox.options.start
    numbers = {row["id"]: row["number"] for row in desk.sandbox.state.incidents.values()}
    seen = []
    for minute in range(0, 155, 5):
        clock.set(start + timedelta(minutes=minute))
        story.play_until(clock.now())
        numbers |= {row["id"]: row["number"] for row in desk.sandbox.state.incidents.values()}
        records = await desk.records()
        shown = {numbers[key]: str(record.payload.state) for key, record in records.items()}
        expected = story.expected(clock.now(), solved_for=timedelta(days=1))
        closed = {row["number"] for row in desk.sandbox.state.incidents.values() if row["closed"]}
        assert shown == {n: state for n, state in expected.items() if n not in closed}
        seen.append(repr(records))
    assert max(text.count("Record(") for text in seen) >= 3
    assert not [canary for canary in story.canaries if canary in "".join(seen)]
