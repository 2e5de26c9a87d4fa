"""Mistakes in connectors, each a small change of one good connector, each caught by the suite."""

import json
from dataclasses import replace
from uuid import uuid4

import pytest
from pydantic import BaseModel, HttpUrl

from hub.contract import Batch, Checkpoint, Gone, Slice, Unknown
from hub.errors import HubError, PermissionMissingError, RetryableError
from hub.events.incident import Incident
from hub.testing.connector_suite import ConnectorContract
from hub.testing.example_connector import BoardConnector, BoardWorld


class OpenSettings(BaseModel):
    url: HttpUrl
    token: str
    page_size: int = 100

    model_config = {"extra": "allow"}


class TakesUnknownKeys(BoardConnector):
    settings = OpenSettings

    def __init__(self, config, context):
        good = BoardConnector.settings(url=config.url, token=config.token, page_size=3)
        super().__init__(good, context)


class CallsInTheConstructor(BoardConnector):
    def __init__(self, config, context):
        super().__init__(config, context)
        with pytest.raises(StopIteration):
            self.http.send("GET", "rows", params={"limit": "1", "after": ""}).send(None)


class CheckRaises(BoardConnector):
    async def check(self):
        await self.page("", {"limit": "1"})
        return await super().check()


class CheckIsAlwaysContent(BoardConnector):
    async def check(self):
        return [replace(one, level="ok") for one in await super().check()]


class Batches(BoardConnector):
    """Changes each batch of the good reading."""

    async def read(self, request):
        async for batch in super().read(request):
            yield self.change(batch)

    def change(self, batch):
        return batch

    def records(self, batch, **changes):
        return replace(batch, records=[replace(one, **changes) for one in batch.records])


class CheckpointFromTheClock(Batches):
    def change(self, batch):
        return replace(batch, next_delta=Checkpoint(self.context.now().isoformat()))


class RandomKeys(Batches):
    def change(self, batch):
        return replace(batch, records=[replace(one, key=str(uuid4())) for one in batch.records])


class MailAddressesAsKeys(Batches):
    def change(self, batch):
        return replace(
            batch,
            records=[replace(one, key=f"{one.key}@board.example") for one in batch.records],
        )


class NaiveTimes(Batches):
    def change(self, batch):
        return self.records(batch, changed_at=self.context.now().replace(tzinfo=None))


class Reporter(Incident):
    reporter: str = "Jan"


class FieldsThatNobodyPublishes(Batches):
    def change(self, batch):
        return replace(
            batch,
            records=[replace(one, payload=Reporter(**dict(one.payload))) for one in batch.records],
        )


class FinishesTooEarly(Batches):
    def change(self, batch):
        return replace(batch, finished=[Slice()])


class SlicesOfAnotherContainer(Batches):
    def change(self, batch):
        return replace(self.records(batch, container="open"), finished=[Slice("closed")])


class DropsUnreadableRows(Batches):
    def change(self, batch):
        return replace(batch, unreadable=[])


class ResumesOnePageTooFar(Batches):
    def change(self, batch):
        if not batch.resume:
            return batch
        begun = batch.resume.value.split(":")[0]
        return replace(batch, resume=Checkpoint(f"{begun}:row-06"))


class ForgetsTheLastPage(Batches):
    async def read(self, request):
        waiting = None
        async for batch in super().read(request):
            if waiting:
                yield waiting
            waiting = batch
        yield Batch([], [], waiting.finished, None, waiting.next_delta)


class SwallowsErrors(BoardConnector):
    async def read(self, request):
        try:
            async for batch in super().read(request):
                yield batch
        except HubError:
            yield Batch(finished=[Slice()])


class TakesALoginPageForNoRows(BoardConnector):
    async def page(self, after, filters):
        try:
            return await super().page(after, filters)
        except RetryableError as error:
            if isinstance(error.__cause__, json.JSONDecodeError):
                return {"revision": 0, "rows": []}
            raise


class LetsForeignExceptionsOut(BoardConnector):
    async def page(self, after, filters):
        params = {"after": after, "limit": "3", **filters}
        answer = await self.http.get("rows", params=params)
        return json.loads(answer.content)


class EveryFaultIsTheSame(BoardConnector):
    async def page(self, after, filters):
        try:
            return await super().page(after, filters)
        except HubError as error:
            raise RetryableError("The board failed.") from error


class TellsTheToken(BoardConnector):
    async def page(self, after, filters):
        try:
            return await super().page(after, filters)
        except HubError:
            self.context.log.exception("failed", token=self.config.token.get_secret_value())
            raise


class DeltaPositionAfterTheSweep(BoardConnector):
    async def read(self, request):
        async for batch in super().read(request):
            if not batch.next_delta:
                yield batch
                continue
            late = (await self.page("", {"limit": "1"}))["revision"]
            yield replace(batch, next_delta=Checkpoint(str(late)))


class DeltaPositionOfTheResumption(Batches):
    async def read(self, request):
        since = request.since
        if request.reading == "sweep" and since:
            since = Checkpoint(":" + since.value.split(":")[1])
        async for batch in super().read(replace(request, since=since)):
            yield batch


class DeltasThatNeverBegin(Batches):
    def streams(self):
        return [replace(one, sweep_every=6 * one.every) for one in super().streams()]

    def change(self, batch):
        return replace(batch, next_delta=None)


