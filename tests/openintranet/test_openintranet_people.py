"""Persons, groups and memberships in the API, beside the accounts of the intranet's own."""

import httpx
import pytest
from pydantic import ValidationError

from hub.sandbox.intranet import Account, InProcessTransport, IntranetOptions, IntranetSandbox
from hub.sandbox.intranet.models import Kind
from hub.sandbox.intranet.pages import Viewer

OWN = Account(
    id="ad-17", user_name="Bea.Bos", mail="b.bos@example.org", display_name="Bea Bos", active=True
)


@pytest.fixture
def sandbox(clock):
    return IntranetSandbox(IntranetOptions(accounts=(OWN,)), clock)


@pytest.fixture
async def anna(api):
    await put(api, "person", "p-1", ANNA)
    await put(api, "group", "wijkteam", {"name": "Wijkteam Noord"})
    return "p-1"


ANNA = {"user_name": "anna", "display_name": "Anna Smit", "mail": "Anna@example.org"}


async def put(api, kind, key, body):
    answer = await api.put(f"/v1/{kind}/{key}", json=body)
    return answer.status_code, answer.json()


async def refused(api, kind, key, body):
    status, problem = await put(api, kind, key, body)
    assert status == 409, problem
    return problem["type"].rpartition(":")[2]


def member(group="wijkteam", person="p-1"):
    return {"group": group, "person": person}


async def test_a_membership_needs_both_ends(api, anna, sandbox):
    assert await refused(api, "membership", "m", member(group="none")) == "missing-reference"
    assert await refused(api, "membership", "m", member(person="none")) == "missing-reference"
    assert len(sandbox.store.of_kind(Kind.MEMBERSHIP)) == 0
    assert (await put(api, "membership", "m", member()))[0] == 201
    assert (await put(api, "membership", "of-its-own", member("diemen", "ad-17")))[0] == 201


async def test_persons_groups_and_memberships_go_in_one_batch_in_their_order(api):
    bodies = [("group", "g", {"name": "G"}), ("person", "p", ANNA), ("membership", "m", member())]
    bodies[2][2].update(group="g", person="p")
    made = [{"op": "put", "kind": k, "external_id": key, "body": b} for k, key, b in bodies]
    answer = await api.post("/v1/batch", json={"operations": made})
    assert [one["status"] for one in answer.json()["results"]] == [201, 201, 201]
    answer = await api.post("/v1/batch", json={"operations": made[::-1]})
    assert [one["status"] for one in answer.json()["results"]] == [200, 200, 200]


async def test_a_user_name_is_of_one_account(api, anna):
    assert await refused(api, "person", "p-2", ANNA | {"user_name": "ANNA"}) == "user-name-taken"
    theirs = ANNA | {"user_name": "bea.bos"}
    assert await refused(api, "person", "p-2", theirs) == "user-name-taken"
    assert await refused(api, "person", "ad-17", ANNA) == "own-account"
    assert (await put(api, "person", "p-1", ANNA | {"user_name": "Anna"}))[0] == 200
    assert (await put(api, "person", "p-1", ANNA | {"user_name": "anna.smit"}))[0] == 200
    assert (await put(api, "person", "p-2", ANNA))[0] == 201


@pytest.mark.parametrize("kind", ["person", "group"])
async def test_memberships_end_with_either_end(api, anna, sandbox, kind):
    await put(api, "membership", "m", member())
    await put(api, "membership", "other", member("diemen", "ad-17"))
    key = anna if kind == "person" else "wijkteam"
    assert (await api.delete(f"/v1/{kind}/{key}")).status_code == 204
    assert [one.external_id for one in sandbox.store.of_kind(Kind.MEMBERSHIP)] == ["other"]


async def test_a_person_who_is_deleted_is_switched_off_and_can_come_back(api, anna, sandbox):
    made = (await api.get("/v1/person/p-1")).headers["etag"]
    assert (await api.delete("/v1/person/p-1")).status_code == 204
    assert (await api.get("/v1/person/p-1")).status_code == 404
    assert (await api.delete("/v1/person/p-1")).status_code == 404
    assert await found(api, user_name="anna") == []
    assert sandbox.store.left("p-1").body == ANNA
    post = {"text": {"nl": "Hallo"}, "author": "p-1", "audience": {"everyone": True}}
    assert (await put(api, "timeline", "t", post))[0] == 201
    unknown = post | {"author": "nobody"}
    assert await refused(api, "timeline", "u", unknown) == "missing-reference"
    assert (await put(api, "person", "p-1", ANNA))[0] == 201
    assert (await api.get("/v1/person/p-1")).headers["etag"] == made
    assert sandbox.store.left("p-1") is None


async def found(api, **query):
    answer = await api.get("/v1/accounts", params=query)
    assert answer.status_code == 200, answer.text
    return [(one["id"], one["source"]) for one in answer.json()["items"]]


