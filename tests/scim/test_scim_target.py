"""What the contract can't know: whose fields are written, who is adopted, who leaves and returns."""

import random

import httpx
import pytest

from hub.contract import Delivery
from hub.engine.delivery import Deliverer
from hub.engine.drift import Look
from hub.engine.projection import Desired
from hub.errors import AuthFailedError
from hub.events.objects import Kind
from hub.store import desire, ledger, outbox, tables
from hub.store.store import Store
from hub.targets.scim import ScimTarget, mapping
from hub.targets.scim.fields import CORE, EVERYTHING, Schemas, fields_of
from hub.targets.scim.models import Problem, Resource
from hub.targets.scim.reasons import words
from hub.testing.clock import FakeClock, fake_context
from hub.testing.target_bench import opened

PERSON, GROUP, MEMBERSHIP = Kind.PERSON, Kind.GROUP, Kind.MEMBERSHIP
SANNE = {
    "user_name": "sanne.devries",
    "display_name": "Sanne de Vries",
    "given_name": "Sanne",
    "family_name": "de Vries",
    "mail": "s.devries@example.org",
    "title": "Chef zuivel",
    "department": "Zuivel",
    "organisation": "Voordeelmarkt",
    "office": "Filiaal Uithoorn",
    "phone": "0297 00 00 00",
    "mobile": "06 00 00 00 00",
    "locale": "nl",
}


def person(key="p-1", **changed):
    return Delivery(PERSON, key, "present", SANNE | changed, f"token-{key}")


def absent(kind, key, remote_id=None, version=None):
    return Delivery(kind, key, "absent", {}, f"away-{key}", remote_id, version)


def known(item, outcome):
    return Delivery(
        item.kind, item.key, item.state, item.body, item.token, outcome.remote_id,
        outcome.remote_version,
    )  # fmt: skip


@pytest.fixture
async def bench(scim_world):
    async with opened(scim_world()) as made:
        yield made


async def test_every_field_arrives_where_scim_has_it(bench):
    await bench.one(person())
    there = bench.world.one(PERSON, "p-1")
    assert there["name"] == {
        "formatted": "Sanne de Vries",
        "givenName": "Sanne",
        "familyName": "de Vries",
    }
    assert there["emails"] == [{"value": "s.devries@example.org", "type": "work", "primary": True}]
    assert {one["type"]: one["value"] for one in there["phoneNumbers"]} == {
        "work": "0297 00 00 00",
        "mobile": "06 00 00 00 00",
    }
    assert there[mapping.ENTERPRISE] == {"department": "Zuivel", "organization": "Voordeelmarkt"}
    assert (there["userType"], there["preferredLanguage"]) == ("Employee", "nl")


async def test_only_our_fields_that_differ_are_written(bench):
    first = await bench.one(person())
    bench.world.change(PERSON, "p-1", "nickName", "San")
    found = (await bench.target().find(PERSON, ["p-1"]))["p-1"]
    private = {"value": "san@thuis.example", "type": "home"}
    bench.world.other.patch(
        f"Users/{first.remote_id}",
        json={
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "add", "path": "emails", "value": [private]}],
        },
    ).raise_for_status()
    found = (await bench.target().find(PERSON, ["p-1"]))["p-1"]
    changed = person(mail="sanne@example.org", mobile=None, title="Bedrijfsleider")
    outcome = await bench.one(
        Delivery(PERSON, "p-1", "present", changed.body, "t", found.remote_id, found.version)
    )
    assert outcome.status == "done"
    there = bench.world.one(PERSON, "p-1")
    assert there["nickName"] == "San"
    assert {one["type"]: one["value"] for one in there["emails"]} == {
        "work": "sanne@example.org",
        "home": "san@thuis.example",
    }
    assert [one["type"] for one in there["phoneNumbers"]] == ["work"]
    assert there["title"] == "Bedrijfsleider"


