"""Holds, withdrawal, pause, explanation, orphans, moved targets: nothing goes by accident."""

import pytest
import sqlalchemy as sa

from hub.contract import Present
from hub.engine import reconcile
from hub.errors import BadConfigError, RetryableError
from hub.events.base import Family
from hub.events.objects import Audience, Kind
from hub.events.route import Route
from hub.store import holds, tables, trail


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


async def held(world):
    return await world.rows(sa.select(tables.hold).where(tables.hold.c.state == "open"))


async def test_a_route_with_a_typo_is_a_hold_and_withdraws_nothing(world):
    await world.start()
    world.source.put("a")
    world.source.edit("a", branch="Uithoorn")
    await world.cycle()
    typo = (route(when={"branch": ("Uithorn",)}),)
    await world.start(routes=typo)
    await world.cycle()
    assert len(world.items()) == 1
    (hold,) = await held(world)
    assert hold.action == "configuration"
    (line,) = hold.content
    assert line["to"] is None
    await world.start(routes=(route(when={"branch": ("Uithoorn",)}),))
    await world.cycle()
    assert await held(world) == []
    assert len(world.items()) == 1


async def test_everything_else_goes_on_while_a_route_is_held(world):
    await world.start()
    world.source.put("a")
    world.source.edit("a", branch="Diemen")
    await world.cycle()
    await world.start(routes=(route(when={"branch": ("Uithoorn",)}),))
    world.source.put("b")
    world.source.edit("b", branch="Uithoorn", title={"nl": "New"})
    world.source.edit("a", title={"nl": "Changed in the source"})
    await world.cycle()
    assert set(world.items()) == {"New", "Changed in the source"}
    assert len(await held(world)) == 1


async def test_release_of_a_changed_route_applies_it_and_is_audited(world):
    await world.start()
    world.source.put("a")
    await world.cycle()
    await world.start(routes=(route(when={"branch": ("Uithoorn",)}),))
    (hold,) = await held(world)
    counts = await world.runner.release(hold.hash, "anna")
    await world.runner.deliver()
    assert counts == {"changed": 1}
    assert world.items() == {}
    (line,) = await world.rows(sa.select(tables.audit))
    assert (line.actor, line.action) == ("anna", "release")
    assert await world.store.read(trail.is_whole)


async def test_a_narrowed_audience_stands_first_in_the_hold(world):
    await world.start()
    world.source.populate(2)
    world.source.edit("s-0001", branch="Diemen")
    await world.cycle()
    narrow = route(
        audience="uithoorn", members=Audience(groups=("uithoorn",)), when={"branch": ("Diemen",)}
    )
    await world.start(routes=(narrow,))
    (hold,) = await held(world)
    assert [line["to"] is None for line in hold.content] == sorted(
        (line["to"] is None for line in hold.content), reverse=True
    )
    assert len(world.items()) == 2


async def test_a_changed_mapping_is_held_and_a_change_of_the_source_is_not(world):
    await world.start()
    world.source.put("a", revision=1)
    world.source.put("b", revision=1)
    await world.cycle()
    await world.start(fingerprint="f2")
    world.source.edit("a", title={"nl": "Mapped otherwise"})
    record = world.source.edit("b", title={"nl": "Edited by the desk"})
    world.source.subjects["b"] = type(record)(
        record.key, record.payload, record.container, revision=2
    )
    await world.cycle()
    assert "Mapped otherwise" not in world.items()
    assert "Edited by the desk" in world.items()
    (hold,) = await held(world)
    await world.cycle()
    assert [row.hash for row in await held(world)] == [hold.hash], "it waits, unchanged"
    await world.runner.release(hold.hash, "anna")
    await world.runner.deliver()
    assert "Mapped otherwise" in world.items()


async def test_suspects_of_the_first_sweep_after_a_change_are_shown_not_staged(world):
    await world.start()
    world.source.populate(3)
    await world.cycle()
    await world.start(fingerprint="f2")
    world.source.remove("s-0001")
    report = await world.cycle()
    assert report.counts["suspects_after_change"] == 1
    (row,) = await world.rows(sa.select(tables.subject).where(tables.subject.c.key == "s-0001"))
    assert (row.missing, row.staged) == (0, None)


