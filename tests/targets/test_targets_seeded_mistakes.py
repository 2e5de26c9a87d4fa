"""Mistakes in targets, each a small change of the reference target, each caught by the suite."""

from dataclasses import replace
from uuid import uuid4

import pytest

from hub.contract import Outcome, Remote
from hub.errors import AuthFailedError, HubError, RejectedError, RetryableError
from hub.targets.openintranet import OpenIntranetTarget
from hub.targets.openintranet.target import _operation
from hub.testing.target_suite import TargetContract


class SaysDoneOnFailure(OpenIntranetTarget):
    async def publish(self, items):
        try:
            return await super().publish(items)
        except RetryableError:
            return [Outcome("done", remote_id=item.key) for item in items]


class LosesTheOrder(OpenIntranetTarget):
    async def publish(self, items):
        return list(reversed(await super().publish(items)))


class LosesWhatWasDone(OpenIntranetTarget):
    async def publish(self, items):
        outcomes = await super().publish(items)
        if any(one.status == "retry" for one in outcomes):
            raise RetryableError("The intranet failed.")
        return outcomes


class StopsAtARefusal(OpenIntranetTarget):
    async def publish(self, items):
        outcomes = await super().publish(items)
        if any(one.status == "rejected" for one in outcomes):
            raise RejectedError("The intranet refused one.")
        return outcomes


class MakesTwoOnRepeat(OpenIntranetTarget):
    async def publish(self, items):
        fresh = [
            replace(item, key=f"{item.key}-{uuid4()}", token=str(uuid4()))
            if item.remote_id is None and item.state == "present"
            else item
            for item in items
        ]
        return await super().publish(fresh)


class DeletingNothingRaises(OpenIntranetTarget):
    async def _delete(self, item):
        if await self.api.get(item.kind, item.key) is None:
            raise RetryableError("There is nothing to delete.")
        return await super()._delete(item)


class OverwritesOthers(OpenIntranetTarget):
    async def publish(self, items):
        known = [replace(one, remote_id=one.key, remote_version=None) for one in items]
        return await super().publish(known)


class BelievesTheKeptAnswer(OpenIntranetTarget):
    async def _stands(self, item):
        return True


class TellsTheToken(OpenIntranetTarget):
    async def publish(self, items):
        try:
            return await super().publish(items)
        except AuthFailedError as error:
            token = self.config.token.get_secret_value()
            raise AuthFailedError(f"Token {token} was refused.") from error


class CallsInTheConstructor(OpenIntranetTarget):
    def __init__(self, config, context):
        super().__init__(config, context)
        with pytest.raises((StopIteration, HubError)):
            self.api.capabilities().send(None)


class TakesALoginPageForDone(OpenIntranetTarget):
    async def _one(self, item):
        try:
            return await super()._one(item)
        except RetryableError as error:
            if "200" in str(error):
                return Outcome("done", remote_id=item.key)
            raise


class FindsNothingWhenItFails(OpenIntranetTarget):
    async def find(self, kind, keys):
        try:
            return await super().find(kind, keys)
        except HubError:
            return {}


class ListsOnlyTheFirstPage(OpenIntranetTarget):
    async def list_remote(self, kind):
        count = 0
        async for remote in super().list_remote(kind):
            count += 1
            if count <= 200:
                yield remote


class FindsWhatIsNotThere(OpenIntranetTarget):
    async def find(self, kind, keys):
        return {key: Remote(key, key, None, {}) for key in keys}


class LoginIsARetry(OpenIntranetTarget):
    async def publish(self, items):
        try:
            return await super().publish(items)
        except AuthFailedError as error:
            return [Outcome("retry", str(error)) for _ in items]


class CheckRaises(OpenIntranetTarget):
    async def check(self):
        await self.capabilities()
        return await super().check()


class SendsABatchOneByOne(OpenIntranetTarget):
    async def _batch(self, items):
        return await self._one_by_one(items)


class LosesTheOrderOfABatch(OpenIntranetTarget):
    async def _batch(self, items):
        return list(reversed(await super()._batch(items)))


class RefusesTheWholeBatch(OpenIntranetTarget):
    async def _batch(self, items):
        outcomes = await super()._batch(items)
        if any(one.status == "rejected" for one in outcomes):
            raise RejectedError("The intranet refused one of them.")
        return outcomes


class LooksAtNoResult(OpenIntranetTarget):
    async def _batch(self, items):
        results = await self.api.batch([_operation(item) for item in items])
        return [Outcome("done", remote_id=one.external_id) for one in results]


class OverwritesOthersInABatch(OpenIntranetTarget):
    async def _batch(self, items):
        known = [replace(one, remote_id=one.key, remote_version=None) for one in items]
        return await super()._batch(known)


