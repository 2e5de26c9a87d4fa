"""What identity providers send, each in its own words, and what the hub keeps of it.

The requests follow what vendors document and what their trackers show; no vendor's product was tried.
"""

from datetime import UTC, datetime

import pytest

from connectors.scim_in import dialects
from connectors.scim_in import members as members_of
from hub.contract import Call

E = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

# operation, then what is different afterwards: attribute (or extension's) to value; None: not there
ENTRA = [
    ({"op": "Replace", "path": "active", "value": "False"}, {"active": False}),
    ({"op": "replace", "path": "active", "value": False}, {"active": False}),
    ({"op": "Replace", "value": {"active": "false"}}, {"active": False}),
    ({"op": "Add", "path": "displayName", "value": "Noor B."}, {"displayName": "Noor B."}),
    ({"op": "Replace", "value": {"name.familyName": "Bos"}}, {"name.familyName": "Bos"}),
    ({"op": "Add", "path": "name.givenName", "value": "Nora"}, {"name.givenName": "Nora"}),
    (
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "n@werk.example.org"},
        {"emails": ["n@werk.example.org"]},
    ),
    (
        {"op": "Replace", "value": {'emails[type eq "work"].value': "n@werk.example.org"}},
        {"emails": ["n@werk.example.org"]},
    ),
    (
        {"op": "Add", "path": "emails", "value": [{"value": "n@werk.example.org", "type": "work"}]},
        {"emails": ["n@werk.example.org"]},
    ),
    (
        {"op": "Add", "path": "emails[primary eq true].value", "value": "n@werk.example.org"},
        {"emails": ["n@werk.example.org"]},
    ),
    ({"op": "Remove", "path": 'emails[type eq "work"].value'}, {"emails": None}),
    (
        {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "0612345678"},
        {"phoneNumbers": ["0612345678"]},
    ),
    (
        {"op": "Add", "path": 'addresses[type eq "work"].formatted', "value": "Stadhuis"},
        {"addresses": ["Stadhuis"]},
    ),
    ({"op": "Add", "path": f"{E}:employeeNumber", "value": "77"}, {f"{E}:employeeNumber": "77"}),
    ({"op": "Replace", "value": {f"{E}:department": "Zorg"}}, {f"{E}:department": "Zorg"}),
    ({"op": "Replace", "value": {E: {"department": "Zorg"}}}, {f"{E}:department": "Zorg"}),
    ({"op": "Add", "path": f"{E}:manager", "value": "abc"}, {f"{E}:manager": {"value": "abc"}}),
    (
        {"op": "Add", "path": f"{E}:manager", "value": [{"$ref": "x", "value": "abc"}]},
        {f"{E}:manager": {"value": "abc"}},
    ),
    (
        {"op": "Add", "path": f"{E}:manager", "value": {"value": "abc", "displayName": "Ab"}},
        {f"{E}:manager": {"value": "abc"}},
    ),
    ({"op": "Replace", "path": "externalId", "value": "other"}, {"externalId": "other"}),
    ({"op": "Replace", "path": "title", "value": ""}, {"title": None}),
]
# nothing of this is kept, and nothing is refused because of it
NOT_KEPT = [
    {"op": "Add", "path": "nickName", "value": "canary"},
    {"op": "Replace", "value": {"preferredLanguage": "canary", "password": "canary"}},
    {"op": "Add", "path": 'emails[type eq "home"].value', "value": "canary@thuis.example.org"},
    {"op": "Add", "path": 'phoneNumbers[type eq "fax"].value', "value": "canary"},
    {"op": "Add", "path": "urn:example:acme:2.0:User:shoe", "value": "canary"},
    {"op": "Replace", "path": "roles", "value": [{"value": "canary"}]},
]


def seen(document, name):
    """An attribute of a document by its path; of a list the values."""
    extension, _, plain = name.rpartition(":")
    found = document.get(extension, {}) if extension else document
    for part in plain.split("."):
        found = (found or {}).get(part)
    if isinstance(found, list):
        return [one.get("value", one.get("formatted")) for one in found]
    return found


@pytest.mark.parametrize(("operation", "after"), ENTRA, ids=range(len(ENTRA)))
async def test_a_patch_in_a_providers_own_words(entra, operation, after):
    made = await entra.push("noor", emails=[{"value": "noor@werk.example.org", "type": "work"}])
    answer = await entra.patch(f"/Users/{made['id']}", operation)
    assert answer.status_code in {200, 204}, answer.text
    document = await entra.get(f"/Users/{made['id']}")
    assert {name: seen(document, name) for name in after} == after
    kept = {name for name in made if name not in {"meta", "schemas"}}
    touched = {name.split(".")[0] for name in after}
    for name in kept - touched - {"name"}:
        assert document[name] == made[name], f"{name} changed too"


