"""Pages of a synchronous reader, one at a time, without holding up everybody else."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import TypeVar

PageT = TypeVar("PageT")


async def in_thread(pages: Iterator[PageT]) -> AsyncIterator[PageT]:
    """Each page is fetched in a worker thread, only when it is asked for: memory stays bounded.

    Whoever stops early waits until the page under way is there: a thread can't be stopped, and
    two must never use one connection.
    """
    end = object()
    while True:
        step = asyncio.ensure_future(asyncio.to_thread(next, pages, end))
        try:
            page = await asyncio.shield(step)
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):  # what it was no longer matters to anybody
                await step
            raise
        if page is end:
            return
        yield page  # type: ignore[misc]  # it is no longer the end
