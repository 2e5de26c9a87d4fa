"""The target suite, part three: an intranet that fails, and answers that get lost."""

from collections.abc import Sequence

import pytest

from hub.contract import Outcome
from hub.errors import HubError, RateLimitedError
from hub.events.objects import Kind
from hub.testing.leaks import error_texts, leaked, log_texts
from hub.testing.suite_target_shape import TargetSuite
from hub.testing.target_bench import TargetBench
from hub.testing.wire import RETRY_AFTER, Fault


class TargetFaultTests(TargetSuite):
    """Nothing is said done that was not done, nothing is made twice."""

    async def test_no_fault_is_done(self) -> None:
        """Each one raises its error, or becomes `retry`; a login page is no success."""
        async with self.open() as bench:
            kind = await bench.kind()
            for fault, expected in bench.world.faults.items():
                await bench.target().capabilities()
                bench.world.fail(fault)
                present, absent = bench.present(kind, f"key-{fault}"), bench.absent(kind, "gone")
                _check(fault, expected, *await bench.tried([present]))
                if fault != "truncated":  # the status alone says that it is not there
                    _check(fault, expected, *await bench.tried([absent]))
                bench.world.heal()

    async def test_what_was_done_is_not_lost_when_a_later_item_fails(self) -> None:
        """An exception would make the outcome of the whole call unknown."""
        async with self.open() as bench:
            kind = await bench.kind()
            if (await bench.target().capabilities()).kinds[kind].batch_max > 1:
                pytest.skip("a whole batch is one call: it fails or succeeds together")
            bench.world.fail("server_error", after=bench.world.calls_of_create)
            items = [bench.present(kind, f"subject-{number}") for number in (1, 2, 3)]
            outcomes, error = await bench.tried(items)
            assert error is None, f"the outcome of the first item is lost in {error!r}"
            assert [one.status for one in outcomes] == ["done", "retry", "retry"]
            assert bench.keys(kind) == ["subject-1"]

    async def test_a_lost_answer_is_settled_by_repeating(self) -> None:
        """The create arrived, the answer did not: one object, in the end done."""
        async with self.open() as bench:
            kind = await bench.kind()
            lost: Sequence[Fault] = ("lost", "truncated")
            for fault in lost:
                key = f"key-{fault}"
                bench.world.fail(fault)
                outcomes, _ = await bench.tried([bench.present(kind, key)])
                assert not [one for one in outcomes if one.status == "done"]
                bench.world.heal()
                again = await bench.until_settled(bench.present(kind, key))
                assert again.status == "done"
                assert bench.keys(kind).count(key) == 1, "a repeated create made a second object"

    async def test_a_fault_that_says_exists_is_settled_by_repeating(self) -> None:
        """Some intranets answer 500 where they mean that it is there already."""
        async with self.open() as bench:
            kind = await bench.kind()
            bench.world.exists_as_fault()
            outcome = await bench.until_settled(bench.present(kind, "subject-1"))
            assert outcome.status in {"done", "conflict"}
            assert bench.keys(kind) == ["subject-1"]

    async def test_looking_fails_aloud(self) -> None:
        """`find` and `list_remote` raise; an empty answer would make everything again."""
        async with self.open() as bench:
            kind = await bench.kind()
            await bench.made(kind)
            for fault, expected in bench.world.faults.items():
                bench.world.fail(fault)
                for error in await _looked(bench, kind):
                    _check(fault, expected, (), error)

    async def test_no_secret_shows(self) -> None:
        """Not in an error, its chain, a reason, a log line or a repr."""
        async with self.open() as bench:
            kind = await bench.kind()
            target = bench.target()
            texts = [repr(target), repr(target.config)]
            for fault in bench.world.faults:
                bench.world.fail(fault)
                outcomes, error = await bench.tried([bench.present(kind, "subject-1")])
                texts += [*error_texts(error), *(one.reason for one in outcomes)]
            texts += log_texts(bench.world.log)
            assert not leaked(bench.world.secrets, texts)


def _check(
    fault: Fault, expected: type[HubError], outcomes: Sequence[Outcome], error: Exception | None
) -> None:
    if error is None:
        statuses = {one.status for one in outcomes}
        assert "done" not in statuses, f"{fault} was taken for success"
        assert statuses == {"retry"}, f"{fault} became {statuses or 'nothing'}"
        assert fault not in {"auth", "forbidden"}, f"{fault} must raise {expected.__name__}"
        return
    assert isinstance(error, HubError), f"{fault}: foreign exception {error!r}"
    assert isinstance(error, expected), f"{fault} must raise {expected.__name__}, not {error!r}"
    if isinstance(error, RateLimitedError):
        assert error.retry_after == RETRY_AFTER, "what the intranet said about waiting got lost"


async def _looked(bench: TargetBench, kind: Kind) -> list[Exception | None]:
    errors: list[Exception | None] = []
    target = bench.target()
    try:
        await target.find(kind, ["subject-1"])
        errors.append(None)
    except Exception as error:  # noqa: BLE001 - a foreign exception is exactly what is looked for
        errors.append(error)
    try:
        [remote async for remote in target.list_remote(kind)]
        errors.append(None)
    except Exception as error:  # noqa: BLE001 - a foreign exception is exactly what is looked for
        errors.append(error)
    return errors
