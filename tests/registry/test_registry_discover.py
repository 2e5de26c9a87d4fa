"""Every entry point becomes a plug-in with a state; nothing that one does stops the others."""

import sys
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import ClassVar

import pytest
from pydantic import BaseModel

from hub.contract import Connector, Target
from hub.events.base import Model
from hub.registry import Group, Registry, State, installed


class Nothing(Model):
    pass


class Odd(BaseModel):
    thing: type(sys)
    model_config: ClassVar = {"arbitrary_types_allowed": True}


class Good(Connector[Nothing]):
    name = "good"
    settings = Nothing

    def streams(self):
        return ()

    async def check(self):
        return ()

    async def read(self, request):
        return
        yield


class Half(Connector[Nothing]):
    name = "half"
    settings = Nothing


class Renamed(Good):
    name = "other"


class WithoutModel(Good):
    name = "without-model"
    settings = dict


class Undescribed(Good):
    name = "undescribed"
    settings = Odd


MODULE = "registry_test_plugins"


@pytest.fixture
def module(monkeypatch):
    made = ModuleType(MODULE)
    for cls in (Good, Half, Renamed, WithoutModel, Undescribed):
        setattr(made, cls.__name__, cls)
    monkeypatch.setitem(sys.modules, MODULE, made)
    return made


def discover(**names):
    def source(group):
        if group is Group.CONNECTORS:
            return [EntryPoint(name, value, group.value) for name, value in names.items()]
        return []

    return Registry.discover(source)


def one(name, value):
    (plugin,) = discover(**{name: value}).plugins
    return plugin


def test_good_plugin_is_ready(module):
    plugin = one("good", f"{MODULE}:Good")
    assert (plugin.state, plugin.reason, plugin.cls) == (State.READY, "", Good)


@pytest.mark.parametrize(
    ("name", "value", "state", "reason"),
    [
        ("gone", "no_such_module_anywhere:X", State.LOAD_FAILED, "ModuleNotFoundError: No module"),
        ("gone", f"{MODULE}:Missing", State.LOAD_FAILED, "AttributeError: "),
        ("half", f"{MODULE}:Half", State.WRONG_KIND, "Half does not define check, read, streams"),
        ("good", f"{MODULE}:Renamed", State.WRONG_KIND, "Renamed.name and the entry point's name"),
        ("sys", "sys:path", State.WRONG_KIND, "it is not a subclass of hub.contract.Connector"),
        ("target", "hub.contract:Target", State.WRONG_KIND, "it is not a subclass"),
        ("without-model", f"{MODULE}:WithoutModel", State.WRONG_KIND, "is not a pydantic model"),
        ("undescribed", f"{MODULE}:Undescribed", State.WRONG_KIND, "can't be described as JSON"),
    ],
)
def test_broken_plugin_is_a_line_with_a_reason(module, name, value, state, reason):
    plugin = one(name, value)
    assert (plugin.state, plugin.cls, plugin.ready) == (state, None, False)
    assert reason in plugin.reason


@pytest.mark.parametrize("body", ["raise RuntimeError('x')", "import sys; sys.exit(3)", "def ("])
def test_module_that_raises_or_exits_does_not_stop_the_others(module, tmp_path, monkeypatch, body):
    (tmp_path / "registry_test_broken.py").write_text(body)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "registry_test_broken", raising=False)
    found = discover(broken="registry_test_broken:X", good=f"{MODULE}:Good")
    states = {plugin.name: plugin.state for plugin in found.plugins}
    assert states == {"broken": State.LOAD_FAILED, "good": State.READY}
    assert "\n" not in found.find(Group.CONNECTORS, "broken").reason


def test_two_of_one_name_are_one_line_and_neither_is_used(module):
    points = [
        EntryPoint("good", f"{MODULE}:Good", "g"),
        EntryPoint("good", f"{MODULE}:Renamed", "g"),
    ]
    found = Registry.discover(lambda group: points if group is Group.CONNECTORS else [])
    (plugin,) = found.plugins
    assert (plugin.state, plugin.cls) == (State.NAMESAKE, None)
    assert f"{MODULE}:Good" in plugin.reason
    assert f"{MODULE}:Renamed" in plugin.reason


def test_the_same_entry_point_listed_twice_is_one_plugin(module):
    point = EntryPoint("good", f"{MODULE}:Good", "g")
    found = Registry.discover(lambda group: [point, point] if group is Group.CONNECTORS else [])
    assert [plugin.state for plugin in found.plugins] == [State.READY]


def test_asking_by_group_and_name(module):
    found = discover(good=f"{MODULE}:Good", half=f"{MODULE}:Half")
    assert found.names(Group.CONNECTORS) == ["good", "half"]
    assert [plugin.name for plugin in found.ready(Group.CONNECTORS)] == ["good"]
    assert found.names(Group.TARGETS) == []
    assert found.find(Group.TARGETS, "good") is None


def test_registry_of_classes_judges_them_too():
    found = Registry.of(Good, Half)
    assert {plugin.name: plugin.state for plugin in found.plugins} == {
        "good": State.READY,
        "half": State.WRONG_KIND,
    }


def test_bundled_plugins_are_all_ready():
    found = [one for one in Registry.discover().plugins if one.dist == "intranet-hub"]
    assert [(one.name, one.reason) for one in found if not one.ready] == []
    assert {(one.group.name, one.name) for one in found} >= {
        ("CONNECTORS", "manual"),
        ("CONNECTORS", "scim_in"),
        ("CONNECTORS", "topdesk"),
        ("TARGETS", "openintranet"),
        ("TARGETS", "web"),
        ("SANDBOXES", "intranet"),
        ("SANDBOXES", "topdesk"),
    }
    web = Registry.discover().find(Group.TARGETS, "web")
    assert issubclass(web.cls, Target)


def test_what_a_broken_plugin_says_itself_is_not_repeated(module, tmp_path, monkeypatch):
    (tmp_path / "registry_test_telling.py").write_text("raise RuntimeError('hush-hush')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "registry_test_telling", raising=False)
    found = discover(telling="registry_test_telling:X")
    assert found.find(Group.CONNECTORS, "telling").reason == "RuntimeError"


def test_a_group_that_is_not_asked_for_is_not_looked_at():
    looked: list[Group] = []

    def source(group):
        looked.append(group)
        return []

    Registry.discover(source, groups=[Group.TARGETS])
    assert looked == [Group.TARGETS]


@pytest.mark.parametrize("group", Group)
def test_what_is_installed_is_what_python_says(group):
    found = list(installed(group))
    assert sorted(found) == sorted(entry_points(group=group.value))
    assert all(one.dist is not None for one in found)
