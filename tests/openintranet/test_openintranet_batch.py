"""Batches: an answer per operation, as alone; faults for one and for all."""

import httpx
import pytest

from hub.sandbox.intranet import InProcessTransport, IntranetOptions, IntranetSandbox
from hub.sandbox.intranet.faults import Fault
from hub.sandbox.intranet.report import calls, changes, duplicates, leaks


def put(key, body, **more):
    return {"op": "put", "kind": "tile-item", "external_id": key, "body": body, **more}


def delete(key, **more):
    return {"op": "delete", "kind": "tile-item", "external_id": key, **more}


@pytest.fixture
def send(api):
    """Return a function that sends operations and gives the results back."""

    async def go(*operations):
        answer = await api.post("/v1/batch", json={"operations": operations})
        assert answer.status_code == 207, answer.text
        return answer.json()["results"]

    return go


def statuses(results):
    return [one["status"] for one in results]


async def test_results_come_in_order_and_one_that_fails_stops_no_other(sandbox, send, item):
    results = await send(
        put("a", item()),
        put("b", {"tile": "x"}),
        put("c", item("C")),
        delete("none"),
        put("d", None),
    )
    assert statuses(results) == [201, 422, 201, 404, 422]
    assert [one["external_id"] for one in results] == ["a", "b", "c", "none", "d"]
    assert [one.external_id for one in sandbox.store] == ["a", "c"]
    assert results[1]["problem"]["errors"][0]["field"] == "body.title"
    assert results[0]["problem"] is results[0]["retry_after"] is None


async def test_a_result_says_what_a_request_of_its_own_would_have_said(api, send, item):
    alone = await api.put("/v1/tile-item/a", json=item())
    [again] = await send(put("a", item()))
    assert (again["status"], again["etag"]) == (200, alone.headers["etag"])
    [gone] = await send(delete("a", if_match=again["etag"]))
    assert (gone["status"], gone["etag"]) == (204, None)


async def test_conditions_hold_per_operation(send, item):
    [made] = await send(put("a", item(), if_none_match="*"))
    results = await send(
        put("a", item("other"), if_none_match="*"),
        put("a", item("mine"), if_match=made["etag"]),
        put("a", item("stale"), if_match=made["etag"]),
        delete("a", if_match=made["etag"]),
    )
    assert statuses(results) == [412, 200, 412, 412]
    assert results[0]["problem"]["type"].endswith(":precondition-failed")


async def test_an_unknown_audience_is_the_operations_own_problem(send, item):
    wrong = item(audience={"groups": ["nobody"]})
    assert statuses(await send(put("a", wrong), put("b", item()))) == [422, 201]


