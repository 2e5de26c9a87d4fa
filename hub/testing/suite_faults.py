"""The connector suite, parts three and four: a source that fails, and a source that is asked."""

from datetime import datetime
from typing import Any

import pytest

from hub.contract import Call, Gone, LooksUp, Present, Received, Receives, Record, Serves, Unknown
from hub.errors import HubError, RateLimitedError, RejectedError
from hub.events.base import Family
from hub.testing.bench import Bench, Reading
from hub.testing.kept import MemoryKept
from hub.testing.leaks import error_texts, leaked, log_texts
from hub.testing.suite_shape import ConnectorSuite
from hub.testing.wire import RETRY_AFTER, Fault


class FaultTests(ConnectorSuite):
    """A failing source raises the right error and never looks empty."""

    async def test_each_fault_raises_its_error(self) -> None:
        """From the first call on."""
        async with self.open() as bench:
            bench.fill()
            for fault, expected in bench.world.faults.items():
                bench.world.fail(fault)
                reading = await bench.read()
                _check_error(fault, expected, reading.error)
                assert not reading.finished, f"{fault}: finished though nothing was read"

    async def test_a_failed_page_finishes_nothing_that_was_not_seen(self) -> None:
        """Wherever the source breaks: an error, or a reading that is whole."""
        async with self.open() as bench:
            bench.fill()
            before = bench.world.calls()
            healthy = await bench.whole()
            for after in range(1, max(bench.world.calls() - before, 1)):
                for fault in bench.world.faults:
                    bench.world.fail(fault, after=after)
                    _check_partial(fault, after, healthy, await bench.read())

    async def test_it_reads_again_when_the_source_is_mended(self) -> None:
        """A fault leaves nothing behind."""
        async with self.open() as bench:
            keys = bench.fill()
            bench.world.fail("server_error")
            await bench.read()
            bench.world.heal()
            assert set((await bench.whole()).records) == set(keys)

    async def test_no_secret_shows(self) -> None:
        """Not in an error, its chain, a log line or a repr."""
        async with self.open() as bench:
            bench.fill()
            connector = bench.connector()
            texts = [repr(connector), repr(connector.config)]
            for fault in bench.world.faults:
                bench.world.fail(fault)
                texts += error_texts((await bench.read()).error)
            texts += log_texts(bench.world.log)
            assert not leaked(bench.world.secrets, texts)


class LookUpTests(ConnectorSuite):
    """Asking about one subject."""

    async def test_what_exists_is_present(self) -> None:
        """With the same state that a reading gives."""
        async with self.open() as bench:
            key, record = await _one(bench)
            assert await _look_up(bench, record.payload.family, key) == Present(record)

    async def test_a_bare_not_found_is_no_proof(self) -> None:
        """An address may have moved, a right may be missing: Unknown, never Gone."""
        async with self.open() as bench:
            key, record = await _one(bench)
            bench.world.remove(key)
            answer = await _look_up(bench, record.payload.family, key)
            assert isinstance(answer, Unknown), f"{answer} from a bare 'not found'"

    async def test_not_found_everywhere_is_no_proof(self) -> None:
        """A wrong base address answers 404 to everything."""
        async with self.open() as bench:
            key, record = await _one(bench)
            bench.world.fail("not_found")
            try:
                answer = await _look_up(bench, record.payload.family, key)
            except HubError:
                return
            assert isinstance(answer, Unknown)

    async def test_proof_is_gone_with_a_reason(self) -> None:
        """Unless the stream itself hands over a removal: that is proof too."""
        async with self.open() as bench:
            key, record = await _one(bench)
            bench.world.retire(key)
            answer = await _look_up(bench, record.payload.family, key)
            reading = await bench.whole()
            if key not in {removal.key for removal in reading.removals}:
                assert isinstance(answer, Gone), f"the source proves that it left: {answer}"
                assert answer.reason

    async def test_a_fault_raises_and_answers_nothing(self) -> None:
        """A login page, a 403 or a time-out says nothing about the subject."""
        async with self.open() as bench:
            key, record = await _one(bench)
            for fault, expected in bench.world.faults.items():
                bench.world.fail(fault)
                answer, error = await _tried(bench, record.payload.family, key)
                assert answer is None, f"{fault} was taken for an answer: {answer}"
                _check_error(fault, expected, error)
                assert not leaked(bench.world.secrets, error_texts(error))