async def test_what_is_so_already_is_not_written(bench):
    first = await bench.one(person())
    outcome = await bench.one(known(person(), first))
    assert outcome == first


async def test_a_leaver_is_switched_off_and_comes_back(bench):
    first = await bench.one(person())
    away = await bench.one(absent(PERSON, "p-1", first.remote_id, first.remote_version))
    assert away.status == "done"
    there = bench.world.one(PERSON, "p-1")
    assert there["active"] is False
    assert there["displayName"] == "Sanne de Vries"
    back = await bench.one(person())
    assert back.remote_id == first.remote_id
    assert bench.world.one(PERSON, "p-1")["active"] is True


async def test_somebody_suspended_is_switched_off_and_stays(bench):
    await bench.one(person(active=False))
    assert bench.world.one(PERSON, "p-1")["active"] is False
    found = (await bench.target().find(PERSON, ["p-1"]))["p-1"]
    assert not bench.target().differs(PERSON, person(active=False).body, found)
    assert bench.target().differs(PERSON, person().body, found) == ["active"]


def stranger(bench, **more):
    schema = "urn:ietf:params:scim:schemas:core:2.0:User"
    values = {"schemas": [schema], "userName": "Sanne.deVries", "nickName": "San"} | more
    answer = bench.world.other.post("Users", json=values)
    answer.raise_for_status()
    return answer.json()["id"]


async def test_an_account_that_is_not_ours_is_left_alone(bench):
    stranger(bench)
    outcome = await bench.one(person())
    assert outcome.status == "rejected"
    assert "existing: adopt" in outcome.reason
    assert not bench.world.stored(PERSON)


async def test_an_account_is_adopted_where_that_was_chosen(scim_world):
    async with opened(scim_world(existing="adopt")) as bench:
        theirs = stranger(bench)
        outcome = await bench.one(person())
        assert (outcome.status, outcome.remote_id) == ("done", theirs)
        there = bench.world.one(PERSON, "p-1")
        assert (there["nickName"], there["title"]) == ("San", "Chef zuivel")


async def test_an_account_of_another_key_is_never_adopted(scim_world):
    async with opened(scim_world(existing="adopt")) as bench:
        stranger(bench, externalId="somebody-else")
        assert (await bench.one(person())).status == "rejected"


async def test_two_with_our_key_are_a_persons_decision(bench):
    stranger(bench, externalId="p-1")
    stranger(bench, externalId="p-1", userName="another")
    outcome = await bench.one(person())
    assert outcome.status == "rejected"
    assert outcome.reason.startswith("2 accounts there have the same externalId")


async def test_a_server_that_ignores_filters_is_listed(scim_world):
    async with opened(scim_world(searches=False)) as bench:
        for number in range(12):
            stranger(bench, userName=f"ander{number}", externalId=f"x-{number}")
        first = await bench.one(person())
        assert first.status == "done"
        assert (await bench.one(person())).remote_id == first.remote_id
        assert bench.keys(PERSON).count("p-1") == 1
        found = [one for one in await bench.target().check() if one.level == "warning"]
        assert "by externalId and userName" in found[0].what


@pytest.mark.parametrize("key", ['p"1', "p\\1", 'x" or userName pr or userName eq "', "sleutel é"])
async def test_a_key_can_not_change_the_question(key, bench):
    stranger(bench, userName="ander", externalId="y")
    first = await bench.one(person(key))
    assert first.status == "done"
    assert set(await bench.target().find(PERSON, [key])) == {key}
    assert (await bench.one(person(key))).remote_id == first.remote_id


def conflicting(body):
    """A server that shows nobody, and refuses each create: an account in its waste bin, say."""

    def answer(request):
        if request.url.path.endswith("ServiceProviderConfig"):
            return httpx.Response(200, json={"patch": {"supported": True}})
        if request.method == "GET":
            return httpx.Response(200, json={"totalResults": 0, "Resources": []})
        calls.append(request.method)
        return httpx.Response(409, **body)

    calls = []
    return httpx.MockTransport(answer), calls


