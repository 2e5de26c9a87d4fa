"""The connector suite, part five: files that somebody brings."""

import pytest

from hub.contract import Record, TakesFiles, Understood
from hub.errors import BadConfigError, RetryableError
from hub.testing.bench import Bench
from hub.testing.leaks import error_texts, leaked
from hub.testing.suite_shape import ConnectorSuite


class BroughtTests(ConnectorSuite):
    """A file that is the whole list of a stream."""

    async def test_a_file_is_understood_the_same_each_time(self) -> None:
        """Pure, whole, and of declared families; each heading that is read says as what."""
        async with self.open() as bench:
            connector, data = _example(bench)
            stream = bench.connector().streams()[0]
            first, second = (connector.understand(stream.name, data) for _ in range(2))
            assert first == second
            assert first.batch.records, "the example has somebody in it"
            assert first.batch.finished, "a file is the whole list, so it finishes its slice"
            for one in first.batch.records:
                assert isinstance(one, Record), "a file proves nothing about who is not in it"
                assert one.payload.family in stream.families
            assert any(field for _, field in first.columns)
            assert not _values(first) & _words(first), "the form of a file shows no value of a row"

    async def test_an_empty_file_and_no_file_at_all_say_what_to_do(self) -> None:
        """Neither is an empty list."""
        async with self.open() as bench:
            connector, _ = _example(bench)
            name = bench.connector().streams()[0].name
            for data in (b"", b"PK\x03\x04" + bytes(range(256))):
                with pytest.raises((RetryableError, BadConfigError)) as caught:
                    connector.understand(name, data)
                assert str(caught.value), "a refusal says why"
                assert not leaked(bench.world.secrets, error_texts(caught.value))


def _example(bench: Bench) -> tuple[TakesFiles, bytes]:
    connector = bench.connector()
    if not isinstance(connector, TakesFiles):
        pytest.skip(f"{connector.name} takes no files")
    assert bench.world.file is not None, "the world gives no example in `file`"
    return connector, bench.world.file


def _values(found: Understood) -> set[str]:
    records = [one for one in found.batch.records if isinstance(one, Record)]
    shown = (one.payload.model_dump(mode="json", exclude_none=True) for one in records)
    return {str(value) for body in shown for value in body.values() if isinstance(value, str)}


def _words(found: Understood) -> set[str]:
    return {*found.form.values(), *(name for name, _ in found.columns), *found.key}
