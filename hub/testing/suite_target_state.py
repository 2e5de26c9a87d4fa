"""The target suite, part two: objects look as desired, and nothing else is touched."""

import pytest

from hub.testing.suite_target_shape import TargetSuite
from hub.testing.target_bench import known


class TargetStateTests(TargetSuite):
    """A healthy intranet, with other people on it."""

    async def test_what_is_published_stands_there(self) -> None:
        """For each kind, once, under our key."""
        async with self.open() as bench:
            bench.remote()
            for kind in (await bench.target().capabilities()).kinds:
                outcome = await bench.made(kind)
                assert bench.keys(kind) == ["subject-1"], f"{kind}: done, but it is not there"
                assert outcome.remote_id, "done without a remote id: the ledger knows nothing"

    async def test_outcomes_come_in_the_order_of_the_items(self) -> None:
        """One each, also when one in the middle is refused."""
        async with self.open() as bench:
            kind = await bench.kind()
            items = [bench.present(kind, f"subject-{number}") for number in (3, 1, 2)]
            outcomes = await bench.target().publish(items)
            assert len(outcomes) == len(items), "one outcome per item"
            found = await bench.target().find(kind, [item.key for item in items])
            ids = [found[item.key].remote_id for item in items]
            assert [one.remote_id for one in outcomes] == ids, "outcomes in another order"

    async def test_a_refused_item_does_not_hide_the_others(self) -> None:
        """Rejected with a reason, in its place."""
        async with self.open() as bench:
            kind = await bench.kind()
            items = [bench.present(kind, f"subject-{number}") for number in (1, 2, 3)]
            bad = bench.world.bad_body(kind)
            items[1] = type(items[1])(kind, "subject-2", "present", bad, "token-of-bad")
            outcomes, error = await bench.tried(items)
            assert error is None, f"one refused item hid the others in {error!r}"
            assert [one.status for one in outcomes] == ["done", "rejected", "done"]
            assert outcomes[1].reason, "rejected without saying why"
            assert bench.keys(kind) == ["subject-1", "subject-3"]

    async def test_a_change_replaces(self) -> None:
        """With the version that the target gave, one object remains."""
        async with self.open() as bench:
            kind = await bench.kind()
            first = await bench.made(kind)
            changed = bench.present(kind, "subject-1", "second", **known(first))
            second = await bench.one(changed)
            assert second.status == "done"
            assert bench.keys(kind) == ["subject-1"]
            ability = (await bench.target().capabilities()).kinds[kind]
            if ability.conditional:
                assert second.remote_version != first.remote_version, "a version never moves"

    async def test_a_repeat_is_harmless(self) -> None:
        """The same create again, as after a crash: one object, done."""
        async with self.open() as bench:
            kind = await bench.kind()
            first = await bench.made(kind)
            again = await bench.one(bench.present(kind, "subject-1"))
            assert bench.keys(kind) == ["subject-1"], "a repeated create made a second object"
            assert again.status == "done"
            assert again.remote_version == first.remote_version

    async def test_a_removal_removes_and_absent_is_done(self) -> None:
        """Also the second time, and for what never was there."""
        async with self.open() as bench:
            kind = await bench.kind()
            first = await bench.made(kind)
            for item in (
                bench.absent(kind, "subject-1", **known(first)),
                bench.absent(kind, "subject-1"),
                bench.absent(kind, "subject-9"),
            ):
                outcomes, error = await bench.tried([item])
                assert error is None, f"deleting what is not there raised {error!r}"
                assert outcomes[0].status in {"done", "gone"}
                assert not bench.keys(kind)

    async def test_somebody_elses_edit_is_a_conflict(self) -> None:
        """Not overwritten unseen; with the version that was found it is written."""
        async with self.open() as bench:
            kind = await bench.kind()
            if not (await bench.target().capabilities()).kinds[kind].conditional:
                pytest.skip(f"this intranet keeps no versions of {kind}")
            first = await bench.made(kind)
            bench.world.meddle(kind, "subject-1")
            theirs = bench.world.stored(kind)
            for item in (
                bench.present(kind, "subject-1", "second", **known(first)),
                bench.absent(kind, "subject-1", **known(first)),
            ):
                outcome = await bench.one(item)
                assert outcome.status == "conflict", "somebody else's edit was overwritten"
                assert bench.world.stored(kind) == theirs
            found = (await bench.target().find(kind, ["subject-1"]))["subject-1"]
            version = {"remote_id": found.remote_id, "remote_version": found.version}
            mine = bench.present(kind, "subject-1", "first", **version)
            assert (await bench.one(mine)).status == "done"
            assert bench.world.stored(kind) != theirs, "done, but a kept answer hid the write"

    async def test_what_somebody_deleted_is_gone_and_can_be_made_again(self) -> None:
        """Gone, or made again at once; a create with the same token must arrive."""
        async with self.open() as bench:
            kind = await bench.kind()
            first = await bench.made(kind)
            bench.world.vanish(kind, "subject-1")
            outcome = await bench.one(bench.present(kind, "subject-1", "second", **known(first)))
            assert outcome.status in {"done", "gone"}
            if outcome.status == "gone":
                assert not bench.keys(kind)
                assert (await bench.one(bench.present(kind, "subject-1"))).status == "done"
            assert bench.keys(kind) == ["subject-1"], "done, but it is not there"

    async def test_what_is_found_is_what_stands_there(self) -> None:
        """Those that exist, by key; others are left out."""
        async with self.open() as bench:
            kind = await bench.kind()
            made = await bench.made(kind)
            found = await bench.target().find(kind, ["subject-1", "subject-9"])
            assert set(found) == {"subject-1"}
            assert found["subject-1"].remote_id == made.remote_id
            assert found["subject-1"].version == made.remote_version

    async def test_everything_is_listed_once(self) -> None:
        """More than a page, for withdraw and drift."""
        async with self.open() as bench:
            kind = await bench.kind()
            keys = [f"subject-{number:03}" for number in range(230)]
            for start in range(0, len(keys), 50):
                items = [bench.present(kind, key) for key in keys[start : start + 50]]
                await bench.target().publish(items)
            listed = [remote.key async for remote in bench.target().list_remote(kind)]
            assert sorted(listed) == keys
