"""The hub's own pages as a target."""

from hub.events.objects import Kind
from hub.targets.web import WebTarget
from hub.testing.target_bench import opened
from hub.testing.target_suite import TargetContract
from hub.testing.worlds import TargetWorld


class PagesWorld(TargetWorld):
    target = WebTarget
    remote = False

    def body(self, kind, title):
        return {"title": title}

    def stored(self, kind):
        return []


class TestWeb(TargetContract):
    def world(self):
        return PagesWorld()


async def test_everything_is_done_and_nothing_stands_outside_the_store():
    async with opened(PagesWorld()) as bench:
        items = [bench.present(Kind.TILE_ITEM, "a"), bench.absent(Kind.TILE_ITEM, "b")]
        outcomes = await bench.target().publish(items)
        assert [(one.status, one.remote_id) for one in outcomes] == [("done", "a"), ("done", "b")]
        assert await bench.target().find(Kind.TILE_ITEM, ["a"]) == {}
        assert [remote async for remote in bench.target().list_remote(Kind.TILE_ITEM)] == []
        assert bench.world.calls() == 0
        assert (await bench.target().capabilities()).groups is None
