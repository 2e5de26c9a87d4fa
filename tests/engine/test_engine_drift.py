"""Drift and its repair, dead letters and their replay: over an intranet in memory and a served one."""

import httpx
import pytest
import sqlalchemy as sa

from hub.contract import Outcome, Remote, Unreadable
from hub.engine import dead_letters
from hub.engine.drift import Look
from hub.errors import RejectedError, RetryableError
from hub.events.objects import Kind
from hub.http import HttpFactory, HttpOptions
from hub.sandbox.intranet import Fault, InProcessTransport, IntranetOptions, IntranetSandbox
from hub.schedule.embedded import perform
from hub.store import objects, subjects, tables, trail
from hub.targets.openintranet import OpenIntranetSettings, OpenIntranetTarget
from hub.targets.web import WebTarget
from hub.testing.fakes import MemoryTarget, fake_context

ITEM = Kind.TILE_ITEM


@pytest.fixture
async def three(world):
    """Three rows on the intranet."""
    await world.start()
    for key in "abc":
        world.source.put(key)
    await world.cycle()
    assert len(world.items()) == 3
    return world


def key(world, title):
    return next(k for (kind, k), v in world.target.objects.items() if _is(kind, v, title))


def _is(kind, stored, title):
    return kind is ITEM and stored.body["title"]["nl"] == title


async def look(world, target=None):
    return await Look("intranet", target or world.target, world.store).look()


async def repair(world, looked, **more):
    body = {"objects": [one.mark for one in looked.drifted], "actor": "anna"} | more
    return await perform(world.runner, "repair", body)


def whats(looked):
    return sorted((one.what, one.row.done_body["title"]["nl"]) for one in looked.drifted)


async def audit(world):
    return [(row.action, row.what) for row in await world.store.read(trail.rows)]


# --- looking --------------------------------------------------------------------------------------


async def test_what_stands_as_it_was_sent_is_no_drift(three):
    steps = []
    looked = await Look("intranet", three.target, three.store, lambda: steps.append(1)).look()
    assert (looked.drifted, looked.compared, looked.not_ours, looked.error) == ([], 4, 0, None)
    assert len(steps) == 4, "three rows and their freshness"


async def test_missing_changed_and_moved_are_told_apart(three):
    target = three.target
    del target.objects[ITEM, key(three, "Disturbance a")]
    target.meddle(ITEM, key(three, "Disturbance b"), state="solved", workaround={"nl": "Bel"})
    target.meddle(ITEM, key(three, "Disturbance c"))
    looked = await look(three)
    assert whats(looked) == [
        ("changed", "Disturbance b"), ("missing", "Disturbance a"), ("moved", "Disturbance c"),
    ]  # fmt: skip
    changed = next(one for one in looked.drifted if one.what == "changed")
    assert changed.fields == ("state", "workaround")
    assert changed.shown()["fields"] == ["state", "workaround"]


async def test_looking_changes_nothing_and_is_repeatable(three):
    del three.target.objects[ITEM, key(three, "Disturbance a")]
    before = await three.rows(sa.select(tables.obj))
    trail = await audit(three)
    writes = three.target.writes
    assert whats(await look(three)) == whats(await look(three))
    await three.runner.deliver()
    assert await three.rows(sa.select(tables.obj)) == before
    assert (three.target.writes, await audit(three)) == (writes, trail)


async def test_what_is_not_ours_is_counted_and_never_touched(three):
    target = three.target
    stored = target.objects[ITEM, key(three, "Disturbance a")]
    target.objects[ITEM, "somebody-elses"] = stored
    looked = await look(three)
    assert (looked.drifted, looked.not_ours) == ([], 1)
    await repair(three, looked)
    assert target.objects[ITEM, "somebody-elses"] is stored


async def test_what_was_taken_away_and_still_stands_is_found(three):
    name = key(three, "Disturbance a")
    stored = three.target.objects[ITEM, name]
    three.source.remove("a", proof="deleted")
    await three.cycle()
    assert (ITEM, name) not in three.target.objects
    three.target.objects[ITEM, name] = stored
    looked = await look(three)
    assert [(one.what, one.row.key) for one in looked.drifted] == [("left", name)]
    await repair(three, looked)
    assert (ITEM, name) not in three.target.objects
    assert (await look(three)).drifted == []


async def test_a_delivery_meanwhile_is_no_drift(three):
    class Slow(MemoryTarget):
        async def list_remote(self, kind):
            listed = [one async for one in MemoryTarget.list_remote(self, kind)]
            if kind is ITEM:
                three.source.edit("a", title={"nl": "Changed meanwhile"})
                three.source.put("d")
                await three.cycle()
            for one in listed:
                yield one

    three.target.__class__ = Slow
    looked = await look(three)
    assert "Changed meanwhile" in three.items()
    assert (looked.drifted, looked.not_ours) == ([], 0)


