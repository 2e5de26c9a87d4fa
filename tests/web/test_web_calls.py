"""Calls from outside: data that is stored before the answer, hints of which only the fact counts."""

import asyncio
import hashlib
import hmac
import json
import random
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from hub.contract import Batch, Record, Stream
from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.errors import RejectedError, RetryableError, StreamLostError
from hub.events.base import Family
from hub.events.objects import Audience, Kind
from hub.events.route import Route
from hub.metrics import Metrics
from hub.schedule.embedded import Embedded
from hub.settings import CallSettings
from hub.store import streams, tables
from hub.store.store import Store
from hub.testing.fakes import (
    FakeClock,
    FakeLog,
    MemoryTarget,
    ScriptedConnector,
    ScriptedSource,
    fake_context,
    incident,
)
from hub.testing.scripted import ScriptedSettings
from hub.web.app import WebOptions, app
from hub.web.calls import LARGEST, Callers, Calls

SECRET, OLDER = "0123456789-canary-secret", "0123456789-canary-older-one"
SHOWN = CallSettings(secret=SecretStr(SECRET), previous_secret=SecretStr(OLDER))
SIGNED = CallSettings(secret=SecretStr(SECRET), previous_secret=SecretStr(OLDER), hmac=True)
FAMILIES = frozenset({Family.INCIDENT})
STREAMS = (
    Stream("majors", FAMILIES, timedelta(seconds=60)),
    Stream("typed", FAMILIES, None),
)


class Called(ScriptedConnector):
    """Can be called, both ways."""

    def hinted(self):
        return ["majors"]

    def receive(self, received):
        if not received.data.get("title"):
            raise RejectedError("Give a title.")
        title = str(received.data["title"])
        return Batch([Record(str(received.data["id"]), incident(title))])


class GatedTarget(MemoryTarget):
    """Answers while its gate is open."""

    def __init__(self):
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()

    async def publish(self, items):
        await self.gate.wait()
        return await super().publish(items)


class Away:
    """A store that can't be reached."""

    def __init__(self, error):
        self.error = error

    async def write(self, *_args, **_kwargs):
        raise self.error


class Hub:
    def __init__(self, store: Store):
        self.clock, self.log, self.target = FakeClock(), FakeLog(), GatedTarget()
        self.source = ScriptedSource(streams=STREAMS)
        self.store = store

    async def start(self, callers: Callers) -> "Hub":
        members = Audience(everyone=True)
        route = Route(
            name="r1",
            family=Family.INCIDENT,
            tile="disturbances",
            audience="everyone",
            members=members,
            targets=("intranet",),
        )
        connector = Called(ScriptedSettings(), fake_context("desk", clock=self.clock), self.source)
        source = Source(
            id="desk",
            connector_name="scripted",
            connector=connector,
            routes=(route,),
            mode="live",
            fingerprint="f",
            reopen=timedelta(hours=72),
            every=None,
            stale_after={},
        )
        self.runner = Runner(
            self.store,
            {"desk": source},
            {"intranet": self.target},
            now=self.clock.now,
            log=self.log,
            rng=random.Random(1),
        )
        await self.runner.start()
        self.schedule = Embedded(self.runner, who="test", metrics=Metrics())
        calls = Calls(self.runner, callers, self.clock.now)
        pages = app(None, None, WebOptions(), self.clock.now, calls.routes())
        transport = httpx.ASGITransport(pages, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://hub")
        return self

    async def post(self, path: str, body=None, secret: str | None = SECRET, **headers):
        content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        shown = {"x-hub-secret": secret} if secret else {}
        return await self.client.post(path, content=content, headers=shown | headers)

    async def signed(self, path: str, body: bytes, late: float = 0, secret: str = SECRET):
        stamp = str(int(self.clock.now().timestamp() + late))
        mark = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
        headers = {
            "x-hub-timestamp": stamp,
            "x-hub-signature-256": f"sha256={mark.hexdigest()}",
        }
        return await self.client.post(path, content=body, headers=headers)

    def titles(self) -> list[str]:
        stored = self.target.objects.items()
        return sorted(o.body["title"]["nl"] for (k, _), o in stored if k is Kind.TILE_ITEM)

    async def count(self, table) -> int:
        query = sa.select(sa.func.count()).select_from(table)
        return await self.store.read(lambda tx: tx.execute(query).scalar_one())

    async def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            await self.schedule.tick()
            await self.schedule.settle()
            self.clock.advance(1)


@pytest.fixture
async def make(store_url):
    store = await Store(store_url).open()
    made = []

    async def start(how: CallSettings = SHOWN) -> Hub:
        made.append(await Hub(store).start(Callers({"desk": how}, {"desk": how})))
        return made[0]

    yield start
    for one in made:
        await one.client.aclose()
        await one.schedule.drain()
    await store.close()


# --- data ------------------------------------------------------------------------------------


async def test_what_is_received_is_stored_before_the_answer_and_sent_without_a_tick(make):
    hub = await make()
    answer = await hub.post("/in/desk/typed", {"id": "a", "title": "Telefonie"})
    assert (answer.status_code, answer.json()["counts"]["accepted"]) == (200, 1)
    assert await hub.count(tables.event) == 1
    await hub.schedule.settle()
    assert hub.titles() == ["Telefonie"]
    again = await hub.post("/in/desk/typed", {"id": "a", "title": "Telefonie"})
    assert again.json()["counts"] == {"same": 1}


async def test_what_comes_while_something_is_sent_is_sent_right_after_it(make):
    hub = await make()
    hub.target.gate.clear()
    await hub.post("/in/desk/typed", {"id": "a", "title": "One"})
    await asyncio.sleep(0)
    for number in range(5):
        await hub.post("/in/desk/typed", {"id": f"b{number}", "title": f"Two {number}"})
    hub.target.gate.set()
    await hub.schedule.settle()
    assert len(hub.titles()) == 6


async def test_what_can_not_be_understood_is_400_with_the_reason(make):
    hub = await make()
    for body in ({"id": "a"}, b"[1]", b"{", b"\xff", b'{"id": NaN}', b"[" * 50_000):
        answer = await hub.post("/in/desk/typed", body)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]
    assert await hub.count(tables.event) == 0
    assert await hub.count(tables.run) == 0, "nothing is left of it"


