"""The door is counted: twelve names for connectors, four more per ability."""

from types import ModuleType

import hub.contract
from hub.testing.door import ABILITIES, BASE, door_faults, door_names


def test_the_base_door_has_at_most_twelve_names_and_an_ability_at_most_four():
    assert len(BASE) <= 12
    assert all(len(names) <= 4 for names in ABILITIES.values())
    assert not door_faults(hub.contract)


def test_one_more_name_is_noticed():
    grown = ModuleType("grown")
    grown.__dict__.update(vars(hub.contract))
    grown.__name__ = "hub.contract"
    grown.Prophesies = type("Prophesies", (), {"__module__": "hub.contract"})
    assert door_names(grown) - door_names(hub.contract) == {"Prophesies"}
    assert door_faults(grown) == [
        "Prophesies belongs to no part of the door: one more name needs a decision record"
    ]


def test_a_thirteenth_name_and_a_fifth_are_too_many():
    faults = door_faults(
        hub.contract, BASE | {"Outcome"}, {**ABILITIES, "LooksUp": ABILITIES["LooksUp"] | {"Ref"}}
    )
    assert any("13 names" in fault for fault in faults)
    assert any("LooksUp has 5 names" in fault for fault in faults)


def test_a_name_that_left_is_noticed():
    assert door_faults(hub.contract, BASE | {"Ghost"}, ABILITIES)[0] == "Ghost is counted but gone"