async def test_what_the_hub_has_no_use_for_is_not_kept(hub, entra):
    made = await entra.push("noor", nickName="canary", password="canary", userType="canary")
    for operation in NOT_KEPT:
        answer = await entra.patch(f"/Users/{made['id']}", operation)
        assert answer.status_code in {200, 204}, answer.text
    rows = await hub.store.read(_everything)
    assert "canary" not in rows
    assert "noor@werk.example.org" in rows, "the search itself finds what is there"


def _everything(tx):
    from hub.store.tables import metadata

    return "\n".join(str(row) for one in metadata.sorted_tables for row in tx.execute(one.select()))


async def test_a_new_user_in_entras_shape_is_kept_whole(entra):
    body = {
        "emails": [{"primary": True, "type": "work", "value": "noor@werk.example.org"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "canary", "familyName": "Berg", "givenName": "Noor"},
        "roles": [],
        E: {"employeeNumber": "7", "department": "Zorg", "manager": ""},
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", E],
    }
    made = await entra.push("noor", **body)
    assert made["emails"] == [{"value": "noor@werk.example.org", "type": "work"}]
    assert made[E] == {"employeeNumber": "7", "department": "Zorg"}


async def test_the_test_of_the_connection_finds_nobody(entra):
    query = '/Users?filter=userName eq "9f2c-not-there"&startIndex=1&count=100'
    answer = await entra.call("GET", query)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["totalResults"], found["Resources"]) == (0, [])
    assert found["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]


@pytest.mark.parametrize(
    "query",
    [
        'userName eq "NOOR@werk.example.org"',
        'externalId eq "ext-noor"',
        'externalId eq "ext-noor" and userName eq "noor@werk.example.org"',
        'name.familyName eq "berg"',
        'userName sw "noor"',
        f'{E}:employeeNumber eq "7"',
        'emails[type eq "work" and value eq "noor@werk.example.org"]',
    ],
)
async def test_filters_find_exactly_whom_they_mean(entra, query):
    await entra.push("sem", name={"familyName": "Visser"})
    mail = [{"value": "noor@werk.example.org", "type": "work"}]
    made = await entra.push("noor", emails=mail, **{E: {"employeeNumber": "7"}})
    assert await entra.find(query) == [made["id"]]


async def test_pages_hold_everybody_once(entra):
    made = [(await entra.push(f"user{number}"))["id"] for number in range(5)]
    found = []
    for start in (1, 3, 5):
        answer = (await entra.call("GET", f"/Users?startIndex={start}&count=2")).json()
        assert answer["totalResults"] == 5
        found += [one["id"] for one in answer["Resources"]]
    assert found == made


GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


@pytest.fixture
async def team(entra):
    """A group of two: its id, and the ids of the two and of one who is not in it."""
    ids = [(await entra.push(name))["id"] for name in ("noor", "sem", "lotte")]
    body = {"schemas": [GROUP], "displayName": "Zorg", "externalId": "g-1"}
    members = [{"value": one} for one in ids[:2]]
    answer = await entra.call("POST", "/Groups", body | {"members": members})
    assert answer.status_code == 201
    return answer.json()["id"], ids


async def members(entra, group):
    return {one["value"] for one in (await entra.get(f"/Groups/{group}")).get("members", [])}


async def test_members_come_and_go_in_every_dialect(entra, team):
    group, (noor, sem, lotte) = team
    for operation, after in [
        ({"op": "Add", "path": "members", "value": [{"value": lotte, "display": "L"}]}, {noor, sem, lotte}),
        ({"op": "Remove", "path": "members", "value": [{"value": noor}]}, {sem, lotte}),
        ({"op": "Remove", "path": f'members[value eq "{sem}"]'}, {lotte}),
        ({"op": "Add", "value": {"members": [{"value": noor}]}}, {noor, lotte}),
        ({"op": "Replace", "path": "members", "value": [{"value": sem}]}, {sem}),
        ({"op": "Remove", "path": "members"}, set()),
        ({"op": "Add", "path": "members", "value": [{"value": sem, "type": "User"}]}, {sem}),
    ]:  # fmt: skip
        answer = await entra.patch(f"/Groups/{group}", operation)
        assert answer.status_code in {200, 204}, answer.text
        assert await members(entra, group) == after, operation


async def test_groups_are_found_by_name_and_by_who_is_in_them(entra, team):
    group, (noor, _, lotte) = team
    assert await entra.find('displayName eq "zorg"', "Groups") == [group]
    asked = "&excludedAttributes=members"
    assert await entra.find(f'id eq "{group}" and members eq "{noor}"{asked}', "Groups") == [group]
    assert await entra.find(f'members.value eq "{lotte}"', "Groups") == []


@pytest.mark.parametrize("operations", [
    [{"op": "Add", "path": "members", "value": [{"value": "nobody"}]}],
    [{"op": "Replace", "path": "members", "value": [{"value": "nobody"}]}],
    [{"op": "Add", "path": "displayName", "value": "X"},
     {"op": "Add", "path": "members", "value": [{"value": "nobody"}]}],
], ids=range(3))  # fmt: skip
async def test_who_was_not_pushed_can_be_in_no_group(entra, team, operations):
    group, (noor, sem, _) = team
    answer = await entra.patch(f"/Groups/{group}", *operations)
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
    assert await members(entra, group) == {noor, sem}
    assert (await entra.get(f"/Groups/{group}"))["displayName"] == "Zorg", "all of it or nothing"


async def test_one_member_more_looks_at_nobody_else(entra, team):
    """A group of thousands is changed by one without being read; both ways end the same."""
    group, (noor, _, lotte) = team
    more = [{"op": "Add", "path": "members", "value": [{"value": lotte}]}]
    body = {"schemas": [members_of.PATCH_OP], "Operations": more}
    assert members_of.member_change(call(f"/Groups/{group}"), body).members == {lotte: True}
    tag = (await entra.get(f"/Groups/{group}"))["meta"]["version"]
    assert (await entra.call("PATCH", f"/Groups/{group}", body)).status_code == 204
    assert (
        await entra.call("PATCH", f"/Groups/{group}", body, **{"if-match": tag})
    ).status_code == 412
    operations = [{"op": "Remove", "path": f'members[value eq "{noor}"]'}, *more]
    assert (await entra.patch(f"/Groups/{group}", *operations)).status_code == 204
    assert noor not in await members(entra, group)
    assert (await entra.patch("/Groups/nothing", *more)).status_code == 404


def call(path, **more):
    return Call("PATCH", "https://hub", path, datetime(2026, 11, 2, tzinfo=UTC), **more)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "members", "value": [{"value": "a"}]},
        {"op": "remove", "path": "members"},
        {"op": "add", "path": "members", "value": [{"value": "a", "x": 1}]},
        {"op": "add", "path": "displayName", "value": [{"value": "a"}]},
        {"op": "remove", "path": 'members[value eq "a" or value eq "b"]'},
        {"op": "add", "value": {"members": [{"value": "a"}], "displayName": "X"}},
        {"op": "add", "path": "members", "value": []},
        None,
    ],
    ids=range(8),
)
def test_every_other_change_of_a_group_is_left_to_the_server(operation):
    plain = {"op": "add", "path": "members", "value": [{"value": "b"}]}
    body = {"schemas": [members_of.PATCH_OP], "Operations": [plain, operation]}
    assert members_of.member_change(call("/Groups/g"), body) is None
    assert members_of.member_change(call("/Users/g"), body | {"Operations": [plain]}) is None
    asked = call("/Groups/g", headers={"if-match": "x"})
    assert members_of.member_change(asked, body | {"Operations": [plain]}) is None