async def test_an_idempotency_key_counts_in_a_batch_and_alone(api, send, item):
    first = await send(put("a", item(), idempotency_key="k1"))
    again = await send(put("a", item(), idempotency_key="k1"))
    alone = await api.put("/v1/tile-item/a", json=item(), headers={"Idempotency-Key": "k1"})
    other = await send(put("a", item("other"), idempotency_key="k1"))
    assert statuses(first) == statuses(again) == [alone.status_code] == [201]
    assert [first[0]["replay"], again[0]["replay"]] == [False, True]
    assert alone.headers["idempotent-replay"] == "true"
    assert statuses(other) == [422]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"operations": []},
        {"operations": [{"op": "burn", "kind": "tile-item", "external_id": "a"}]},
        {"operations": [{"op": "delete", "kind": "tile-item"}]},
        {"operations": [{"op": "delete", "kind": "cards", "external_id": "a"}]},
        {"operations": [{"op": "delete", "kind": "tile-item", "external_id": "a b"}]},
        {"operations": [], "more": 1},
    ],
)
async def test_a_wrong_envelope_is_refused_as_a_whole(api, sandbox, body):
    answer = await api.post("/v1/batch", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(sandbox.store) == 0


async def test_too_many_operations_are_refused_as_a_whole(api, sandbox, item):
    most = (await api.get("/v1/capabilities")).json()["kinds"]["tile-item"]["batch_max"]
    many = [put(f"k{number}", item()) for number in range(most + 1)]
    assert (await api.post("/v1/batch", json={"operations": many})).status_code == 413
    assert len(sandbox.store) == 0
    assert (await api.post("/v1/batch", json={"operations": many[1:]})).status_code == 207
    assert len(sandbox.store) == most == 100


async def test_a_batch_of_more_than_64_kib_is_taken(send, item):
    advice = {"nl": "x" * 2000}
    many = [put(f"k{number}", item(workaround=advice)) for number in range(60)]
    assert set(statuses(await send(*many))) == {201}


@pytest.mark.parametrize("batch_max", [0, 1])
async def test_an_intranet_without_batches_has_no_such_address(clock, batch_max):
    sandbox = IntranetSandbox(IntranetOptions(batch_max=batch_max, at_once=3), clock)
    async with httpx.AsyncClient(
        base_url="http://intranet.example",
        transport=InProcessTransport(sandbox.app),
        headers={"Authorization": f"Bearer {sandbox.options.token}"},
    ) as api:
        can = (await api.get("/v1/capabilities")).json()
        assert can["kinds"]["tile-item"]["batch_max"] == 1
        assert can["at_once"] == 3
        assert (await api.post("/v1/batch", json={"operations": [delete("a")]})).status_code == 404


async def test_a_token_that_may_only_read_writes_no_batch(reader, sandbox, item):
    answer = await reader.post("/v1/batch", json={"operations": [put("a", item())]})
    assert (answer.status_code, len(sandbox.store)) == (403, 0)


async def test_another_method_is_told_which_one(api):
    answer = await api.put("/v1/batch", json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


# --- faults ---------------------------------------------------------------------------------------


async def test_poison_spoils_the_whole_batch_and_a_request_of_its_own(api, sandbox, send, item):
    sandbox.faults.add(Fault(kind="poison", path="tile-item/bad$"))
    both = {"operations": [put("a", item()), put("bad", item())]}
    assert (await api.post("/v1/batch", json=both)).status_code == 500
    assert len(sandbox.store) == 0
    assert (await api.put("/v1/tile-item/bad", json=item())).status_code == 500
    assert statuses(await send(put("a", item()), put("b", item("B")))) == [201, 201]


async def test_a_planted_status_meets_one_operation(sandbox, send, item):
    sandbox.faults.add(
        Fault(kind="status", status=429, path="tile-item/b$", retry_after="seconds", seconds=7)
    )
    results = await send(put("a", item()), put("b", item("B")), put("c", item("C")))
    assert statuses(results) == [201, 429, 201]
    assert [one["retry_after"] for one in results] == [None, 7, None]
    assert len(sandbox.store) == 2


@pytest.mark.parametrize("status", [413, 429, 500, 503])
async def test_a_planted_status_meets_the_batch_as_a_whole(api, sandbox, item, status):
    sandbox.faults.add(Fault(kind="status", status=status, path="^/v1/batch$", times=1))
    answer = await api.post("/v1/batch", json={"operations": [put("a", item())]})
    assert (answer.status_code, len(sandbox.store)) == (status, 0)


async def test_a_batch_whose_answer_breaks_off_was_carried_out(api, sandbox, item):
    sandbox.faults.add(Fault(kind="truncate", path="batch", times=1))
    with pytest.raises(httpx.ReadError):
        await api.post("/v1/batch", json={"operations": [put("a", item())]})
    whole, part = sandbox.requests
    assert (whole.status, part.status, part.applied) == (None, None, True)
    assert len(sandbox.store) == 1


async def test_what_is_swallowed_in_a_batch_is_told_and_not_stored(sandbox, send, item):
    sandbox.faults.add(Fault(kind="swallow", path="tile-item/b$"))
    assert statuses(await send(put("a", item()), put("b", item("B")))) == [201, 201]
    assert [one.external_id for one in sandbox.store] == ["a"]
    assert [one.applied for one in sandbox.requests] == [False, True, False]


# --- the log and the report -----------------------------------------------------------------------


async def test_operations_stand_in_the_log_as_the_requests_that_they_would_have_been(
    sandbox, send, item
):
    await send(put("a", item(), idempotency_key="k"), put("b", {}), delete("a"))
    assert [(one.method, one.path, one.status) for one in sandbox.requests] == [
        ("POST", "/v1/batch", 207),
        ("PUT", "/v1/tile-item/a", 201),
        ("PUT", "/v1/tile-item/b", 422),
        ("DELETE", "/v1/tile-item/a", 204),
    ]
    assert sandbox.requests[1].idempotency_key == "k"
    assert [one.in_batch for one in sandbox.requests] == [False, True, True, True]
    assert (calls(sandbox), changes(sandbox)) == (1, 2)


async def test_the_report_sees_what_is_repeated_alone_and_in_a_batch(api, sandbox, send, item):
    await send(put("a", item(), idempotency_key="k1"))
    assert duplicates(sandbox) == []
    await api.put("/v1/tile-item/a", json=item(), headers={"Idempotency-Key": "k2"})
    assert duplicates(sandbox) == ["the same body again: PUT /v1/tile-item/a"]


async def test_the_report_sees_a_leak_in_an_operation_that_was_refused(sandbox, send):
    await send(put("a", {"tile": "Jan Jansen"}))
    assert any("PUT /v1/tile-item/a" in one for one in leaks(sandbox, ["jan jansen"]))
