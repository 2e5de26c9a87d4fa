"""A clock that a test moves, a log that a test reads, a context made of both."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from hub.contract import Context
from hub.http import HttpFactory, HttpOptions

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
TURNS = 20  # turns of the event loop in which others may act before the clock jumps


class FakeClock:
    """Virtual time: it moves only by `advance`, or when everybody who looks at it sleeps.

    Sleepers side by side sleep side by side: of 10 and 60 seconds together the longest counts.
    """

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._waiting: list[datetime] = []

    def now(self) -> datetime:
        """The present virtual moment, UTC."""
        return self._now

    def advance(self, seconds: float) -> datetime:
        """Move on by so many seconds; the new moment."""
        self._now += timedelta(seconds=seconds)
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Sleep without waiting: the clock jumps to the earliest sleeper once nobody else acts."""
        until = self._now + timedelta(seconds=seconds)
        self._waiting.append(until)
        try:
            await self._reach(until)
        finally:
            self._waiting.remove(until)

    async def _reach(self, until: datetime) -> None:
        await asyncio.sleep(0)
        while self._now < until:
            for _ in range(TURNS):
                await asyncio.sleep(0)
            if self._now < until == min(self._waiting):
                self._now = until


@dataclass(frozen=True, slots=True)
class LogLine:
    """One call of the log: level, event name, keys."""

    level: str
    event: str
    keys: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FakeLog:
    """A bound structured logger that keeps its lines; binding shares them."""

    lines: list[LogLine] = field(default_factory=list)
    bound: dict[str, Any] = field(default_factory=dict)

    def bind(self, **keys: Any) -> "FakeLog":
        """The same log with more keys on each line."""
        return FakeLog(self.lines, self.bound | keys)

    def debug(self, event: str, **keys: Any) -> None:
        """Keep a line."""
        self._keep("debug", event, keys)

    def info(self, event: str, **keys: Any) -> None:
        """Keep a line."""
        self._keep("info", event, keys)

    def warning(self, event: str, **keys: Any) -> None:
        """Keep a line."""
        self._keep("warning", event, keys)

    def error(self, event: str, **keys: Any) -> None:
        """Keep a line."""
        self._keep("error", event, keys)

    def exception(self, event: str, **keys: Any) -> None:
        """Keep a line."""
        self._keep("error", event, keys)

    def _keep(self, level: str, event: str, keys: dict[str, Any]) -> None:
        self.lines.append(LogLine(level, event, self.bound | keys))


def fake_context(
    instance: str = "test",
    *,
    clock: FakeClock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    log: FakeLog | None = None,
) -> Context:
    """A context for a plug-in under test: virtual waiting, and the given transport.

    Args:
        instance: the instance's id.
        clock: shared with the test; a new one by default.
        transport: `httpx.MockTransport`, `httpx.ASGITransport`, ...; None: the real network.
        log: where its log lines go.
    """
    clock = clock or FakeClock()
    http = HttpFactory(HttpOptions(), clock.now, clock.sleep, transport)
    return Context(instance, http, log or FakeLog(), clock.now)