async def test_a_changed_resource_has_another_tag_and_an_old_one_is_refused(entra):
    made = await entra.push("noor")
    path, tag = f"/Users/{made['id']}", made["meta"]["version"]
    same = await entra.call("GET", path, **{"if-none-match": tag})
    assert same.status_code == 304
    await entra.patch(path, {"op": "replace", "path": "title", "value": "Arts"})
    assert (await entra.get(path))["meta"]["version"] != tag
    answer = await entra.call("PUT", path, made | {"title": "Bode"}, **{"if-match": tag})
    assert answer.status_code == 412
    assert (await entra.get(path))["title"] == "Arts"


async def test_the_service_says_what_it_can_and_no_more(entra):
    config = await entra.get("/ServiceProviderConfig")
    can = {name: config[name]["supported"] for name in ("patch", "bulk", "filter", "sort", "etag")}
    assert can == {"patch": True, "bulk": False, "filter": True, "sort": False, "etag": True}
    schemas = {one["name"]: one for one in (await entra.get("/Schemas"))["Resources"]}
    named = {one["name"] for one in schemas["User"]["attributes"]}
    assert "password" not in named
    assert {one["name"] for one in (await entra.get("/ResourceTypes"))["Resources"]} == {
        "User",
        "Group",
    }


@pytest.mark.parametrize("body", [None, 1, [], "x", {"Operations": 1}, {"Operations": [1, None]}])
def test_what_is_no_document_stays_what_it_is(body):
    assert dialects.plain(body) == body
