"""`/scim/v2` of the sandbox intranet: SCIM 2.0 over the persons and groups of the other API."""

import subprocess
import sys

import pytest

from hub.sandbox.intranet import Account, Fault, IntranetOptions, IntranetSandbox
from hub.sandbox.intranet.models import Kind, Person
from hub.sandbox.intranet.scim.mapping import id_of, key_of, person_of, user_of

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
MORE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
WHOLE = {
    "user_name": "anna",
    "display_name": "Anna van der Smit",
    "given_name": "Anna",
    "family_name": "van der Smit",
    "mail": "anna@example.org",
    "title": "Wijkverpleegkundige",
    "department": "Zorg",
    "organisation": "Duo+",
    "office": "Gemeentehuis 2.08",
    "phone": "020 123 4567",
    "mobile": "06 12 34 56 78",
    "locale": "nl",
    "external": True,
    "active": False,
    "manager": "p-9",
}
OWN = Account(id="ad-17", user_name="Bea.Bos", display_name="Bea Bos", mail="b.bos@example.org")


@pytest.fixture
def sandbox(clock):
    return IntranetSandbox(IntranetOptions(accounts=(OWN,)), clock)


@pytest.fixture
async def anna(api):
    answer = await create(api, user("anna", externalId="p-1"))
    assert answer.status_code == 201, answer.text
    return answer.json()


def user(name, **more):
    return {"schemas": [USER], "userName": name, **more}


async def create(api, body, where="Users"):
    return await api.post(f"/scim/v2/{where}", json=body)


async def found(api, wanted, where="Users"):
    answer = await api.get(f"/scim/v2/{where}", params={"filter": wanted})
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json().get("Resources", ())]


async def patch(api, where, *operations, **headers):
    body = {"schemas": [PATCH], "Operations": list(operations)}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.patch(f"/scim/v2/{where}", json=body, headers=named)


async def member_of(api, group, *persons):
    body = {"schemas": [GROUP], "displayName": group, "externalId": group}
    members = [{"value": id_of(one)} for one in persons]
    return await create(api, body | ({"members": members} if members else {}), "Groups")


def problem(answer, status, sort=None):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/scim+json"
    assert answer.json().get("scimType") == sort


def test_a_person_goes_there_and_back_as_it_was():
    assert set(WHOLE) == set(Person.model_fields)
    assert person_of(user_of(WHOLE)) == WHOLE
    little = {"user_name": "a", "display_name": "A", "external": False, "active": True}
    assert person_of(user_of(little)) == little


@pytest.mark.parametrize("key", ["p-1", "ad:S-1-5-21~1", "x" * 200])
def test_an_id_is_not_the_key_and_leads_back_to_it(key):
    assert id_of(key) != key
    assert key_of(id_of(key)) == key


@pytest.mark.parametrize("foreign", ["", "p-1", "é", "====", "_w", "cC0x="])
def test_an_id_of_elsewhere_is_none_of_ours(foreign):
    assert key_of(foreign) is None or id_of(key_of(foreign)) == foreign
    assert key_of("cC0x=") is None


async def test_what_scim_makes_is_a_person_of_the_other_api(api):
    answer = await create(api, user_of(WHOLE) | {"externalId": "p-1"})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"].endswith(f"/scim/v2/Users/{id_of('p-1')}")
    assert (await api.get("/v1/person/p-1")).json()["body"] == WHOLE


async def test_what_the_other_api_makes_is_a_user(api):
    await api.put("/v1/person/p-1", json=WHOLE)
    (there,) = await found(api, 'externalId eq "p-1"')
    body = (await api.get(f"/scim/v2/Users/{there}")).json()
    assert body["name"]["familyName"] == "van der Smit"
    assert body[MORE]["manager"]["value"] == id_of("p-9")
    assert body["active"] is False


async def test_a_user_name_is_of_one_account(api, anna):
    problem(await create(api, user("ANNA")), 409, "uniqueness")
    problem(await create(api, user("bea.bos")), 409, "uniqueness")
    assert (await api.put("/v1/person/p-1", json=WHOLE)).status_code == 200
    answer = await api.put("/v1/person/p-2", json=WHOLE)
    assert answer.status_code == 409