async def test_what_is_being_sent_is_no_drift_though_its_answer_got_lost(three):
    three.source.edit("a", title={"nl": "New"})
    three.target.fail_next(RetryableError("lost"), lost=True)
    await three.cycle()
    assert "New" in three.items()
    looked = await look(three)
    assert (looked.drifted, looked.waiting, looked.compared) == ([], 1, 3)


async def test_a_target_without_a_list_is_asked_one_by_one(three):
    class Listless(MemoryTarget):
        async def list_remote(self, kind):
            raise RejectedError(f"no list of {kind}")
            yield

    del three.target.objects[ITEM, key(three, "Disturbance a")]
    three.target.__class__ = Listless
    looked = await look(three)
    assert whats(looked) == [("missing", "Disturbance a")]
    assert looked.error is None
    assert "not counted" in looked.notes[0]


async def test_a_target_that_can_find_nothing_again_is_said_not_guessed(three):
    three.target.identity = "none"
    three.target.objects.clear()
    looked = await look(three)
    assert (looked.drifted, looked.compared) == ([], 0)
    assert "can't find a tile-item again" in " ".join(looked.notes)


async def test_a_target_that_is_down_or_broken_is_an_error_not_a_drift(three):
    three.target.down = True
    looked = await look(three)
    assert isinstance(looked.error, RetryableError)
    assert looked.drifted == []
    three.target.down = False

    class Broken(MemoryTarget):
        async def find(self, kind, keys):
            raise ValueError(f"secret of {keys}")

    three.target.__class__ = Broken
    three.target.objects.clear()
    looked = await look(three)
    assert "broke with ValueError" in str(looked.error)
    assert "secret" not in str(looked.shown())


async def test_a_moved_target_is_not_compared_with_the_old_ledger(three):
    three.target.objects.clear()
    await three.start(target=three.target)
    three.target.address_value = "memory://elsewhere"
    looked = await look(three)
    assert "hub hold list" in str(looked.error)
    assert looked.drifted == []


async def test_own_pages_have_nothing_to_drift(three):
    looked = await look(three, WebTarget(WebTarget.settings(), fake_context("web")))
    assert (looked.compared, looked.drifted, looked.error) == (0, [], None)


# --- repairing ------------------------------------------------------------------------------------


async def test_a_repair_sends_exactly_what_drifted(three):
    target = three.target
    del target.objects[ITEM, key(three, "Disturbance a")]
    changed = key(three, "Disturbance b")
    target.meddle(ITEM, changed, state="solved")
    untouched = target.objects[ITEM, key(three, "Disturbance c")]
    result = await repair(three, await look(three))
    assert result["counts"] == {"done": 2}
    assert set(three.items()) == {"Disturbance a", "Disturbance b", "Disturbance c"}
    assert target.objects[ITEM, changed].body["state"] == "open"
    assert target.objects[ITEM, key(three, "Disturbance c")] is untouched
    assert (await look(three)).drifted == []
    what = dict(await audit(three))["repair"]
    assert sorted(what["objects"]) == sorted(
        f"intranet/tile-item/{key(three, f'Disturbance {one}')}" for one in "ab"
    )
    assert await three.store.read(trail.is_whole)


async def test_a_moved_version_is_learnt_without_a_change(three):
    name = key(three, "Disturbance a")
    three.target.meddle(ITEM, name)
    await repair(three, await look(three))
    assert (await look(three)).drifted == []
    row = await three.store.read(objects.get, "intranet", "tile-item", name)
    assert row.remote_version == three.target.objects[ITEM, name].version


async def test_what_changed_since_the_look_is_left_alone(three):
    name = key(three, "Disturbance a")
    three.target.meddle(ITEM, name, state="solved")
    looked = await look(three)
    three.source.edit("a", title={"nl": "Newer"})
    await three.cycle()
    writes = three.target.writes
    assert (await repair(three, looked))["counts"] == {}
    assert three.target.writes == writes


async def test_in_watch_or_paused_the_reason_stands_beside_it(three):
    await three.start(mode="watch")
    three.target.meddle(ITEM, key(three, "Disturbance a"), state="solved")
    (one,) = (await look(three)).drifted
    assert one.blocked == "watch"
    await three.start(mode="live")
    (one,) = (await look(three)).drifted
    assert one.blocked == ""


# --- over the sandbox intranet --------------------------------------------------------------------


@pytest.fixture
async def served(world):
    """Three rows on the sandbox intranet; how to get at it."""
    sandbox = IntranetSandbox(IntranetOptions(), world.clock.now)
    settings = OpenIntranetSettings(url="http://intranet.test", token=sandbox.options.token)
    options, way = HttpOptions(), InProcessTransport(sandbox.app)
    http = HttpFactory(options, world.clock.now, world.clock.sleep, way)
    context = fake_context("intranet", clock=world.clock)
    made = type(context)(context.instance, http, context.log, context.now)
    await world.start(target=OpenIntranetTarget(settings, made))
    for name in "abc":
        world.source.put(name)
    yield world, sandbox
    await world.target.close()


