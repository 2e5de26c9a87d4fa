"""How the suite works with a connector: build it, read it to the end, keep what came."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.contract import (
    Batch,
    Checkpoint,
    Connector,
    ReadRequest,
    Record,
    Removal,
    Slice,
    Stream,
    Unreadable,
)
from hub.testing.worlds import SourceWorld


@dataclass(slots=True)
class Reading:
    """What one reading gave, and how it ended."""

    batches: list[Batch] = field(default_factory=list)
    error: Exception | None = None

    @property
    def records(self) -> dict[str, Record]:
        """The last record of each key."""
        return {one.key: one for one in self._all() if isinstance(one, Record)}

    @property
    def removals(self) -> list[Removal]:
        """Proven removals."""
        return [one for one in self._all() if isinstance(one, Removal)]

    @property
    def unreadable(self) -> list[Unreadable]:
        """Rows that were not understood."""
        return [row for batch in self.batches for row in batch.unreadable]

    @property
    def finished(self) -> list[Slice]:
        """Parts that were covered."""
        return [piece for batch in self.batches for piece in batch.finished]

    @property
    def checkpoints(self) -> list[Checkpoint | None]:
        """Every position that was handed over, in order."""
        return [one for batch in self.batches for one in (batch.resume, batch.next_delta)]

    @property
    def next_delta(self) -> Checkpoint | None:
        """Where deltas go on, if the connector has them."""
        return self.batches[-1].next_delta if self.batches else None

    def covers(self, record: Record) -> bool:
        """Whether the finished parts include the place of this record."""
        return any(_inside(record.container, record.at, piece) for piece in self.finished)

    def _all(self) -> Iterator[Record | Removal]:
        return (one for batch in self.batches for one in batch.records)


class Bench:
    """One world with connectors in it."""

    def __init__(self, world: SourceWorld) -> None:
        self.world = world
        self.config = world.connector.settings.model_validate(dict(world.settings))
        self._open: list[Connector[Any]] = []

    def connector(self, *, ahead: float = 0.0) -> Connector[Any]:
        """A new connector; its clock runs so many seconds ahead of the world's."""
        context = self.world.context()
        now = context.now
        ahead_by = timedelta(seconds=ahead)
        context = replace(context, now=lambda: now() + ahead_by)
        made = self.world.connector(self.config, context)
        self._open.append(made)
        return made

    def stream(self, connector: Connector[Any]) -> Stream:
        """The stream under test; skips where the connector is never read."""
        for stream in connector.streams():
            if stream.every is not None and self.world.stream in {None, stream.name}:
                return stream
        return pytest.skip(f"{connector.name} is never read, it only receives")

    def fill(self) -> list[str]:
        """Put more than two pages of subjects in; their keys."""
        self.stream(self.connector())
        return list(self.world.populate(2 * self.world.page_size + 1))

    async def read(
        self,
        *,
        reading: str = "sweep",
        since: Checkpoint | None = None,
        ahead: float = 0.0,
        each: Callable[[], None] | None = None,
    ) -> Reading:
        """One reading with a new connector, to its end or its error; `each` after every batch."""
        connector = self.connector(ahead=ahead)
        stream = self.stream(connector)
        result = Reading()
        for partition in stream.partitions or ("",):
            request = ReadRequest(stream.name, reading, since, partition)  # type: ignore[arg-type]  # a Literal
            await _drain(connector, request, result, each)
        return result

    async def whole(self, **options: Any) -> Reading:
        """A reading that must succeed."""
        result = await self.read(**options)
        if result.error:
            raise AssertionError("a reading of a healthy source failed") from result.error
        return result

    async def close(self) -> None:
        """Close every connector."""
        for connector in self._open:
            await connector.close()


async def _drain(
    connector: Connector[Any],
    request: ReadRequest,
    result: Reading,
    each: Callable[[], None] | None,
) -> None:
    try:
        async for batch in connector.read(request):
            result.batches.append(batch)
            if each:
                each()
    except Exception as error:  # noqa: BLE001 - a foreign exception is exactly what is looked for
        result.error = error


def _inside(container: str, at: datetime | None, piece: Slice) -> bool:
    if piece.container not in {None, container}:
        return False
    if at is None:
        return True
    after = piece.start is None or piece.start <= at
    return after and (piece.end is None or at < piece.end)


@asynccontextmanager
async def opened(world: SourceWorld) -> AsyncIterator[Bench]:
    """A started world, stopped at the end."""
    await world.start()
    try:
        bench = Bench(world)
        yield bench
        await bench.close()
    finally:
        await world.wire.shut()
        await world.stop()
