"""What the hub makes is what the reference open API takes: two sides, one contract."""

import pytest

from hub.events.objects import Audience, Freshness, TileItem

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