async def test_in_watch_mode_a_route_may_be_changed_freely(world):
    await world.start(mode="watch")
    world.source.put("a")
    await world.cycle()
    await world.start(routes=(route(when={"branch": ("Uithoorn",)}),))
    assert await held(world) == []
    plan = await world.store.read(reconcile.plan)
    assert plan.steps == []


async def test_release_of_removals_asks_again(world):
    await world.start()
    world.source.populate(2)
    await world.cycle()
    gone = dict(world.source.subjects)
    world.source.subjects.clear()
    await world.cycle()
    report = await world.cycle()
    world.source.answers["s-0001"] = Present(gone["s-0001"])
    counts = await world.runner.release(report.hold, "anna")
    await world.runner.deliver()
    assert counts == {"removed": 1, "back": 1, "kept": 0}
    assert len(world.items()) == 1


async def test_release_keeps_what_can_not_be_asked(world):
    await world.start()
    world.source.populate(2)
    await world.cycle()
    world.source.subjects.clear()
    await world.cycle()
    report = await world.cycle()
    world.source.answers |= dict.fromkeys(("s-0001", "s-0002"), RetryableError("down"))
    counts = await world.runner.release(report.hold, "anna")
    assert counts == {"removed": 0, "back": 0, "kept": 2}


async def test_a_dropped_hold_does_not_ask_again_unless_it_grows(world):
    await world.start()
    world.source.populate(2)
    await world.cycle()
    world.source.subjects.clear()
    await world.cycle()
    report = await world.cycle()
    await world.store.write(reconcile.drop, report.hold, actor="anna", now=world.clock.now())
    for _ in range(3):
        assert (await world.cycle()).hold is None
    assert len(world.items()) == 2
    world.source.put("c")
    await world.cycle()
    world.source.subjects.clear()
    await world.cycle()
    assert (await world.cycle()).hold is not None


async def test_an_old_hash_releases_nothing(world):
    await world.start()
    with pytest.raises(BadConfigError, match="hub hold list"):
        await world.runner.release("abcdef", "anna")


async def test_withdraw_takes_ours_away_and_keeps_it_away_until_undone(world):
    await world.start()
    world.source.populate(2)
    await world.cycle()
    ours = next(name for name in world.target.objects if name[0] is Kind.TILE_ITEM)
    world.target.objects[Kind.TILE_ITEM, "foreign"] = world.target.objects[ours]

    def take(tx):
        rows = reconcile.to_withdraw(tx, instance="desk")
        return reconcile.withdraw(tx, rows, instance="desk", actor="anna", now=world.clock.now())

    assert await world.store.write(take) == 3
    await world.runner.deliver()
    assert list(world.target.objects) == [(Kind.TILE_ITEM, "foreign")]
    world.source.edit("s-0001", title={"nl": "Again"})
    for _ in range(12):
        await world.cycle()
    assert list(world.target.objects) == [(Kind.TILE_ITEM, "foreign")]
    await world.store.write(
        reconcile.undo_withdrawal, instance="desk", text=None, actor="anna", now=world.clock.now()
    )
    await world.cycle()
    assert "Again" in world.items()
    actions = [row.action for row in await world.rows(sa.select(tables.audit))]
    assert actions == ["withdraw", "withdraw undone"]


async def test_withdraw_works_in_watch_mode_too(world):
    await world.start()
    world.source.put("a")
    await world.cycle()
    await world.start(mode="watch")

    def take(tx):
        rows = reconcile.to_withdraw(tx)
        return reconcile.withdraw(tx, rows, instance=None, actor="anna", now=world.clock.now())

    await world.store.write(take)
    await world.runner.deliver()
    assert world.target.objects == {}


async def test_a_paused_instance_sends_nothing_and_resumes_where_it_was(world):
    await world.start()
    world.source.put("a")
    await world.cycle()
    now = world.clock.now()
    await world.store.write(reconcile.pause, ["desk"], paused=True, actor="anna", now=now)
    world.source.edit("a", title={"nl": "Later"})
    await world.cycle()
    assert "Later" not in world.items()
    await world.store.write(reconcile.pause, ["desk"], paused=False, actor="anna", now=now)
    await world.cycle()
    assert "Later" in world.items()


