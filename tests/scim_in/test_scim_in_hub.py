"""People pushed by identity providers: once, recognised, provisioned, and gone within limits."""

import asyncio
import json

import sqlalchemy as sa

from hub.errors import StreamLostError
from hub.events.objects import Kind
from hub.events.person import Person
from hub.people import erasing
from hub.settings.groups import GroupRule
from hub.settings.removals import Removals
from hub.store import persons
from hub.store.tables import erased, event, metadata, ref, run, subject
from hub.web.served import LARGEST

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
DISABLE = {"op": "Replace", "path": "active", "value": "False"}
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


async def test_a_pushed_person_is_linked_with_ad_and_provisioned(make, store_url):
    """From a POST to an account on the intranet, one person with the one in AD."""
    hub = await make(store_url, namespaces={"entra": "org", "ad": "org"})
    named = {"given_name": "Noor", "family_name": "Berg", "employee_number": "0042"}
    account = Person(enabled=True, display_name="Noor Berg", user_name="nberg", **named)
    hub.ad.put("guid-1", account)
    assert (await hub.runner.run("ad", "people")).outcome == "complete"
    entra = hub.provider()
    manager = await entra.push("sem", name={"givenName": "Sem", "familyName": "Visser"})
    more = {"employeeNumber": "0042", "department": "Zorg", "manager": {"value": manager["id"]}}
    made = await entra.push("noor", **{ENTERPRISE: more})
    assert await hub.person_of("entra", made["id"]) == await hub.person_of("ad", "guid-1")
    assert await hub.persons() == [("Noor Berg", "active"), ("Sem Visser", "active")]
    assert set(await hub.published()) == {"nberg", "sem@werk.example.org"}
    rows = await hub.rows(sa.select(ref).where(ref.c.role == "manager"))
    assert [(row.namespace, row.value) for row in rows] == [("entra", manager["id"])]


async def test_switched_off_and_on_again_is_the_same_person(hub, entra):
    made = await entra.push("noor")
    await entra.push("sem")
    await entra.push("lotte")
    await entra.patch(f"/Users/{made['id']}", DISABLE)
    assert (await hub.published())["noor@werk.example.org"] is False
    assert ("Noor Berg", "suspended") in await hub.persons()
    await entra.patch(f"/Users/{made['id']}", DISABLE | {"value": "True"})
    assert (await hub.published())["noor@werk.example.org"] is True


async def test_pushed_groups_and_their_members_reach_the_intranet(make):
    rule = GroupRule(instance="entra", name="*")
    hub = await make(groups={"intranet": (rule,)})
    entra = hub.provider()
    noor, sem = (await entra.push("noor"))["id"], (await entra.push("sem"))["id"]
    body = {"schemas": [GROUP], "displayName": "Zorg", "members": [{"value": noor}]}
    group = (await entra.call("POST", "/Groups", body)).json()["id"]
    assert await inside(hub) == {("Zorg", "noor@werk.example.org")}
    more = [{"value": sem}]
    await entra.patch(f"/Groups/{group}", {"op": "Add", "path": "members", "value": more})
    assert len(await inside(hub)) == 2
    await entra.patch(f"/Groups/{group}", {"op": "Remove", "path": "members", "value": more})
    assert await inside(hub) == {("Zorg", "noor@werk.example.org")}


async def inside(hub):
    """Names of groups and users of the memberships on the intranet."""
    await hub.published()
    stored = {one: made.body for one, made in hub.target.objects.items()}
    return {
        (
            stored[Kind.GROUP, body["group"]]["name"],
            stored[Kind.PERSON, body["person"]]["user_name"],
        )
        for (kind, _), body in stored.items()
        if kind is Kind.MEMBERSHIP
    }


# --- once --------------------------------------------------------------------------------------


