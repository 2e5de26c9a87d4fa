"""Pace in virtual time, and what servers say about their limits."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from hub.errors import RateLimitedError, RetryableError
from hub.http import HttpFactory, HttpOptions
from hub.http.pace import BURST
from hub.testing.fakes import FakeClock

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
EPOCH = int(NOW.timestamp())


class World:
    """Clients of one instance, and when their requests arrived, in seconds from the start."""

    def __init__(self, pace, answer=lambda: httpx.Response(200)):
        self.clock = FakeClock(NOW)
        self.seen = []
        self.answer = answer
        transport = httpx.MockTransport(self._answer)
        options = HttpOptions(pace=pace)
        self.make = HttpFactory(options, self.clock.now, self.clock.sleep, transport)

    def _answer(self, request):
        self.seen.append((self.clock.now() - NOW).total_seconds())
        return self.answer()

    async def ask(self, count, http=None):
        http = http or self.make("https://api.example.org")
        for _ in range(count):
            await http.send("GET", "x")


async def test_without_a_pace_nobody_waits():
    world = World(None)
    await world.ask(50)
    assert set(world.seen) == {0}


@pytest.mark.parametrize(("pace", "burst"), [(0.5, 1), (1, 1), (2, 2), (10, BURST)])
async def test_after_a_small_burst_requests_keep_their_distance(pace, burst):
    world = World(pace)
    await world.ask(20)
    assert world.seen.count(0) == burst
    steps = [later - one for one, later in zip(world.seen, world.seen[1:], strict=False)]
    assert steps[int(burst) - 1 :] == pytest.approx([1 / pace] * (20 - int(burst)), abs=1e-4)


async def test_all_clients_of_an_instance_share_it_also_side_by_side():
    world = World(2)
    clients = [world.make(f"https://{name}.example.org") for name in "abcd"]
    await asyncio.gather(*(world.ask(5, one) for one in clients))
    assert max(world.seen) == pytest.approx(9, abs=0.01)  # 20 requests, 2 at once, 2 a second
    for second in range(9):
        assert sum(second <= one < second + 1 for one in world.seen) <= 3


async def test_a_pause_gives_the_burst_back_and_no_more():
    world = World(2)
    await world.ask(4)
    world.clock.advance(3600)
    world.seen.clear()
    await world.ask(4)
    first = world.seen[0]
    assert [one - first for one in world.seen] == pytest.approx([0, 0, 0.5, 1], abs=1e-4)


async def test_a_clock_that_is_set_back_holds_nobody_for_long():
    world = World(2)
    await world.ask(4)
    world.clock.advance(-3600)
    await world.ask(1)
    assert world.seen[-1] - world.seen[-2] + 3600 == pytest.approx(0, abs=1)


async def test_tries_again_keep_the_pace_too():
    world = World(1, lambda: httpx.Response(500))
    with pytest.raises(RetryableError):
        await world.make("https://api.example.org").get("x")
    assert len(world.seen) == 3
    assert all(
        later - one >= 1 - 1e-6 for one, later in zip(world.seen, world.seen[1:], strict=False)
    )


# --- what servers say -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"RateLimit-Reset": "30"}, 30),
        ({"X-RateLimit-Reset": "30"}, 30),
        ({"X-RateLimit-Reset": "1.5"}, 1.5),
        ({"X-RateLimit-Reset": str(EPOCH + 45)}, 45),
        ({"X-RateLimit-Reset": str((EPOCH + 45) * 1000)}, 45),
        ({"X-RateLimit-Reset": str(EPOCH - 45)}, 0),
        ({"X-Rate-Limit-Reset": "12"}, 12),
        ({"Retry-After": "7", "X-RateLimit-Reset": "30"}, 7),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "30"}, 30),
        ({"X-RateLimit-Reset": "tomorrow"}, None),
        ({"X-RateLimit-Reset": "-5"}, None),
        ({"X-RateLimit-Reset": "\u0663".encode()}, None),
        ({"X-RateLimit-Reset": "9" * 400}, None),
        ({}, None),
    ],
)
async def test_a_limit_that_is_reached_says_how_long(headers, wait):
    world = World(None, lambda: httpx.Response(429, headers=headers))
    with pytest.raises(RateLimitedError) as caught:
        await world.ask(1)
    assert caught.value.retry_after == wait
    assert caught.value.everyone


@pytest.mark.parametrize(
    ("headers", "everyone", "wait"),
    [
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30"}, True, 30),
        ({"X-RateLimit-Remaining": "0"}, True, None),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "30"}, True, 30),
        ({"Retry-After": "9"}, False, 9),
        ({"Retry-After": "9", "X-RateLimit-Remaining": "0"}, True, 9),
    ],
)
async def test_a_503_is_a_limit_where_it_says_so(headers, everyone, wait):
    world = World(None, lambda: httpx.Response(503, headers=headers))
    with pytest.raises(RateLimitedError) as caught:
        await world.ask(1)
    assert (caught.value.everyone, caught.value.retry_after) == (everyone, wait)


@pytest.mark.parametrize(
    "headers", [{}, {"X-RateLimit-Reset": "30"}, {"X-RateLimit-Remaining": "4"}]
)
async def test_any_other_503_is_a_fault_that_passes(headers):
    world = World(None, lambda: httpx.Response(503, headers=headers))
    with pytest.raises(RetryableError) as caught:
        await world.ask(1)
    assert type(caught.value) is RetryableError


async def test_a_short_reset_is_waited_for_by_a_page():
    answers = [httpx.Response(429, headers={"RateLimit-Reset": "3"}), httpx.Response(200)]
    world = World(None, lambda: answers.pop(0))
    await world.make("https://api.example.org").get("x")
    assert world.clock.now() - NOW == timedelta(seconds=3)