class OffsetPaging(BoardConnector):
    async def read(self, request):
        position = Checkpoint("0")
        for offset in range(0, 100, 3):
            rows = (await self.page("", {"offset": str(offset)}))["rows"]
            last = len(rows) < 3
            next_delta = position if last else None
            yield self.batch(rows, None, sweep=request.reading == "sweep", next_delta=next_delta)
            if last:
                return


class NotFoundIsGone(BoardConnector):
    async def look_up(self, family, key):
        answer = await super().look_up(family, key)
        return Gone("not found") if isinstance(answer, Unknown) else answer


class AMissingRightIsUnknown(BoardConnector):
    async def look_up(self, family, key):
        try:
            return await super().look_up(family, key)
        except PermissionMissingError:
            return Unknown()


class ProofIsUnknown(BoardConnector):
    async def look_up(self, family, key):
        answer = await super().look_up(family, key)
        return Unknown() if isinstance(answer, Gone) else answer


class OldestFirst(BoardWorld):
    """Pages by offset, in order of change, as lists on screens do."""

    def _page(self, params):
        rows = sorted(self.rows.values(), key=lambda row: row["revision"])
        start = int(params.get("offset", "0"))
        return {"revision": self.revision, "rows": json.loads(json.dumps(rows[start : start + 3]))}


MISTAKES = [
    (TakesUnknownKeys, "settings_are_closed_frozen_and_described", "takes unknown keys"),
    (TakesUnknownKeys, "settings_show_no_secret", "DID NOT RAISE"),
    (CallsInTheConstructor, "the_constructor_makes_no_call", "must not use the network"),
    (CheckRaises, "check_says_what_is_wrong_and_never_raises", "check() raised"),
    (CheckIsAlwaysContent, "check_says_what_is_wrong_and_never_raises", "the check is content"),
    (CheckpointFromTheClock, "two_readings_are_equal", "a checkpoint follows our clock"),
    (RandomKeys, "two_readings_are_equal", "differ between two readings"),
    (MailAddressesAsKeys, "keys_are_no_mail_addresses", "@board.example"),
    (NaiveTimes, "times_are_aware_and_utc", "naive, or not UTC"),
    (FieldsThatNobodyPublishes, "records_are_of_a_declared_family_and_its_model", "own payload"),
    (FinishesTooEarly, "a_failed_page_finishes_nothing_that_was_not_seen", "without having seen"),
    (SlicesOfAnotherContainer, "every_record_lies_within_a_finished_slice", "no finished slice"),
    (DropsUnreadableRows, "unreadable_rows_are_reported_and_others_still_come", "in silence"),
    (ResumesOnePageTooFar, "a_reading_goes_on_where_it_stopped", "lost after resuming"),
    (ForgetsTheLastPage, "a_reading_gives_every_subject", "row-07"),
    (SwallowsErrors, "each_fault_raises_its_error", "looked like an empty"),
    (TakesALoginPageForNoRows, "each_fault_raises_its_error", "html looked like an empty"),
    (LetsForeignExceptionsOut, "each_fault_raises_its_error", "foreign exception"),
    (EveryFaultIsTheSame, "each_fault_raises_its_error", "must raise AuthFailedError"),
    (TellsTheToken, "no_secret_shows", "s3cret"),
    (DeltaPositionAfterTheSweep, "deltas_bring_what_changed_since", "row-01"),
    (DeltaPositionOfTheResumption, "a_resumed_sweep_knows_when_it_began", "behind it"),
    (DeltasThatNeverBegin, "deltas_bring_what_changed_since", "none is ever read"),
    (OffsetPaging, "nothing_is_lost_while_people_edit", "page by key, not by offset"),
    (NotFoundIsGone, "a_bare_not_found_is_no_proof", "from a bare 'not found'"),
    (NotFoundIsGone, "not_found_everywhere_is_no_proof", "Gone"),
    (AMissingRightIsUnknown, "a_fault_raises_and_answers_nothing", "was taken for an answer"),
    (ProofIsUnknown, "proof_is_gone_with_a_reason", "proves that it left"),
]


def suite(connector: type, base: type = BoardWorld) -> ConnectorContract:
    """The suite on a world with this connector in it."""
    world = type("World", (base,), {"connector": connector})
    return type("Suite", (ConnectorContract,), {"world": lambda _: world()})()


@pytest.mark.parametrize(
    ("mistake", "check", "words"), MISTAKES, ids=[f"{m.__name__}-{c}" for m, c, _ in MISTAKES]
)
async def test_a_seeded_mistake_is_caught(mistake, check, words):
    base = OldestFirst if mistake is OffsetPaging else BoardWorld
    with pytest.raises((AssertionError, pytest.fail.Exception)) as failure:
        await getattr(suite(mistake, base), f"test_{check}")()
    assert words in str(failure.value)


def test_at_least_ten_different_mistakes_are_seeded():
    assert len({mistake for mistake, _, _ in MISTAKES}) >= 10


@pytest.mark.parametrize("check", sorted({check for _, check, _ in MISTAKES}))
async def test_the_good_connector_passes_the_same_check(check):
    await getattr(suite(BoardConnector), f"test_{check}")()


async def test_offset_paging_is_fine_while_nobody_edits():
    contract = suite(OffsetPaging, OldestFirst)
    await contract.test_a_reading_gives_every_subject()
