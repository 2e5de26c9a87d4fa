import json

import pytest

from hub.sandbox.intranet import IntranetOptions

ITEM = "/v1/tile-item/topdesk:1"


async def put(api, path, body, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.put(path, json=body, headers=named)


def problem(response, name):
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:openintranet:problem:{name}"
    return body


async def test_create_replace_and_repeat(api, item, clock):
    created = await put(api, ITEM, item())
    assert created.status_code == 201
    clock.advance(60)
    same = await put(api, ITEM, item())
    assert same.status_code == 200
    assert same.headers["etag"] == created.headers["etag"]
    assert same.json() == created.json()
    changed = await put(api, ITEM, item(state="solved", solved_at="2026-11-23T08:00:00+01:00"))
    assert changed.status_code == 200
    assert changed.headers["etag"] != created.headers["etag"]
    assert changed.json()["etag"] == changed.headers["etag"]
    assert changed.json()["body"]["solved_at"] == "2026-11-23T08:00:00+01:00"
    assert changed.json()["updated_at"] == "2026-11-23T07:31:00+00:00"


async def test_read_and_not_modified(api, item):
    made = await put(api, ITEM, item())
    read = await api.get(ITEM)
    assert read.json() == made.json()
    assert read.json()["body"] == item()
    etag = made.headers["etag"]
    for condition in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        known = await api.get(ITEM, headers={"If-None-Match": condition})
        assert (known.status_code, known.content) == (304, b"")
    assert (await api.get(ITEM, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_delete(api, item):
    assert problem(await api.delete(ITEM), "not-found")["status"] == 404
    made = await put(api, ITEM, item())
    refused = await api.delete(ITEM, headers={"If-Match": '"other"'})
    assert problem(refused, "precondition-failed")["status"] == 412
    gone = await api.delete(ITEM, headers={"If-Match": made.headers["etag"]})
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await api.get(ITEM)).status_code == 404


async def test_conditions_on_writes(api, item, sandbox):
    missing = await put(api, ITEM, item(), If_Match='"x"')
    assert problem(missing, "precondition-failed")["status"] == 412
    assert len(sandbox.store) == 0
    made = await put(api, ITEM, item(), If_None_Match="*")
    assert made.status_code == 201
    again = await put(api, ITEM, item("Ander"), If_None_Match="*")
    assert problem(again, "precondition-failed")["status"] == 412
    weak = await put(api, ITEM, item("Ander"), If_Match=f"W/{made.headers['etag']}")
    assert weak.status_code == 412
    right = await put(api, ITEM, item("Ander"), If_Match=made.headers["etag"])
    assert right.status_code == 200
    stale = await put(api, ITEM, item("Weer anders"), If_Match=made.headers["etag"])
    assert stale.status_code == 412


async def test_idempotency_keys(api, item, sandbox):
    first = await put(api, ITEM, item(), Idempotency_Key="k1")
    await put(api, ITEM, item("Nieuwer"), Idempotency_Key="k2")
    replay = await put(api, ITEM, item(), Idempotency_Key="k1")
    assert (replay.status_code, replay.json()) == (201, first.json())
    assert replay.headers["idempotent-replay"] == "true"
    assert "idempotent-replay" not in first.headers
    assert sandbox.store.get("tile-item", "topdesk:1").body["title"] == {"nl": "Nieuwer"}
    other = await put(api, ITEM, item("Iets anders"), Idempotency_Key="k1")
    assert problem(other, "idempotency-key-reused")["status"] == 422
    elsewhere = await put(api, "/v1/tile-item/topdesk:2", item(), Idempotency_Key="k1")
    assert elsewhere.status_code == 422


async def test_a_refused_request_does_not_use_up_its_key(api, item):
    refused = await put(api, ITEM, item(), Idempotency_Key="k1", If_Match='"x"')
    assert refused.status_code == 412
    assert (await put(api, ITEM, item(), Idempotency_Key="k1")).status_code == 201


async def test_paging_gives_each_object_once_while_objects_come_and_go(api, item):
    for number in range(7):
        await put(api, f"/v1/tile-item/key-{number}", item(f"Storing {number}"))
    found, cursor = [], None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/v1/tile-item", params=query)).json()
        assert len(page["items"]) <= 3
        found += [one["external_id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        await api.delete(f"/v1/tile-item/{found[-1]}")
    assert found == [f"key-{number}" for number in range(7)]


@pytest.mark.parametrize("cursor", ["é", "%%%", "////", "gA"])
async def test_a_foreign_cursor_is_refused(api, cursor):
    response = await api.get("/v1/tile-item", params={"cursor": cursor})
    problem(response, "unknown-cursor")


async def test_capabilities(reader):
    body = (await reader.get("/v1/capabilities")).json()
    assert list(body["kinds"]) == [
        "tile-item",
        "freshness",
        "timeline",
        "person",
        "group",
        "membership",
        "photo",
    ]
    assert body["kinds"]["tile-item"] == {
        "upsert": True,
        "delete": True,
        "conditional": True,
        "batch_max": 100,
        "max_title": 120,
        "locales": ["nl", "en"],
        "identity": "keyed",
    }
    assert body["audiences"]["everyone"] is True
    assert "uithoorn" in body["audiences"]["groups"]
    assert body["server"]["name"] == "Intranet Duo+"


async def test_tokens(visitor, reader, item, sandbox):
    for headers in ({}, {"Authorization": "Bearer fout"}, {"Authorization": "Basic é".encode()}):
        refused = await visitor.get("/v1/capabilities", headers=headers)
        problem(refused, "unauthorized")
        assert refused.headers["www-authenticate"] == "Bearer"
    assert (await reader.get("/v1/tile-item")).status_code == 200
    problem(await put(reader, ITEM, item()), "read-only-token")
    problem(await reader.delete(ITEM), "read-only-token")
    assert len(sandbox.store) == 0


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"colour": "red"}, "body.colour"),
        ({"title": {}}, "body.title"),
        ({"title": {"nl": ""}}, "body.title.nl"),
        ({"title": {"nl": "x" * 121}}, "body.title.nl"),
        ({"title": {"fr": "Panne"}}, "body.title.fr.[key]"),
        ({"title": "Storing"}, "body.title"),
        ({"state": "closed"}, "body.state"),
        ({"since": 1763881920}, "body.since"),
        ({"since": "2026-11-23"}, "body.since"),
        ({"since": "2026-11-23T07:12:00"}, "body.since"),
        ({"since": "9999-12-31T23:59:59Z"}, "body.since"),
        ({"since": "0001-01-01T00:00:00+23:00"}, "body.since"),
        ({"reopened": -1}, "body.reopened"),
        ({"reopened": "1"}, "body.reopened"),
        ({"links": [{"rel": "details", "href": "javascript:alert(1)"}]}, "body.links.0.href"),
        ({"audience": {"everyone": False}}, "body.audience"),
        ({"audience": {"groups": []}}, "body.audience"),
        ({"tile": "a b"}, "body.tile"),
        ({"\ud800": 1}, "body"),
    ],
)
async def test_a_body_outside_the_contract_is_refused(api, item, sandbox, changed, field):
    response = await api.put(ITEM, content=json.dumps(item() | changed), headers=JSON)
    found = problem(response, "invalid")["errors"]
    assert any(one["field"].startswith(field) for one in found), found
    assert len(sandbox.store) == 0


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("content", [b"{", b'{"a":"\xff"}', b"not json"])
async def test_a_body_that_is_not_json(api, content):
    problem(await api.put(ITEM, content=content, headers=JSON), "malformed-json")


