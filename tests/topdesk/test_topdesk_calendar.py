"""Planned changes from the sandbox TOPdesk: what is chosen, what is absent, what may be shown."""

import json
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest

from connectors.topdesk.calendar import NOTHING
from connectors.topdesk.connector import TopdeskConnector
from connectors.topdesk.sandbox import STORY_START, SandboxOptions, TopdeskSandbox
from connectors.topdesk.sandbox.options import PASSWORD
from connectors.topdesk.settings import TopdeskSettings
from hub.contract import Gone, Present, ReadRequest, Slice, Unknown
from hub.errors import BadConfigError, PermissionMissingError, RetryableError
from hub.events.base import Family
from hub.events.payloads import dump
from hub.testing.clock import FakeClock
from hub.testing.connector_suite import ConnectorContract
from hub.testing.worlds import SourceWorld

CHOICE = {"card_types": ["change_simple"], "statuses": ["Goedgekeurd"]}
DIGID, INTERNAL, CANCELLED = "C 2611 0003", "C 2611 0004", "C 2611 0005"


def keys(desk) -> dict[str, str]:
    return {row["number"]: key for key, row in desk.sandbox.state.changes.items()}


async def read(desk):
    request = ReadRequest("maintenance")
    [batch] = [batch async for batch in desk.connector.read(request)]
    return batch


async def ask(desk, key):
    return await desk.connector.look_up(Family.MAINTENANCE, key)


@pytest.fixture
def calm(make_desk):
    """A desk at the start of the story, with planned changes chosen by status."""
    return make_desk(sandbox={"story": True}, maintenance=CHOICE)


def test_without_the_setting_there_is_no_such_stream(desk, calm):
    assert [one.name for one in desk.connector.streams()] == ["majors"]
    assert [one.name for one in calm.connector.streams()] == ["majors", "maintenance"]


async def test_without_the_setting_nothing_is_asked(desk):
    with pytest.raises(BadConfigError, match="add `maintenance`"):
        await read(desk)
    with pytest.raises(BadConfigError, match="add `maintenance`"):
        await ask(desk, "a")
    assert desk.asked("/changeCalendar") == []


@pytest.mark.parametrize(
    "given", [{}, {"card_types": []}, {"card_types": ["change_simple"]}, {"statuses": ["x"]}]
)
def test_a_choice_is_demanded(given):
    login = {"url": "https://x.example.org", "username": "u", "password": "p"}
    with pytest.raises(ValueError, match=r"card_types|choose with at least one"):
        TopdeskSettings.model_validate(login | {"maintenance": given})


async def test_only_the_chosen_changes_are_read_with_nothing_about_persons(calm):
    batch = await read(calm)
    found = {record.key: record for record in batch.records}
    assert set(found) == {keys(calm)[DIGID], keys(calm)[CANCELLED]}
    record = found[keys(calm)[DIGID]]
    assert dump(record.payload) == {
        "title": {"nl": "Onderhoud DigiD-koppeling"},
        "state": "planned",
        "start": "2026-11-23T07:55:00Z",
        "end": "2026-11-23T08:55:00Z",
    }
    assert record.at == STORY_START + timedelta(minutes=55)
    assert "Brouwer" not in repr(batch)


async def test_the_slice_is_the_period_that_was_asked(calm):
    [piece] = (await read(calm)).finished
    hour = STORY_START.replace(minute=0)
    assert piece == Slice("calendar", hour - timedelta(days=1), hour + timedelta(days=14))
    (request,) = [r for r in calm.sandbox.requests if NOTHING not in r.query]
    assert parse_qsl(request.query) == [
        ("start", "2026-11-22T07:00:00Z"),
        ("end", "2026-12-07T07:00:00Z"),
        ("cardType", "change_simple"),
        ("status", "Goedgekeurd"),
    ]