def titles(sandbox):
    from hub.sandbox.intranet.models import Kind as Theirs

    return {one.body["title"]["nl"] for one in sandbox.store.of_kind(Theirs.TILE_ITEM)}


async def test_drift_finds_what_an_intranet_confirmed_and_dropped(served):
    world, sandbox = served
    sandbox.faults.add(Fault(kind="swallow", times=1, method="PUT", path="tile-item"))
    await world.cycle()
    assert len(titles(sandbox)) == 2
    (lost,) = (await look(world)).drifted
    assert lost.what == "missing"
    assert lost.row.status == "done", "the hub was told that all is well"
    result = await repair(world, await look(world))
    assert result["counts"] == {"done": 1}
    assert len(titles(sandbox)) == 3
    assert (await look(world)).drifted == []


async def test_drift_finds_a_removal_that_was_confirmed_and_dropped(served):
    world, sandbox = served
    await world.cycle()
    sandbox.faults.add(Fault(kind="swallow", times=1, method="DELETE"))
    world.source.remove("a", proof="deleted")
    await world.cycle()
    assert "Disturbance a" in titles(sandbox)
    looked = await look(world)
    assert [one.what for one in looked.drifted] == ["left"]
    await repair(world, looked)
    assert "Disturbance a" not in titles(sandbox)


async def test_drift_finds_an_edit_on_the_intranet_and_repairs_it(served):
    world, sandbox = served
    await world.cycle()
    way = InProcessTransport(sandbox.app)
    headers = {"Authorization": f"Bearer {sandbox.options.token}"}
    async with httpx.AsyncClient(
        transport=way, base_url="http://intranet.test", headers=headers
    ) as editor:
        item = (await editor.get("/v1/tile-item")).json()["items"][0]
        path = f"/v1/tile-item/{item['external_id']}"
        same = item["body"] | {"order": 7, "reopened": 0, "since": "2026-11-02T08:30:00+01:00"}
        assert (await editor.put(path, json=same)).status_code == 200
        looked = await look(world)
        assert [one.what for one in looked.drifted] == ["moved"], "only notation differs"
        assert (await editor.put(path, json=same | {"title": {"nl": "Alles goed"}})).is_success
    looked = await look(world)
    assert [(one.what, one.fields) for one in looked.drifted] == [("changed", ("title",))]
    await repair(world, looked)
    assert "Alles goed" not in titles(sandbox)


@pytest.mark.parametrize(
    ("there", "fields"),
    [
        ({}, []),
        ({"links": [], "reopened": 0, "solved_at": None, "likes": 3}, []),
        ({"since": "2026-11-02T08:30:00+01:00"}, []),
        ({"audience": {"everyone": True, "groups": []}}, []),
        ({"audience": {"groups": ["balie"]}}, ["audience"]),
        ({"since": "2026-11-02T08:30:00Z", "reopened": 1}, ["reopened", "since"]),
        ({"since": "soon"}, None),
    ],
)
def test_the_reference_target_compares_what_is_said_not_how(there, fields):
    target = OpenIntranetTarget(
        OpenIntranetSettings(url="https://intranet.test", token="t0ken"), fake_context()
    )
    body = {
        "tile": "disturbances",
        "audience": {"everyone": True},
        "title": {"nl": "E-mail"},
        "state": "open",
        "since": "2026-11-02T07:30:00Z",
    }
    found = target.differs(ITEM, body, Remote("k", "k", "v", body | there))
    assert found == fields if fields is not None else "since" in found


# --- dead letters ---------------------------------------------------------------------------------


@pytest.fixture
async def refused(world):
    """One row on the intranet, one that it refused for good."""
    await world.start()
    world.source.put("b")
    world.target.fail_next(Outcome("rejected", "The title is too long."))
    await world.cycle()
    world.source.put("a")
    await world.cycle()
    assert set(world.items()) == {"Disturbance a"}
    return world


async def letters(world, **more):
    return await world.store.read(dead_letters.listed, **more)


async def replay(world, names=None):
    body = await world.store.read(dead_letters.chosen, names)
    return await perform(world.runner, "replay", body | {"actor": "anna"})


async def drop(world, *names):
    now = world.clock.now()
    return await world.store.write(dead_letters.drop, names, actor="anna", now=now)