async def test_unknown_audience(api, item):
    body = item(audience={"groups": ["uithoorn", "atlantis"]})
    found = problem(await put(api, ITEM, body), "unknown-audience")
    assert found["status"] == 422
    assert "uithoorn" in found["detail"]


async def test_a_large_body_is_refused(api, item, sandbox):
    large = item(workaround={"nl": "x" * 70_000})
    problem(await put(api, ITEM, large), "payload-too-large")
    assert len(sandbox.store) == 0
    assert len(sandbox.requests[-1].body) == 64 * 1024


@pytest.mark.parametrize("key", ["a%2Fb", "-x", "a%20b", "x" * 201, "a%00"])
async def test_keys_outside_the_alphabet_are_refused(api, item, sandbox, key):
    response = await put(api, f"/v1/tile-item/{key}", item())
    assert response.status_code in {404, 422}
    assert len(sandbox.store) == 0


async def test_every_allowed_sign_may_stand_in_a_key(api, item):
    key = "aZ0._~:@-"
    assert (await put(api, f"/v1/tile-item/{key}", item())).status_code == 201
    listed = (await api.get("/v1/tile-item")).json()["items"]
    assert [one["external_id"] for one in listed] == [key]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("POST", ITEM, "GET, PUT, DELETE"), ("DELETE", "/v1/tile-item", "GET")],
)
async def test_methods_that_an_address_does_not_take(api, method, path, allow):
    response = await api.request(method, path)
    problem(response, "method-not-allowed")
    assert response.headers["allow"] == allow


async def test_addresses_that_do_not_exist(api, visitor):
    problem(await api.get("/v1/news"), "not-found")
    problem(await visitor.get("/v1/news"), "unauthorized")


def test_settings_do_not_show_their_tokens():
    assert "sandbox-token" not in repr(IntranetOptions())