async def test_a_removed_file_is_an_orphan_and_withdraws_nothing(world):
    await world.start()
    world.source.put("a")
    await world.cycle()
    await world.start(configured=False)
    await world.runner.project()
    await world.runner.deliver()
    assert len(world.items()) == 1
    (row,) = await world.rows(sa.select(tables.instance))
    assert row.state == "orphaned"
    assert [line.event for line in world.log.lines] == ["instance_orphaned"]


async def test_a_moved_target_gets_nothing_until_released(world):
    await world.start()
    world.source.put("a")
    await world.cycle()
    world.target.address_value = "memory://elsewhere"
    world.target.objects.clear()
    await world.start()
    await world.cycle()
    assert world.target.objects == {}
    (hold,) = await held(world)
    assert hold.content == [{"from": "memory://intranet", "to": "memory://elsewhere"}]
    await world.runner.release(hold.hash, "anna")
    await world.cycle()
    assert len(world.items()) == 1


async def test_an_unknown_audience_is_not_published_and_is_counted(world):
    world.target.groups = frozenset({"uithoorn"})
    await world.start(
        routes=(route(audience="b", members=Audience(groups=("nowhere",))), route(name="r2"))
    )
    world.source.put("a")
    await world.cycle()
    (item,) = world.items().values()
    assert item["audience"] == {"everyone": True}
    status = await world.store.read(reconcile.status)
    assert "nowhere" in " ".join(line["reason"] for line in status["troubled"])


async def test_explain_goes_from_the_object_back_to_run_and_route(world):
    await world.start()
    world.source.put("a")
    await world.cycle()
    (key,) = [key for kind, key in world.target.objects if kind is Kind.TILE_ITEM]
    for text in (key, "a"):
        found = await world.store.read(reconcile.explain, text)
        (one,) = [line for line in found if line["kind"] == "tile-item"]
        (cause,) = one["causes"]
        assert (cause["subject"], cause["route"], cause["stream"]) == ("a", "r1", "majors")
        (event,) = cause["events"]
        assert event["traceparent"].startswith("00-")
        assert event["run"] == 1
    assert one["published"]


async def test_a_plan_says_what_watch_mode_would_do(world):
    await world.start()
    world.source.populate(2)
    await world.cycle()
    await world.start(mode="watch")
    world.source.edit("s-0001", title={"nl": "Other"})
    world.source.put("c")
    world.source.remove("s-0002")
    await world.cycle()
    await world.cycle()
    plan = await world.store.read(reconcile.plan)
    assert [plan.count(one) for one in ("create", "update", "remove")] == [1, 1, 1]
    assert {step.blocked for step in plan.steps} == {"watch"}


async def test_a_broken_file_has_failed_and_is_no_orphan(world):
    await world.start()
    world.source.put("a")
    await world.cycle()
    world.runner.sources, world.runner.broken = {}, {"desk"}
    await world.runner.start()
    await world.runner.deliver()
    assert len(world.items()) == 1
    (row,) = await world.rows(sa.select(tables.instance))
    assert row.state == "failed"


async def test_whoever_asked_a_hub_that_died_is_told_to_ask_again(world):
    await world.start()
    number = await world.store.write(holds.ask, "sync", {}, world.clock.now())
    await world.store.write(holds.take_requests, "the hub that died")
    await world.start()
    answer = await world.store.read(holds.answered, number)
    assert "ask again" in answer.error


async def test_subjects_that_no_route_takes_are_counted(world):
    await world.start(routes=(route(when={"branch": ("Uithoorn",)}),))
    world.source.populate(2)
    world.source.edit("s-0001", branch="Uithoorn")
    await world.cycle()
    status = await world.store.read(reconcile.status)
    assert status["unmatched"] == {"desk": 1}


async def test_a_released_narrower_audience_that_is_unknown_there_leaves_nothing_wider(world):
    world.target.groups = frozenset({"staff"})
    await world.start(routes=(route(audience="a", members=Audience(groups=("staff",))),))
    world.source.put("a")
    await world.cycle()
    assert len(world.items()) == 1
    await world.start(routes=(route(audience="a", members=Audience(groups=("board",))),))
    (hold,) = await held(world)
    await world.runner.release(hold.hash, "anna")
    await world.runner.deliver()
    assert world.items() == {}, "not for all staff any more, and the board can't be named yet"
    world.target.groups = frozenset({"staff", "board"})
    world.clock.advance(3700)
    await world.cycle()
    (item,) = world.items().values()
    assert item["audience"] == {"groups": ["board"]}
