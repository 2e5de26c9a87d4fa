import asyncio
from datetime import timedelta
from email.utils import parsedate_to_datetime

import httpx
import pytest

from hub.sandbox.intranet import Fault, IntranetOptions, IntranetSandbox

ITEM = "/v1/tile-item/topdesk:1"


async def test_down_for_a_while(api, sandbox, clock):
    sandbox.faults.add(Fault(kind="down", until=clock.at + timedelta(hours=1)))
    answer = await api.get("/v1/capabilities")
    assert answer.status_code == 503
    assert "retry-after" not in answer.headers
    assert not answer.headers["content-type"].startswith("application")
    clock.advance(3600)
    assert (await api.get("/v1/capabilities")).status_code == 200


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_status_a_number_of_times(api, sandbox, item, status):
    sandbox.faults.add(Fault(kind="status", status=status, times=2, method="PUT"))
    assert (await api.get("/v1/capabilities")).status_code == 200
    answers = [(await api.put(ITEM, json=item())).status_code for _ in range(3)]
    assert answers == [status, status, 201]


async def test_both_forms_of_retry_after(api, sandbox, clock):
    for form in ("seconds", "date", "none"):
        fault = Fault(kind="status", status=429, retry_after=form, seconds=30, times=1)
        sandbox.faults.add(fault)
    first, second, third = [await api.get("/v1/capabilities") for _ in range(3)]
    assert first.headers["retry-after"] == "30"
    at = parsedate_to_datetime(second.headers["retry-after"])
    assert at == clock.at + timedelta(seconds=30)
    assert (third.status_code, "retry-after" in third.headers) == (429, False)


async def test_a_login_page_with_status_200(api, sandbox, item):
    sandbox.faults.add(Fault(kind="html200", times=1))
    answer = await api.put(ITEM, json=item())
    assert answer.status_code == 200
    assert "<form" in answer.text
    assert len(sandbox.store) == 0


@pytest.mark.parametrize(
    ("fault", "stored"),
    [
        (Fault(kind="truncate", times=1), 1),
        (Fault(kind="reset", times=1), 0),
        (Fault(kind="reset", times=1, carried_out=True), 1),
    ],
)
async def test_connections_that_break(api, sandbox, item, fault, stored):
    sandbox.faults.add(fault)
    with pytest.raises(httpx.ReadError):
        await api.put(ITEM, json=item(), headers={"Idempotency-Key": "k"})
    assert len(sandbox.store) == stored
    assert sandbox.requests[-1].status is None
    assert sandbox.requests[-1].applied is bool(stored)
    retried = await api.put(ITEM, json=item(), headers={"Idempotency-Key": "k"})
    assert retried.status_code == 201
    assert sandbox.requests[-1].replayed is bool(stored)


async def test_exists500(api, sandbox, item):
    sandbox.faults.add(Fault(kind="exists500"))
    created = await api.put(ITEM, json=item(), headers={"Idempotency-Key": "k"})
    assert created.status_code == 500
    assert created.json()["type"] == "urn:openintranet:problem:already-exists"
    assert sandbox.store.get("tile-item", "topdesk:1") is not None
    again = await api.put(ITEM, json=item(), headers={"If-None-Match": "*"})
    assert again.json()["type"] == "urn:openintranet:problem:already-exists"
    assert (await api.put(ITEM, json=item("Ander"))).status_code == 200


async def test_swallow(api, sandbox, item):
    sandbox.faults.add(Fault(kind="swallow", times=1))
    assert (await api.put(ITEM, json=item())).status_code == 201
    assert (await api.get(ITEM)).status_code == 404
    assert sandbox.requests[0].applied is False
    await api.put(ITEM, json=item())
    sandbox.faults.add(Fault(kind="swallow", times=1))
    assert (await api.delete(ITEM)).status_code == 204
    assert (await api.get(ITEM)).status_code == 200


async def test_latency(api, sandbox):
    sandbox.faults.add(Fault(kind="latency", seconds=0.2, times=1))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(api.get("/v1/capabilities"), 0.05)
    await asyncio.wait_for(api.get("/v1/capabilities"), 5)


async def test_faults_choose_their_requests(api, sandbox):
    sandbox.faults.add(Fault(kind="status", path="timeline"))
    assert (await api.get("/v1/tile-item")).status_code == 200
    assert (await api.get("/v1/timeline")).status_code == 503
    sandbox.faults.clear()
    assert (await api.get("/v1/timeline")).status_code == 200


async def test_control_addresses(api, visitor, sandbox, item):
    await api.put(ITEM, json=item())
    planted = await visitor.post("/__sim/faults", json={"kind": "status", "status": 500})
    assert planted.status_code == 201
    assert (await api.get(ITEM)).status_code == 500
    assert [one["kind"] for one in (await visitor.get("/__sim/faults")).json()] == ["status"]
    assert (await visitor.delete("/__sim/faults")).status_code == 204
    log = (await visitor.get("/__sim/requests")).json()
    assert [(one["method"], one["status"]) for one in log] == [("PUT", 201), ("GET", 500)]
    assert (await visitor.post("/__sim/reset")).status_code == 204
    assert (len(sandbox.store), sandbox.requests) == (0, [])


@pytest.mark.parametrize("wrong", [{"kind": "fire"}, {"kind": "down", "path": "("}, {}])
async def test_a_wrong_fault_is_refused(visitor, sandbox, wrong):
    assert (await visitor.post("/__sim/faults", json=wrong)).status_code == 422
    assert sandbox.faults.planted() == []


async def test_the_control_secret_is_asked_for(clock):
    sandbox = IntranetSandbox(IntranetOptions(control_secret="geheim"), clock)
    transport = httpx.ASGITransport(sandbox.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://intranet.example") as client:
        assert (await client.post("/__sim/reset")).status_code == 401
        right = {"X-Sandbox-Secret": "geheim"}
        assert (await client.post("/__sim/reset", headers=right)).status_code == 204


async def test_broken_connections_over_a_real_socket(sandbox, served, item):
    headers = {"Authorization": "Bearer sandbox-token"}
    async with served(sandbox.app) as url, httpx.AsyncClient(base_url=url, headers=headers) as api:
        for kind in ("truncate", "reset"):
            sandbox.faults.add(Fault(kind=kind, times=1))
            with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
                await api.put(ITEM, json=item())
        assert (await api.put(ITEM, json=item())).status_code == 200
