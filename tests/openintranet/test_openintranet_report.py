import json

import pytest

from hub.sandbox.intranet import Fault, report

CANARIES = ("Jan de Boer", "06-12345678", "<script")


async def put(api, path, body, key=None):
    await api.put(path, json=body, headers={"Idempotency-Key": key} if key else {})


async def test_a_clean_story_has_no_leaks(api, sandbox, item, freshness):
    await put(api, "/v1/tile-item/a", item())
    await put(api, "/v1/freshness/f", freshness())
    assert report.leaks(sandbox, CANARIES) == []


async def test_a_planted_leak_is_seen_in_request_object_and_page(api, sandbox, item):
    await put(api, "/v1/tile-item/a", item("Bel jan DE boer"))
    found = report.leaks(sandbox, CANARIES)
    assert any("request 1" in one for one in found)
    assert any("object tile-item/a" in one for one in found)
    assert any("page / in en for diemen" in one for one in found)


async def test_escaped_markup_is_a_leak_too(api, sandbox, item):
    await put(api, "/v1/tile-item/a", item("<script>alert(1)"))
    assert any("page" in one for one in report.leaks(sandbox, CANARIES))


async def test_a_leak_in_a_refused_request_or_a_key_is_seen(api, sandbox, item):
    escaped = json.dumps(item(note="Ren\u00e9e Bosch"))
    await api.put("/v1/tile-item/a", content=escaped)
    assert report.leaks(sandbox, ["Ren\u00e9e Bosch"])
    await api.get("/v1/tile-item/06-12345678")
    assert report.leaks(sandbox, CANARIES) == [
        "'06-12345678' in request 2, GET " + ("/v1/tile-item/06-12345678")
    ]


async def test_a_leak_into_one_group_is_seen(api, sandbox):
    body = {"text": {"en": "Ask Jan de Boer"}, "audience": {"groups": ["diemen"]}}
    await put(api, "/v1/timeline/t", body)
    places = [one for one in report.leaks(sandbox, CANARIES) if "page" in one]
    assert sorted(places) == [
        "'Jan de Boer' in page /timeline in en for diemen",
        "'Jan de Boer' in page /timeline in nl for diemen",
    ]


async def test_rows_are_counted_on_the_page_that_is_served(api, visitor, sandbox, item):
    await put(api, "/v1/tile-item/a", item("Een"))
    await put(api, "/v1/tile-item/b", item("Twee", audience={"groups": ["uithoorn"]}))
    assert report.tile_items(sandbox) == 1
    assert report.shown_items(sandbox, "uithoorn") == ["a", "b"]
    assert report.tile_items(sandbox, "diemen") == 1
    served = (await visitor.get("/?group=uithoorn")).text
    assert served.count("data-tile-item=") == 2
    with pytest.raises(ValueError, match="no group atlantis"):
        report.tile_items(sandbox, "atlantis")


async def test_posts_and_calls(api, visitor, sandbox):
    assert (report.timeline_posts(sandbox), report.calls(sandbox)) == (0, 0)
    body = {"text": {"nl": "Onderhoud"}, "audience": {"everyone": True}}
    await put(api, "/v1/timeline/t", body)
    await api.get("/v1/timeline")
    await visitor.get("/")
    assert (report.timeline_posts(sandbox), report.calls(sandbox)) == (1, 2)


async def test_a_body_applied_twice_in_a_row_is_a_duplicate(api, sandbox, item):
    await put(api, "/v1/tile-item/a", item(), "k1")
    await put(api, "/v1/tile-item/a", item(), "k2")
    assert report.duplicates(sandbox) == ["the same body again: PUT /v1/tile-item/a"]


async def test_changes_and_replays_are_not_duplicates(api, sandbox, item):
    await put(api, "/v1/tile-item/a", item("Een"), "k1")
    await put(api, "/v1/tile-item/a", item("Een"), "k1")
    await put(api, "/v1/tile-item/a", item("Twee"), "k2")
    await put(api, "/v1/tile-item/a", item("Een"), "k3")
    await api.delete("/v1/tile-item/a")
    await put(api, "/v1/tile-item/a", item("Een"), "k4")
    assert report.duplicates(sandbox) == []


async def test_renewed_freshness_and_repeated_failures_are_not_duplicates(
    api, sandbox, item, freshness
):
    for key in ("f1", "f2"):
        await put(api, "/v1/freshness/f", freshness(), key)
    sandbox.faults.add(Fault(kind="status", status=500, times=1))
    for key in ("k1", "k2"):
        await put(api, "/v1/tile-item/a", item(), key)
    assert report.duplicates(sandbox) == []


async def test_a_lost_answer_sent_again_under_a_new_key_is_a_duplicate(api, sandbox, item):
    sandbox.faults.add(Fault(kind="status", status=500, times=1, carried_out=True))
    for key in ("k1", "k2"):
        await put(api, "/v1/tile-item/a", item(), key)
    assert len(report.duplicates(sandbox)) == 1


async def test_twins_on_one_tile_are_duplicates(api, sandbox, item):
    await put(api, "/v1/tile-item/a", item())
    await put(api, "/v1/tile-item/b", item())
    await put(api, "/v1/tile-item/c", item(audience={"groups": ["diemen"]}))
    assert report.duplicates(sandbox) == ["the same title as a: tile-item/b"]
