"""The reference target against the sandbox intranet: the contract, and what is its own."""

import json

import httpx
import pytest
from pydantic import ValidationError

from hub.contract import Delivery, Outcome
from hub.errors import AuthFailedError, PermissionMissingError, RetryableError
from hub.events.objects import Kind
from hub.sandbox.intranet import Fault
from hub.targets.openintranet import OpenIntranetSettings, OpenIntranetTarget
from hub.targets.openintranet.mapping import to_api
from hub.testing.fakes import fake_context
from hub.testing.target_bench import known, opened
from hub.testing.target_suite import TargetContract

KIND = Kind.TILE_ITEM


class TestOpenIntranet(TargetContract):
    @pytest.fixture(autouse=True)
    def _world(self, intranet_world):
        self.make = intranet_world

    def world(self):
        return self.make()


class TestOneByOne(TargetContract):
    """The same contract with an intranet that has no batches."""

    @pytest.fixture(autouse=True)
    def _world(self, one_by_one_world):
        self.make = one_by_one_world

    def world(self):
        return self.make()


@pytest.fixture
async def bench(world):
    async with opened(world) as made:
        yield made


def settings(url="https://intranet.test", token="t0ken"):
    return OpenIntranetSettings(url=url, token=token)


@pytest.mark.parametrize(
    "url",
    [
        "https://Intranet.test",
        "https://intranet.test:443/",
        "https://intranet.test/v1",
        "https://intranet.test/v1/",
    ],
)
def test_an_address_has_one_spelling(url):
    assert settings(url).address() == "https://intranet.test"


@pytest.mark.parametrize(
    "url", ["https://u:p4ss@intranet.test", "https://intranet.test?x=1", "ftp://intranet.test"]
)
def test_an_address_with_more_than_an_address_is_refused_without_an_echo(url):
    with pytest.raises(ValidationError) as caught:
        settings(url)
    assert "p4ss" not in str(caught.value)


def test_an_audience_says_one_thing_and_empty_fields_stay_at_home():
    everyone = {"audience": {"everyone": True, "groups": []}, "solved_at": None, "reopened": 0}
    assert to_api(everyone) == {"audience": {"everyone": True}, "reopened": 0}
    groups = {"audience": {"everyone": None, "groups": ("diemen",)}}
    assert to_api(groups) == {"audience": {"groups": ["diemen"]}}


async def test_capabilities_are_those_that_the_intranet_says(bench):
    can = await bench.target().capabilities()
    assert set(can.kinds) == set(Kind)
    assert can.kinds[KIND].max_title == 120
    assert can.kinds[KIND].conditional
    assert (can.kinds[KIND].batch_max, can.at_once) == (100, 5)
    assert can.groups == {"ouder-amstel", "diemen", "uithoorn", "uitvoeringsorganisatie"}


async def test_a_check_tells_a_token_that_may_only_read(intranet_world):
    async with opened(intranet_world(token="may-only-read")) as bench:
        findings = await bench.target().check()
        assert [one.what for one in findings if one.level == "failed"] == [
            "the token may only read"
        ]
        with pytest.raises(PermissionMissingError):
            await bench.target().publish([bench.present(KIND, "a")])


async def test_a_check_tells_a_wrong_token(intranet_world):
    async with opened(intranet_world(token="wrong-token")) as bench:
        (finding,) = await bench.target().check()
        assert "refused the token" in finding.what
        with pytest.raises(AuthFailedError):
            await bench.target().publish([bench.present(KIND, "a")])


async def test_a_title_that_is_too_long_is_rejected_with_the_field_and_without_its_text(bench):
    title = "Jan Jansen 06-12345678 " * 8
    body = {**bench.world.body(KIND, "x"), "title": {"nl": title}}
    (outcome,) = await bench.target().publish([Delivery(KIND, "a", "present", body, "t")])
    assert outcome.status == "rejected"
    assert "title" in outcome.reason
    assert "Jansen" not in outcome.reason


async def test_an_unknown_group_is_rejected_in_the_words_of_the_intranet(bench):
    body = bench.world.bad_body(KIND)
    (outcome,) = await bench.target().publish([Delivery(KIND, "a", "present", body, "t")])
    assert outcome.status == "rejected"
    assert "uithoorn" in outcome.reason


async def test_a_body_that_is_too_large_is_rejected(bench):
    body = {**bench.world.body(KIND, "x"), "tile": "x" * 70_000}
    (outcome,) = await bench.target().publish([Delivery(KIND, "a", "present", body, "t")])
    assert (outcome.status, "413" in outcome.reason) == ("rejected", True)


