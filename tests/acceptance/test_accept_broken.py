"""Broken files and plug-ins: named with file and line, left out, and nobody else notices."""

import copy
from importlib.metadata import EntryPoint

import httpx
import pytest

from connectors.topdesk.connector import TopdeskConnector
from hub.registry import Registry, installed
from hub.settings import ConfigProblems
from hub.targets.openintranet import OpenIntranetTarget
from hub.targets.web import WebTarget

MAIL, PHONES = "E-mail hapert", "Telefonie hapert"
BOTH = {MAIL: "open", PHONES: "open"}


async def two_rows(world):
    keys = [world.major(MAIL, callerBranch="Diemen"), world.major(PHONES, callerBranch="Uithoorn")]
    await world.passes(minutes=1)
    assert await world.rows() == BOTH == await world.tile_rows()
    return keys


WRONG = {
    "not YAML": ("connector: topdesk\n  mode: live\n", "connectors/second.yaml:2"),
    "an unknown key": ("connector: topdesk\nmodus: live\n", "connectors/second.yaml:2: modus"),
    "a wrong type": ("connector: topdesk\nroutes: all\n", "connectors/second.yaml:2: routes"),
    "a missing secret": (
        "connector: topdesk\nsettings: {password: '${env:NOT_THERE}'}\n",
        "connectors/second.yaml:2: settings.password",
    ),
    "an audience that maps nowhere": (
        "connector: manual\naudience: uithorn\n", "did you mean `uithoorn`?"),
    "an unknown connector": ("connector: topdeks\n", "did you mean `topdesk`?"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_file_leaves_the_others_alone(make_world, name):
    text, words = WRONG[name]
    world = await make_world(start=False)
    world.files["second"] = text
    await world.start()
    said = [str(one) for one in world.settings.problems]
    assert any(words in line for line in said), said
    await two_rows(world)
    assert world.said("source_down") == 0


async def test_a_file_that_breaks_later_takes_nothing_away(make_world):
    world = await make_world()
    keys = await two_rows(world)
    good = copy.deepcopy(world.files["servicedesk"])
    world.files["servicedesk"]["settings"]["page_sise"] = 100
    await world.start()
    [problem] = world.settings.problems
    assert problem.where == "settings.page_sise"
    assert "did you mean `page_size`?" in problem.advice
    world.edit(keys[0], majorCall=False)
    await world.passes(minutes=2)
    assert await state_of(world, "servicedesk") == "failed"
    assert await world.rows() == BOTH == await world.tile_rows()
    await world.ask("receive", disturbance("post", title={"nl": "Alarm"}))
    assert await world.rows() == BOTH | {"Alarm": "open"}
    world.files["servicedesk"] = good
    await world.start()
    await world.passes(minutes=1)
    assert await world.rows() == {PHONES: "open", "Alarm": "open"}


async def state_of(world, name):
    """How `hub status` says that an instance stands."""
    found = {row["id"]: row["state"] for row in (await world.status())["instances"]}
    return found[name]


def disturbance(action, **fields):
    data = {"action": action, "id": "alarm", "at": "2026-11-23T07:05:00Z"} | fields
    return {"instance": "manual", "stream": "disturbances", "data": data}


async def test_two_files_of_one_id_are_both_left_out(make_world):
    world = await make_world()
    await two_rows(world)
    world.files["second"] = {**world.files["servicedesk"], "id": "servicedesk"}
    await world.start()
    said = [str(one) for one in world.settings.problems]
    assert len(said) == 2
    assert all("has the id `servicedesk`" in line for line in said)
    await world.passes(minutes=2)
    assert await state_of(world, "servicedesk") == "failed"
    assert await world.rows() == BOTH
    del world.files["second"]
    await world.start()
    world.major("VPN hapert")
    await world.passes(minutes=1)
    assert await world.rows() == BOTH | {"VPN hapert": "open"}


async def test_a_wrong_hub_yaml_stops_before_anything_is_touched(make_world):
    world = await make_world()
    await two_rows(world)
    calls = len(world.intranet.requests)
    good = copy.deepcopy(world.hub)
    world.hub["targets"]["intranet"]["settings"]["urll"] = "https://x.example.org"
    with pytest.raises(ConfigProblems) as raised:
        await world.start()
    assert "targets.intranet.settings.urll: is not known here" in str(raised.value)
    assert len(world.intranet.requests) == calls
    world.hub = good
    await world.start()
    await world.passes(minutes=1)
    assert await world.rows() == BOTH


def with_foreign(name, value):
    """What is installed, and one foreign connector beside it."""

    def found(group):
        foreign = [EntryPoint(name, value, group)] if group.endswith("connectors") else []
        return [*installed(group), *foreign]

    return Registry.discover(found)


async def test_a_plug_in_that_can_not_be_imported_leaves_the_others_alone(make_world):
    registry = with_foreign("payroll", "payroll_that_is_not_there.connector:Payroll")
    world = await make_world(registry=registry, start=False)
    world.files["payroll"] = {"connector": "payroll"}
    await world.start()
    [problem] = world.settings.problems
    assert str(problem).startswith("connectors/payroll.yaml:1: connector: the connector `payroll`")
    assert "could not be loaded: ModuleNotFoundError" in problem.message
    assert "remove this file" in problem.advice
    await two_rows(world)


class Brittle(TopdeskConnector):
    """Breaks while it is made, or while it reads, as its URL says."""

    name = "brittle"

    def __init__(self, config, context):
        super().__init__(config, context)
        if "made" in str(config.url):
            raise RuntimeError(config.password.get_secret_value())

    def read(self, request):
        raise RuntimeError(self.config.password.get_secret_value())


@pytest.mark.parametrize("when", ["made", "read"])
async def test_a_plug_in_with_a_bug_leaves_the_others_alone(make_world, when):
    registry = Registry.of(TopdeskConnector, Brittle, WebTarget, OpenIntranetTarget)
    world = await make_world(registry=registry, start=False)
    settings = {"url": f"https://{when}.example.org", "username": "u", "password": "${env:SECRET}"}
    world.files = {
        "brittle": {"connector": "brittle", "mode": "live", "settings": settings},
        "servicedesk": world.files["servicedesk"],
    }
    await world.start(SECRET="kanarie-geheim")
    await two_rows(world)
    await world.passes(minutes=2)
    event = "plugin_failed" if when == "made" else "source_down"
    [line] = [line for line in world.log.lines if line.event == event]
    assert "RuntimeError" in line.keys["reason"]
    assert "kanarie-geheim" not in str(world.log.lines) + str(await world.status())
    if when == "read":
        reason = (await world.stream("brittle"))["reason"]
        assert "a fault in the connector. Report it to its author" in reason
        # one tile, two sources: what one of them can't say makes the tile no lie of the other
        assert (await world.tile())["trust"] == "none"


async def test_a_target_plug_in_that_is_missing_leaves_the_own_pages_alone(make_world):
    world = await make_world()
    await two_rows(world)

    def found(group):
        here = [one for one in installed(group) if one.name != "openintranet"]
        broken = [EntryPoint("openintranet", "not_there:Target", group)]
        return [*here, *(broken if group.endswith("targets") else [])]

    world.registry = Registry.discover(found)
    calls = len(world.intranet.requests)
    await world.start()
    assert "the target `openintranet` could not be loaded" in str(world.settings.problems[0])
    world.major("VPN hapert")
    await world.passes(minutes=1)
    assert await world.tile_rows() == BOTH | {"VPN hapert": "open"}
    assert len(world.intranet.requests) == calls
    assert await world.rows() == BOTH
    world.registry = Registry.discover()
    await world.start()
    await world.passes(minutes=1)
    assert await world.rows() == BOTH | {"VPN hapert": "open"}


async def test_the_visitor_without_a_token_of_the_tile_sees_nothing(make_world):
    world = await make_world()
    await two_rows(world)
    transport = httpx.ASGITransport(world._site(), client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as visitor:
        for path in ("/t/disturbances", "/t/everyone", "/t/", "/"):
            answer = await visitor.get(path)
            assert answer.status_code in {204, 404}
            assert MAIL not in answer.text
