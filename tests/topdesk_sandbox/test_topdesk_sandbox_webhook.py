"""The sandbox's own calls, as Action Management makes them: to a real server on loopback."""

import hashlib
import hmac
import json

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from connectors.topdesk.sandbox import SandboxOptions, SandboxSettings, TopdeskSandbox, serving
from connectors.topdesk.sandbox.webhook import Receiver

SECRET = "0123456789-practice"
MAJOR = {"briefDescription": "E-mail hapert", "majorCall": True, "publishToSsd": True}


class Ear:
    """Remembers what it was told."""

    def __init__(self):
        self.heard = []
        self.app = Starlette(routes=[Route("/hooks/desk", self.hear, methods=["POST"])])

    async def hear(self, request):
        self.heard.append((request.headers, await request.body()))
        return Response(status_code=202)


@pytest.fixture
def ear():
    return Ear()


@pytest.fixture
def url(ear):
    with serving(ear.app) as address:
        yield f"{address}/hooks/desk"


def made(**options) -> TopdeskSandbox:
    return TopdeskSandbox(SandboxOptions(closed_tickets=5, **options))


async def test_each_change_of_a_major_is_one_call_and_no_other_is(ear, url):
    desk = made(webhook_url=url, webhook_secret=SECRET)
    ordinary = desk.state.add_incident(briefDescription="Muis stuk")["id"]
    desk.state.edit(ordinary, briefDescription="Muis en toetsenbord stuk")
    await desk.webhook.settle()
    assert ear.heard == []
    desk.state.edit(ordinary, majorCall=True)
    desk.state.edit(ordinary, majorCall=False)
    row = desk.state.add_incident(**MAJOR)
    desk.state.add_progress(row["id"], "We kijken ernaar")
    desk.state.delete(row["id"])
    await desk.webhook.settle()
    assert [one.status for one in desk.webhook.calls] == [202] * 5
    numbers = [json.loads(body)["number"] for _, body in ear.heard]
    assert numbers[2:] == [row["number"]] * 3
    assert {headers["x-hub-secret"] for headers, _ in ear.heard} == {SECRET}


async def test_a_signed_call_shows_no_secret(ear, url):
    desk = made(webhook_url=url, webhook_secret=SECRET, webhook_hmac=True)
    desk.state.add_incident(**MAJOR)
    await desk.webhook.settle()
    [(headers, body)] = ear.heard
    text = headers["x-hub-timestamp"].encode() + b"." + body
    signed = hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()
    assert headers["x-hub-signature-256"] == f"sha256={signed}"
    assert SECRET not in str(headers) + body.decode()


async def test_a_receiver_that_is_away_is_not_the_service_desks_trouble(url):
    desk = made(webhook_url="http://127.0.0.1:9/hooks/desk")
    desk.state.add_incident(**MAJOR)
    await desk.webhook.settle()
    desk.webhook.receiver = Receiver(url.replace("/hooks/", "/nowhere/"))
    desk.state.add_incident(**MAJOR)
    await desk.webhook.settle()
    assert [one.status for one in desk.webhook.calls] == [0, 404]


async def test_the_story_calls_by_itself_and_a_reset_calls_nobody(ear, url):
    desk = made(webhook_url=url)
    desk.story.play_until(desk.story.steps[3].at)
    await desk.webhook.settle()
    assert len(ear.heard) >= 1
    told = len(ear.heard)
    desk.reset()
    await desk.webhook.settle()
    assert (len(ear.heard), len(desk.webhook.calls)) == (told, 0)


async def test_a_receiver_is_named_from_outside_and_its_secret_never_shown(ear, url, connect):
    desk = made()
    client = connect(desk, auth=None)
    desk.state.add_incident(**MAJOR)
    await desk.webhook.settle()
    to = {"url": url, "secret": SECRET}
    assert (await client.put("/__sim/webhook", json=to)).json() == {"url": url, "calls": []}
    number = (await client.post("/__sim/incidents", json=MAJOR)).json()["number"]
    await desk.webhook.settle()
    shown = await client.get("/__sim/webhook")
    [call] = shown.json()["calls"]
    assert (call["number"], call["status"]) == (number, 202)
    assert SECRET not in shown.text
    assert (await client.put("/__sim/webhook", json={})).json()["url"] is None
    desk.state.add_incident(**MAJOR)
    await desk.webhook.settle()
    assert len(ear.heard) == 1


def test_a_change_without_an_event_loop_waits_for_the_next(url):
    desk = made(webhook_url=url)
    desk.state.add_incident(**MAJOR)
    assert list(desk.webhook.calls) == []


def test_the_command_line_names_the_receiver():
    given = {"webhook_url": "http://127.0.0.1:8080/hooks/desk", "webhook_secret": SECRET}
    options = SandboxSettings(**given, webhook_hmac=True).to_options()
    receiver = TopdeskSandbox(options).webhook.receiver
    assert receiver == Receiver(given["webhook_url"], SECRET, hmac=True)