async def test_users_are_found_exactly(api, anna, sandbox):
    assert await found(api, 'userName eq "Anna"') == [anna["id"]]
    assert await found(api, 'userName eq "ann"') == []
    assert await found(api, 'externalId eq "p-1"') == [anna["id"]]
    assert await found(api, 'externalId eq "P-1"') == []
    assert await found(api, f'id eq "{anna["id"]}"') == [anna["id"]]
    strange = (await create(api, user("carol", externalId="not a key / é"))).json()
    assert await found(api, 'externalId eq "not a key / é"') == [strange["id"]]
    assert await found(api, 'userName sw "c" and active ne false') == [strange["id"]]
    assert sandbox.store.get(Kind.PERSON, key_of(strange["id"])) is not None


async def test_what_the_intranet_has_no_place_for_stands_until_the_other_api_writes(api, anna):
    where = f"Users/{anna['id']}"
    nick = {"op": "add", "path": "nickName", "value": "An"}
    assert (await patch(api, where, nick)).status_code in {200, 204}
    assert (await api.get(f"/scim/v2/{where}")).json()["nickName"] == "An"
    await api.put("/v1/person/p-1", json=WHOLE)
    body = (await api.get(f"/scim/v2/{where}")).json()
    assert "nickName" not in body
    assert body["displayName"] == "Anna van der Smit"


async def test_switching_off_and_on_keeps_the_rest(api, anna, sandbox):
    where = f"Users/{anna['id']}"
    await patch(api, where, {"op": "replace", "path": "active", "value": False})
    assert sandbox.store.get(Kind.PERSON, "p-1").body["active"] is False
    await patch(api, where, {"op": "replace", "value": {"active": True}})
    assert sandbox.store.get(Kind.PERSON, "p-1").body["active"] is True


async def test_a_user_who_is_deleted_is_switched_off_and_comes_back_as_the_same(api, anna, sandbox):
    await member_of(api, "wijkteam", "p-1")
    assert (await api.delete(f"/scim/v2/Users/{anna['id']}")).status_code == 204
    problem(await api.get(f"/scim/v2/Users/{anna['id']}"), 404)
    assert sandbox.store.of_kind(Kind.MEMBERSHIP) == []
    assert sandbox.store.left("p-1").body["display_name"] == "anna"
    again = await create(api, user("anna", externalId="p-1"))
    assert again.json()["id"] == anna["id"]
    assert sandbox.store.left("p-1") is None


async def test_a_version_that_moved_on_is_not_overwritten(api, anna):
    where, stale = f"Users/{anna['id']}", anna["meta"]["version"]
    change = {"op": "replace", "path": "title", "value": "Teamleider"}
    assert (await patch(api, where, change, If_Match=stale)).status_code in {200, 204}
    problem(await patch(api, where, change, If_Match=stale), 412)
    known = await api.get(f"/scim/v2/{where}")
    answer = await api.get(f"/scim/v2/{where}", headers={"If-None-Match": known.headers["etag"]})
    assert answer.status_code == 304


async def test_members_are_memberships_of_the_other_api(api, anna, sandbox):
    await api.put("/v1/person/p-2", json=WHOLE | {"user_name": "bob"})
    made = (await member_of(api, "wijkteam", "p-1")).json()
    await api.put("/v1/membership/m", json={"group": "wijkteam", "person": "p-2"})
    group = (await api.get(f"/scim/v2/Groups/{made['id']}")).json()
    assert {one["value"] for one in group["members"]} == {id_of("p-1"), id_of("p-2")}
    assert group["meta"]["version"] != made["meta"]["version"]
    groups = (await api.get(f"/scim/v2/Users/{id_of('p-2')}")).json()["groups"]
    assert [one["display"] for one in groups] == ["wijkteam"]
    gone = {"op": "remove", "path": f'members[value eq "{id_of("p-2")}"]'}
    await patch(api, f"Groups/{made['id']}", gone)
    assert sandbox.pages.directory.groups_of("p-2") == []
    added = {"op": "add", "path": "members", "value": [{"value": id_of("ad-17")}]}
    await patch(api, f"Groups/{made['id']}", added)
    assert sandbox.pages.directory.groups_of("ad-17") == ["wijkteam"]


