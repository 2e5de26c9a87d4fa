"""Batches of the reference target: one call, and the same conclusions as one by one."""

import json

import httpx
import pytest

from hub.contract import Outcome
from hub.errors import RateLimitedError, RejectedError, RetryableError
from hub.events.objects import Kind
from hub.sandbox.intranet import Fault
from hub.targets.openintranet import OpenIntranetTarget
from hub.testing.fakes import fake_context
from hub.testing.target_bench import known, opened

KIND = Kind.TILE_ITEM


@pytest.fixture
async def bench(world):
    async with opened(world) as made:
        yield made


@pytest.fixture
async def target(bench):
    made = bench.target()
    await made.capabilities()
    bench.world.sandbox.requests.clear()
    return made


def asked(bench):
    return [(one.method, one.path) for one in bench.world.sandbox.requests if not one.in_batch]


def items(bench, *keys):
    return [bench.present(KIND, key, f"title {key}") for key in keys]


async def test_several_items_are_one_request_with_token_and_condition(bench, target):
    first, second = await target.publish(items(bench, "a", "b"))
    assert asked(bench) == [("POST", "/v1/batch")]
    sent = json.loads(bench.world.sandbox.requests[0].body)["operations"]
    assert [one["if_none_match"] for one in sent] == ["*", "*"]
    assert sent[0]["idempotency_key"] == "token-tile-item-a-title a"
    assert sent[0]["body"]["audience"] == {"everyone": True}
    assert [first.status, second.status] == ["done", "done"]
    assert first.remote_version == bench.world.sandbox.store.get(KIND, "a").etag


async def test_one_item_is_a_request_of_its_own(bench, target):
    await target.publish(items(bench, "a"))
    assert asked(bench) == [("PUT", "/v1/tile-item/a")]


async def test_before_the_intranet_said_so_nothing_goes_in_a_batch(bench):
    await bench.target().publish(items(bench, "a", "b"))
    assert asked(bench) == [("PUT", "/v1/tile-item/a"), ("PUT", "/v1/tile-item/b")]


async def test_an_intranet_without_batches_is_never_asked_for_one(one_by_one_world):
    async with opened(one_by_one_world()) as bench:
        target = bench.target()
        can = await target.capabilities()
        assert can.kinds[KIND].batch_max == 1
        outcomes = await target.publish(items(bench, "a", "b"))
        assert [one.status for one in outcomes] == ["done", "done"]
        assert ("POST", "/v1/batch") not in asked(bench)


async def test_a_key_that_the_api_refuses_does_not_spoil_the_batch(bench, target):
    outcomes = await target.publish(items(bench, "a", "no key", "b"))
    assert [one.status for one in outcomes] == ["done", "rejected", "done"]
    assert bench.keys(KIND) == ["a", "b"]


async def test_removals_carry_the_version_that_is_known(bench, target):
    made = await target.publish(items(bench, "a", "b"))
    bench.world.meddle(KIND, "b")
    gone = [bench.absent(KIND, key, **known(one)) for key, one in zip("ab", made, strict=True)]
    first, second = await target.publish([*gone])
    assert (first, second.status) == (Outcome("done"), "conflict")
    assert bench.keys(KIND) == ["b"]


async def test_an_item_that_should_wait_waits_alone(bench, target):
    fault = Fault(kind="status", status=429, retry_after="seconds", seconds=90, path="tile-item/b$")
    bench.world.sandbox.faults.add(fault)
    outcomes = await target.publish(items(bench, "a", "b", "c"))
    assert [(one.status, one.after) for one in outcomes] == [
        ("done", None),
        ("retry", 90),
        ("done", None),
    ]


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_failure_of_one_item_passes_and_is_its_own(bench, target, status):
    fault = Fault(kind="status", status=status, path="tile-item/b$", times=1)
    bench.world.sandbox.faults.add(fault)
    outcomes = await target.publish(items(bench, "a", "b"))
    assert [one.status for one in outcomes] == ["done", "retry"]