async def test_the_story_moves_begins_and_ends_it(calm):
    key = keys(calm)[DIGID]
    seen = []
    for minutes in (0, 40, 90, 150):
        calm.sandbox.story.play_until(STORY_START + timedelta(minutes=minutes))
        found = {record.key: record.payload for record in (await read(calm)).records}
        seen.append((str(found[key].state), found[key].start - STORY_START))
    assert seen == [
        ("planned", timedelta(minutes=55)),
        ("planned", timedelta(minutes=85)),
        ("in_progress", timedelta(minutes=85)),
        ("done", timedelta(minutes=85)),
    ]


@pytest.mark.parametrize(
    ("setting", "value", "name"),
    [
        ("statuses", "Goedgekeurd", "status"),
        ("categories", "Software", "category"),
        ("types", "Gepland onderhoud", "type"),
        ("branches", "Uitvoeringsorganisatie", "branch"),
    ],
)
async def test_a_server_that_ignores_a_choice_is_refused(make_desk, setting, value, name):
    chosen = {"card_types": ["change_simple"], setting: [value]}
    desk = make_desk(
        sandbox={"story": True, "calendar_ignores": frozenset({name})}, maintenance=chosen
    )
    with pytest.raises(BadConfigError, match=f"takes no notice of {name}.*Remove `{setting}`"):
        await read(desk)
    good = make_desk(sandbox={"story": True}, maintenance=chosen)
    assert (await read(good)).records


async def test_an_ignored_kind_of_card_is_dropped_and_counted(make_desk):
    chosen = CHOICE | {"card_types": ["change_extensive"]}
    desk = make_desk(
        sandbox={"story": True, "calendar_ignores": frozenset({"cardType"})}, maintenance=chosen
    )
    batch = await read(desk)
    assert (batch.records, batch.ignored) == ((), 2)


async def test_a_title_that_names_someone_is_replaced_whole(calm):
    key = keys(calm)[DIGID]
    calm.sandbox.state.changes[key]["briefDescription"] = "Bel Petra op 06-12345678"
    found = {record.key: record.payload.title for record in (await read(calm)).records}
    assert found[key] == {"nl": "Gepland onderhoud", "en": "Planned maintenance"}


async def test_without_free_text_every_title_is_neutral(make_desk):
    desk = make_desk(sandbox={"story": True}, maintenance=CHOICE | {"text": "neutral"})
    titles = {record.payload.title["nl"] for record in (await read(desk)).records}
    assert titles == {"Gepland onderhoud"}


# --- looking up ---------------------------------------------------------------------------------


async def test_a_look_up_says_exactly_what_the_list_says(calm):
    listed = {record.key: record for record in (await read(calm)).records}
    for key, record in listed.items():
        assert await ask(calm, key) == Present(record)


async def test_what_is_moved_out_of_the_period_is_still_there(calm):
    key = keys(calm)[DIGID]
    later = STORY_START + timedelta(days=40)
    calm.sandbox.state.changes[key] |= {"startDate": later, "endDate": later}
    assert key not in {record.key for record in (await read(calm)).records}
    answer = await ask(calm, key)
    assert isinstance(answer, Present)
    assert answer.record.at == later


async def test_what_is_no_longer_chosen_is_proof(calm):
    key = keys(calm)[DIGID]
    calm.sandbox.state.changes[key]["status"] = calm.sandbox.state.catalogue.ref(
        "changeStatus", "Intern"
    )
    assert isinstance(await ask(calm, key), Gone)


async def test_not_found_is_no_proof_and_forbidden_no_answer(calm):
    calm.sandbox.story.play_until(STORY_START)
    assert await ask(calm, NOTHING) == Unknown()
    assert await ask(calm, "../incidents") == Unknown()
    calm.sandbox.account.denied = {"changes.read"}
    with pytest.raises(PermissionMissingError):
        await ask(calm, keys(calm)[DIGID])
    with pytest.raises(PermissionMissingError):
        await read(calm)


async def test_a_strange_row_is_unreadable_and_named_by_field_only(calm):
    key = keys(calm)[DIGID]
    calm.sandbox.state.changes[key]["currentState"] = "geheim"
    batch = await read(calm)
    [row] = batch.unreadable
    assert (row.key, row.container, row.reason) == (
        key,
        "calendar",
        "not as expected: currentState",
    )
    with pytest.raises(RetryableError, match="can't be understood"):
        await ask(calm, key)


