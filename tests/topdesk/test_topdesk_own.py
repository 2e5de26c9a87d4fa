"""Own tickets: of exactly one caller, in the chosen categories, and never anybody else's."""

import asyncio
import json
from datetime import timedelta

import pytest

from connectors.topdesk.connector import TopdeskConnector
from connectors.topdesk.own import quoted
from connectors.topdesk.sandbox import SandboxOptions, TopdeskSandbox
from connectors.topdesk.sandbox.options import PASSWORD
from connectors.topdesk.settings import CallerField
from hub.contract import Answered, OwnTicket
from hub.errors import (
    BadConfigError,
    HubError,
    PermissionMissingError,
    RejectedError,
    RetryableError,
)
from hub.testing.suite_answers import AnsweringTests
from hub.testing.worlds import SourceWorld

OWN = {"match": "employeeNumber", "categories": ["Software"], "text": "briefDescription"}
URL = "https://servicedesk.example.org"
SECRETS = ("Brouwer", "020-5550111", "daniel.brouwer", "70002")


@pytest.fixture
def own_desk(make_desk):
    def make(sandbox=None, **chosen):
        return make_desk({"closed_tickets": 0} | (sandbox or {}), own_tickets=OWN | chosen)

    return make


def ticket(desk, caller="Daniël", **fields) -> str:
    desk.sandbox.clock.advance(60)
    given = {"caller": caller, "category": "Software", "briefDescription": "Agenda delen lukt niet"}
    return desk.sandbox.state.add_incident(**given | fields)["number"]


async def test_an_own_ticket_has_number_status_dates_title_and_link(own_desk):
    desk = own_desk()
    number = ticket(desk, processingStatus="In behandeling", request="Bel 020-5550111")
    made = desk.sandbox.clock.now()
    ticket(desk, caller="Sean")
    found = await desk.connector.answer("70002")
    (one,) = found.tickets
    assert (one.number, one.status, one.title) == (
        number, "In behandeling", "Agenda delen lukt niet",
    )  # fmt: skip
    assert one.opened_at == one.changed_at == made
    assert one.closed_at is None
    assert not found.more
    (ident,) = [
        row["id"] for row in desk.sandbox.state.incidents.values() if row["number"] == number
    ]
    assert one.url.endswith(f"/tas/public/ssp/content/detail/incident?unid={ident}")
    assert not any(secret in repr(found) for secret in SECRETS)


async def test_only_what_may_be_shown_is_asked_for(own_desk):
    desk = own_desk(text="hidden")
    ticket(desk)
    (one,) = (await desk.connector.answer("70002")).tickets
    assert one.title == ""
    (asked,) = desk.asked()
    assert "briefDescription" not in asked["fields"]
    assert not {"request", "operator", "action"} & set(asked["fields"].split(","))
    (who,) = desk.asked("/persons")
    assert who["query"] == "employeeNumber=='70002';archived==false"
    assert who["fields"] == "id,employeeNumber,archived"


async def test_another_category_is_not_shown_and_none_at_all_neither(own_desk):
    desk = own_desk(categories=["Software", "Netwerk"])
    shown = [ticket(desk), ticket(desk, category="Netwerk")]
    ticket(desk, category="Facilitair")
    ticket(desk, category=None)
    found = await desk.connector.answer("70002")
    assert [one.number for one in found.tickets] == shown[::-1], "the one that changed last first"


async def test_a_closed_one_is_shown_for_a_while(own_desk):
    desk = own_desk(closed_days=14)
    number = ticket(desk)
    (ident,) = desk.sandbox.state.incidents
    desk.edit(ident, closed=True, processingStatus="Gesloten")
    (one,) = (await desk.connector.answer("70002")).tickets
    assert (one.number, one.status, one.closed_at) == (
        number, "Gesloten", desk.sandbox.clock.now(),
    )  # fmt: skip
    desk.clock.advance(timedelta(days=15).total_seconds())
    assert (await desk.connector.answer("70002")).tickets == []