@pytest.mark.parametrize(
    "body",
    [{"json": {"status": "409", "scimType": "uniqueness", "detail": "jan@x.nl"}}, {"text": ""}],
    ids=["with scimType", "without"],
)
async def test_a_409_is_told_and_not_tried_for_ever(body):
    transport, calls = conflicting(body)
    settings = ScimTarget.settings(url="https://scim.example.org/v2", token="t")
    target = ScimTarget(settings, fake_context(transport=transport))
    (outcome,) = await target.publish([person()])
    assert (outcome.status, calls) == ("rejected", ["POST"])
    assert "somebody else has this userName" in outcome.reason
    assert "jan@x.nl" not in outcome.reason
    await target.close()


async def test_a_wrong_token_is_told(scim_world):
    async with opened(scim_world(token="another-token")) as bench:
        with pytest.raises(AuthFailedError):
            await bench.target().publish([person()])
        (found,) = await bench.target().check()
        assert (found.level, found.what.endswith("refused the token")) == ("failed", True)


# --- groups and memberships


async def made(bench, *keys):
    bodies = [(GROUP, "g-1", {"name": "Kassa"})]
    bodies += [(PERSON, key, SANNE | {"user_name": key}) for key in keys]
    outcomes = [await bench.one(Delivery(*one[:2], "present", one[2], one[1])) for one in bodies]
    return [one.remote_id for one in outcomes]


def member(key, ids=None):
    requires = {} if ids is None else {(GROUP, "g-1"): ids[0], (PERSON, key): ids[1]}
    body = {"group": "g-1", "person": key}
    return Delivery(MEMBERSHIP, f"g-1.{key}", "present", body, f"m-{key}", requires=requires)


def members(bench):
    return {one["value"] for one in bench.world.one(GROUP, "g-1").get("members", ())}


async def test_members_come_and_go_and_others_stay(bench):
    group, one, two, other = await made(bench, "p-1", "p-2", "andere")
    bench.world.change(GROUP, "g-1", "members", [{"value": other}])
    target = bench.target()
    first, second = await target.publish([member("p-1", (group, one)), member("p-2")])
    assert [first.status, second.status] == ["done", "done"]
    assert members(bench) == {one, two, other}
    assert {remote.key async for remote in bench.target().list_remote(MEMBERSHIP)} == {
        "g-1.p-1",
        "g-1.p-2",
        "g-1.andere",
    }
    assert set(await bench.target().find(MEMBERSHIP, ["g-1.p-1", "g-1.p-9"])) == {"g-1.p-1"}
    (gone,) = await bench.target().publish([absent(MEMBERSHIP, "g-1.p-1", first.remote_id)])
    again = await bench.one(absent(MEMBERSHIP, "g-1.p-1"))
    assert [gone.status, again.status] == ["done", "done"]
    assert members(bench) == {two, other}


async def test_a_group_goes_and_its_people_stay(bench):
    await made(bench, "p-1")
    await bench.one(member("p-1"))
    assert (await bench.one(absent(GROUP, "g-1"))).status == "done"
    assert not bench.keys(GROUP)
    assert bench.keys(PERSON) == ["p-1"]


async def test_a_member_of_a_group_that_is_not_there_is_told(bench):
    outcome = await bench.one(member("p-1"))
    assert outcome.status == "rejected"
    assert "The group g-1 does not stand there" in outcome.reason


# --- with the engine


