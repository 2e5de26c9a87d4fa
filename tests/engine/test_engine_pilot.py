"""Mode pilot: every transition of the table, on both databases."""

import pytest
import sqlalchemy as sa

from hub.engine import reconcile
from hub.events.base import Family
from hub.events.objects import Audience, Kind
from hub.events.route import Route
from hub.store import tables


def routes(*withheld: str, mode: str = "live") -> tuple[Route, ...]:
    """Everyone and the site of Uithoorn, each with its own object of the same subject."""
    members = {"everyone": Audience(everyone=True), "uithoorn": Audience(groups=("uithoorn",))}
    return tuple(
        Route(
            name=f"disturbances/{name}",
            family=Family.INCIDENT,
            tile="disturbances",
            audience=name,
            members=one,
            targets=("intranet",),
            withheld=mode == "pilot" and name in withheld,
        )
        for name, one in members.items()
    )


PILOT = {"mode": "pilot", "routes": routes("everyone", mode="pilot")}
LIVE = {"mode": "live", "routes": routes()}
WATCH = {"mode": "watch", "routes": routes()}


def standing(world) -> set[tuple[str, str]]:
    """(title, audience) of what stands on the intranet."""
    found = [one.body for (kind, _), one in world.target.objects.items() if kind is Kind.TILE_ITEM]
    return {
        (body["title"]["nl"], "".join(body["audience"].get("groups", ["everyone"])))
        for body in found
    }


def fresh(world) -> int:
    return sum(kind is Kind.FRESHNESS for kind, _ in world.target.objects)


async def held(world):
    return await world.rows(sa.select(tables.hold).where(tables.hold.c.state == "open"))


async def begun(world, **how):
    await world.start(**how)
    world.source.put("a")
    world.source.edit("a", title={"nl": "A"})
    await world.cycle()


async def changed(world, **how):
    await world.start(**how)
    await world.cycle()


async def test_a_pilot_sends_to_its_audiences_only_and_shows_the_rest(world):
    await begun(world, **PILOT)
    assert standing(world) == {("A", "uithoorn")}
    assert fresh(world) == 1
    plan = await world.store.read(reconcile.plan)
    assert plan.steps == []
    assert [(row["audience"], row["body"]["title"]) for row in plan.withheld] == [
        ("everyone", {"nl": "A"})
    ]
    status = await world.store.read(reconcile.status)
    assert sum(row["withheld"] for row in status["objects"] if row["kind"] == "tile-item") == 1
    assert sum(row["ahead"] for row in status["objects"]) == 0
    explained = await world.store.read(reconcile.explain, "a")
    assert {row["desired"] for row in explained} == {"present", "withheld"}


async def test_what_changes_and_what_ends_stays_withheld(world):
    await begun(world, **PILOT)
    world.source.edit("a", title={"nl": "B"})
    await world.cycle()
    assert standing(world) == {("B", "uithoorn")}
    plan = await world.store.read(reconcile.plan)
    assert [row["body"]["title"] for row in plan.withheld] == [{"nl": "B"}]
    world.source.remove("a")
    await world.cycle()
    await world.cycle()
    assert standing(world) == set()
    assert (await world.store.read(reconcile.plan)).withheld == []


@pytest.mark.parametrize("before", [WATCH, PILOT], ids=["watch", "pilot"])
async def test_to_live_sends_the_current_state_only(world, before):
    await begun(world, **before)
    world.source.edit("a", title={"nl": "B"})
    await world.cycle()
    writes = world.target.writes
    await changed(world, **LIVE)
    assert standing(world) == {("B", "everyone"), ("B", "uithoorn")}
    assert await held(world) == []
    rows = 1 if before is PILOT else 2
    assert world.target.writes - writes == 2 * rows, "each row and its freshness, once"
    assert (await world.store.read(reconcile.plan)).withheld == []


async def test_watch_to_pilot_sends_the_pilot_s_part(world):
    await begun(world, **WATCH)
    assert world.target.writes == 0
    await changed(world, **PILOT)
    assert standing(world) == {("A", "uithoorn")}
    assert await held(world) == []


async def test_live_to_pilot_is_a_hold_over_what_would_go(world):
    await begun(world, **LIVE)
    await changed(world, **PILOT)
    (hold,) = await held(world)
    assert hold.action == "configuration"
    (line,) = hold.content
    assert (line["to"], line["from"]["audience"]) == (None, {"everyone": True})
    assert len(standing(world)) == 2
    assert fresh(world) == 2


