"""Reading ahead: groups in order, no more in memory than asked, and nothing lost at a fault."""

import asyncio
import contextlib

import pytest

from hub.contract import Batch, Checkpoint, Record, Slice, Unreadable
from hub.engine.ahead import ahead, merged
from hub.testing.fakes import incident


def batch(number: int, rows: int = 10) -> Batch:
    records = [Record(f"k{number}-{row}", incident()) for row in range(rows)]
    return Batch(records=records, resume=Checkpoint(str(number)))


class Pages:
    """A source of so many pages that can fail, and knows how far it was asked."""

    def __init__(self, number: int, rows: int = 10, fails: Exception | None = None) -> None:
        self.asked, self._number, self._rows, self._fails = 0, number, rows, fails

    async def __call__(self) -> Batch | None:
        await asyncio.sleep(0)
        if self.asked == self._number:
            if self._fails:
                raise self._fails
            return None
        self.asked += 1
        return batch(self.asked, self._rows)


def keys(groups) -> list[str]:
    return [record.key for group in groups for one in group for record in one.records]


async def busy() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_every_batch_comes_once_in_order_and_a_busy_store_gets_several():
    groups = []
    async for group in ahead(Pages(40), together=55):
        await busy()
        groups.append(group)
    assert keys(groups) == keys([[batch(number) for number in range(1, 41)]])
    assert max(len(group) for group in groups) == 5
    assert len(groups) < 12


async def test_no_more_is_read_ahead_than_may_wait():
    source = Pages(40)
    async with contextlib.aclosing(ahead(source, together=33)) as groups:
        async for group in groups:
            await busy()
            assert source.asked <= 1 + 3 + 1
            assert len(group) == 1
            break


async def test_what_came_before_a_fault_is_handed_over_first():
    source = Pages(3, fails=RuntimeError("line cut"))
    groups = []

    async def take() -> None:
        async for group in ahead(source, together=1000):
            groups.append(group)  # noqa: PERF401  what came before the fault must stay

    with pytest.raises(RuntimeError, match="line cut"):
        await take()
    assert len(keys(groups)) == 30


async def test_giving_up_stops_the_reading():
    source = Pages(10_000)
    async with contextlib.aclosing(ahead(source, together=100)) as groups:
        async for _group in groups:
            break
    asked = source.asked
    await busy()
    assert source.asked == asked
    assert len(asyncio.all_tasks()) == 1


def test_batches_become_one_with_the_last_position():
    bad, part = Unreadable("torn"), Slice("open")
    first = Batch([Record("a", incident())], [bad], [part], Checkpoint("1"), Checkpoint("d"), 2)
    last = Batch([Record("b", incident())], (), [Slice("solved")], None, None, 1)
    one = merged([first, last])
    assert [record.key for record in one.records] == ["a", "b"]
    assert (list(one.unreadable), len(one.finished), one.ignored) == ([bad], 2, 3)
    assert (one.resume, one.next_delta) == (None, Checkpoint("d"))
    assert merged([first]) is first