@pytest.fixture
async def hub(bench, tmp_path):
    store = await Store(f"sqlite:///{tmp_path}/hub.db").open()
    clock = FakeClock()

    def begin(tx):
        given = {"id": "hr", "connector": "scripted", "mode": "live", "state": "active"}
        tx.execute(tables.instance.insert().values(given))
        ledger.put_target(tx, "intranet", address=bench.target().address())

    await store.write(begin)

    class Hub:
        async def want(self, kind, key, body, *requires, lane=None):
            one = Desired("intranet", kind, key, body, "", "", "r", requires=requires, lane=lane)
            await store.write(desire.put, "hr", one, clock.now())

        async def drop(self, key):
            def work(tx):
                rows = tx.execute(tables.obj.select().where(tables.obj.c.key == key)).all()
                for row in rows:
                    desire.make_absent(tx, row.id, clock.now())

            await store.write(work)

        async def deliver(self):
            target = bench.target()
            about = (target, store, clock.now, random.Random(1), lambda *_a, **_k: None)
            return await Deliverer("intranet", *about).deliver()

        async def stands(self, key, outcome):
            """As a pass that was killed right after its commit leaves it."""

            def work(tx):
                row = tx.execute(tables.obj.select().where(tables.obj.c.key == key)).one()
                sent = outbox.Sent(row, outcome.remote_id, outcome.remote_version)
                outbox.done(tx, [sent], clock.now())

            await store.write(work)

        async def drift(self):
            return (await Look("intranet", bench.target(), store).look()).drifted

    yield Hub()
    await store.close()


async def test_the_engine_makes_people_groups_and_memberships_in_order(bench, hub):
    people = [f"p-{number}" for number in range(40)]
    for one in people:
        ends = ((GROUP, "g-1"), (PERSON, one))
        body = {"group": "g-1", "person": one}
        await hub.want(MEMBERSHIP, f"g-1.{one}", body, *ends, lane="g-1")
    for one in people:
        await hub.want(PERSON, one, SANNE | {"user_name": one})
    await hub.want(GROUP, "g-1", {"name": "Kassa"})
    await hub.deliver()
    assert len(bench.keys(PERSON)) == 40
    assert len(members(bench)) == 40
    assert not await hub.drift()
    await hub.drop("p-7")
    await hub.drop("g-1.p-7")
    await hub.deliver()
    assert len(members(bench)) == 39
    assert "p-7" not in bench.keys(PERSON)
    assert not await hub.drift(), "an account that is switched off has left"
    bench.world.change(PERSON, "p-8", "title", "Keizer")
    bench.world.change(PERSON, "p-7", "active", value=True)
    drifted = {(one.what, one.row.key) for one in await hub.drift()}
    assert drifted == {("changed", "p-8"), ("left", "p-7")}


def above(bench):
    """Who manages whom on the server, by our keys; None: nobody."""
    people = {one["externalId"]: one for one in bench.world.all(PERSON)}
    keys = {one["id"]: key for key, one in people.items()}
    boards = {key: one.get(mapping.ENTERPRISE, {}) for key, one in people.items()}
    return {key: keys.get(one.get("manager", {}).get("value")) for key, one in boards.items()}


def managed(key, manager=None, **more):
    return SANNE | {"user_name": key} | ({"manager": manager} if manager else {}) | more


async def test_the_engine_names_managers_as_the_server_does_once_they_stand_there(bench, hub):
    ring = {"p-1": "p-2", "p-2": "p-3", "p-3": "p-1", "p-4": "p-1", "p-5": "p-9"}
    for key, manager in ring.items():
        await hub.want(PERSON, key, managed(key, manager))
    await hub.deliver()
    assert above(bench) == ring | {"p-5": None}
    assert not await hub.drift()
    assert not await hub.deliver(), "nothing is sent again for a manager who is not there"
    await hub.want(PERSON, "p-9", managed("p-9"))
    await hub.deliver()
    assert above(bench) == ring | {"p-9": None}
    assert not await hub.deliver()


async def test_another_manager_and_none_any_more_are_written(bench, hub):
    for key, manager in {"p-1": "p-2", "p-2": None, "p-3": None}.items():
        await hub.want(PERSON, key, managed(key, manager))
    await hub.deliver()
    await hub.want(PERSON, "p-1", managed("p-1", "p-3"))
    await hub.deliver()
    assert above(bench)["p-1"] == "p-3"
    await hub.want(PERSON, "p-1", managed("p-1", "p-9"))
    await hub.deliver()
    assert above(bench)["p-1"] is None, "an old manager is not left in the new one's place"
    await hub.want(PERSON, "p-1", managed("p-1", "p-2"))
    await hub.deliver()
    await hub.want(PERSON, "p-1", managed("p-1"))
    await hub.deliver()
    assert above(bench)["p-1"] is None