async def test_a_refused_object_is_listed_with_reason_and_replayed(refused):
    (one,) = await letters(refused)
    assert (one["what"], one["where"], one["reason"]) == (
        "rejected", "intranet", "The title is too long.",
    )  # fmt: skip
    result = await replay(refused, [one["id"]])
    assert (result["counts"], result["refused"]) == ({"done": 1}, [])
    assert set(refused.items()) == {"Disturbance a", "Disturbance b"}
    assert await letters(refused) == []
    assert [action for action, _ in await audit(refused)] == ["replay"]


async def test_a_replay_sends_the_current_state(refused):
    (one,) = await letters(refused)
    refused.source.edit("b", title={"nl": "Shorter"})
    refused.target.fail_next(Outcome("rejected", "No."))
    await refused.cycle()
    (again,) = await letters(refused)
    assert again["id"] == one["id"]
    await replay(refused)
    assert "Shorter" in refused.items()


async def test_a_replay_of_what_should_be_gone_takes_it_away(refused):
    (one,) = await letters(refused)
    number = int(one["id"][1:])
    await refused.store.write(
        lambda tx: tx.execute(
            tables.subject.update()
            .where(tables.subject.c.key == "b")
            .values(removed_at=refused.clock.now())
        )
    )
    result = await replay(refused, [one["id"]])
    assert result["counts"] == {"done": 1}
    (row,) = await refused.store.read(objects.by_ids, [number])
    assert (row.state, row.done_state) == ("absent", "absent")
    assert set(refused.items()) == {"Disturbance a"}


async def test_what_is_refused_again_is_said(refused):
    refused.target.fail_next(Outcome("rejected", "Still too long."))
    result = await replay(refused)
    assert [one["reason"] for one in result["refused"]] == ["Still too long."]
    assert result["counts"] == {"rejected": 1}


async def test_a_dropped_object_is_silent_until_it_should_look_otherwise(refused):
    from hub.engine import reconcile

    (one,) = await letters(refused)
    await drop(refused, one["id"])
    assert await letters(refused) == []
    assert [row["what"] for row in await letters(refused, dropped=True)] == ["dropped"]
    assert (await refused.store.read(reconcile.status))["troubled"] == []
    await refused.cycle()
    assert set(refused.items()) == {"Disturbance a"}, "it is not sent"
    refused.source.edit("b", title={"nl": "Other"})
    refused.target.fail_next(Outcome("rejected", "No."))
    await refused.cycle()
    assert [row["what"] for row in await letters(refused)] == ["rejected"]


async def test_a_dropped_object_can_still_be_replayed(refused):
    (one,) = await letters(refused)
    await drop(refused, one["id"])
    await replay(refused, [one["id"]])
    assert "Disturbance b" in refused.items()


async def test_an_unreadable_row_is_since_it_was_first_met_and_cured_by_a_reading(world):
    await world.start()
    first = world.clock.now()
    for _ in range(2):
        world.source.unreadable = [Unreadable("caller is no object", key="x", container="open")]
        await world.cycle()
    (one,) = await letters(world)
    assert one["since"] == first.isoformat()
    assert (one["where"], one["key"]) == ("desk.majors", "x")
    shown = await world.store.read(dead_letters.details, one["id"])
    assert shown["container"] == "open"
    assert shown["run"]["id"] == 2
    world.source.unreadable = [Unreadable("caller is no object", key="x", container="open")]
    still = await replay(world, [one["id"]])
    assert still["unreadable"] == [one["id"]]
    cured = await replay(world)
    assert cured["unreadable"] == []
    assert [run["stream"] for run in cured["runs"]] == ["majors"]
    assert await letters(world) == []


async def test_a_dropped_row_comes_back_when_it_is_met_again(world):
    await world.start()
    for expected in (1, 1):
        world.source.unreadable = [Unreadable("no title", key="x")]
        await world.cycle()
        found = await letters(world)
        assert len(found) == expected
        await drop(world, found[0]["id"])
        assert await letters(world) == []


async def test_a_row_that_nobody_reads_is_said(world):
    await world.start()
    row = {"instance": "gone", "stream": "s", "key": None, "container": None, "reason": "?"}
    row |= {"run": None, "at": world.clock.now()}
    await world.store.write(subjects.note_unreadable, [row])
    with pytest.raises(Exception, match="gone is not configured"):
        await replay(world)


async def test_details_hold_no_content(refused):
    (one,) = await letters(refused)
    shown = await refused.store.read(dead_letters.details, one["id"])
    assert "Disturbance b" not in str(shown)
    assert [cause["subject"] for cause in shown["causes"]] == ["b"]
    assert shown["published"] is False


@pytest.mark.parametrize("name", ["o2", "o999", "u1", "x1", "o", "1", "o-1"])
async def test_a_name_that_is_none_is_refused_and_nothing_done(refused, name):
    (one,) = await letters(refused)
    assert one["id"] != name
    with pytest.raises(RejectedError, match="No dead letter is called"):
        await drop(refused, one["id"], name)
    assert await letters(refused) == [one]
