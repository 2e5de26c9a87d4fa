"""Which groups stand where, and whose accounts these are: what hub.yaml may not say."""

import pytest

from hub.settings.groups import GroupRule
from hub.settings.people import Accounts, PeopleSettings


@pytest.mark.parametrize(
    ("pattern", "name", "chosen"),
    [
        ("GG-*", "gg-zorg", True),
        ("GG-*", "DL-GG-zorg", False),
        ("team ?", "Team 7", True),
        ("team ?", "team 17", False),
        ("[x]*", "[x] beheer", True),
        ("[x]*", "x beheer", False),
        ("Zorg", "Zorg", True),
    ],
)
def test_a_rule_chooses_by_name(pattern, name, chosen):
    rule = GroupRule(instance="ad", name=pattern)
    assert rule.chooses("ad", name) is chosen
    assert not rule.chooses("ad2", name)


def problems(site, hub_yaml, text):
    site.hub(hub_yaml + text)
    return [one for one in site.problems() if "people" in one]


def test_groups_need_a_target_an_instance_and_accounts(site, hub_yaml):
    found = problems(site, hub_yaml, "people:\n  groups: {intranet: [{instance: ad, name: x}]}\n")
    assert any(
        "groups.intranet: chooses groups, and a target `paper` can't be asked" in x for x in found
    )
    assert any("`accounts: { intranet: manage }`" in x for x in found)
    assert any("groups.intranet[0].instance: names the instance `ad`" in x for x in found)
    found = problems(site, hub_yaml, "people:\n  groups: {intranett: []}\n")
    assert any(
        "names the target `intranett`" in x and "did you mean `intranet`" in x for x in found
    )


def test_link_needs_a_target_that_can_be_asked(site, hub_yaml):
    (found,) = problems(site, hub_yaml, "people:\n  accounts: {intranet: link}\n")
    assert "accounts.intranet: is `link`, and a target `paper` can't be asked for accounts" in found
    assert "write `manage`" in found


def test_accounts_are_referenced_by_default_where_groups_need_them():
    rules = (GroupRule(instance="ad", name="x"),)
    found = PeopleSettings(groups={"a": rules, "b": rules, "c": ()}, accounts={"b": "manage"}).kept
    assert found == {"a": Accounts.LINK, "b": Accounts.MANAGE}


def test_pictures_need_a_target_whose_accounts_the_hub_keeps(site, hub_yaml):
    (found,) = problems(site, hub_yaml, "people:\n  photos: [intranet]\n")
    assert "photos[0]: would get pictures, and the hub keeps no accounts there" in found
    assert "`accounts: { intranet: manage }`" in found
    (found,) = problems(site, hub_yaml, "people:\n  photos: [intranett]\n")
    assert "names the target `intranett`" in found
    kept = "people:\n  accounts: {intranet: manage}\n  photos: [intranet]\n"
    assert problems(site, hub_yaml, kept) == []