async def test_a_500_that_says_exists_is_looked_at(bench, target):
    bench.world.exists_as_fault()
    outcomes = await target.publish(items(bench, "a", "b"))
    assert [one.status for one in outcomes] == ["done", "done"]


async def test_a_kept_answer_in_a_batch_is_not_believed_when_the_object_is_gone(bench, target):
    batch = items(bench, "a", "b")
    first = await target.publish(batch)
    bench.world.vanish(KIND, "a")
    again = await target.publish(batch)
    assert again == first
    assert bench.keys(KIND) == ["a", "b"]


async def test_what_was_done_is_told_though_a_look_fails_afterwards(bench, target):
    await bench.one(bench.present(KIND, "a", "theirs"))
    await bench.one(bench.present(KIND, "b", "theirs"))
    bench.world.wire.fail("server_error", after=1)
    outcomes = await target.publish(items(bench, "a", "c", "b"))
    assert [one.status for one in outcomes] == ["retry", "done", "retry"]


@pytest.mark.parametrize(
    ("status", "error"), [(413, RejectedError), (429, RateLimitedError), (500, RetryableError)]
)
async def test_a_fault_of_the_whole_batch_is_raised(bench, target, status, error):
    bench.world.sandbox.faults.add(Fault(kind="status", status=status, path="batch"))
    with pytest.raises(error) as caught:
        await target.publish(items(bench, "a", "b"))
    assert type(caught.value) is error
    assert bench.keys(KIND) == []


async def test_poison_is_found_by_halves(bench, target):
    bench.world.sandbox.faults.add(Fault(kind="poison", path="tile-item/bad$"))
    with pytest.raises(RetryableError):
        await target.publish(items(bench, "a", "bad"))
    assert (await target.publish(items(bench, "a")))[0].status == "done"
    assert (await target.publish(items(bench, "bad")))[0].status == "retry"


async def test_a_reason_in_a_batch_quotes_nothing_of_the_body(bench, target):
    title = "Jan Jansen 06-12345678 " * 8
    bad = bench.present(KIND, "a")
    bad = type(bad)(KIND, "a", "present", {**bad.body, "title": {"nl": title}}, "t")
    refused, done = await target.publish([bad, *items(bench, "b")])
    assert (refused.status, done.status) == ("rejected", "done")
    assert "title" in refused.reason
    assert "Jansen" not in refused.reason


@pytest.mark.parametrize(
    "results",
    [
        [],
        [{"external_id": "a", "status": 201, "etag": "1"}],
        [{"external_id": "b", "status": 201}, {"external_id": "a", "status": 201}],
        [{"external_id": "a"}, {"external_id": "b"}],
    ],
)
async def test_results_that_do_not_fit_say_nothing_about_any_item(bench, results):
    can = {"kinds": {"tile-item": {"batch_max": 9}}}
    transport = httpx.MockTransport(
        lambda request: (
            httpx.Response(200, json=can)
            if request.method == "GET"
            else httpx.Response(207, json={"results": results})
        )
    )
    target = OpenIntranetTarget(bench.config, fake_context(transport=transport))
    await target.capabilities()
    with pytest.raises(RetryableError):
        await target.publish(items(bench, "a", "b"))


async def test_a_result_without_a_version_is_not_done(bench):
    can = {"kinds": {"tile-item": {"batch_max": 9}}}
    results = [{"external_id": key, "status": 201} for key in "ab"]
    transport = httpx.MockTransport(
        lambda request: (
            httpx.Response(200, json=can)
            if request.method == "GET"
            else httpx.Response(207, json={"results": results})
        )
    )
    target = OpenIntranetTarget(bench.config, fake_context(transport=transport))
    await target.capabilities()
    outcomes = await target.publish(items(bench, "a", "b"))
    assert [one.status for one in outcomes] == ["retry", "retry"]
