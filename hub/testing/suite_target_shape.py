"""The target suite, part one: constructor, settings, address, capabilities, check."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

import pytest

from hub.contract import Finding
from hub.events.objects import Kind
from hub.testing.leaks import leaked, log_texts
from hub.testing.shape import check_closed, check_name, check_secrets
from hub.testing.target_bench import TargetBench, opened
from hub.testing.worlds import TargetWorld


class TargetSuite:
    """What all parts share."""

    pytestmark = pytest.mark.asyncio

    def world(self) -> TargetWorld:
        """A new world; the author supplies it."""
        raise NotImplementedError("give your test class a method world()")

    def open(self) -> AbstractAsyncContextManager[TargetBench]:
        """A new world, started."""
        return opened(self.world())


class TargetShapeTests(TargetSuite):
    """Before anything is published."""

    async def test_the_constructor_makes_no_call(self) -> None:
        """Neither does asking for the address."""
        async with self.open() as bench:
            bench.target().address()
            assert bench.world.calls() == 0, "a constructor must not use the network"

    async def test_the_name_is_a_plain_word(self) -> None:
        """It stands in YAML."""
        check_name(self.world().target.name)

    async def test_settings_are_closed_frozen_and_described(self) -> None:
        """Nested ones too."""
        check_closed(self.world().target.settings)

    async def test_settings_show_no_secret(self) -> None:
        """Not in a repr, not in JSON, not in an error."""
        world = self.world()
        check_secrets(world.target.settings, world)

    async def test_the_address_is_stable_and_without_secrets(self) -> None:
        """Another address is another ledger."""
        async with self.open() as bench:
            address = bench.target().address()
            assert address, "an empty address names no intranet"
            assert address == bench.target().address()
            assert not leaked(bench.world.secrets, [address])

    async def test_capabilities_name_kinds_and_sane_numbers(self) -> None:
        """At least one kind, whole batches."""
        async with self.open() as bench:
            can = await bench.target().capabilities()
            assert can.kinds, "a target without kinds shows nothing"
            for kind, ability in can.kinds.items():
                assert kind in set(Kind)
                assert ability.batch_max >= 1
                assert ability.max_title is None or ability.max_title > 0
                assert ability.locales

    async def test_check_is_well_and_changes_nothing(self) -> None:
        """On a healthy intranet."""
        async with self.open() as bench:
            findings = await _findings(bench)
            assert findings, "a check that says nothing helps nobody"
            assert not [one for one in findings if one.level == "failed"]
            assert not [kind for kind in Kind if bench.world.stored(kind)], "a check wrote"

    async def test_check_says_what_is_wrong_and_never_raises(self) -> None:
        """Under each fault: something failed, with advice, without a secret."""
        async with self.open() as bench:
            bench.remote()
            for fault in bench.world.faults:
                bench.world.fail(fault)
                findings = await _findings(bench)
                failed = [one for one in findings if one.level == "failed"]
                assert failed, f"the check is content under the fault {fault}"
                assert all(one.advice for one in failed), "failed, and nothing says what to do"
                texts = [f"{one.what} {one.advice}" for one in findings]
                assert not leaked(bench.world.secrets, texts), f"a secret shows under {fault}"
            assert not leaked(bench.world.secrets, log_texts(bench.world.log))


async def _findings(bench: TargetBench) -> Sequence[Finding]:
    try:
        return await bench.target().check()
    except Exception as error:  # noqa: BLE001 - whatever a check raises is a mistake
        return pytest.fail(f"check() raised {error!r}; it must say so as a finding")
