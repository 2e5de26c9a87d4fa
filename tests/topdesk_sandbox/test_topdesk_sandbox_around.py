from datetime import timedelta

import pytest

from connectors.topdesk.sandbox import STORY_START, SandboxOptions, TopdeskSandbox

LIST = "/tas/api/incidents"
V2 = "application/x.topdesk-collection-person-v2+json"


async def test_progress_trail_actions_requests_and_count(small, connect):
    row = small.state.add_incident(number="M 1")
    for n in range(12):
        small.state.add_progress(row["id"], f"<b>{n}</b> &amp; meer", internal=n == 3)
    small.state.add_progress(row["id"], "Help", author="Visser, Chloë", request=True)
    client, base = connect(small), f"{LIST}/id/{row['id']}"
    first = await client.get(f"{base}/progresstrail")
    assert (first.status_code, len(first.json())) == (206, 10)
    rest = await client.get(first.headers["x-next-page-url"])
    assert (rest.status_code, len(rest.json())) == (200, 3)
    assert (await client.get(f"{base}/progresstrail/count")).json() == {"count": 13}
    actions = (await client.get(f"{base}/actions", params={"page_size": 100})).json()
    assert [entry["plainText"] for entry in actions if entry["invisibleForCaller"]] == ["3 & meer"]
    (request,) = (await client.get(f"{base}/requests")).json()
    assert request["person"]["name"] == "Visser, Chloë"
    text = (await client.get(f"{LIST}/number/M 1")).json()["request"]
    assert text == "23-11-2026 08:00 [GMT +1:00] Visser, Chloë: \nHelp"
    assert (await client.get(f"{base}/progresstrail?page_size=101")).status_code == 400
    assert (await client.get(f"{base}/progresstrail?pageSize=10")).status_code == 400


async def test_creating_and_changing(small, connect):
    client = connect(small)
    body = {
        "callerLookup": {"email": "daniel.brouwer@example.org"},
        "briefDescription": "Ik heb dit ook",
        "request": "Outlook opent niet",
        "category": {"name": "Software"},
        "externalNumber": "hub-1",
        "majorCall": True,
        "publishToSsd": True,
    }
    made = await client.post(LIST, json=body)
    assert made.status_code == 201
    row = made.json()
    assert row["caller"]["dynamicName"] == "Brouwer, Daniël"
    assert row["callerBranch"]["name"] == "Diemen"
    assert row["request"].endswith("Brouwer, Daniël: \nOutlook opent niet")
    small.clock.advance(90.5)
    change = {"completed": True, "processingStatus": {"name": "Opgelost"}, "action": "Klaar"}
    changed = (await client.patch(f"{LIST}/number/{row['number']}", json=change)).json()
    assert changed["completedDate"] == "2026-11-23T07:01:30.500+0000"
    assert changed["modificationDate"] == "2026-11-23T07:01:30.000+0000"
    reopened = (await client.put(f"{LIST}/id/{row['id']}", json={"completed": False})).json()
    assert reopened["completedDate"] is None


@pytest.mark.parametrize(
    "body",
    [
        {"briefDescription": "x" * 81},
        {"externalNumber": "x" * 61},
        {"nonsense": 1},
        {"publishToSsd": True},
        {"majorCall": "yes"},
        {"category": {"name": "Onzin"}},
        {"callerLookup": {"email": "balie@example.org"}},  # two persons share it
        {"callerLookup": {"email": "wim.oudekerk@example.org"}},  # archived
        {"callerLookup": {"email": "ines.kaptein@example.org"}},  # not a caller
        {"callerLookup": {}},
        {"majorCallObject": {"name": "I 1"}},  # not a major
        {"status": "thirdLine"},
        {"closedDate": "yesterday"},
        {"closedDate": "2026-11-23T08:00:00"},
    ],
)
async def test_writes_that_topdesk_refuses(small, connect, body):
    small.state.add_incident(number="I 1")
    before = len(small.state.incidents)
    answer = await connect(small).post(LIST, json=body)
    assert answer.status_code == 400
    assert len(small.state.incidents) == before


