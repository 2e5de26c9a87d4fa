"""A clock that jumps under a running hub: the rhythm goes on, nothing is repeated or removed."""

import random
from datetime import datetime, timedelta

import pytest
from soak_hub import Hub, few
from soak_world import count_faults

from hub.errors import RateLimitedError, RetryableError
from hub.events.objects import Kind

HOUR, DAY = 3600, 86400
JUMPS = (-HOUR, DAY, -DAY, 40, -40, 5, -5)


@pytest.fixture
async def hub(store_url):
    made = await Hub(store_url).start()
    few(made)
    await made.pass_time(3)
    yield made
    await made.store.close()


def fresh_for(hub: Hub) -> timedelta:
    """How long the tile may be believed from now on."""
    (body,) = [one.body for (kind, _), one in hub.intranet.objects.items() if kind == "freshness"]
    return datetime.fromisoformat(body["fresh_until"]) - hub.clock.now()


def titles(hub: Hub) -> list[str]:
    found = hub.intranet.objects.items()
    return sorted(o.body["title"]["nl"] for (kind, _), o in found if kind is Kind.TILE_ITEM)


@pytest.mark.parametrize("jump", [-HOUR, DAY], ids=["back an hour", "forward a day"])
async def test_the_rhythm_goes_on_and_nothing_is_repeated(hub, jump):
    asked, sent = len(hub.source.requests), len(hub.intranet.log)
    hub.clock.advance(jump)
    await hub.pass_time(130)
    assert 2 <= len(hub.source.requests) - asked <= 4, "every minute, and once for the jump"
    assert {kind for kind, *_ in hub.intranet.log[sent:]} <= {"freshness"}
    assert len(titles(hub)) == 5
    assert timedelta(0) < fresh_for(hub) <= timedelta(minutes=5)
    hub.source.edit("s-0001", title={"nl": "Changed after the jump"})
    await hub.pass_time(65)
    assert "Changed after the jump" in titles(hub)
    assert hub.said("clock_went_back", "task_failed") == ["clock_went_back"] * (jump < 0)


@pytest.mark.parametrize("who", ["source", "target"])
async def test_what_failed_is_tried_again_soon_after_the_clock_went_back(hub, who):
    hub.intranet.down = who == "target"
    if who == "source":
        hub.source.fail_next(RetryableError("away"))
    hub.source.edit("s-0001", title={"nl": "Late"})
    await hub.pass_time(61)
    assert "Late" not in titles(hub)
    hub.clock.advance(-HOUR)
    hub.intranet.down = False
    await hub.pass_time(70)
    assert "Late" in titles(hub)


async def test_a_target_that_asked_for_rest_keeps_it(hub):
    hub.source.edit("s-0001", title={"nl": "Late"})
    hub.intranet.fail_next(RateLimitedError("too fast", 300))
    await hub.pass_time(62)
    hub.clock.advance(-HOUR)
    tries = len([call for call in hub.intranet.calls if call.method == "publish"])
    await hub.pass_time(180)
    assert len([call for call in hub.intranet.calls if call.method == "publish"]) == tries
    await hub.pass_time(185)
    assert "Late" in titles(hub)


async def test_a_clock_that_goes_where_it_wants_harms_nothing(hub, size, figure):
    rng, jumps = random.Random(5), size.number(6, 150)
    for number in range(1, jumps + 1):
        hub.source.edit(f"s-{rng.randint(1, 5):04}", title={"nl": f"Item at {number}"})
        hub.clock.advance(rng.choice(JUMPS))
        await hub.pass_time(65)
        assert f"Item at {number}" in titles(hub)
    faults = count_faults(hub.intranet.log)
    assert (faults["created twice"], faults["out of order"], faults["sent again"]) == (0, 0, 0)
    assert "removed" not in [fate for *_, fate, _ in hub.intranet.log]
    assert hub.said("task_failed") == []
    figure(
        f"clock jumps, {hub.url.split(':', 1)[0]}",
        jumps=jumps,
        readings=len(hub.source.requests),
        removed=0,
        **{name.replace(" ", "_"): number for name, number in faults.items()},
    )