class ReceivingTests(ConnectorSuite):
    """Data that comes by request."""

    async def test_what_is_received_becomes_the_same_batch_each_time(self) -> None:
        """Pure: no clock, no chance; and only declared families."""
        async with self.open() as bench:
            streams = {one.name: one for one in bench.connector().streams()}
            for received in _examples(bench, bench.world.received, "received"):
                first, second = _receive(bench, received), _receive(bench, received)
                assert first == second
                for record in first.records:
                    family = record.payload.family if isinstance(record, Record) else record.family
                    assert family in streams[received.stream].families

    async def test_what_can_not_be_understood_is_rejected(self) -> None:
        """With a reason."""
        async with self.open() as bench:
            for received in _examples(bench, bench.world.refused, "refused"):
                with pytest.raises(RejectedError) as caught:
                    _receive(bench, received)
                assert str(caught.value), "a refusal says why"


class ServingTests(ConnectorSuite):
    """A protocol that the connector answers itself."""

    async def test_a_call_that_makes_no_sense_is_answered_and_stores_nothing(self) -> None:
        """Whatever comes: an answer that says that it is refused, in no foreign exception."""
        async with self.open() as bench:
            connector = bench.connector()
            if not isinstance(connector, Serves):
                pytest.skip(f"{connector.name} serves no protocol")
            kept = MemoryKept(bench.world.clock.now())
            for call in _nonsense(bench.world.clock.now()):
                answer = connector.serve(call, kept)
                assert 400 <= answer.status < 600, f"{call.method} {call.path} was taken"
            assert not kept.batches, "something was stored of a call that was refused"


def _nonsense(at: datetime) -> list[Call]:
    bodies = (b"{", b"[1]", b"\xff", b'"x"', b"[" * 50_000)
    calls = [Call("POST", "http://hub.test", "/nowhere", at, body=one) for one in bodies]
    return [
        *calls,
        *(Call(one, "http://hub.test", "/../x", at) for one in ("GET", "DELETE", "PUT")),
    ]


def _check_error(fault: Fault, expected: type[HubError], error: Exception | None) -> None:
    assert error is not None, f"{fault} looked like an empty, finished reading"
    assert isinstance(error, HubError), f"{fault}: foreign exception {error!r}"
    assert isinstance(error, expected), f"{fault} must raise {expected.__name__}, not {error!r}"
    assert str(error), f"{fault}: the message is empty"
    if fault == "rate_limited" and isinstance(error, RateLimitedError):
        assert error.retry_after == RETRY_AFTER, "what the source said about waiting got lost"


def _check_partial(fault: Fault, after: int, healthy: Reading, broken: Reading) -> None:
    where = f"{fault} from call {after + 1} on"
    if broken.error is None:
        assert broken.records == healthy.records, f"{where}: complete, it says, but it is not"
    else:
        assert isinstance(broken.error, HubError), f"{where}: foreign {broken.error!r}"
    unseen = [one for key, one in healthy.records.items() if key not in broken.records]
    wrong = [one.key for one in unseen if broken.covers(one)]
    assert not wrong, f"{where}: finished a slice without having seen {wrong}"
    gone = [one.key for one in broken.removals]
    assert not gone, f"{where}: a removal without proof"


async def _one(bench: Bench) -> tuple[str, Record]:
    connector = bench.connector()
    if not isinstance(connector, LooksUp):
        pytest.skip(f"{connector.name} can't look up")
    key = bench.fill()[0]
    return key, (await bench.whole()).records[key]


async def _look_up(bench: Bench, family: Family, key: str) -> Any:
    connector = bench.connector()
    assert isinstance(connector, LooksUp)
    return await connector.look_up(family, key)


async def _tried(bench: Bench, family: Family, key: str) -> tuple[Any, Exception | None]:
    try:
        return await _look_up(bench, family, key), None
    except Exception as error:  # noqa: BLE001 - a foreign exception is exactly what is looked for
        return None, error


def _examples(bench: Bench, examples: Any, name: str) -> Any:
    if not isinstance(bench.connector(), Receives):
        pytest.skip(f"{bench.connector().name} receives nothing")
    assert examples, f"the world gives no examples in `{name}`"
    return examples


def _receive(bench: Bench, received: Received) -> Any:
    connector = bench.connector()
    assert isinstance(connector, Receives)
    return connector.receive(received)