async def test_a_kill_between_the_manager_and_the_report_loses_nobody(bench, hub):
    await hub.want(PERSON, "p-1", managed("p-1", "p-2"))
    await hub.deliver()
    (outcome,) = await bench.target().publish([person("p-2", user_name="p-2")])
    await hub.want(PERSON, "p-2", managed("p-2"))
    await hub.stands("p-2", outcome)
    assert above(bench)["p-1"] is None
    await hub.want(PERSON, "p-3", managed("p-3"))
    await hub.deliver()
    assert above(bench)["p-1"] == "p-2"


# --- pure


def test_a_change_and_its_operations_meet():
    """Whatever stands there, after the operations nothing differs: applied here by hand."""
    there = Resource.model_validate({"id": "1", "externalId": "p-1", "userName": "sanne.devries"})
    operations = mapping.changes(PERSON, "p-1", SANNE, there)
    paths = {one["path"] for one in operations}
    assert "userName" not in paths
    assert {"displayName", "name.givenName", "emails", f"{mapping.ENTERPRISE}:department"} <= paths
    whole = Resource.model_validate({"id": "1"} | mapping.resource(PERSON, "p-1", SANNE))
    assert mapping.changes(PERSON, "p-1", SANNE, whole) == []


def test_a_manager_is_written_only_where_the_server_keeps_one():
    there = Resource.model_validate({"id": "1", "externalId": "p-1"})
    body = SANNE | {"manager": "server-7"}
    path = f"{mapping.ENTERPRISE}:manager"
    asked = {"op": "replace", "path": path, "value": {"value": "server-7"}}
    assert asked in mapping.changes(PERSON, "p-1", body, there)
    known = fields_of(
        Schemas.model_validate(
            {
                "Resources": [
                    {"id": CORE[PERSON], "attributes": [{"name": "userName"}]},
                    {"id": mapping.ENTERPRISE, "attributes": [{"name": "department"}]},
                ]
            }
        ),
        PERSON,
    )
    assert mapping.changes(PERSON, "p-1", {**body, "department": None}, there, known) == [
        {"op": "replace", "path": "userName", "value": SANNE["user_name"]}
    ]
    made = mapping.resource(PERSON, "p-1", body, known)
    assert made[mapping.ENTERPRISE] == {"department": "Zuivel"}


def test_a_refusal_names_fields_and_nobody():
    problem = Problem(detail="Extra inputs are not permitted for Noor: emails, 0, type")
    assert words(400, problem) == "the server refused it (400); it names emails, type"


def test_what_a_server_does_not_know_is_left_out():
    told = Schemas.model_validate(
        {
            "Resources": [
                {
                    "id": CORE[PERSON],
                    "attributes": [
                        {"name": "externalId", "mutability": "readOnly"},
                        {"name": "userName"},
                        {"name": "active"},
                        {"name": "emails", "subAttributes": [{"name": "value"}]},
                        {"name": "name", "subAttributes": [{"name": "formatted"}]},
                    ],
                }
            ]
        }
    )
    fields = fields_of(told, PERSON)
    made = mapping.resource(PERSON, "p-1", SANNE, fields)
    assert made.keys() == {"schemas", "userName", "active", "emails", "name"}
    assert made["schemas"] == [CORE[PERSON]]
    assert [one.keys() for one in made["emails"]] == [{"value"}]
    assert made["name"].keys() == {"formatted"}
    there = Resource.model_validate({"id": "1"} | made)
    assert mapping.changes(PERSON, "p-1", SANNE, there, fields) == []
    assert fields_of(Schemas(), PERSON) is EVERYTHING
