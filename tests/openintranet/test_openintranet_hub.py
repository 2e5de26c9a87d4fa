"""What the hub makes is what the reference open API takes: two sides, one contract."""

import pytest

from hub.events.objects import (
    Audience,
    Freshness,
    GroupEntry,
    MembershipEntry,
    PersonEntry,
    TileItem,
)
from hub.sandbox.intranet.models import Group, Membership, Person

AUDIENCES = [Audience(everyone=True), Audience(groups=("uithoorn", "diemen"))]


@pytest.mark.parametrize("audience", AUDIENCES, ids=["everyone", "groups"])
@pytest.mark.parametrize("exclude_none", [True, False])
async def test_objects_of_the_hub_are_taken_and_given_back_as_they_were(
    api, clock, audience, exclude_none
):
    item = TileItem(
        tile="storingen",
        audience=audience,
        title={"nl": "Zaaksysteem", "en": "Case system"},
        state="open",
        since=clock.at,
        links=({"rel": "details", "href": "https://servicepunt.example/a"},),
    )
    fresh = Freshness(
        tile="storingen",
        audience=audience,
        source="duo.majors",
        as_of=clock.at,
        fresh_until=clock.at,
    )
    for path, made in (("/v1/tile-item/a", item), ("/v1/freshness/a", fresh)):
        body = made.model_dump(mode="json", exclude_none=exclude_none)
        answer = await api.put(path, json=body)
        assert answer.status_code == 201, answer.text
        assert answer.json()["body"] == body


@pytest.mark.parametrize("exclude_none", [True, False])
async def test_people_of_the_hub_are_taken_and_given_back_as_they_were(api, exclude_none):
    anna = PersonEntry(user_name="anna", display_name="Anna Smit", locale="nl", manager="p-9")
    made = {
        "/v1/person/p-1": anna,
        "/v1/group/g-1": GroupEntry(name="Wijkteam"),
        "/v1/membership/m-1": MembershipEntry(group="g-1", person="p-1"),
    }
    for path, entry in made.items():
        body = entry.model_dump(mode="json", exclude_none=exclude_none)
        answer = await api.put(path, json=body)
        assert answer.status_code == 201, answer.text
        assert answer.json()["body"] == body


def test_every_field_of_a_person_has_a_place_on_the_intranet():
    for ours, theirs in ((PersonEntry, Person), (GroupEntry, Group), (MembershipEntry, Membership)):
        assert ours.model_fields.keys() == theirs.model_fields.keys()