@pytest.mark.parametrize("error", [RetryableError("away"), StreamLostError("taken")], ids=str)
async def test_a_store_that_is_away_is_503_with_retry_after(make, error):
    hub = await make()

    hub.runner.store = Away(error)
    answer = await hub.post("/in/desk/typed", {"id": "a", "title": "x"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def test_a_stream_that_is_being_read_for_long_is_503(make):
    hub = await make()
    hub.runner.turn = 0.01
    async with hub.runner._at_work("instance:desk", "majors"):
        answer = await hub.post("/in/desk/majors", {"id": "a", "title": "x"})
    assert answer.status_code == 503
    answer = await hub.post("/in/desk/majors", {"id": "a", "title": "x"})
    assert answer.status_code == 200


async def test_a_connector_that_breaks_is_500_without_its_words(make):
    hub = await make()
    answer = await hub.post("/in/desk/typed", {"title": "no id"})
    assert answer.status_code == 500
    assert "no id" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_projection_that_breaks_loses_nothing(make):
    hub = await make()
    routing = (await hub.store.read(streams.instances))["desk"].routing
    await hub.store.write(streams.put_instance, "desk", routing=[{"no": "route"}])
    answer = await hub.post("/in/desk/typed", {"id": "a", "title": "Kept"})
    assert answer.status_code == 200
    assert [line.event for line in hub.log.lines] == ["project_failed"]
    await hub.store.write(streams.put_instance, "desk", routing=routing)
    await hub.runner.project()
    await hub.schedule.settle()
    assert hub.titles() == ["Kept"]


# --- who may call ------------------------------------------------------------------------------


async def test_a_wrong_secret_and_an_unknown_instance_look_the_same(make):
    hub = await make()
    answers = [
        await hub.post("/in/desk/typed", {"id": "a"}, secret="x" * 24),
        await hub.post("/in/desk/typed", {"id": "a"}, secret=None),
        await hub.post("/in/nobody/typed", {"id": "a"}),
        await hub.post("/in/desk/nothing", {"id": "a"}),
        await hub.post("/hooks/desk", secret="x" * 24),
        await hub.post("/hooks/nobody"),
    ]
    assert {one.status_code for one in answers} == {404}
    assert len({one.text for one in answers}) == 1
    assert len({str(sorted(one.headers.items())) for one in answers}) == 1
    said = [line for line in hub.log.lines if line.event == "call_refused"]
    assert len(said) == 2, "once a minute for one of ours, once for all that are not"


async def test_both_secrets_are_good_in_both_headers(make):
    hub = await make()
    for secret in (SECRET, OLDER):
        assert (await hub.post("/hooks/desk", secret=secret)).status_code == 202
        bearer = {"authorization": f"Bearer {secret}"}
        answer = await hub.post("/hooks/desk", secret=None, **bearer)
        assert answer.status_code == 202


async def test_only_post_and_only_so_much(make):
    hub = await make()
    assert (await hub.client.get("/hooks/desk")).status_code == 405
    assert (await hub.client.put("/in/desk/typed")).status_code == 405
    for path in ("/hooks/desk", "/in/desk/typed", "/hooks/nobody"):
        answer = await hub.post(path, b"x" * (LARGEST + 1))
        assert answer.status_code == 413
    assert (await hub.post("/hooks/desk", b"x" * LARGEST)).status_code == 202


async def test_an_instance_that_opens_no_door_has_none(make, store_url):
    hub = await make()
    calls = Calls(hub.runner, Callers(), hub.clock.now)
    pages = app(None, None, WebOptions(), hub.clock.now, calls.routes())
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(pages), base_url="http://hub"
    ) as client:
        shown = {"x-hub-secret": SECRET}
        for path in ("/hooks/desk", "/in/desk/typed"):
            assert (await client.post(path, headers=shown)).status_code == 404


async def test_a_signed_call_counts_once_and_only_while_it_is_fresh(make):
    hub = await make(SIGNED)
    body = json.dumps({"id": "a", "title": "Signed"}).encode()
    assert (await hub.signed("/in/desk/typed", body)).status_code == 200
    assert (await hub.signed("/in/desk/typed", body)).status_code == 409
    assert (await hub.signed("/in/desk/typed", body, secret=OLDER)).status_code == 200
    assert (await hub.signed("/in/desk/typed", body, late=299)).status_code == 200
    for late in (-301, 301):
        assert (await hub.signed("/in/desk/typed", body, late=late)).status_code == 404
    assert (await hub.post("/in/desk/typed", body)).status_code == 404, "the secret alone"
    assert await hub.count(tables.signature) == 3
    hub.clock.advance(1000)
    assert (await hub.signed("/hooks/desk", b"")).status_code == 202
    assert await hub.count(tables.signature) == 1, "old ones are forgotten"


async def test_a_call_that_failed_may_come_again_with_the_same_signature(make):
    hub = await make(SIGNED)
    body = json.dumps({"id": "a"}).encode()
    assert (await hub.signed("/in/desk/typed", body)).status_code == 400
    assert (await hub.signed("/in/desk/typed", body)).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"x-hub-timestamp": "soon", "x-hub-signature-256": "sha256=00"},
        {"x-hub-timestamp": "9" * 30, "x-hub-signature-256": "sha256=00"},
        {"x-hub-timestamp": "1", "x-hub-signature-256": "\u00e9"},
        {"x-hub-signature-256": "sha256="},
        {},
    ],
    ids=range(5),
)
async def test_a_signature_that_makes_no_sense_is_404(make, headers):
    hub = await make(SIGNED)
    answer = await hub.client.post(
        "/hooks/desk", headers={name: text.encode("latin-1") for name, text in headers.items()}
    )
    assert answer.status_code == 404


