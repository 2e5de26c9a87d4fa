"""The target suite, part four: several items in one call, each with an end of its own."""

from typing import Any

import pytest

from hub.contract import Delivery, Outcome, Target
from hub.errors import HubError, RetryableError
from hub.events.objects import Kind
from hub.testing.suite_target_shape import TargetSuite
from hub.testing.target_bench import TargetBench, known

MOST = 25  # items of one call here, however many the intranet takes


class TargetBatchTests(TargetSuite):
    """For targets that say `batch_max` above 1."""

    async def test_a_batch_is_one_call(self) -> None:
        """As many as it says it takes, at least two; all stand there."""
        async with self.open() as bench:
            kind, target, most = await _batching(bench)
            items = [bench.present(kind, f"subject-{number:02}") for number in range(most)]
            before = bench.world.calls()
            outcomes = await target.publish(items)
            assert [one.status for one in outcomes] == ["done"] * most
            assert bench.keys(kind) == [item.key for item in items]
            calls = bench.world.calls() - before
            assert calls < most, f"{most} items took {calls} calls: `batch_max` promises a batch"

    async def test_outcomes_of_a_batch_come_in_the_order_of_the_items(self) -> None:
        """With the id and version of their own object."""
        async with self.open() as bench:
            kind, target, _ = await _batching(bench, 3)
            keys = ("subject-3", "subject-1", "subject-2")
            outcomes = await target.publish([bench.present(kind, key) for key in keys])
            found = await target.find(kind, keys)
            told = [(one.remote_id, one.remote_version) for one in outcomes]
            there = [(found[key].remote_id, found[key].version) for key in keys]
            assert told == there, "outcomes of a batch in another order"

    async def test_one_bad_item_does_not_spoil_the_others_of_a_batch(self) -> None:
        """Rejected with a reason, in its place; the others are done."""
        async with self.open() as bench:
            kind, target, _ = await _batching(bench, 3)
            items = [bench.present(kind, f"subject-{number}") for number in (1, 2, 3)]
            bad = bench.world.bad_body(kind)
            items[1] = Delivery(kind, "subject-2", "present", bad, "token-of-bad")
            outcomes = await _published(target, items)
            assert [one.status for one in outcomes] == ["done", "rejected", "done"]
            assert outcomes[1].reason, "rejected without saying why"
            assert bench.keys(kind) == ["subject-1", "subject-3"]

    async def test_each_item_of_a_batch_meets_the_state_of_its_own_object(self) -> None:
        """Unchanged, changed by somebody else, and deleted by somebody else, side by side."""
        async with self.open() as bench:
            kind, target, _ = await _batching(bench, 3)
            if not (await target.capabilities()).kinds[kind].conditional:
                pytest.skip(f"this intranet keeps no versions of {kind}")
            keys = ("quiet", "edited", "deleted")
            made = {key: await bench.made(kind, key) for key in keys}
            bench.world.meddle(kind, "edited")
            bench.world.vanish(kind, "deleted")
            theirs = dict(bench.world.stored(kind))["edited"]
            items = [bench.present(kind, key, "second", **known(made[key])) for key in keys]
            quiet, edited, deleted = await _published(target, items)
            assert quiet.status == "done"
            assert edited.status == "conflict", "somebody else's edit was overwritten in a batch"
            assert dict(bench.world.stored(kind))["edited"] == theirs
            assert deleted.status in {"gone", "done"}
            assert ("deleted" in bench.keys(kind)) is (deleted.status == "done")

    async def test_a_batch_that_is_repeated_makes_nothing_twice(self) -> None:
        """The answer got lost: nothing is done until the same batch is sent again."""
        async with self.open() as bench:
            kind, target, _ = await _batching(bench, 3)
            items = [bench.present(kind, f"subject-{number}") for number in (1, 2, 3)]
            bench.world.fail("lost")
            with pytest.raises(RetryableError):
                pytest.fail(f"a lost answer gave {await target.publish(items)}")
            bench.world.heal()
            outcomes = await _published(target, items)
            assert [one.status for one in outcomes] == ["done"] * 3
            assert bench.keys(kind) == [item.key for item in items], "made twice by repeating"

    async def test_a_batch_that_fails_as_a_whole_says_so(self) -> None:
        """No fault is done, for any of its items."""
        async with self.open() as bench:
            kind, target, _ = await _batching(bench, 2)
            items = [bench.present(kind, f"subject-{number}") for number in (1, 2)]
            for fault, expected in bench.world.faults.items():
                bench.world.fail(fault)
                outcomes, error = await bench.tried(items, target)
                if error is None:
                    statuses = {one.status for one in outcomes}
                    assert statuses == {"retry"}, f"{fault} of a batch became {statuses}"
                else:
                    assert isinstance(error, expected), f"{fault} of a batch raised {error!r}"
                bench.world.heal()

    async def test_a_batch_of_removals_removes(self) -> None:
        """What is there and what is not: both are absent afterwards."""
        async with self.open() as bench:
            kind, target, _ = await _batching(bench, 2)
            made = await bench.made(kind, "subject-1")
            items = [bench.absent(kind, "subject-1", **known(made)), bench.absent(kind, "never")]
            outcomes = await _published(target, items)
            assert {one.status for one in outcomes} <= {"done", "gone"}
            assert not bench.keys(kind), "a removal in a batch removed nothing"


async def _batching(bench: TargetBench, least: int = 2) -> tuple[Kind, Target[Any], int]:
    """A target that has been asked what it can, as the engine does; skips where it is one by one."""
    kind, target = await bench.kind(), bench.target()
    most = (await target.capabilities()).kinds[kind].batch_max
    if most < least:
        pytest.skip(f"{target.name} takes {most} of {kind} in a call: no batch of {least}")
    return kind, target, min(most, MOST)


async def _published(target: Target[Any], items: list[Delivery]) -> list[Outcome]:
    try:
        outcomes = list(await target.publish(items))
    except HubError as error:
        return pytest.fail(f"one item spoiled the whole batch: {error!r}")
    assert len(outcomes) == len(items), "one outcome per item of a batch"
    return outcomes