# --- check --------------------------------------------------------------------------------------


async def test_the_check_counts_what_was_chosen(calm, make_desk):
    said = {finding.what: finding.level for finding in await calm.connector.check()}
    assert said["2 changes chosen"] == "ok"
    none = make_desk(sandbox={"story": True}, maintenance=CHOICE | {"statuses": ["Bestaat niet"]})
    said = {finding.what: finding.level for finding in await none.connector.check()}
    assert said["no change chosen"] == "warning"


async def test_the_check_names_the_missing_right_and_the_ignored_choice(calm, make_desk):
    calm.sandbox.account.denied = {"changes.read"}
    [last] = [one for one in await calm.connector.check() if "changes" in one.what]
    assert (last.level, last.what) == ("failed", "right to read changes")
    deaf = make_desk(
        sandbox={"story": True, "calendar_ignores": frozenset({"status"})}, maintenance=CHOICE
    )
    [last] = [one for one in await deaf.connector.check() if "changes" in one.what]
    assert last.level == "failed"
    assert "takes no notice of status" in last.advice


# --- specification ------------------------------------------------------------------------------


async def test_every_parameter_stands_in_the_specification(make_desk, specs):
    chosen = CHOICE | {
        "categories": ["Software"],
        "types": ["Gepland onderhoud"],
        "branches": ["Uitvoeringsorganisatie"],
    }
    desk = make_desk(sandbox={"story": True}, maintenance=chosen)
    assert (await read(desk)).records
    await ask(desk, keys(desk)[DIGID])
    spec = json.loads((specs / "openapi_change.json").read_text())
    known = {one["name"] for one in spec["paths"]["/changeCalendar"]["get"]["parameters"]}
    cards = next(
        one["schema"]["items"]["enum"]
        for one in spec["paths"]["/changeCalendar"]["get"]["parameters"]
        if one["name"] == "cardType"
    )
    sent = [
        pair
        for request in desk.sandbox.requests
        if request.path == "/tas/api/changeCalendar"
        for pair in parse_qsl(request.query)
    ]
    assert {name for name, _ in sent} == {
        "start", "end", "cardType", "status", "category", "type", "branch"
    }  # fmt: skip
    assert {name for name, _ in sent} <= known
    assert {value for name, value in sent if name == "cardType"} <= set(cards)


# --- the contract -------------------------------------------------------------------------------


class CalendarWorld(SourceWorld):
    """A sandbox TOPdesk of which only the change calendar is read."""

    connector = TopdeskConnector
    stream = "maintenance"
    secrets = (PASSWORD,)

    def __init__(self):
        self.sandbox = TopdeskSandbox(SandboxOptions(story=False, closed_tickets=0))
        self.made = 0

    @property
    def settings(self):
        return {
            "url": "https://desk.example.org",
            "username": "hub",
            "password": PASSWORD,
            "maintenance": CHOICE,
        }

    @property
    def clock(self):
        return FakeClock(self.sandbox.clock.now())

    def transport(self):
        return self.sandbox.transport()

    def populate(self, count):
        return [self._change() for _ in range(count)]

    def edit(self, key):
        self.made += 1
        self.sandbox.state.changes[key]["briefDescription"] = f"Gewijzigd, keer {self.made}"

    def remove(self, key):
        del self.sandbox.state.changes[key]

    def retire(self, key):
        status = self.sandbox.state.catalogue.ref("changeStatus", "Intern")
        self.sandbox.state.changes[key]["status"] = status

    def spoil(self):
        self.sandbox.state.changes[self._change()]["currentState"] = "onbekend"

    def _change(self):
        self.made += 1
        begins = self.sandbox.clock.now() + timedelta(hours=self.made)
        row = self.sandbox.state.add_change(
            f"C 2611 {self.made:04d}", f"Werk {self.made}", begins, begins + timedelta(hours=2)
        )
        return row["id"]


class TestTopdeskCalendar(ConnectorContract):
    def world(self):
        return CalendarWorld()
