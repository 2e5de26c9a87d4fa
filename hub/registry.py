"""Entry points become plug-ins with a state each; a broken one is a line, never a crash.

Bundled and foreign plug-ins come through the same groups, so that there is one door for all.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from importlib.metadata import Distribution, EntryPoint, distribution, distributions
from typing import Any

from pydantic import BaseModel

from hub.contract import Connector, Target


class Group(StrEnum):
    """The entry-point groups that the hub looks at."""

    CONNECTORS = "intranet_hub.connectors"
    TARGETS = "intranet_hub.targets"
    SANDBOXES = "intranet_hub.sandboxes"


class State(StrEnum):
    """How a plug-in stands."""

    READY = "ready"
    LOAD_FAILED = "load_failed"
    WRONG_KIND = "wrong_kind"
    NAMESAKE = "namesake"


@dataclass(frozen=True, slots=True)
class Plugin:
    """One entry point.

    Attributes:
        reason: why it is not ready, in plain words; empty when it is.
        dist: the distribution that brings it; empty when it has none.
        cls: the connector or target class, or the sandbox; None unless ready.
    """

    group: Group
    name: str
    state: State
    reason: str
    dist: str
    cls: Any

    @property
    def ready(self) -> bool:
        """Whether it can be used."""
        return self.state is State.READY


Source = Callable[[Group], Iterable[EntryPoint]]


def installed(group: Group) -> Iterable[EntryPoint]:
    """The entry points of what is installed in this environment."""
    return _installed()(group)


def _installed() -> Source:
    """Looks through what is installed once, however many groups it is asked for.

    As `importlib.metadata.entry_points` gives them, which parses those of every package: in an
    environment with 130 of them that takes three times as long as looking for the few with ours.
    """
    # by their names: of two with one name only the first on the path counts
    ours = [distribution(one.name).entry_points for one in distributions() if _is_ours(one)]
    return lambda group: [point for points in ours for point in points.select(group=group.value)]


def _is_ours(one: Distribution) -> bool:
    text = one.read_text("entry_points.txt") or ""
    return any(f"[{group.value}]" in text for group in Group)


Name = tuple[Group, str]


class Registry:
    """Every plug-in that was found, ready or not.

    An entry point is loaded when somebody asks for its name: a command pays for what it uses.
    """

    def __init__(
        self,
        plugins: Iterable[Plugin] = (),
        later: Mapping[Name, Callable[[], Plugin]] | None = None,
    ) -> None:
        self._loaded: dict[Name, Plugin] = {(one.group, one.name): one for one in plugins}
        self._later = dict(later or {})

    @classmethod
    def discover(
        cls, source: Source | None = None, *, groups: Iterable[Group] = tuple(Group)
    ) -> "Registry":
        """Note what the entry points name; whatever fails becomes a plug-in with a reason.

        Args:
            source: tells the entry points of a group; None: what is installed.
            groups: only these.
        """
        source = source or _installed()
        later: dict[Name, Callable[[], Plugin]] = {}
        for group in groups:
            later |= _group(group, source(group))
        return cls(later=later)

    @classmethod
    def of(cls, *classes: type[Connector[Any]] | type[Target[Any]]) -> "Registry":
        """A registry of these classes alone, without entry points; for tests and embedding."""
        return cls(map(_given, classes))

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """All of them, loaded."""
        return tuple(self._load(*name) for name in [*self._loaded, *self._later])

    def find(self, group: Group, name: str) -> Plugin | None:
        """The plug-in of this name, ready or not."""
        known = (group, name) in self._loaded or (group, name) in self._later
        return self._load(group, name) if known else None

    def names(self, group: Group) -> list[str]:
        """The names in one group, sorted, broken ones too."""
        return sorted(name for other, name in [*self._loaded, *self._later] if other is group)

    def ready(self, group: Group) -> list[Plugin]:
        """The plug-ins of one group that can be used, by name."""
        found = (self._load(group, name) for name in self.names(group))
        return [one for one in found if one.ready]

    def _load(self, group: Group, name: str) -> Plugin:
        if (group, name) not in self._loaded:
            self._loaded[group, name] = self._later.pop((group, name))()
        return self._loaded[group, name]


def _given(cls: type[Any]) -> Plugin:
    group = Group.CONNECTORS if issubclass(cls, Connector) else Group.TARGETS
    return _judged(group, cls.name, "", cls)


def _group(group: Group, points: Iterable[EntryPoint]) -> dict[Name, Callable[[], Plugin]]:
    by_name: dict[str, dict[str, EntryPoint]] = {}
    for point in points:
        by_name.setdefault(point.name, {})[point.value] = point
    return {
        (group, name): partial(_of_one_name, group, name, list(by_name[name].values()))
        for name in sorted(by_name)
    }


def _of_one_name(group: Group, name: str, points: list[EntryPoint]) -> Plugin:
    if len(points) == 1:
        return _load(group, points[0])
    owners = " and ".join(
        sorted(f"{_dist(point) or 'unknown'} ({point.value})" for point in points)
    )
    reason = f"several packages offer this name: {owners}; uninstall all but one"
    return Plugin(group, name, State.NAMESAKE, reason, "", None)


def _load(group: Group, point: EntryPoint) -> Plugin:
    dist = _dist(point)
    try:
        loaded = point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001  # foreign code may raise anything
        # any other text is the plug-in's own, and may hold what it read
        told = str(error) if isinstance(error, ImportError | AttributeError | SyntaxError) else ""
        lines = told.splitlines() or [""]
        reason = f"{type(error).__name__}: {lines[0]}".rstrip(": ")
        return Plugin(group, point.name, State.LOAD_FAILED, reason, dist, None)
    return _judged(group, point.name, dist, loaded)


def _dist(point: EntryPoint) -> str:
    return point.dist.name if point.dist else ""


def _judged(group: Group, name: str, dist: str, loaded: Any) -> Plugin:
    fault = _fault(group, name, loaded)
    if fault:
        return Plugin(group, name, State.WRONG_KIND, fault, dist, None)
    return Plugin(group, name, State.READY, "", dist, loaded)


def _fault(group: Group, name: str, loaded: Any) -> str:
    if group is Group.SANDBOXES:
        return ""
    base: type[Any] = Connector if group is Group.CONNECTORS else Target
    if not (isinstance(loaded, type) and issubclass(loaded, base)):
        return f"it is not a subclass of hub.contract.{base.__name__}"
    if missing := sorted(getattr(loaded, "__abstractmethods__", ())):
        return f"{loaded.__name__} does not define {', '.join(missing)}"
    if getattr(loaded, "name", None) != name:
        return f"{loaded.__name__}.name and the entry point's name `{name}` differ"
    return _settings_fault(loaded)


def _settings_fault(loaded: type[Any]) -> str:
    model = getattr(loaded, "settings", None)
    if not (inspect.isclass(model) and issubclass(model, BaseModel)):
        return f"{loaded.__name__}.settings is not a pydantic model"
    try:
        model.model_json_schema()
    except Exception as error:  # noqa: BLE001  # a foreign model may raise anything
        return f"{model.__name__} can't be described as JSON Schema ({type(error).__name__})"
    return ""
