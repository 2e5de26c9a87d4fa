"""Windows of time: what lies outside is left alone, what lies inside ends as the source has it."""

import asyncio
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.contract import Slice, Stream
from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.engine.settle import MARGIN, union
from hub.events.base import Family
from hub.events.objects import Audience
from hub.events.route import Route
from hub.store import tables
from hub.store.store import Store
from hub.testing.clock import START
from hub.testing.fakes import FakeClock, FakeLog, MemoryTarget, ScriptedSource, fake_context

DAY = timedelta(days=1)
BACK, AHEAD, PIECE = 7 * DAY, 28 * DAY, 7 * DAY
KEYS = [f"k{number}" for number in range(8)]
WINDOWED = Stream("majors", frozenset({Family.INCIDENT}), timedelta(minutes=5))
ROUTE = Route(
    name="r1",
    family=Family.INCIDENT,
    tile="disturbances",
    audience="everyone",
    members=Audience(everyone=True),
    targets=("intranet",),
)


class KilledError(BaseException):
    """The process ends here, as far as the hub can tell."""


class World:
    """A source that shows five weeks, and a hub that is killed now and then."""

    def __init__(self, store: Store):
        self.store, self.clock = store, FakeClock()
        self.source = ScriptedSource((WINDOWED,), batch_size=2, resumable=True)
        self.source.put("anchor", at=START)  # else "from two to none" would ask a person
        self.source.put("far", at=START - 30 * DAY)
        self.untouched = {"far"}

    def window(self) -> tuple:
        today = self.clock.now().replace(hour=0)
        return today - BACK, today + AHEAD

    def slices(self) -> Iterator[Slice]:
        start, end = self.window()
        while start < end:
            yield Slice(None, start, start + PIECE)
            start += PIECE

    def put(self, key: str, day: int, title: str) -> None:
        self.source.put(key, at=START + day * DAY)
        self.source.edit(key, title={"nl": title})

    def remove(self, key: str) -> None:
        if key in self.source.subjects:
            self.source.remove(key)

    async def read(self, kill: tuple[str, int] | None = None) -> None:
        """One reading; a killed one leaves what it stored."""
        self.source.slices = list(self.slices())
        left = {"hits": kill[1] if kill else -1}

        def at(name: str) -> None:
            if kill and name == kill[0]:
                left["hits"] -= 1
                if left["hits"] == 0:
                    raise KilledError

        runner = self.runner(at)
        await runner.start()
        try:
            report = await runner.run("desk", "majors")
        except KilledError:
            return
        assert report.outcome == "complete", report.reason
        assert report.hold is None

    def runner(self, point) -> Runner:
        source = Source(
            id="desk",
            connector_name="scripted",
            connector=self.source.connector(fake_context("desk", clock=self.clock)),
            routes=(ROUTE,),
            mode="live",
            fingerprint="f",
            reopen=timedelta(hours=72),
            every=None,
            stale_after={},
        )
        return Runner(
            self.store,
            {"desk": source},
            {"intranet": MemoryTarget()},
            now=self.clock.now,
            log=FakeLog(),
            rng=random.Random(1),
            point=point,
        )

    async def stored(self) -> dict:
        """Key to time and title of what is not removed."""
        query = sa.select(tables.subject).where(tables.subject.c.removed_at.is_(None))
        rows = await self.store.read(lambda tx: list(tx.execute(query)))
        return {row.key: (row.at, row.state["title"]["nl"]) for row in rows}

    def truth(self) -> dict:
        items = self.source.subjects.items()
        return {key: (one.at, one.payload.title["nl"]) for key, one in items}


days = st.integers(-12, 40)
edits = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(KEYS), days, st.sampled_from("ABC")),
    st.tuples(st.just("remove"), st.sampled_from(KEYS)),
)
kills = st.none() | st.tuples(st.sampled_from(["read", "staged", "committed"]), st.integers(1, 6))
steps = st.lists(
    st.tuples(st.lists(edits, max_size=4), st.integers(0, 4), kills), min_size=1, max_size=5
)


@given(steps)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_after_edits_kills_and_moving_windows_the_window_holds_the_truth(plan):
    asyncio.run(play(plan))


async def play(plan) -> None:
    with TemporaryDirectory() as folder:
        store = await Store(f"sqlite:///{Path(folder) / 'hub.db'}").open()
        try:
            await check(World(store), plan)
        finally:
            await store.close()


async def check(world: World, plan) -> None:
    outside = await see_far(world)
    for changes, later, kill in plan:
        for verb, *given_to in changes:
            getattr(world, verb)(*given_to)
        await world.read(kill)
        world.clock.advance(later * 86400)
        world.source.put("anchor", at=world.clock.now())
    for _ in range(3):  # two sweeps must agree, and the first may have been half done
        await world.read()
    start, end = world.window()
    inside = (start + MARGIN, end - MARGIN)
    stored, truth = await world.stored(), world.truth()
    assert within(stored, *inside) == within(truth, *inside)
    assert stored["far"] == outside, "outside every window: left as it was"


async def see_far(world: World) -> tuple:
    """A subject that was read once, and that no window covers any more."""
    world.source.slices = [Slice()]
    runner = world.runner(lambda _name: None)
    await runner.start()
    await runner.run("desk", "majors")
    del world.source.subjects["far"]
    return (await world.stored())["far"]


def within(rows: dict, start, end) -> dict:
    return {key: row for key, row in rows.items() if row[0] and start <= row[0] < end}


def test_slices_that_touch_are_one_with_a_margin_outside_only():
    week = [Slice(None, START, START + DAY), Slice(None, START + DAY, START + 2 * DAY)]
    (piece,) = union([shown(one) for one in week])
    assert (piece.start, piece.end) == (START + MARGIN, START + 2 * DAY - MARGIN)


def test_slices_with_a_gap_between_them_stay_two():
    parts = [Slice("a", START, START + DAY), Slice("a", START + 2 * DAY, None)]
    pieces = sorted(union([shown(one) for one in parts]), key=lambda one: one.start)
    assert [(one.container, one.end) for one in pieces] == [
        ("a", START + DAY - MARGIN),
        ("a", None),
    ]


def test_open_slices_are_whole():
    (piece,) = union([shown(Slice())])
    assert (piece.container, piece.start, piece.end) == (None, None, None)


def shown(one: Slice) -> dict:
    start, end = (moment.isoformat() if moment else None for moment in (one.start, one.end))
    return {"container": one.container, "start": start, "end": end}