# --- hints -------------------------------------------------------------------------------------


async def test_a_hint_reads_at_once_and_the_rhythm_stays(make):
    hub = await make()
    await hub.pass_time(10)
    due = (await hub.store.read(streams.all_streams))[0].due
    hub.source.put("a")
    answer = await hub.post("/hooks/desk", {"id": "b", "title": "believe me"})
    assert answer.status_code == 202
    await hub.schedule.settle()
    assert hub.titles() == ["Disturbance a"]
    assert len(hub.source.requests) == 2
    assert (await hub.store.read(streams.all_streams))[0].due == due


async def test_many_hints_are_one_more_reading_after_the_one_that_runs(make):
    hub = await make()
    await hub.pass_time(10)
    await hub.post("/hooks/desk")
    for _ in range(20):
        await hub.post("/hooks/desk")
    await hub.schedule.settle()
    assert len(hub.source.requests) == 2
    await hub.pass_time(4)
    assert len(hub.source.requests) == 2, "not twice within five seconds"
    await hub.pass_time(20)
    assert len(hub.source.requests) == 3, "one more for all that came meanwhile"


async def test_hints_do_not_wake_a_source_in_trouble(make):
    hub = await make()
    hub.source.fail(RetryableError("down"))
    await hub.pass_time(10)
    for _ in range(5):
        await hub.post("/hooks/desk")
        await hub.pass_time(6)
    assert len(hub.source.requests) == 1, "its next try is when it was due anyhow"


async def test_data_wakes_the_targets_that_it_is_for(make):
    hub = await make()
    heard = []
    hub.runner.wake = heard.append
    await hub.post("/in/desk/typed", {"id": "m1", "title": "No mail"})
    assert heard == [frozenset({"intranet"})]


async def test_a_hint_outlives_the_hub(make):
    hub = await make()
    await hub.pass_time(10)
    hub.runner.wake = lambda _what: None
    await hub.post("/hooks/desk")
    other = Embedded(hub.runner, who="another", metrics=Metrics())
    await other.tick()
    await other.settle()
    assert len(hub.source.requests) == 2
