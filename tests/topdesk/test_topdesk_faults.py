"""Bad days of a TOPdesk: the right error, no secret in it, and nothing concluded."""

import httpx
import pytest

from connectors.topdesk.sandbox.options import PASSWORD
from hub.contract import ReadRequest
from hub.errors import (
    AuthFailedError,
    BadConfigError,
    PermissionMissingError,
    RateLimitedError,
    RetryableError,
)
from hub.events.base import Family

FAULTS = [
    ({"kind": "status", "status": 401}, AuthFailedError),
    ({"kind": "status", "status": 403}, PermissionMissingError),
    ({"kind": "status", "status": 404}, RetryableError),
    ({"kind": "status", "status": 400}, RetryableError),
    ({"kind": "status", "status": 429, "retry_after": "120"}, RateLimitedError),
    ({"kind": "status", "status": 429}, RateLimitedError),
    ({"kind": "status", "status": 500}, RetryableError),
    ({"kind": "status", "status": 502}, RetryableError),
    ({"kind": "status", "status": 503}, RetryableError),
    ({"kind": "html200"}, RetryableError),
    ({"kind": "truncate"}, RetryableError),
    ({"kind": "wrong_json"}, RetryableError),
    ({"kind": "reset"}, RetryableError),
]


async def _read(desk):
    """What was finished, and how the reading ended."""
    finished = []
    try:
        async for batch in desk.connector.read(ReadRequest("majors")):
            finished += batch.finished
    except Exception as error:  # noqa: BLE001 - the test looks at what came
        return finished, error
    return finished, None


@pytest.mark.parametrize(("fault", "error"), FAULTS, ids=str)
async def test_a_fault_of_the_list_is_the_right_error(desk, fault, error):
    desk.major()
    await desk.read()
    desk.sandbox.faults.add(path="/incidents$", times=None, **fault)
    finished, raised = await _read(desk)
    assert type(raised) is error
    assert finished == []
    assert PASSWORD not in f"{raised!r} {raised.__cause__!r}"
    desk.sandbox.faults.clear()
    assert (await _read(desk))[1] is None


@pytest.mark.parametrize(("fault", "error"), FAULTS, ids=str)
async def test_a_fault_of_the_first_question_is_the_right_error(desk, fault, error):
    desk.sandbox.faults.add(path="/version$", times=None, **fault)
    finished, raised = await _read(desk)
    expected = BadConfigError if fault.get("status") == 404 else error
    assert type(raised) is expected
    assert finished == []


@pytest.mark.parametrize(("fault", "error"), FAULTS[3:], ids=str)
async def test_a_fault_on_a_later_page_finishes_nothing(make_desk, fault, error):
    desk = make_desk(page_size=10)
    for n in range(30):
        desk.sandbox.clock.advance(1)
        desk.major(f"Storing {n}")
    await desk.read()
    desk.sandbox.faults.add(path="/incidents$", nth=2, times=None, **fault)
    finished, raised = await _read(desk)
    assert type(raised) is error
    assert finished == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [pair for pair in FAULTS if pair[0].get("status") != 404],
    ids=str,
)
async def test_a_fault_of_a_look_up_is_no_answer(desk, fault, error):
    key = desk.major()
    desk.sandbox.faults.add(path="/incidents/id/", times=None, **fault)
    with pytest.raises(error):
        await desk.connector.look_up(Family.INCIDENT, key)


@pytest.mark.parametrize("kind", ["status", "reset"])
async def test_a_fault_that_passes_is_not_noticed(desk, kind):
    desk.major()
    await desk.read()
    desk.sandbox.faults.add(kind, status=502, path="/incidents$", times=2)
    assert (await _read(desk))[1] is None


async def test_a_wrong_password_is_tried_once_only(make_desk):
    desk = make_desk(password="wrong-password")
    _, raised = await _read(desk)
    assert isinstance(raised, AuthFailedError)
    assert len(desk.sandbox.requests) == 1


def _answering(answers):
    """A TOPdesk that answers its list with this JSON; a reading first asks version and probes."""

    def answer(request):
        if request.url.path.endswith("/version"):
            return httpx.Response(200, json={"version": "3.17.0"})
        return httpx.Response(200, content=answers)

    return lambda _: httpx.MockTransport(answer)


GOOD = (
    '{"id":"a-1","majorCall":true,"publishToSsd":true,"closed":false,'
    '"callDate":"2026-11-23T07:12:00Z","modificationDate":"2026-11-23T07:12:00Z"}'
)


@pytest.mark.parametrize(
    ("bad", "key", "said"),
    [
        ("{}", None, "id"),
        ("7", None, "row"),
        ("null", None, "row"),
        ('{"id":"b/../2"}', None, "id"),
        (GOOD.replace("a-1", "b-2").replace("2026-11-23T07:12:00Z", "gisteren"), "b-2", "callDate"),
        (GOOD.replace("a-1", "b-2").replace('"majorCall":true,', ""), "b-2", "majorCall"),
        (GOOD.replace("a-1", "b-2").replace('"callDate":"2026-11-23T07:12:00Z",', ""), "b-2", "callDate"),
        (GOOD.replace('"a-1"', '"b-2","briefDescription":{"x":"06-12345678"}'), "b-2", "briefDescription"),
    ],
)  # fmt: skip
async def test_an_unreadable_row_is_reported_and_the_others_come(make_desk, bad, key, said):
    desk = make_desk(transport=_answering(f"[{bad},{GOOD}]"))
    [batch] = await desk.read()
    assert [record.key for record in batch.records] == ["a-1"]
    [unreadable] = batch.unreadable
    assert (unreadable.key, unreadable.container) == (key, "open")
    assert said in unreadable.reason
    assert "06-12345678" not in unreadable.reason


@pytest.mark.parametrize("body", ['{"items":[]}', "null", '"x"', "[" * 100_000, '{"id":'])
async def test_an_answer_that_is_no_list_concludes_nothing(make_desk, body):
    desk = make_desk(transport=_answering(body))
    finished, raised = await _read(desk)
    assert type(raised) is RetryableError
    assert finished == []


async def test_odd_characters_in_a_row_harm_nobody(make_desk):
    row = GOOD.replace('"a-1"', '"a-1","briefDescription":"Half \\ud83d teken","number":"\\ud83d"')
    desk = make_desk(transport=_answering(f"[{row}]"), details_url="{origin}/{number}")
    [record] = (await desk.records()).values()
    assert record.payload.title == {"nl": "Half teken"}


def _endless(rows):
    """A TOPdesk whose list never ends."""
    asked = []

    def answer(request):
        if request.url.path.endswith("/version"):
            return httpx.Response(200, json={"version": "3.17.0"})
        asked.append(request)
        return httpx.Response(206, content=rows(len(asked)))

    return lambda _: httpx.MockTransport(answer)


def _row(n):
    second = f"2026-11-23T07:{n // 60 % 60:02d}:{n % 60:02d}Z"
    return GOOD.replace("a-1", f"a-{n}").replace("2026-11-23T07:12:00Z", second)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (lambda n: f"[{_row(n)}]", "more than 60 pages"),
        (lambda n: f"[{_row(n * 2 + 1)},{_row(n * 2)}]", "does not sort"),
        (lambda n: "[]", "same page again"),
        (lambda n: f'[{{"id":"x-{n}"}}]', "same page again"),
    ],
)
async def test_a_list_that_leads_nowhere_is_given_up(make_desk, rows, said):
    desk = make_desk(transport=_endless(rows))
    finished, raised = await _read(desk)
    assert type(raised) is RetryableError
    assert said in str(raised)
    assert finished == []
