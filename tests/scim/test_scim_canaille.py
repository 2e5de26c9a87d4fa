"""Accounts on Canaille, a server that others wrote: it keeps no externalId and knows fewer fields."""

import asyncio
import os
import socket
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from hub.contract import Context, Delivery
from hub.events.objects import Kind, PersonEntry
from hub.http import HttpFactory, HttpOptions
from hub.targets.scim import ScimSettings, ScimTarget

pytestmark = [pytest.mark.peers, pytest.mark.timeout(300)]

# newer scim2-models than it was written for: its lists fail
NEEDED = ("canaille[front,scim,server]==0.3.6", "scim2-models==0.7.0", "scim2-client==0.7.5")
TOKEN = "t0ken-of-canaille"
NOOR = {"user_name": "noor", "display_name": "Noor van den Berg", "given_name": "Noor"}
NOOR |= {"family_name": "van den Berg", "mail": "noor@example.org", "title": "Kassa"}
NOOR |= {"department": "Winkel 12", "office": "Amstelveen", "phone": "020 123 4567"}


@pytest.fixture(scope="module")
def canaille(ready):
    """The address of a Canaille without anybody; it ends with these tests."""
    programs = ready("canaille", *NEEDED)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = Path(__file__).with_name("canaille_server.py")
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(
        [programs / "python", script, str(port), TOKEN],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}/scim/v2"
    try:
        for _ in range(600):
            assert process.poll() is None, "Canaille ended at once"
            try:
                httpx.get(f"{url}/ServiceProviderConfig")
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                break
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
async def target(canaille):
    def now():
        return datetime.now(UTC)

    config = ScimSettings(url=canaille, token=TOKEN)
    factory = HttpFactory(HttpOptions(), now, asyncio.sleep)
    made = ScimTarget(config, Context("test", factory, None, now))
    yield made
    await made.close()


def wish(key, remote_id=None, **values):
    body = PersonEntry(**values).model_dump(mode="json", exclude_none=True)
    return Delivery(Kind.PERSON, key, "present", body, token="once", remote_id=remote_id)


def everybody(url):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    listed = httpx.get(f"{url}/Users", headers=headers).json()["Resources"]
    return {one["userName"]: one for one in listed}


async def publish(target, item):
    (outcome,) = await target.publish([item])
    return outcome


async def test_somebody_comes_changes_and_leaves(target, canaille):
    made = await publish(target, wish("p-1", **NOOR))
    assert made.status == "done", made.reason
    there = everybody(canaille)["noor"]
    assert there["name"]["formatted"] == "Noor van den Berg"
    assert [one["value"] for one in there["emails"]] == ["noor@example.org"]
    assert there["title"] == "Kassa"

    same = await publish(target, wish("p-1", made.remote_id, **NOOR))
    assert same.status == "done", same.reason
    moved = await publish(target, wish("p-1", made.remote_id, **NOOR | {"title": "Teamleider"}))
    assert moved.status == "done", moved.reason
    assert everybody(canaille)["noor"]["title"] == "Teamleider"

    left = await publish(target, wish("p-1", made.remote_id, **NOOR, active=False))
    assert left.status == "done", left.reason
    assert everybody(canaille)["noor"]["active"] is False


async def test_an_account_that_stands_there_is_not_taken_over(target, canaille):
    assert (await publish(target, wish("p-2", **NOOR | {"user_name": "sem"}))).status == "done"
    outcome = await publish(target, wish("p-3", **NOOR | {"user_name": "SEM"}))
    assert outcome.status == "rejected"
    assert "stands there already" in outcome.reason
    assert [name for name in everybody(canaille) if name.casefold() == "sem"] == ["sem"]


async def test_the_check_says_what_it_keeps_not(target):
    assert "it keeps no externalId" in [one.what for one in await target.check()]
