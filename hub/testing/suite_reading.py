"""The connector suite, part two: what a reading gives while the source is well."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

import pytest

from hub.contract import Checkpoint, Record
from hub.events.payloads import FAMILIES, dump, load
from hub.testing.bench import Bench, Reading
from hub.testing.suite_shape import ConnectorSuite

AHEAD = 37.0  # seconds between the clocks of two connectors that must say the same
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}", re.IGNORECASE)


class ReadingTests(ConnectorSuite):
    """A healthy source, quiet or busy."""

    async def test_a_reading_gives_every_subject(self) -> None:
        """No more, no fewer, over several pages."""
        async with self.open() as bench:
            keys = bench.fill()
            reading = await bench.whole()
            assert set(reading.records) == set(keys)
            assert not reading.unreadable

    async def test_an_empty_source_gives_a_finished_reading(self) -> None:
        """Nothing there is an answer too: the sweep covered its slices."""
        async with self.open() as bench:
            reading = await bench.whole()
            assert not reading.records
            assert reading.finished, "an empty sweep must still say what it covered"

    async def test_every_record_lies_within_a_finished_slice(self) -> None:
        """Else its absence could never be noticed."""
        async with self.open() as bench:
            bench.fill()
            reading = await bench.whole()
            outside = [key for key, one in reading.records.items() if not reading.covers(one)]
            assert not outside, "their container and time lie in no finished slice"

    async def test_two_readings_are_equal(self) -> None:
        """Records and checkpoints come from the source's data, never from a clock or by chance."""
        async with self.open() as bench:
            bench.fill()
            first, second = await bench.whole(), await bench.whole(ahead=AHEAD)
            assert first.records == second.records, "records differ between two readings"
            assert first.checkpoints == second.checkpoints, "a checkpoint follows our clock"

    async def test_keys_are_no_mail_addresses(self) -> None:
        """People marry and addresses change."""
        async with self.open() as bench:
            bench.fill()
            keys = (await bench.whole()).records
            assert all(key.strip() for key in keys)
            assert not [key for key in keys if EMAIL.search(key)]

    async def test_records_are_of_a_declared_family_and_its_model(self) -> None:
        """The payload is exactly the registered model, and survives being stored."""
        async with self.open() as bench:
            bench.fill()
            families = bench.stream(bench.connector()).families
            for record in (await bench.whole()).records.values():
                _check_payload(record, families)

    async def test_times_are_aware_and_utc(self) -> None:
        """Also those inside the payload, and those of slices."""
        async with self.open() as bench:
            bench.fill()
            reading = await bench.whole()
            pieces = [(piece.start, piece.end) for piece in reading.finished]
            moments = [*_moments(list(reading.records.values())), *_moments(pieces)]
            wrong = [one for one in moments if one.utcoffset() != timedelta(0)]
            assert not wrong, "naive, or not UTC"

    async def test_an_edit_shows_under_the_same_key(self) -> None:
        """One record differs, the others are equal, no key changed."""
        async with self.open() as bench:
            keys = bench.fill()
            before = (await bench.whole()).records
            bench.world.edit(keys[1])
            after = (await bench.whole()).records
            assert [key for key in keys if before[key] != after.get(key)] == [keys[1]]
            assert set(before) == set(after)
            _check_revision(before[keys[1]], after[keys[1]])

    async def test_a_removed_subject_is_not_read(self) -> None:
        """Absent, or a removal."""
        async with self.open() as bench:
            keys = bench.fill()
            bench.world.remove(keys[1])
            assert set((await bench.whole()).records) == set(keys) - {keys[1]}

    async def test_a_removal_carries_a_reason(self) -> None:
        """Where the stream itself proves that a subject left."""
        async with self.open() as bench:
            keys = bench.fill()
            families = bench.stream(bench.connector()).families
            bench.world.retire(keys[1])
            reading = await bench.whole()
            for removal in reading.removals:
                assert removal.reason
                assert removal.family in families
                assert removal.key == keys[1], "a removal without proof"

    async def test_nothing_is_lost_while_people_edit(self) -> None:
        """Rows move between two pages; every subject must still come."""
        async with self.open() as bench:
            keys = bench.fill()
            edit = _editor(bench, keys)
            bench.world.before_each_call(edit)
            reading = await bench.whole(each=edit)
            bench.world.before_each_call(None)
            assert set(keys) <= set(reading.records), "page by key, not by offset"

    async def test_unreadable_rows_are_reported_and_others_still_come(self) -> None:
        """Dropped in silence, a row would look as if it had been deleted."""
        async with self.open() as bench:
            keys = bench.fill()
            bench.world.spoil()
            reading = await bench.whole()
            assert set(keys) <= set(reading.records)
            assert reading.unreadable, "a row that can't be understood was dropped in silence"
            assert all(row.reason for row in reading.unreadable)

    async def test_a_reading_goes_on_where_it_stopped(self) -> None:
        """From each position: all that had not come yet, by a new connector."""
        async with self.open() as bench:
            bench.fill()
            whole = await bench.whole()
            positions = [batch.resume for batch in whole.batches]
            if not any(positions):
                pytest.skip("this stream can't resume: a crash starts a new sweep")
            for number, position in enumerate(positions, start=1):
                if position:
                    rest = await bench.whole(since=_stored(position))
                    _check_rest(whole, number, rest)

    async def test_a_resumed_sweep_knows_when_it_began(self) -> None:
        """What changed behind it, while it was broken off, comes by the next delta."""
        async with self.open() as bench:
            bench.fill()
            whole = await bench.whole()
            if not whole.next_delta or not (position := whole.batches[0].resume):
                pytest.skip("this stream has no deltas, or can't resume")
            key = whole.batches[0].records[0].key
            bench.world.edit(key)
            rest = await bench.whole(since=_stored(position))
            assert rest.next_delta, "the last batch says where deltas go on"
            delta = await bench.whole(reading="delta", since=_stored(rest.next_delta))
            assert key in delta.records, f"{key} changed behind it, and nobody will ever tell"

    async def test_deltas_bring_what_changed_since(self) -> None:
        """Also what changed while the sweep went on; and a delta covers nothing."""
        async with self.open() as bench:
            keys = bench.fill()
            if not (await bench.whole()).next_delta:
                every = bench.stream(bench.connector()).sweep_every
                assert every is None, "a sweep says not where deltas go on, so none is ever read"
                pytest.skip("this stream has no deltas: every reading is a sweep")
            during = _once(lambda: bench.world.edit(keys[0]))
            sweep = await bench.whole(each=during)
            bench.world.edit(keys[-1])
            assert sweep.next_delta, "the last batch says where deltas go on"
            delta = await bench.whole(reading="delta", since=_stored(sweep.next_delta))
            assert {keys[0], keys[-1]} <= set(delta.records)
            assert not delta.finished, "a delta has not seen everything"