async def test_a_member_has_to_be_there_first(api, sandbox):
    problem(await member_of(api, "wijkteam", "nobody"), 400, "invalidValue")
    assert len(sandbox.store) == 0


async def test_accounts_of_its_own_are_found_and_never_written(api):
    (own,) = await found(api, 'userName eq "bea.bos"')
    body = (await api.get(f"/scim/v2/Users/{own}")).json()
    assert "externalId" not in body
    problem(await api.delete(f"/scim/v2/Users/{own}"), 403)
    change = {"op": "replace", "path": "title", "value": "x"}
    problem(await patch(api, f"Users/{own}", change), 403)
    problem(await api.put(f"/scim/v2/Users/{own}", json=user("bea.bos")), 403)


async def test_a_value_that_the_intranet_does_not_take_is_refused_without_an_echo(api, sandbox):
    answer = await create(api, user("anna", title="geheim " * 40))
    problem(answer, 400, "invalidValue")
    assert "title" in answer.json()["detail"]
    assert "geheim" not in answer.text
    assert len(sandbox.store) == 0


async def test_a_password_is_not_kept(api, sandbox):
    made = (await create(api, user("anna", password="geheim-7"))).json()
    assert "password" not in made
    kept = sandbox.scim.people._resources["User"]._kept
    assert kept
    assert "geheim-7" not in repr(kept) + repr(list(sandbox.store))


async def test_pages_hold_everybody_once(api):
    for number in range(7):
        await create(api, user(f"user-{number}"))
    seen = []
    for start in (1, 4, 7):
        params = {"startIndex": start, "count": 3, "sortBy": "userName"}
        page = (await api.get("/scim/v2/Users", params=params)).json()
        assert page["totalResults"] == 8
        seen += [one["userName"] for one in page["Resources"]]
    assert seen == ["Bea.Bos", *(f"user-{number}" for number in range(7))]


async def test_many_writes_in_one_request_each_for_itself(api, sandbox):
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": user("anna")},
        {"method": "POST", "path": "/Users", "bulkId": "b", "data": user("ANNA")},
        {
            "method": "POST",
            "path": "/Groups",
            "bulkId": "g",
            "data": {
                "schemas": [GROUP],
                "displayName": "Wijkteam",
                "members": [{"value": "bulkId:a"}],
            },
        },
    ]
    answer = await api.post("/scim/v2/Bulk", json={"schemas": [BULK], "Operations": operations})
    assert [one["status"] for one in answer.json()["Operations"]] == ["201", "409", "201"]
    assert len(sandbox.store.of_kind(Kind.MEMBERSHIP)) == 1


async def test_tokens(api, reader, visitor, anna):
    assert (await visitor.get("/scim/v2/ServiceProviderConfig")).status_code == 200
    refused = await visitor.get("/scim/v2/Users")
    problem(refused, 401)
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert (await reader.get("/scim/v2/Users")).status_code == 200
    problem(await create(reader, user("bob")), 403)
    problem(await reader.delete(f"/scim/v2/Users/{anna['id']}"), 403)


async def test_requests_are_logged_and_meet_planted_faults(api, sandbox):
    sandbox.faults.add(Fault(kind="status", status=503, times=1, path="^/scim/"))
    assert (await create(api, user("anna"))).status_code == 503
    assert (await create(api, user("anna"))).status_code == 201
    assert [(one.status, one.applied) for one in sandbox.requests] == [(503, False), (201, True)]


async def test_a_reset_forgets_what_scim_said(api, anna, sandbox):
    sandbox.reset()
    assert await found(api, 'externalId eq "p-1"') == []
    assert len(await found(api, "userName pr")) == 1


def test_its_library_is_loaded_when_somebody_asks():
    program = (
        "import sys; from datetime import datetime; from hub.sandbox.intranet import *\n"
        "IntranetSandbox(IntranetOptions(), datetime.now).reset(); print(*sys.modules)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    assert "fastapi" in done.stdout.split()
    assert not {"scim2_models", "scim2_server"} & set(done.stdout.split())
