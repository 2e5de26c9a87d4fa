"""Tiles and health as the store has them: live, preview, stale, never calm without data."""

import random
from datetime import timedelta

import pytest

from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.errors import RetryableError
from hub.events.base import Family
from hub.events.objects import Audience
from hub.events.route import Route
from hub.metrics import Metrics
from hub.render.view import ServiceDesk, belief
from hub.store import streams
from hub.store.store import Store
from hub.targets.web import WebSettings, WebTarget
from hub.testing.fakes import FakeClock, FakeLog, ScriptedSource, fake_context
from hub.web.source import StoredHealth, StoredTiles

ROUTE = Route(
    name="r1",
    family=Family.INCIDENT,
    tile="disturbances",
    audience="everyone",
    members=Audience(everyone=True),
    targets=("web",),
)


class Pages:
    def __init__(self, store, mode):
        self.clock, self.source, self.store = FakeClock(), ScriptedSource(), store
        self.mode = mode

    async def start(self):
        connector = self.source.connector(fake_context("desk", clock=self.clock))
        minutes = {"disturbances": timedelta(minutes=5)}
        source = Source(
            "desk", "scripted", connector, (ROUTE,), self.mode, "f", timedelta(3), None, minutes
        )
        web = WebTarget(WebSettings(), fake_context("web"))
        self.runner = Runner(
            self.store,
            {"desk": source},
            {"web": web},
            self.clock.now,
            FakeLog(),
            random.Random(1),
        )
        await self.runner.start()
        self.tiles = StoredTiles(
            store=self.store,
            sources=self.runner.sources,
            titles={"disturbances": {"nl": "Storingen"}},
            stale_after=minutes,
            service_desk=ServiceDesk(),
            organisation="Duo+",
            time_zone="Europe/Amsterdam",
            now=self.clock.now,
        )
        rows = await self.store.read(streams.tile_tokens)
        self.tokens = {row.view: row.token for row in rows}
        return self

    async def read(self):
        await self.runner.run("desk", "majors")
        await self.runner.deliver()

    async def view(self, which="live"):
        return await self.tiles.tile(self.tokens[which])

    async def trust(self, which="live"):
        return belief(await self.view(which), self.clock.now()).trust


@pytest.fixture
async def store(tmp_path):
    made = await Store(f"sqlite:///{tmp_path / 'hub.db'}").open()
    yield made
    await made.close()


async def test_a_live_tile_shows_what_is_published(store):
    pages = await Pages(store, "live").start()
    assert await pages.trust() == "none", "nothing was read yet: never calm"
    pages.source.put("a")
    await pages.read()
    view = await pages.view()
    assert [item.title["nl"] for item in view.items] == ["Disturbance a"]
    assert await pages.trust() == "fresh"
    assert not view.preview


async def test_it_goes_stale_by_itself(store):
    pages = await Pages(store, "live").start()
    await pages.read()
    pages.source.fail(RetryableError("down"))
    pages.clock.advance(301)
    await pages.read()
    assert await pages.trust() == "stale"


async def test_watch_mode_shows_only_in_the_preview(store):
    pages = await Pages(store, "watch").start()
    pages.source.put("a")
    await pages.read()
    assert (await pages.view()).items == []
    preview = await pages.view("preview")
    assert len(preview.items) == 1
    assert preview.preview


async def test_tokens_are_long_and_stay(store):
    pages = await Pages(store, "live").start()
    before = pages.tokens
    assert min(len(token) for token in before.values()) >= 24
    assert (await pages.start()).tokens == before
    assert await pages.tiles.tile("nope") is None


async def test_a_row_that_nobody_can_vouch_for_makes_the_tile_stale(store):
    pages = await Pages(store, "live").start()
    pages.source.put("a")
    pages.source.put("b")
    await pages.read()
    pages.source.remove("a")
    pages.source.answers["a"] = RetryableError("no answer")
    for _ in range(11):
        pages.clock.advance(30)
        await pages.read()
    assert len((await pages.view()).items) == 2
    assert await pages.trust() == "stale"


async def test_health_is_degraded_while_somebody_is_waited_for(store):
    pages = await Pages(store, "live").start()
    health = StoredHealth(store, pages.clock.now, Metrics())
    await pages.read()
    assert (await health.health())["status"] == "ok"
    pages.source.fail(RetryableError("down"))
    await pages.read()
    assert (await health.health()) == {
        "status": "degraded",
        "problems": ["desk.majors: unreachable"],
    }
