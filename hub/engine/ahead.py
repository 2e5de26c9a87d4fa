"""Reading ahead: while the store is busy with some batches, the source hands over the next ones.

What has come meanwhile is stored together: a transaction, and each of its statements, costs the
same for a thousand rows as for a hundred. A kill costs what was read ahead, which is read again.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from itertools import chain

from hub.contract import Batch, Record

TOGETHER = 1000  # rows in memory beside those that are being stored, and rows stored together
HEAVY = 5000  # bytes of a picture that count as another row

Next = Callable[[], Awaitable[Batch | None]]


async def ahead(following: Next, together: int = TOGETHER) -> AsyncGenerator[Sequence[Batch], None]:
    """Groups of batches in order, until there is none any more.

    Args:
        following: the next batch, None at the end; what it raises is raised after the batches that
            came before.
        together: a group ends, and reading ahead stops, at so many rows.
    """
    shelf = _Shelf(together)
    reader = asyncio.get_running_loop().create_task(_read(following, shelf))
    try:
        while group := await shelf.take():
            yield group
        await reader
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


def merged(batches: Sequence[Batch]) -> Batch:
    """The batches as one: the same rows in the same order, and the last position."""
    if len(batches) == 1:
        return batches[0]
    deltas = [one.next_delta for one in batches if one.next_delta]
    return Batch(
        records=list(chain.from_iterable(one.records for one in batches)),
        unreadable=list(chain.from_iterable(one.unreadable for one in batches)),
        finished=list(chain.from_iterable(one.finished for one in batches)),
        resume=batches[-1].resume,
        next_delta=deltas[-1] if deltas else None,
        ignored=sum(one.ignored for one in batches),
    )


async def _read(following: Next, shelf: "_Shelf") -> None:
    try:
        while (batch := await following()) is not None:
            await shelf.put(batch)
    finally:
        await shelf.end()


class _Shelf:
    """Batches that wait to be stored."""

    def __init__(self, together: int) -> None:
        self._together = together
        self._waiting: deque[tuple[Batch, int]] = deque()  # with how many rows it counts for
        self._ended = False
        self._news = asyncio.Condition()

    async def put(self, batch: Batch) -> None:
        """Add one, when there is room."""
        async with self._news:
            self._waiting.append((batch, _rows(batch)))
            self._news.notify_all()
            await self._news.wait_for(lambda: _sum(self._waiting) < self._together)

    async def end(self) -> None:
        """No more will come."""
        async with self._news:
            self._ended = True
            self._news.notify_all()

    async def take(self) -> list[Batch]:
        """Those that wait, up to so many rows; nothing at the end."""
        async with self._news:
            await self._news.wait_for(lambda: self._waiting or self._ended)
            group: list[tuple[Batch, int]] = []
            while self._waiting and _sum(group) < self._together:
                group.append(self._waiting.popleft())
            self._news.notify_all()
            return [batch for batch, _ in group]


def _sum(batches: Iterable[tuple[Batch, int]]) -> int:
    return sum(rows for _, rows in batches)


def _rows(batch: Batch) -> int:
    pictures = (one.photo for one in batch.records if isinstance(one, Record))
    heavy = sum(len(one) for one in pictures if one) // HEAVY
    return len(batch.records) + len(batch.unreadable) + 1 + heavy
