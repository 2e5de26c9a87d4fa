"""How many names the door has: the base door at most twelve, an ability at most four."""

import inspect
from collections.abc import Mapping
from types import ModuleType
from typing import TypeVar

BASE: frozenset[str] = frozenset(
    {
        "Batch",
        "Checkpoint",
        "Connector",
        "Context",
        "Finding",
        "ReadRequest",
        "Record",
        "Ref",
        "Removal",
        "Slice",
        "Stream",
        "Unreadable",
    }
)
ABILITIES: Mapping[str, frozenset[str]] = {
    "LooksUp": frozenset({"LooksUp", "Present", "Gone", "Unknown"}),
    "Hints": frozenset({"Hints"}),
    "Receives": frozenset({"Receives", "Received"}),
    "Links": frozenset({"Links", "Sought", "Account"}),
    "Answers": frozenset({"Answers", "Answered", "OwnTicket"}),
    "Serves": frozenset({"Serves", "Call", "Reply", "Kept"}),
    "TakesFiles": frozenset({"TakesFiles", "Understood"}),
}
TARGETS: frozenset[str] = frozenset(
    {"Ability", "Capabilities", "Delivery", "Outcome", "Remote", "Target"}
)
MOST_BASE = 12
MOST_ABILITY = 4


def door_names(module: ModuleType) -> frozenset[str]:
    """The public names that a module, or the parts of a package, define themselves."""
    return frozenset(name for name, value in vars(module).items() if _own(module, name, value))


def door_faults(
    module: ModuleType,
    base: frozenset[str] = BASE,
    abilities: Mapping[str, frozenset[str]] = ABILITIES,
) -> list[str]:
    """What is wrong with the size of the door, in words; empty when all is well."""
    counted = frozenset(base).union(TARGETS, *abilities.values())
    faults = [
        f"{name} belongs to no part of the door: one more name needs a decision record"
        for name in sorted(door_names(module) - counted)
    ]
    faults += [f"{name} is counted but gone" for name in sorted(counted - door_names(module))]
    if len(base) > MOST_BASE:
        faults.append(f"the base door has {len(base)} names, at most {MOST_BASE}")
    return faults + [
        f"the ability {name} has {len(names)} names, at most {MOST_ABILITY}"
        for name, names in abilities.items()
        if len(names) > MOST_ABILITY
    ]


def _own(module: ModuleType, name: str, value: object) -> bool:
    if name.startswith("_") or isinstance(value, TypeVar):
        return False
    if not (inspect.isclass(value) or inspect.isfunction(value)):
        return False
    home = value.__module__
    return home == module.__name__ or home.startswith(f"{module.__name__}.")