async def test_with_no_days_a_closed_one_is_never_shown(own_desk):
    desk = own_desk(closed_days=0)
    ticket(desk)
    (ident,) = desk.sandbox.state.incidents
    desk.edit(ident, closed=True)
    assert (await desk.connector.answer("70002")).tickets == []


async def test_more_than_a_page_is_said(own_desk):
    desk = own_desk()
    for _ in range(51):
        ticket(desk)
    found = await desk.connector.answer("70002")
    assert (len(found.tickets), found.more) == (50, True)


@pytest.mark.parametrize(
    ("asker", "chosen"),
    [
        ("99999", {}),
        ("7000", {}),
        ("70007", {}),  # archived
        ("balie@example.org", {"match": "email"}),  # of two persons
        ("", {}),
        ("  ", {}),
        ("7\n1", {}),
        ("7" * 300, {}),
        ("70002' , id!='x", {}),
        ("70002',employeeNumber!='x", {}),
        ("*", {}),
        ("\\", {}),
        ("'", {}),
    ],
)
async def test_nobody_and_more_than_one_are_shown_nothing(own_desk, asker, chosen):
    desk = own_desk(**chosen)
    ticket(desk)
    with pytest.raises(RejectedError) as caught:
        await desk.connector.answer(asker)
    assert not asker.strip() or asker not in str(caught.value) or asker in {"'", "*"}
    assert desk.asked() == [], "no ticket is asked for"


async def test_an_address_is_the_same_whatever_its_letters(own_desk):
    desk = own_desk(match="email")
    number = ticket(desk)
    (one,) = (await desk.connector.answer("Daniel.Brouwer@EXAMPLE.org")).tickets
    assert one.number == number


async def test_a_login_name_is_not(own_desk):
    desk = own_desk(match="networkLoginName")
    ticket(desk)
    assert len((await desk.connector.answer("dbrouwer")).tickets) == 1
    with pytest.raises(RetryableError):  # the sandbox compares without regard to case, we do not
        await desk.connector.answer("DBrouwer")


@pytest.mark.parametrize("path", ["/persons$", "/incidents$"])
async def test_a_server_that_ignores_the_condition_shows_nothing(own_desk, path):
    desk = own_desk()
    ticket(desk)
    ticket(desk, caller="Sean")
    desk.sandbox.faults.add("ignore_filter", path=path, times=None)
    with pytest.raises(RetryableError) as caught:
        await desk.connector.answer("70002")
    assert not any(secret in str(caught.value) for secret in SECRETS)
    (failed,) = [one for one in await desk.connector.check() if one.level == "failed"]
    assert failed.what == "own tickets: conditions on the caller"


@pytest.mark.parametrize("caller", [None, {"id": None}, {"id": "someone-else"}])
async def test_one_foreign_row_drops_the_whole_answer(own_desk, caller):
    desk = own_desk()
    for _ in range(3):
        ticket(desk)
    ident = next(iter(desk.sandbox.state.incidents))
    mine = desk.sandbox.state.incidents[ident]["caller"]
    desk.sandbox.faults.add("ignore_filter", path="/incidents$", times=None)
    assert len((await desk.connector.answer("70002")).tickets) == 3
    desk.sandbox.state.incidents[ident]["caller"] = caller and {**mine, **caller}
    with pytest.raises(RetryableError, match=r"somebody else|can't be read"):
        await desk.connector.answer("70002")


async def test_without_the_setting_nothing_is_asked(make_desk):
    desk = make_desk()
    with pytest.raises(BadConfigError, match="own_tickets"):
        await desk.connector.answer("70002")
    assert not desk.sandbox.requests
    assert not [one for one in await desk.connector.check() if "own tickets" in one.what]