async def test_the_same_push_twice_is_one_person(hub, entra, documents):
    await entra.push("noor")
    for body in (documents("noor"), documents("NOOR"), documents("renamed", externalId="ext-noor")):
        again = await entra.call("POST", "/Users", body)
        assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")
    assert len(await hub.persons()) == 1
    assert len(await hub.rows(sa.select(event))) == 1, "nothing of what was refused is stored"
    assert len(await hub.rows(sa.select(run))) == 1


async def test_a_name_that_somebody_has_can_not_be_taken_over(hub, entra):
    await entra.push("noor")
    sem = await entra.push("sem")
    for path, value in (("userName", "NOOR@werk.example.org"), ("externalId", "ext-noor")):
        operation = {"op": "replace", "path": path, "value": value}
        answer = await entra.patch(f"/Users/{sem['id']}", operation)
        assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    answer = await entra.call(
        "PUT", f"/Users/{sem['id']}", sem | {"userName": "noor@werk.example.org"}
    )
    assert answer.status_code == 409
    assert await hub.persons() == [("Noor Berg", "active"), ("Sem Berg", "active")]


async def test_many_at_once_are_each_one_person(hub, entra, documents):
    calls = [entra.call("POST", "/Users", documents(f"u{number % 5}")) for number in range(20)]
    statuses = sorted(one.status_code for one in await asyncio.gather(*calls))
    assert statuses == [201] * 5 + [409] * 15
    assert len(await hub.persons()) == 5


class Cut:
    """A store whose transactions end just before they are kept."""

    def __init__(self, store):
        self.store = store

    async def write(self, work, *args, **kwargs):
        def killed(tx):
            work(tx, *args, **kwargs)
            raise StreamLostError("killed just before the commit")

        return await self.store.write(killed)