async def test_a_body_that_is_no_json_object_is_refused(small, connect):
    for content in ("{", "[]"):
        assert (await connect(small).post(LIST, content=content)).status_code == 400


async def test_persons_in_both_versions(small, connect):
    client = connect(small)
    old = await client.get("/tas/api/persons", params={"query": "archived==false"})
    assert isinstance(old.json(), list)
    assert len(old.json()) == 7
    params = {"query": 'email=="balie@example.org"', "fields": "id,email", "pageSize": 1}
    new = await client.get("/tas/api/persons", params=params, headers={"accept": V2})
    assert new.status_code == 206
    assert new.headers["content-type"].startswith(V2)
    assert (new.json()["size"], list(new.json()["item"][0])) == (1, ["id", "email"])
    rest = await client.get(new.json()["next"], headers={"accept": V2})
    assert (rest.status_code, rest.json()["next"]) == (200, None)
    assert rest.json()["item"] != new.json()["item"]
    odd = {"query": 'surName=="O\'Connor"'}
    assert len((await client.get("/tas/api/persons", params=odd)).json()) == 1
    only_v1 = connect(TopdeskSandbox(SandboxOptions(closed_tickets=1, persons="v1")))
    assert (await only_v1.get("/tas/api/persons", headers={"accept": V2})).status_code == 406


async def test_the_lists_around_incidents(small, connect):
    client = connect(small)
    for path in ("incidents/statuses", "incidents/categories", "branches", "incidents/priorities",
                 "incidents/impacts", "incidents/urgencies", "incidents/durations", "services"):  # fmt: skip
        rows = (await client.get(f"/tas/api/{path}")).json()
        assert all(row["id"] and row["name"] for row in rows), path
        assert len(rows) >= 3
    plain = (await client.get("/tas/api/categories")).json()["item"]
    full = (await client.get("/tas/api/categories", params={"fields": "all"})).json()["item"]
    assert "translations" not in plain[0]
    english = {t["name"] for row in full for t in row["translations"] if t["locale"] == "en"}
    assert "Network" in english


async def test_the_calendar_shows_a_change_within_its_period(small, connect):
    client = connect(small)
    day = {"start": "2026-11-23T00:00:00Z", "end": "2026-11-24T00:00:00Z"}
    found = (await client.get("/tas/api/changeCalendar", params=day)).json()["results"]
    assert [row["number"] for row in found] == ["C 2611 0003", "C 2611 0004", "C 2611 0005"]
    row = found[0]
    assert row["currentState"] == "planned"
    assert "requester" not in row
    for name, value in (("status", "Intern"), ("category", "Netwerk"), ("branch", "Diemen")):
        asked = (await client.get("/tas/api/changeCalendar", params=day | {name: value})).json()
        assert row not in asked["results"], name
    assert (await client.get(f"/tas/api/changeCalendar/{row['id']}")).status_code == 200
    assert (await client.get("/tas/api/changeCalendar/x")).status_code == 404
    assert (await client.get("/tas/api/changeCalendar")).status_code == 400
    later = {"start": "2027-01-01T00:00:00Z", "end": "2027-01-02T00:00:00Z"}
    assert (await client.get("/tas/api/changeCalendar", params=later)).json() == {"results": []}


async def test_the_portal_page_is_there_for_published_majors_and_escapes(small, connect):
    small.story.play_until(STORY_START + timedelta(minutes=30))
    client = connect(small, auth=None)
    path = "/tas/public/ssp/content/detail/incident"
    script = small.state.by_number("M 2611 026")
    page = await client.get(path, params={"unid": script["id"]})
    assert page.status_code == 200
    assert "&lt;script&gt;" in page.text
    assert "<script" not in page.text
    report = small.state.by_number("I 2611 9001")
    assert (await client.get(path, params={"unid": report["id"]})).status_code == 404
