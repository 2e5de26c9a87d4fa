"""The connector suite, part one: constructor, settings, streams, check."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

import pytest

import hub.contract
from hub.contract import Finding, Hints
from hub.events.payloads import FAMILIES
from hub.testing.bench import Bench, opened
from hub.testing.door import door_faults
from hub.testing.leaks import leaked, log_texts
from hub.testing.shape import check_closed, check_name, check_secrets
from hub.testing.worlds import SourceWorld


class ConnectorSuite:
    """What all parts share."""

    pytestmark = pytest.mark.asyncio

    def world(self) -> SourceWorld:
        """A new world; the author supplies it."""
        raise NotImplementedError("give your test class a method world()")

    def open(self) -> AbstractAsyncContextManager[Bench]:
        """A new world, started."""
        return opened(self.world())


class ShapeTests(ConnectorSuite):
    """Before anything is read."""

    async def test_the_door_is_small(self) -> None:
        """At most twelve names for connectors, four more per ability."""
        assert not door_faults(hub.contract)

    async def test_the_constructor_makes_no_call(self) -> None:
        """Neither does asking for the streams."""
        async with self.open() as bench:
            bench.connector().streams()
            assert bench.world.calls() == 0, "a constructor must not use the network"

    async def test_the_name_is_a_plain_word(self) -> None:
        """It stands in YAML."""
        check_name(self.world().connector.name)

    async def test_settings_are_closed_frozen_and_described(self) -> None:
        """Nested ones too."""
        check_closed(self.world().connector.settings)

    async def test_settings_show_no_secret(self) -> None:
        """Not in a repr, not in JSON, not in an error."""
        world = self.world()
        check_secrets(world.connector.settings, world)

    async def test_streams_are_named_once_and_have_families(self) -> None:
        """A stream's name is part of stored identity."""
        async with self.open() as bench:
            streams = bench.connector().streams()
            names = [stream.name for stream in streams]
            assert names, "a connector without streams brings nothing"
            assert len(names) == len(set(names)), f"two streams share a name: {names}"
            for stream in streams:
                check_name(stream.name)
                assert stream.families, f"{stream.name} says not what its records are"
                assert stream.families <= set(FAMILIES), f"{stream.name} has an unknown family"
                assert stream.every is None or stream.every.total_seconds() > 0
                assert stream.confirm >= 1

    async def test_hints_are_about_streams_that_are_read(self) -> None:
        """A hint means "read again": the stream must be one that can be."""
        async with self.open() as bench:
            connector = bench.connector()
            if not isinstance(connector, Hints):
                pytest.skip(f"{connector.name} takes no hints")
            read = {one.name for one in connector.streams() if one.every is not None}
            assert connector.hinted(), "a hint about nothing wakes nobody"
            assert set(connector.hinted()) <= read, "a hint about a stream that is never read"

    async def test_streams_are_the_same_each_time(self) -> None:
        """Two connectors of one configuration have the same streams."""
        async with self.open() as bench:
            assert list(bench.connector().streams()) == list(bench.connector().streams())

    async def test_check_is_well_when_the_source_is(self) -> None:
        """Findings, none of them failed."""
        async with self.open() as bench:
            findings = await _findings(bench)
            assert findings, "a check that says nothing helps nobody"
            assert not [one for one in findings if one.level == "failed"]

    async def test_check_says_what_is_wrong_and_never_raises(self) -> None:
        """Under each fault: something failed, with advice, without a secret."""
        async with self.open() as bench:
            bench.stream(bench.connector())
            for fault in bench.world.faults:
                bench.world.fail(fault)
                findings = await _findings(bench)
                _check_failed(fault, findings)
                texts = [f"{one.what} {one.advice}" for one in findings]
                assert not leaked(bench.world.secrets, texts), f"a secret shows under {fault}"
            assert not leaked(bench.world.secrets, log_texts(bench.world.log))


async def _findings(bench: Bench) -> Sequence[Finding]:
    try:
        return await bench.connector().check()
    except Exception as error:  # noqa: BLE001 - whatever a check raises is a mistake
        return pytest.fail(f"check() raised {error!r}; it must say so as a finding")


def _check_failed(fault: str, findings: Sequence[Finding]) -> None:
    failed = [one for one in findings if one.level == "failed"]
    assert failed, f"the check is content although the source has the fault {fault}"
    for one in failed:
        assert one.advice, f"{one.what!r} failed, and nothing says what to do about it"