@pytest.mark.parametrize("key", ["a/b", "../tile-item/x", "sleutel met spatie", "", "é"])
async def test_a_key_that_would_be_another_address_is_rejected_unsent(bench, key):
    outcome = await bench.one(bench.present(KIND, key))
    assert outcome.status == "rejected"
    assert bench.world.calls() == 0


async def test_an_object_of_somebody_else_under_our_key_is_not_overwritten(bench):
    await bench.one(bench.present(KIND, "a", "theirs"))
    outcome = await bench.one(bench.present(KIND, "a", "ours"))
    assert outcome.status == "conflict"
    assert outcome.remote_version == bench.world.sandbox.store.get(KIND, "a").etag
    assert bench.world.stored(KIND)[0][1]["title"] == {"nl": "Storing theirs"}


async def test_a_kept_answer_is_not_believed_when_the_object_is_gone(bench):
    first = await bench.one(bench.present(KIND, "a"))
    bench.world.vanish(KIND, "a")
    again = await bench.one(bench.present(KIND, "a"))
    assert again == first
    assert bench.keys(KIND) == ["a"]


async def test_a_change_that_arrived_before_its_answer_got_lost_is_done_when_repeated(bench):
    first = await bench.made(KIND, "a")
    change = bench.present(KIND, "a", "second", **known(first))
    bench.world.fail("lost")
    with pytest.raises(RetryableError):
        await bench.one(change)
    bench.world.heal()
    bench.world.sandbox._answers.clear()
    outcome = await bench.one(change)
    assert outcome.status == "done"
    assert outcome.remote_version == bench.world.sandbox.store.get(KIND, "a").etag


async def test_a_500_that_says_exists_is_done_at_once_when_it_is_ours(bench):
    bench.world.exists_as_fault()
    assert (await bench.one(bench.present(KIND, "a"))).status == "done"


async def test_a_plain_500_is_retried_and_the_next_item_still_goes(bench):
    bench.world.sandbox.faults.add(Fault(kind="status", status=500, times=1, method="PUT"))
    items = [bench.present(KIND, key) for key in ("a", "b")]
    outcomes = await bench.target().publish(items)
    assert [one.status for one in outcomes] == ["retry", "done"]


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_the_wait_that_the_intranet_asks_for_is_passed_on(bench, form):
    fault = Fault(kind="status", status=429, retry_after=form, seconds=90, method="PUT", path="b$")
    bench.world.sandbox.faults.add(fault)
    items = [bench.present(KIND, key) for key in ("a", "b", "c")]
    outcomes = await bench.target().publish(items)
    assert outcomes[0].status == "done"
    assert [(one.status, one.after) for one in outcomes[1:]] == [("retry", 90), ("retry", 90)]


async def test_the_requests_carry_token_and_version(bench):
    first = await bench.made(KIND, "a")
    await bench.one(bench.present(KIND, "a", "second", **known(first)))
    log = bench.world.sandbox.requests
    assert [one.idempotency_key for one in log] == [
        "token-tile-item-a-first",
        "token-tile-item-a-second",
    ]
    assert json.loads(log[0].body)["audience"] == {"everyone": True}
    assert [one.status for one in log] == [201, 200]


async def test_a_removal_of_what_somebody_changed_is_a_conflict_until_the_version_is_right(bench):
    first = await bench.made(KIND, "a")
    bench.world.meddle(KIND, "a")
    outcome = await bench.one(bench.absent(KIND, "a", **known(first)))
    assert outcome.status == "conflict"
    assert (await bench.one(bench.absent(KIND, "a", **known(outcome)))) == Outcome("done")


async def test_a_bare_404_is_no_word_about_the_object(bench):
    first = await bench.made(KIND, "a")
    bench.world.fail("not_found")
    with pytest.raises(RetryableError, match="check `url`"):
        await bench.one(bench.absent(KIND, "a", **known(first)))
    with pytest.raises(RetryableError, match="check `url`"):
        await bench.target().find(KIND, ["a"])


async def test_a_list_that_goes_round_in_a_circle_ends(bench):
    page = {"items": [], "next_cursor": "again"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=page))
    target = OpenIntranetTarget(bench.config, fake_context(transport=transport))
    with pytest.raises(RetryableError, match="circle"):
        [remote async for remote in target.list_remote(KIND)]
