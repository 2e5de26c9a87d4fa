"""Small promises: refused logins over restarts, what the source says itself, the audit trail."""

from datetime import timedelta

import sqlalchemy as sa

from hub.engine import reconcile
from hub.errors import AuthFailedError, RetryableError
from hub.events.base import Family
from hub.events.objects import Audience
from hub.events.route import Route
from hub.metrics import Metrics
from hub.schedule.embedded import Embedded
from hub.store import tables, trail


def route(**changes) -> Route:
    given = {
        "name": "r1",
        "family": Family.INCIDENT,
        "tile": "disturbances",
        "audience": "everyone",
        "members": Audience(everyone=True),
        "targets": ("intranet",),
    }
    return Route(**given | changes)


WAIT = timedelta(minutes=10)


async def refused(world) -> int:
    """Restart the hub and let its schedule look; how often the source was asked so far."""
    await world.start()
    schedule = Embedded(world.runner, who="test", metrics=Metrics())
    await schedule.tick()
    await schedule.settle()
    (count,) = [row.number for row in await world.rows(COUNT)]
    return count


COUNT = sa.select(sa.func.count().label("number")).select_from(tables.run)


async def test_a_refused_login_is_not_tried_again_by_a_restart(world):
    await world.start()
    world.source.fail(AuthFailedError("refused"))
    await world.cycle(seconds=60)
    asked = [await refused(world) for _ in range(3)]
    assert asked == [1, 1, 1]
    line = next(line for line in world.log.lines if line.event == "login_waits")
    assert line.keys["at_once"] == "hub sync desk"
    world.clock.advance(WAIT.total_seconds())
    assert await refused(world) == 2


async def test_a_changed_configuration_is_tried_at_once_and_so_is_another_fault(world):
    await world.start()
    world.source.fail(AuthFailedError("refused"))
    await world.cycle(seconds=60)
    assert await refused(world) == 1
    world.fingerprint = "f2"
    world.source.fail(RetryableError("down"))
    assert await refused(world) == 2
    assert await refused(world) == 3


async def test_values_that_a_route_asks_for_and_the_source_uses_are_named(world):
    await world.start(routes=(route(when={"branch": ("Uithorn",), "category": ("Netwerk",)}),))
    world.source.populate(2)
    world.source.edit("s-0001", branch="Uithoorn")
    world.source.edit("s-0002", branch="Diemen", category={"nl": "Netwerk", "en": "Network"})
    await world.cycle()
    status = await world.store.read(reconcile.status)
    assert status["unmatched"] == {"desk": 2}
    assert status["used"]["desk"]["branch"] == {
        "asked": ["Uithorn"],
        "found": ["Diemen", "Uithoorn"],
    }
    assert status["used"]["desk"]["category"]["found"] == ["Netwerk", "Network"]


async def test_resume_and_drop_stand_in_the_audit_trail(world):
    await world.start()
    world.source.populate(4)
    await world.cycle()
    world.source.subjects.clear()
    await world.cycle()
    report = await world.cycle()
    given = {"actor": "jan", "now": world.clock.now()}
    await world.store.write(reconcile.drop, report.hold, **given)
    await world.store.write(reconcile.pause, ["desk"], paused=True, **given)
    await world.store.write(reconcile.pause, ["desk"], paused=False, **given)
    await world.store.write(reconcile.pause, ["desk"], paused=False, **given)  # it was not paused
    dropped = {"hold": report.hold, "instance": "desk", "size": 4}
    keys = {"subjects": [f"desk/s-000{number}" for number in range(1, 5)]}
    found = await world.store.read(trail.rows)
    assert [(row.actor, row.action, row.what) for row in found] == [
        ("jan", "drop", dropped | keys),
        ("jan", "pause", {"instances": ["desk"], "fields": {"paused": [False, True]}}),
        ("jan", "resume", {"instances": ["desk"], "fields": {"paused": [True, False]}}),
    ]
    assert await world.store.read(trail.is_whole)