async def test_a_kill_before_the_commit_leaves_nothing_and_a_replay_makes_one(
    hub, entra, documents
):
    hub.runner.store = Cut(hub.store)
    answer = await entra.call("POST", "/Users", documents("noor"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    hub.runner.store = hub.store
    assert not await hub.persons()
    await entra.push("noor")
    assert len(await hub.persons()) == 1


async def test_a_lost_answer_is_found_again_by_a_look_up(make, tmp_path, documents):
    """The commit happened, the answer did not arrive, and the hub starts anew."""
    first = await make()
    await first.provider().push("noor")
    second = await make()
    entra = second.provider()
    again = await entra.call("POST", "/Users", documents("noor"))
    assert again.status_code == 409
    assert len(await entra.find('externalId eq "ext-noor"')) == 1


async def test_two_providers_do_not_see_each_other(make):
    hub = await make(instances=("entra", "helloid"))
    first, second = hub.provider("entra"), hub.provider("helloid")
    one, other = await first.push("noor"), await second.push("noor")
    assert await second.get(f"/Users/{one['id']}") == 404
    assert (await second.call("DELETE", f"/Users/{one['id']}")).status_code == 404
    assert await second.find('userName eq "noor@werk.example.org"') == [other["id"]]
    stolen = {"authorization": "Bearer 0123456789-canary-entra"}
    answer = await hub.client.get("/in/helloid/scim/v2/Users", headers=stolen)
    assert answer.status_code == 401


# --- leaving -----------------------------------------------------------------------------------


async def everybody(provider, number):
    return [(await provider.push(f"user{one}"))["id"] for one in range(number)]


async def test_a_deleted_user_is_gone_and_comes_back_as_the_same_person(hub, entra):
    ids = await everybody(entra, 12)
    person = await hub.person_of("entra", ids[0])
    assert (await entra.call("DELETE", f"/Users/{ids[0]}")).status_code == 204
    assert await entra.get(f"/Users/{ids[0]}") == 404
    assert (await hub.published())["user0@werk.example.org"] is False
    again = await entra.push("user0")
    assert again["id"] == ids[0]
    assert await hub.person_of("entra", ids[0]) == person
    assert (await hub.published())["user0@werk.example.org"] is True


async def test_who_takes_over_an_address_is_another_human(hub, entra):
    ids = await everybody(entra, 12)
    await entra.call("DELETE", f"/Users/{ids[0]}")
    other = await entra.push("user0", name={"givenName": "Bram", "familyName": "Visser"})
    assert other["id"] != ids[0]
    assert await hub.person_of("entra", other["id"]) != await hub.person_of("entra", ids[0])


async def test_deleting_one_by_one_is_no_way_around_the_limit(make):
    hub = await make(limits=Removals(number=3, percent=5, few=3, few_percent=10))
    entra = hub.provider()
    ids = await everybody(entra, 20)
    for one in ids[:10]:
        assert (await entra.call("DELETE", f"/Users/{one}")).status_code == 204
    (held,) = await hub.held()
    assert held[:3] == ("entra", "removal", 8)
    published = await hub.published()
    assert sum(published.values()) == 18, "two left, the others wait"
    assert await entra.get(f"/Users/{ids[9]}") == 404, "for the provider it is gone"
    await entra.push("user9")
    assert (await hub.held())[0][2] == 7, "who comes back leaves the hold"
    await hub.runner.release((await hub.held())[0][3], "test")
    assert not await hub.held(), "what is released here is not asked again there"
    assert sum((await hub.published()).values()) == 11
    await entra.call("DELETE", f"/Users/{ids[11]}")
    assert not await hub.held(), "after a release they count anew"


async def test_switching_off_one_by_one_is_no_way_around_the_limit(make):
    hub = await make(limits=Removals(number=3, percent=5, few=3, few_percent=10))
    entra = hub.provider()
    ids = await everybody(entra, 20)
    for one in ids[:10]:
        await entra.patch(f"/Users/{one}", DISABLE)
    (held,) = await hub.held()
    assert held[:3] == ("intranet", "people", 8)
    assert sum((await hub.published()).values()) == 18
    await hub.runner.project()
    assert sum((await hub.published()).values()) == 18, "the next look holds them too"
    assert await hub.runner.release(held[3], "test")
    assert sum((await hub.published()).values()) == 10


async def test_a_day_later_they_count_no_more(make):
    hub = await make(limits=Removals(number=3, percent=5, few=3, few_percent=10))
    entra = hub.provider()
    ids = await everybody(entra, 20)
    for one in ids[:6]:
        await entra.call("DELETE", f"/Users/{one}")
        hub.clock.advance(13 * 3600)
    assert not await hub.held()
    assert sum((await hub.published()).values()) == 14


async def test_a_group_that_empties_holds_up_nobody_who_leaves(hub, entra):
    ids = await everybody(entra, 12)
    body = {"schemas": [GROUP], "displayName": "Zorg", "members": [{"value": one} for one in ids]}
    group = (await entra.call("POST", "/Groups", body)).json()["id"]
    await entra.patch(f"/Groups/{group}", {"op": "Remove", "path": "members"})
    (held,) = await hub.held()
    assert held[:3] == ("entra", "removal", 12)
    await entra.call("DELETE", f"/Users/{ids[0]}")
    assert (await hub.published())["user0@werk.example.org"] is False


async def test_absence_means_nothing(hub, entra):
    await everybody(entra, 5)
    hub.clock.advance(400 * 86400)
    await hub.runner.project()
    assert len(await hub.published()) == 5


# --- forgotten ---------------------------------------------------------------------------------


async def test_who_is_forgotten_is_nowhere_and_can_not_be_pushed_again(hub, entra, documents):
    made = await entra.push("canary", title="canary", externalId="ext-canary-1")
    await entra.push("sem")
    given = {"actor": "test", "now": hub.clock.now()}
    exported = await hub.store.write(erasing.export, "Canary Berg", **given)
    assert "ext-canary-1" in json.dumps(exported), "what names them is theirs too"
    await hub.store.write(erasing.forget, "Canary Berg", **given)
    await hub.published()
    assert "canary" not in (await hub.store.read(_everything)).lower()
    assert await entra.get(f"/Users/{made['id']}") == 404
    assert await entra.find('userName eq "canary@werk.example.org"') == []
    answer = await entra.call("POST", "/Users", documents("canary", externalId="ext-canary-1"))
    assert answer.status_code == 403
    assert "canary" not in answer.text
    assert len(await hub.rows(sa.select(erased))) == 2, "the key and the alias"
    other = await entra.push("canary", externalId="ext-canary-2")
    assert other["id"] != made["id"], "under a new account it is a new person"


def _everything(tx):
    return "\n".join(str(row) for one in metadata.sorted_tables for row in tx.execute(one.select()))


async def test_without_an_external_id_the_user_name_stands_for_the_account(hub, entra, documents):
    await entra.push("noor", externalId=None)
    given = {"actor": "test", "now": hub.clock.now()}
    await hub.store.write(erasing.forget, "Noor Berg", **given)
    answer = await entra.call("POST", "/Users", documents("NOOR", externalId=None))
    assert answer.status_code == 403


# --- the door ----------------------------------------------------------------------------------


async def test_whoever_shows_no_token_learns_nothing(hub, entra):
    tokens = ({}, {"authorization": "Bearer wrong-wrong-wrong-wrong"}, {"x-hub-secret": "x" * 20})
    paths = ("/in/entra/scim/v2/Users", "/in/nobody/scim/v2/Users", "/in/ad/scim/v2/Users",
             "/in/entra/scim/v2/ServiceProviderConfig")  # fmt: skip
    answers = [await hub.client.get(path, headers=one) for path in paths for one in tokens]
    assert {one.status_code for one in answers} == {401}
    assert len({one.text for one in answers}) == 1
    said = [line for line in hub.log.lines if line.event == "call_refused"]
    assert len(said) == 2, "once for one of ours, once for all that are not"


async def test_a_body_that_is_too_long_and_a_path_that_is_none(hub, entra):
    assert (await entra.call("POST", "/Users", b"x" * (LARGEST + 1))).status_code == 413
    assert (await entra.call("GET", "/Nothing")).status_code == 404
    assert (await entra.call("POST", "/Bulk", {"Operations": []})).status_code in {400, 413, 501}
    shown = {"authorization": "Bearer 0123456789-canary-entra"}
    assert (await hub.client.get("/in/entra/other/v2", headers=shown)).status_code == 404
    for body in (b"{", b"\xff", b"[1]", b'{"schemas": []}', b"[" * 50_000):
        assert (await entra.call("POST", "/Users", body)).status_code == 400
    assert not await hub.rows(sa.select(subject))


async def test_too_many_calls_are_asked_to_wait(hub, entra):
    statuses = [(await entra.call("GET", "/ServiceProviderConfig")).status_code for _ in range(205)]
    assert statuses == [200] * 200 + [429] * 5
    hub.clock.advance(1)
    assert (await entra.call("GET", "/ServiceProviderConfig")).status_code == 200


async def test_while_another_holds_the_stream_the_caller_comes_back(hub, entra, documents):
    hub.runner.turn = 0.01
    async with hub.runner._at_work("instance:entra", "people"):
        answer = await entra.call("POST", "/Users", documents("noor"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    await entra.push("noor")


async def test_addresses_are_those_that_are_configured_not_what_a_caller_says(hub, entra):
    made = await entra.push("noor")
    answer = await entra.call("GET", f"/Users/{made['id']}", host="evil.example")
    location = answer.json()["meta"]["location"]
    assert location == f"https://hub.example.org/in/entra/scim/v2/Users/{made['id']}"


async def test_a_fault_in_what_is_shown_costs_no_data(hub, entra):
    policy = await hub.store.read(persons.policy, "people")
    await hub.store.write(persons.put_policy, "people", {"canary": 1})
    made = await entra.push("noor")
    assert {line.event for line in hub.log.lines} == {"project_failed"}
    assert "canary" not in str(hub.log.lines)
    await hub.store.write(persons.put_policy, "people", policy)
    assert (await entra.get(f"/Users/{made['id']}"))["userName"] == "noor@werk.example.org"
    await hub.runner.project()
    assert set(await hub.published()) == {"noor@werk.example.org"}
