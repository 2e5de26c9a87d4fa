import json
import time
from datetime import timedelta

import httpx
import pytest

from connectors.topdesk.sandbox import STORY_START, serving

LIST = "/tas/api/incidents"


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 502, 503])
async def test_a_status_comes_as_often_as_the_rule_says(small, connect, status):
    small.faults.add("status", status=status, path="incidents", nth=2, times=2)
    client = connect(small)
    found = [(await client.get(LIST)).status_code for _ in range(4)]
    assert found == [206, status, status, 206]
    assert (await client.get("/tas/api/version")).status_code == 200


async def test_retry_after_is_sent_only_when_asked_for(small, connect):
    small.faults.add("status", status=429, retry_after="30")
    small.faults.add("status", status=429, nth=2)
    client = connect(small)
    assert (await client.get(LIST)).headers["retry-after"] == "30"
    assert "retry-after" not in (await client.get(LIST)).headers


async def test_a_rule_can_hold_for_one_method_until_cleared(small, connect):
    small.faults.add("status", status=500, method="POST", times=None)
    client = connect(small)
    assert [(await client.post(LIST, json={})).status_code for _ in range(3)] == [500] * 3
    assert (await client.get(LIST)).status_code == 206
    assert small.faults.listed()[0][1] == 3
    small.faults.clear()
    assert (await client.post(LIST, json={})).status_code == 201


async def test_a_login_page_with_status_200(small, connect):
    small.faults.add("html200")
    answer = await connect(small).get(LIST)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


async def test_truncated_and_wrong_json(small, connect):
    small.faults.add("truncate")
    small.faults.add("wrong_json", nth=2)
    client = connect(small)
    half = await client.get(LIST)
    with pytest.raises(json.JSONDecodeError):
        half.json()
    assert isinstance((await client.get(LIST)).json(), dict)


async def test_a_broken_connection_is_a_network_error(small, connect):
    small.faults.add("reset")
    client = connect(small)
    with pytest.raises(httpx.ReadError):
        await client.get(LIST)
    assert small.requests[0].status == 0
    assert (await client.get(LIST)).status_code == 206


async def test_a_page_that_repeats(small, connect):
    small.faults.add("repeat_page", nth=2)
    client = connect(small)
    params = {"pageSize": 5, "fields": "id"}
    first = await client.get(LIST, params=params)
    again = await client.get(LIST, params=params | {"pageStart": 5})
    other = await client.get(LIST, params=params | {"pageStart": 5})
    assert again.json() == first.json()
    assert other.json() != first.json()


async def test_an_answer_that_ignores_the_filter(small, connect):
    small.faults.add("ignore_filter")
    params = {"query": "closed==false;majorCall==true", "pageSize": 1000}
    client = connect(small)
    assert len((await client.get(LIST, params=params)).json()) == len(small.state.incidents)
    assert (await client.get(LIST, params=params)).status_code == 204


async def test_a_next_page_on_another_host(small, connect):
    small.faults.add("foreign_next", host="thief.example.org")
    link = (await connect(small).get(LIST)).headers["x-next-page-url"]
    assert link.startswith("http://thief.example.org/tas/api/incidents?")


async def test_latency_and_a_wrong_clock(small, connect):
    small.faults.add("latency", seconds=0.05)
    small.faults.add("clock_offset", seconds=-600)
    client = connect(small)
    began = time.perf_counter()
    answer = await client.get("/tas/api/version")
    assert time.perf_counter() - began >= 0.05
    assert answer.headers["date"] == "Mon, 23 Nov 2026 06:50:00 GMT"


async def offset_pages(client: httpx.AsyncClient) -> set[str]:
    seen, url = set(), httpx.URL(LIST, params={"pageSize": 10, "fields": "id",
                                               "sort": "modificationDate:asc"})  # fmt: skip
    while url:
        answer = await client.get(url)
        seen |= {row["id"] for row in answer.json()}
        url = answer.headers.get("x-next-page-url")
    return seen


async def test_rows_that_drift_are_lost_to_offset_paging_and_only_then(small, connect):
    everything = set(small.state.incidents)
    assert await offset_pages(connect(small)) == everything
    small.faults.add("drift", path="/incidents$", rows=4, times=3)
    lost = everything - await offset_pages(connect(small))
    assert len(lost) == 12


async def test_a_real_server_breaks_the_connection_and_sends_one_date(small):
    small.clock.set(STORY_START + timedelta(days=1))
    auth = (small.options.username, small.options.password)
    with serving(small.app) as base:
        async with httpx.AsyncClient(base_url=base, auth=auth, trust_env=False) as client:
            answer = await client.get(f"{LIST}/", params={"pageSize": 3})
            assert answer.headers.get_list("date") == ["Tue, 24 Nov 2026 07:00:00 GMT"]
            assert answer.headers["x-next-page-url"].startswith(f"{base}/tas/api/incidents?")
            none = await client.get(LIST, params={"query": "number==x"})
            assert (none.status_code, none.content) == (204, b"")
            small.faults.add("reset")
            with pytest.raises(httpx.TransportError):
                await client.get(LIST)
            assert (await client.get(LIST)).status_code == 206