class SaysDoneWhenABatchFails(OpenIntranetTarget):
    async def _batch(self, items):
        try:
            return await super()._batch(items)
        except RetryableError:
            return [Outcome("done", remote_id=item.key) for item in items]


class MakesABatchTwice(OpenIntranetTarget):
    async def _batch(self, items):
        fresh = [replace(one, key=f"{one.key}-{uuid4()}", token=str(uuid4())) for one in items]
        return await super()._batch(fresh)


class RemovesNothingInABatch(OpenIntranetTarget):
    async def _batch(self, items):
        if items[0].state == "absent":
            return [Outcome("done") for _ in items]
        return await super()._batch(items)


BATCH_MISTAKES = [
    (SendsABatchOneByOne, "a_batch_is_one_call", "promises a batch"),
    (LosesTheOrderOfABatch, "outcomes_of_a_batch_come_in_the_order_of_the_items", "another order"),
    (RefusesTheWholeBatch, "one_bad_item_does_not_spoil_the_others_of_a_batch", "spoiled"),
    (LooksAtNoResult, "one_bad_item_does_not_spoil_the_others_of_a_batch", "rejected"),
    (OverwritesOthersInABatch, "each_item_of_a_batch_meets_the_state", "overwritten in a batch"),
    (SaysDoneWhenABatchFails, "a_batch_that_is_repeated_makes_nothing_twice", "a lost answer gave"),
    (SaysDoneWhenABatchFails, "a_batch_that_fails_as_a_whole_says_so", "of a batch became"),
    (MakesABatchTwice, "a_batch_that_is_repeated_makes_nothing_twice", "made twice"),
    (RemovesNothingInABatch, "a_batch_of_removals_removes", "removed nothing"),
]

MISTAKES = [
    (SaysDoneOnFailure, "no_fault_is_done", "was taken for success"),
    (LosesTheOrder, "outcomes_come_in_the_order_of_the_items", "in another order"),
    (LosesWhatWasDone, "what_was_done_is_not_lost_when_a_later_item_fails", "is lost"),
    (StopsAtARefusal, "a_refused_item_does_not_hide_the_others", "hid the others"),
    (MakesTwoOnRepeat, "a_repeat_is_harmless", "made a second object"),
    (DeletingNothingRaises, "a_removal_removes_and_absent_is_done", "not there raised"),
    (OverwritesOthers, "somebody_elses_edit_is_a_conflict", "was overwritten"),
    (BelievesTheKeptAnswer, "somebody_elses_edit_is_a_conflict", "kept answer"),
    (BelievesTheKeptAnswer, "what_somebody_deleted_is_gone_and_can_be_made_again", "not there"),
    (TellsTheToken, "no_secret_shows", "t0ken"),
    (CallsInTheConstructor, "the_constructor_makes_no_call", "must not use the network"),
    (TakesALoginPageForDone, "no_fault_is_done", "html was taken for success"),
    (FindsNothingWhenItFails, "looking_fails_aloud", "auth"),
    (ListsOnlyTheFirstPage, "everything_is_listed_once", "subject-2"),
    (FindsWhatIsNotThere, "what_is_found_is_what_stands_there", "subject-9"),
    (LoginIsARetry, "no_fault_is_done", "auth must raise AuthFailedError"),
    (CheckRaises, "check_says_what_is_wrong_and_never_raises", "check() raised"),
]


def suite(target, world):
    made = type("World", (world,), {"target": target})
    return type("Suite", (TargetContract,), {"world": lambda _: made()})()


@pytest.mark.parametrize(
    ("mistake", "check", "words"), MISTAKES, ids=[f"{m.__name__}-{c}" for m, c, _ in MISTAKES]
)
async def test_a_seeded_mistake_in_a_target_is_caught(mistake, check, words, one_by_one_world):
    await _caught(suite(mistake, one_by_one_world), check, words)


@pytest.mark.parametrize(
    ("mistake", "check", "words"),
    BATCH_MISTAKES,
    ids=[f"{mistake.__name__}-{check}" for mistake, check, _ in BATCH_MISTAKES],
)
async def test_a_seeded_mistake_in_batches_is_caught(mistake, check, words, intranet_world):
    await _caught(suite(mistake, intranet_world), check, words)


async def _caught(contract, check, words):
    (name,) = [one for one in dir(contract) if one.startswith(f"test_{check}")]
    with pytest.raises((AssertionError, pytest.fail.Exception)) as failure:
        await getattr(contract, name)()
    assert words in str(failure.value)


def test_at_least_five_different_mistakes_in_targets_are_seeded():
    assert len({mistake for mistake, _, _ in MISTAKES}) >= 5
