"""Doors for callers, as an administrator meets them: opened in YAML, printed, checked, called."""

import json

import httpx

SECRET = "0123456789-canary-sender"
RECEIVE = "receive: {secret: '${env:SENDER_SECRET}'}\n"
ORDER = {"action": "post", "id": "telefonie", "at": "2026-11-23T08:00:00Z"}


def test_a_running_hub_says_where_to_post_and_shows_what_came(
    hub, processes, free_port, until, monkeypatch
):
    hub.hub_yaml(free_port)
    hub.manual(more=RECEIVE)
    process = hub.start("run", SENDER_SECRET=SECRET)
    processes.append(process)
    process.until("Next: ")
    address = f"http://127.0.0.1:{free_port}/in/manual/"
    assert f"receive of manual: POST {address}<stream>" in process.out
    page = next(line for line in process.out.splitlines() if ", live: " in line).split()[-1]
    body = ORDER | {"title": {"nl": "Telefonie ligt eruit"}}
    with httpx.Client(trust_env=False) as client:
        refused = client.post(f"{address}disturbances", json=body)
        assert refused.status_code == 404
        shown = {"X-Hub-Secret": SECRET}
        stored = client.post(f"{address}disturbances", json=body, headers=shown)
        assert stored.json() == {"stored": True, "counts": {"accepted": 1, "new": 1}}
        assert until(lambda: "Telefonie ligt eruit" in client.get(page).text)
        wrong = client.post(f"{address}disturbances", json=ORDER, headers=shown)
        assert (wrong.status_code, wrong.json()["status"]) == (400, 400)
    ended = process.end()
    assert ended.code == 0
    assert SECRET not in ended.out + ended.err
    assert "call_refused" in ended.err


def test_check_says_who_can_reach_the_address(hub, monkeypatch):
    monkeypatch.setenv("SENDER_SECRET", SECRET)
    hub.hub_yaml()
    hub.manual(more=RECEIVE)
    found = json.loads(hub("check", "--json").out)["findings"]["instance manual"]
    (door,) = [one for one in found if one["what"].startswith("receive: POST ")]
    assert (door["level"], "web.public_url" in door["advice"]) == ("warning", True)
    monkeypatch.setenv("HUB_WEB__PUBLIC_URL", "https://hub.example.org")
    found = json.loads(hub("check", "--json").out)["findings"]["instance manual"]
    (door,) = [one for one in found if one["what"].startswith("receive: POST ")]
    assert door["what"] == "receive: POST https://hub.example.org/in/manual/<stream>"
    assert door["level"] == "ok"


def test_a_door_that_leads_nowhere_is_a_mistake_with_its_line(hub, monkeypatch):
    monkeypatch.setenv("SENDER_SECRET", SECRET)
    hub.hub_yaml()
    hub.manual(more="webhook: {secret: '${env:SENDER_SECRET}'}\n")
    checked = hub("check", "--offline", "--json")
    assert checked.code == 78
    (problem,) = checked.json["problems"]
    assert "no setting for the connector `manual`" in problem["message"]
    assert problem["where"] == "webhook"


def test_a_short_secret_and_a_typed_one_are_refused(hub, monkeypatch):
    monkeypatch.setenv("SENDER_SECRET", "short-one")
    hub.hub_yaml()
    hub.manual(more=RECEIVE)
    assert hub("check", "--offline").code == 78
    hub.manual(more=f"receive: {{secret: {SECRET}}}\n")
    typed = hub("check", "--offline")
    assert typed.code == 78
    assert "must not stand in the file" in typed.out
    assert SECRET not in typed.out + typed.err


def test_a_connector_that_nobody_can_call_is_named_by_check(hub, monkeypatch):
    monkeypatch.setenv("SENDER_SECRET", SECRET)
    hub.hub_yaml()
    hub.instance("entra", "connector: scim_in\n")
    checked = hub("check", "--json")
    assert checked.code == 1
    (door,) = [
        one for one in checked.json["findings"]["instance entra"] if one["level"] == "failed"
    ]
    assert "receive" in door["advice"]
    hub.instance("entra", f"connector: scim_in\n{RECEIVE}")
    checked = hub("check", "--json")
    assert checked.code == 0
    (door,) = [one for one in checked.json["findings"]["instance entra"] if "serve" in one["what"]]
    assert door["what"].endswith("/in/entra/scim/v2")
    signed = RECEIVE.replace("}\n", ", hmac: true}\n")
    hub.instance("entra", f"connector: scim_in\n{signed}")
    checked = hub("check", "--json")
    assert (checked.code, checked.json["problems"][0]["where"]) == (78, "receive.hmac")