async def test_accounts_are_found_by_exactly_one_value(api, anna):
    assert await found(api, user_name="ANNA") == [("p-1", "api")]
    assert await found(api, mail="anna@EXAMPLE.org") == [("p-1", "api")]
    assert await found(api, external_id="p-1") == [("p-1", "api")]
    assert await found(api, user_name="bea.bos") == [("ad-17", "ad")]
    assert await found(api, mail="B.Bos@example.org") == [("ad-17", "ad")]
    for query in ({"user_name": "ann"}, {"mail": "example.org"}, {"external_id": "P-1"}):
        assert await found(api, **query) == []
    await put(api, "person", "p-2", ANNA | {"user_name": "anna2"})
    assert [one for one, _ in await found(api, mail="anna@example.org")] == ["p-1", "p-2"]


@pytest.mark.parametrize(
    "query", [{}, {"mail": "a@b", "user_name": "a"}, {"mail": ""}, {"mail": "a@b", "page": "2"}]
)
async def test_accounts_are_not_listed_and_not_guessed(api, query):
    assert (await api.get("/v1/accounts", params=query)).status_code == 422


async def test_accounts_are_asked_for_one_value_once(api):
    query = [("user_name", "a"), ("user_name", "b")]
    assert (await api.get("/v1/accounts", params=query)).status_code == 422


async def test_accounts_are_found_as_they_are_now(api, anna):
    await put(api, "person", "p-1", ANNA | {"user_name": "anna.smit", "active": False})
    assert await found(api, user_name="anna") == []
    answer = await api.get("/v1/accounts", params={"user_name": "anna.smit"})
    assert answer.json()["items"][0]["active"] is False


async def test_a_person_sees_what_is_for_the_groups_that_the_person_is_in(api, anna, item, sandbox):
    await put(api, "membership", "m", member())
    await put(api, "tile-item", "t", item("Koffie op", audience={"groups": ["wijkteam"]}))
    post = {"text": {"nl": "Voor het wijkteam"}, "audience": {"groups": ["wijkteam"]}}
    await put(api, "timeline", "t", post)
    anybody, member_of = Viewer("nl", None), Viewer("nl", None, person="p-1")
    assert "Koffie op" in sandbox.pages.dashboard(member_of)
    assert "Koffie op" not in sandbox.pages.dashboard(anybody)
    assert "Voor het wijkteam" in sandbox.pages.timeline(member_of)
    assert "Voor het wijkteam" not in sandbox.pages.timeline(anybody)
    await api.delete("/v1/membership/m")
    assert "Koffie op" not in sandbox.pages.dashboard(member_of)


async def test_an_audience_may_name_a_group_that_was_published(api, anna, item):
    unknown = item(audience={"groups": ["niet-daar"]})
    assert (await put(api, "tile-item", "t", unknown))[0] == 422
    capabilities = (await api.get("/v1/capabilities")).json()
    assert capabilities["audiences"]["groups"][-1] == "wijkteam"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"mail": "no address"}, "body.mail"),
        ({"active": "yes"}, "body.active"),
        ({"external": 1}, "body.external"),
        ({"locale": "fr"}, "body.locale"),
        ({"user_name": ""}, "body.user_name"),
        ({"birthday": "1980-01-01"}, "body.birthday"),
    ],
)
async def test_a_person_outside_the_contract_is_refused(api, changed, field):
    status, problem = await put(api, "person", "p", ANNA | changed)
    assert (status, problem["errors"][0]["field"]) == (422, field)


async def test_an_intranet_may_keep_fewer_kinds(clock):
    options = IntranetOptions(kinds=(Kind.TILE_ITEM, Kind.FRESHNESS))
    sandbox = IntranetSandbox(options, clock)
    headers = {"Authorization": f"Bearer {options.token}"}
    transport = InProcessTransport(sandbox.app)
    async with httpx.AsyncClient(
        base_url="http://i.test", transport=transport, headers=headers
    ) as api:
        assert list((await api.get("/v1/capabilities")).json()["kinds"]) == [
            "tile-item",
            "freshness",
        ]
        assert (await put(api, "person", "p-1", ANNA))[0] == 404
        assert (await api.get("/v1/accounts", params={"user_name": "a"})).status_code == 404
        made = {"op": "put", "kind": "person", "external_id": "p", "body": ANNA}
        answer = await api.post("/v1/batch", json={"operations": [made]})
        assert answer.json()["results"][0]["status"] == 404


def test_own_accounts_can_be_written_on_a_line():
    options = IntranetOptions(ad_accounts=("bea b.bos@example.org Bea van der Bos",))
    (made,) = options.own_accounts()
    assert (made.id, made.user_name, made.mail) == ("ad-bea", "bea", "b.bos@example.org")
    assert (made.display_name, made.source) == ("Bea van der Bos", "ad")


@pytest.mark.parametrize(
    "text", ["", "bea", "bea b.bos@example.org", "bea nomail Bea", "é m@x Bea"]
)
def test_an_own_account_that_cannot_be_read_is_refused(text):
    with pytest.raises(ValidationError, match="USER_NAME MAIL NAME"):
        IntranetOptions(ad_accounts=(text,))
