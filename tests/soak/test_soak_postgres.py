"""PostgreSQL stopped, and restarted without mercy in the middle of batches and deliveries."""

import random

import pytest
from soak_hub import Hub, few, many
from soak_world import count_faults, end_state, shown

POINTS = ("read", "staged", "committed", "intent written", "sent", "acknowledged")
pytestmark = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)


@pytest.fixture
async def hub(store_url):
    made = await Hub(store_url).start()
    few(made)
    await made.pass_time(3)
    yield made
    await made.store.close()


async def unharmed(url: str, versions: int, number: int) -> tuple[dict, list]:
    hub = await Hub(url).start()
    few(hub)
    await hub.cycle()
    for version in range(1, versions + 1):
        many(hub, number, version)
        await hub.cycle()
    await hub.store.close()
    return end_state(url), shown(hub.intranet)


async def test_a_server_that_stops_is_said_once_and_found_again(hub, postgres, size, figure):
    postgres.stop()
    many(hub, 20)
    await hub.pass_time(100)
    assert hub.said("store_down", "store_back", "task_failed") == ["store_down"]
    assert len(hub.source.requests) == 1, "the source is left alone"
    postgres.start()
    await hub.pass_time(95)
    assert hub.said("store_down", "store_back") == ["store_down", "store_back"]
    assert len(shown(hub.intranet)) == 20
    assert hub.said("source_down", "target_down") == []
    figure("PostgreSQL stopped and back", said=1, lost=0)


async def test_restarts_in_the_middle_lose_nothing(tmp_path, hub, postgres, size, figure):
    restarts, number, rng, at = size.number(3, 60), 30, random.Random(9), []

    def restart(point: str) -> None:
        hub.before.clear()
        at.append(point)
        postgres._control("restart", "-m", "immediate")

    for version in range(1, restarts + 1):
        point = POINTS[version % len(POINTS)] if size.full else POINTS[version * 2 % len(POINTS)]
        hub.before[point] = lambda point=point: restart(point)
        many(hub, number, version)
        await hub.pass_time(65 + rng.randint(0, 5))
        assert len(at) == version, f"{point} was never passed"
        await hub.pass_time(65)
    state, stands = await unharmed(f"sqlite:///{tmp_path / 'unharmed.db'}", restarts, number)
    faults = count_faults(hub.intranet.log)
    assert end_state(hub.url) == state
    assert shown(hub.intranet) == stands
    assert (faults["created twice"], faults["out of order"]) == (0, 0)
    assert hub.said("source_down", "target_down", "task_failed") == []
    figure(
        "PostgreSQL restarted in the middle",
        restarts=restarts,
        lost=0,
        points={point: at.count(point) for point in sorted(set(at))},
        **{name.replace(" ", "_"): value for name, value in faults.items()},
    )
