"""People leave: within limits quietly, above them nobody, until an administrator says so."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub.contract import Gone, Ref, Stream
from hub.errors import RetryableError
from hub.events.base import Family
from hub.events.group import Group, Membership, membership_key
from hub.events.person import Person
from hub.settings.models import Removals
from hub.store import holds, tables

PEOPLE = Stream(
    "majors",
    frozenset({Family.PERSON, Family.GROUP, Family.MEMBERSHIP}),
    timedelta(minutes=1),
    timedelta(minutes=15),
)


@pytest.fixture
async def hub(world):
    """A hub whose source has people and deltas; put them in, then `start`."""
    world.source.streams, world.source.deltas = (PEOPLE,), True
    return world


def person(name="Noor", **changes):
    return Person(enabled=True, display_name=name, **changes)


async def populate(hub, number):
    for one in range(number):
        hub.source.put(f"p-{one:04}", person(f"Persoon {one}"))
    await hub.start()
    await hub.cycle()


def leave(hub, *numbers, said=None):
    for one in numbers:
        hub.source.remove(f"p-{one:04}")
        if said is not None:
            hub.source.answers[f"p-{one:04}"] = said


async def sweep(hub):
    report = await hub.runner.run("desk", "majors", full=True)
    hub.clock.advance(900)
    return report


async def delta(hub):
    report = await hub.runner.run("desk", "majors")
    hub.clock.advance(60)
    return report


async def rows(hub, family="person"):
    return await hub.rows(sa.select(tables.subject).where(tables.subject.c.family == family))


async def removed(hub, family="person"):
    return len([one for one in await rows(hub, family) if one.removed_at is not None])


async def opened(hub):
    return await hub.store.read(holds.all_open)


@pytest.mark.parametrize(
    ("everybody", "leaving", "held"),
    [
        (40, 4, False),  # fewer than five
        (40, 5, True),  # five are more than 10 %
        (50, 5, False),  # five are 10 %
        (400, 25, False),
        (400, 26, True),  # more than 25, and more than 5 %
        (600, 30, False),  # 5 %
        (1, 1, False),
        (2, 2, True),  # nobody would be left
        (3, 3, True),
    ],
)
async def test_how_many_may_leave_at_once(hub, everybody, leaving, held):
    await populate(hub, everybody)
    leave(hub, *range(leaving), said=Gone("deleted"))
    report = await sweep(hub)
    assert bool(report.hold) is held
    assert await removed(hub) == (0 if held else leaving)
    assert len(await opened(hub)) == held


async def test_the_limits_are_the_instances_own(hub):
    await populate(hub, 40)
    source = hub.runner.sources["desk"]
    hub.runner.sources = {"desk": replace(source, removals=Removals(few=30, number=30))}
    leave(hub, *range(29), said=Gone("deleted"))
    await sweep(hub)
    assert await removed(hub) == 29


async def test_a_hold_of_people_is_released_or_dropped(hub):
    await populate(hub, 40)
    leave(hub, *range(16), said=Gone("outside"))
    report = await sweep(hub)
    assert (await hub.runner.release(report.hold, "admin"))["removed"] == 16
    assert await removed(hub) == 16


async def test_whoever_could_not_be_asked_about_counts(hub):
    """Else a hundred thousand would leave a few hundred at a time."""
    hub.source.streams = (replace(PEOPLE, look_ups=3),)
    await populate(hub, 40)
    leave(hub, *range(16), said=Gone("outside"))
    for _ in range(6):
        await sweep(hub)
        assert await removed(hub) == 0
    (hold,) = await opened(hub)
    assert len(hold.content) == 16


async def test_whoever_is_only_not_found_counts_from_the_first_sweep(hub):
    await populate(hub, 40)
    leave(hub, 1, said=Gone("deleted"))
    leave(hub, *range(10, 20))
    report = await sweep(hub)
    assert report.counts["suspects"] == 11
    assert report.hold
    assert await removed(hub) == 0


async def test_silence_removes_nobody_and_says_so(hub):
    await populate(hub, 4)
    leave(hub, 1, said=RetryableError("away"))
    for _ in range(4):
        assert (await sweep(hub)).counts["unverified"] == 1
    assert await removed(hub) == 0


async def hold_of_three(hub):
    """Sixteen of forty are absent, of three something is known: few enough to leave by themselves."""
    hub.source.streams = (replace(PEOPLE, look_ups=3),)
    await populate(hub, 40)
    leave(hub, *range(16), said=Gone("outside"))
    await hub.runner.run("desk", "majors", full=True)
    (hold,) = await opened(hub)
    assert len(hold.content) == 3


async def test_a_delta_neither_ends_nor_empties_a_hold(hub):
    await hold_of_three(hub)
    hub.source.put("p-0100", person("Nieuw"))
    await delta(hub)
    assert hub.source.requests[-1].reading == "delta"
    assert (await removed(hub), len(await opened(hub))) == (0, 1)
    hub.source.remove("p-0100", proof="deleted")
    report = await delta(hub)
    assert report.hold, "one more waits"
    assert await removed(hub) == 0
    (hold,) = await opened(hub)
    assert len(hold.content) == 4


async def test_a_changed_configuration_does_not_end_a_hold(hub):
    await hold_of_three(hub)
    await hub.start(fingerprint="f2")
    await sweep(hub)
    assert await removed(hub) == 0
    assert [one.action for one in await opened(hub)] == ["removal", "preview"]


async def test_who_comes_back_leaves_the_hold_and_an_empty_one_closes(hub):
    await populate(hub, 40)
    leave(hub, *range(16), said=Gone("outside"))
    await sweep(hub)
    hub.source.answers.clear()
    for one in range(16):
        hub.source.put(f"p-{one:04}", person(f"Persoon {one}"))
    await sweep(hub)
    assert not await opened(hub)
    assert await removed(hub) == 0


async def test_deltas_with_proof_are_weighed_too(hub):
    await populate(hub, 40)
    for one in range(16):
        hub.source.remove(f"p-{one:04}", proof="deleted")
    assert (await delta(hub)).hold
    assert await removed(hub) == 0


def put_group(hub, key, members):
    hub.source.put(key, Group(name=key), container=key)
    for one in range(members):
        name = membership_key(key, f"p-{one:04}")
        hub.source.put(name, Membership(direct=True), container=key)


@pytest.mark.parametrize(
    ("size", "leaving", "held"), [(24, 12, False), (24, 13, True), (20, 20, False)]
)
async def test_a_large_group_that_loses_more_than_half(hub, size, leaving, held):
    put_group(hub, "g-1", size)
    put_group(hub, "g-2", 40)
    await hub.start()
    await hub.cycle()
    for one in range(leaving):
        name = membership_key("g-1", f"p-{one:04}")
        hub.source.remove(name)
        hub.source.answers[name] = Gone("left the group")
    report = await sweep(hub)
    assert bool(report.hold) is held
    assert await removed(hub, "membership") == (0 if held else leaving)


async def test_many_small_groups_that_all_get_empty(hub):
    for number in range(6):
        put_group(hub, f"g-{number}", 5)
    await hub.start()
    await hub.cycle()
    for key in [one for one in hub.source.subjects if "/" in one]:
        hub.source.remove(key)
        hub.source.answers[key] = Gone("left the group")
    assert (await sweep(hub)).hold
    assert await removed(hub, "membership") == 0


async def test_another_manager_is_a_change_though_nothing_else_is(hub):
    hub.source.put("p-1", person(), refs=(Ref("manager", "desk", "account", "p-2"),))
    await hub.start()
    await hub.cycle()
    hub.source.put("p-1", person(), refs=(Ref("manager", "desk", "account", "p-3"),))
    assert (await hub.cycle()).counts["accepted"] == 1
    assert [one.value for one in await hub.rows(sa.select(tables.ref))] == ["p-3"]
    assert "accepted" not in (await hub.cycle()).counts


async def test_a_reference_that_only_the_configuration_made_is_kept_too(hub):
    hub.source.put("p-1", person())
    await hub.start()
    await hub.cycle()
    await hub.start(fingerprint="f2")
    hub.source.put("p-1", person(), refs=(Ref("manager", "desk", "account", "p-3"),))
    shown = await sweep(hub)
    (line,) = (await opened(hub))[0].content
    assert line["fields"] == ["references"]
    await hub.runner.release(shown.hold, "admin")
    assert [one.value for one in await hub.rows(sa.select(tables.ref))] == ["p-3"]
    assert "accepted" not in (await sweep(hub)).counts


async def test_without_a_position_for_deltas_the_next_sweep_waits_its_turn(hub):
    hub.source.deltas = False
    hub.source.put("p-1", person())
    await hub.start()
    begun = hub.clock.now()
    await hub.runner.run("desk", "majors")
    (row,) = await hub.rows(sa.select(tables.stream))
    assert timedelta(minutes=14) < row.due - begun <= timedelta(minutes=15)
    hub.source.deltas = True
    await hub.runner.run("desk", "majors")
    (row,) = await hub.rows(sa.select(tables.stream))
    assert row.due - begun <= timedelta(minutes=1)