async def test_while_it_is_held_what_stands_moves_on_and_nothing_new_gets_out(world):
    await begun(world, **LIVE)
    await changed(world, **PILOT)
    world.source.edit("a", title={"nl": "B"})
    world.source.put("c")
    world.source.edit("c", title={"nl": "C"})
    await world.cycle()
    assert standing(world) == {("B", "everyone"), ("B", "uithoorn"), ("C", "uithoorn")}
    for _ in range(12):
        await world.cycle()
    bodies = [one.body for (kind, _), one in world.target.objects.items() if kind is Kind.FRESHNESS]
    now = world.clock.now().isoformat()
    assert [body["fresh_until"] > now for body in bodies] == [True, True], (
        "the old tile is believed"
    )


async def test_release_takes_away_what_is_outside_the_pilot(world):
    await begun(world, **LIVE)
    await changed(world, **PILOT)
    (hold,) = await held(world)
    await world.runner.release(hold.hash, "anna")
    await world.cycle()
    assert standing(world) == {("A", "uithoorn")}
    assert fresh(world) == 1
    assert len((await world.store.read(reconcile.plan)).withheld) == 1
    for _ in range(3):
        await changed(world, **PILOT)
    assert standing(world) == {("A", "uithoorn")}
    assert await held(world) == []


async def test_putting_live_back_closes_the_hold(world):
    await begun(world, **LIVE)
    await changed(world, **PILOT)
    await changed(world, **LIVE)
    assert await held(world) == []
    assert len(standing(world)) == 2


async def test_a_smaller_pilot_is_a_hold_and_a_larger_one_is_not(world):
    await begun(world, **PILOT)
    await changed(world, mode="pilot", routes=routes("everyone", "uithoorn", mode="pilot"))
    (hold,) = await held(world)
    assert [line["from"]["audience"] for line in hold.content] == [{"groups": ["uithoorn"]}]
    assert standing(world) == {("A", "uithoorn")}
    await changed(world, mode="pilot", routes=routes(mode="pilot"))
    assert await held(world) == []
    assert len(standing(world)) == 2


async def test_pilot_to_watch_stops_sending_and_withdraws_nothing(world):
    await begun(world, **PILOT)
    await changed(world, **WATCH)
    world.source.edit("a", title={"nl": "B"})
    await world.cycle()
    assert standing(world) == {("A", "uithoorn")}
    assert await held(world) == []
    plan = await world.store.read(reconcile.plan)
    assert {step.blocked for step in plan.steps} == {"watch"}
    assert (plan.count("create"), plan.count("update"), plan.withheld) == (1, 1, [])


async def test_from_live_by_way_of_watch_what_stands_is_held_as_well(world):
    await begun(world, **LIVE)
    await changed(world, **WATCH)
    await changed(world, **PILOT)
    assert len(await held(world)) == 1
    assert len(standing(world)) == 2


async def test_holds_stay_open_through_a_pilot(world):
    await begun(world, **PILOT)
    narrowed = tuple(one.model_copy(update={"when": {"branch": ("X",)}}) for one in PILOT["routes"])
    await changed(world, mode="pilot", routes=narrowed)
    (before,) = await held(world)
    await changed(
        world, mode="live", routes=tuple(r.model_copy(update={"withheld": False}) for r in narrowed)
    )
    assert len(await held(world)) == 1
    assert standing(world) == {("A", "uithoorn")}
    assert before.content[0]["to"] is None


async def test_a_pause_holds_for_a_pilot_too(world):
    await begun(world, **PILOT)
    now = world.clock.now()
    await world.store.write(reconcile.pause, ["desk"], paused=True, actor="anna", now=now)
    world.source.edit("a", title={"nl": "B"})
    await world.cycle()
    assert standing(world) == {("A", "uithoorn")}


async def test_what_was_withdrawn_stays_away_in_a_pilot(world):
    await begun(world, **PILOT)

    def take(tx):
        rows = reconcile.to_withdraw(tx, text="a")
        return reconcile.withdraw(tx, rows, instance=None, actor="anna", now=world.clock.now())

    await world.store.write(take)
    await world.cycle()
    assert standing(world) == set()
    world.source.edit("a", title={"nl": "B"})
    await changed(world, **PILOT)
    assert standing(world) == set()