async def test_a_missing_right_and_an_old_server_say_so(own_desk):
    denied = own_desk({"denied": frozenset({"persons.read"})})
    with pytest.raises(PermissionMissingError):
        await denied.connector.answer("70002")
    (failed,) = [one for one in await denied.connector.check() if one.level == "failed"]
    assert "right to read persons" in failed.what
    old = own_desk({"persons": "v1"})
    with pytest.raises(BadConfigError, match="version 2"):
        await old.connector.answer("70002")
    well = [one.what for one in await own_desk().connector.check() if one.level == "ok"]
    assert "own tickets by employeeNumber" in well


async def test_a_slow_server_can_be_left(own_desk):
    desk = own_desk()
    ticket(desk)
    desk.sandbox.faults.add("latency", path="/persons$", seconds=30.0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await desk.connector.answer("70002")
    assert len((await desk.connector.answer("70002")).tickets) == 1


def test_a_value_is_quoted():
    assert quoted("O'Brien \\ x") == "'O\\'Brien \\\\ x'"


async def test_all_that_is_asked_stands_in_the_specification(own_desk, specs):
    desk = own_desk()
    ticket(desk)
    await desk.connector.answer("70002")
    await desk.connector.check()
    specified = {
        f"/{path}": json.loads((specs / f"openapi_{name}.json").read_text())
        for path, name in (("incidents", "incident"), ("persons", "supporting"))
    }
    fields = {"/incidents": "Incident", "/persons": "PersonV2Dto"}
    for path, spec in specified.items():
        allowed = {one.get("name") for one in spec["paths"][path]["get"]["parameters"]}
        known = spec["components"]["schemas"][fields[path]]["properties"]
        asked = desk.asked(path)
        assert asked
        for one in asked:
            assert one.keys() <= allowed
            assert set(one.get("fields", "id").split(",")) <= known.keys()
            assert one.get("query", "x")
    person = specified["/persons"]["components"]["schemas"]["PersonV2Dto"]["properties"]
    assert {one.value for one in CallerField} | {"archived"} <= person.keys()


class Gullible(TopdeskConnector):
    """Takes whatever comes."""

    async def answer(self, asker):
        rows, _ = await self._client.newest(("closed==false",), ("number", "creationDate"), 50)
        at = self.context.now()
        return Answered([OwnTicket(str(row["number"]), "", at, at) for row in rows])


class Polite(TopdeskConnector):
    """Says that there is nothing rather than that something is wrong."""

    async def answer(self, asker):
        try:
            return await super().answer(asker)
        except HubError:
            return Answered(())


@pytest.mark.parametrize(
    ("mistake", "check"),
    [
        (Gullible, "test_a_person_gets_their_own_and_nothing_else"),
        (Gullible, "test_one_who_is_not_known_is_refused_with_a_reason"),
        (Polite, "test_one_who_is_not_known_is_refused_with_a_reason"),
        (Polite, "test_a_source_that_sends_everybodys_is_not_believed"),
        (Polite, "test_each_fault_is_an_error_and_no_empty_list"),
    ],
)
async def test_the_suite_catches_a_connector_that_believes_too_much(answering, mistake, check):
    class Mistaken(AnsweringTests):
        def world(self):
            world = answering()
            type(world).connector = mistake
            return world

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await getattr(Mistaken(), check)()


@pytest.fixture
def answering():
    """A world of which each test has a class of its own."""

    class World(SourceWorld):
        connector = TopdeskConnector
        secrets = (PASSWORD,)

        def __init__(self):
            options = SandboxOptions(story=False, closed_tickets=0)
            self.sandbox = TopdeskSandbox(options)

        @property
        def settings(self):
            login = {"url": URL, "username": "hub", "password": PASSWORD}
            return login | {"own_tickets": OWN}

        def transport(self):
            return self.sandbox.transport()

        def populate(self, count):
            return []

        def own(self, count):
            add, given = self.sandbox.state.add_incident, {"category": "Software"}
            made = [add(caller="Daniël", **given)["number"] for _ in range(count)]
            add(caller="Sean", **given)
            return "70002", made

        def answer_unasked(self):
            self.sandbox.faults.add("ignore_filter", path="/incidents$", times=None)

    return World