def _stored(position: Checkpoint) -> Checkpoint:
    return Checkpoint(json.loads(json.dumps(position.value)))


def _check_rest(whole: Reading, number: int, rest: Reading) -> None:
    seen = Reading(whole.batches[:number])
    missing = set(whole.records) - set(seen.records) - set(rest.records)
    assert not missing, f"lost after resuming behind batch {number}"
    covered = Reading([*seen.batches, *rest.batches])
    assert all(covered.covers(one) for one in whole.records.values())


def _check_payload(record: Record, families: frozenset[Any]) -> None:
    family = record.payload.family
    assert family in families, f"{record.key}: the stream does not declare {family}"
    assert type(record.payload) is FAMILIES[family], f"{record.key}: an own payload model"
    known = set(type(record.payload).model_fields)
    assert set(vars(record.payload)) <= known, f"{record.key}: more fields than the model has"
    body = json.loads(json.dumps(dump(record.payload)))
    assert load(family, record.payload.version, body) == record.payload


def _check_revision(before: Record, after: Record) -> None:
    if before.revision is not None and after.revision is not None:
        assert after.revision > before.revision, "a revision grows with each change"


def _editor(bench: Bench, keys: list[str]) -> Callable[[], None]:
    turn = cycle([*keys[::2], *keys[1::2]])
    return lambda: bench.world.edit(next(turn))


def _once(action: Callable[[], None]) -> Callable[[], None]:
    waiting = [action]
    return lambda: waiting.pop()() if waiting else None


def _moments(value: Any) -> Iterator[datetime]:
    if isinstance(value, datetime):
        yield value
    elif isinstance(value, Record):
        yield from _moments([value.at, value.changed_at, dict(value.payload)])
    elif isinstance(value, dict):
        yield from _moments(list(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _moments(one)
