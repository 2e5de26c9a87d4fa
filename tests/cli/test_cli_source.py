"""With a practice TOPdesk: check, plan on a copy, sync; and the bad days."""

import json
import sqlite3
from datetime import UTC, datetime

import httpx
import pytest

pytestmark = pytest.mark.usefixtures("password")


def rows(path) -> list:
    """Everything in the store, table by table."""
    with sqlite3.connect(path) as db:
        names = sorted(
            row[0] for row in db.execute("select name from sqlite_master where type = 'table'")
        )
        tables = [name for name in names if not name.startswith(("ix_", "uq_", "sqlite_"))]
        found = [(name, db.execute(f"select * from {name}").fetchall()) for name in tables]
    db.close()
    return found


def test_a_check_that_finds_all_well(hub, desk):
    hub.topdesk(desk)
    found = hub("check", "--json").json
    levels = {one["level"] for one in found["findings"]["instance servicedesk"]}
    assert found["ok"]
    assert levels <= {"ok", "warning"}
    shown = hub("check")
    assert shown.code == 0
    assert shown.last.startswith("Next: `hub plan`")


def test_a_plan_reads_the_source_and_leaves_the_store_alone(hub, desk):
    hub.topdesk(desk)
    planned = hub("plan", "--json")
    assert planned.code == 0
    assert planned.json["counts"]["create"] >= 3
    assert planned.json["read"][0]["outcome"] == "complete"
    assert not hub.store.exists()

    hub.manual()
    hub("disturbance", "post", "--title", "Telefonie")
    before = rows(hub.store)
    shown = hub("plan")
    assert f"web: {planned.json['counts']['create']} to create" in shown.out
    assert "not now: watch" in shown.out
    assert rows(hub.store) == before
    assert hub("plan", "--stored", "--json").json["counts"]["create"] == 0


def test_a_plan_never_delivers_even_when_live(either, desk):
    either.topdesk(desk, mode="live")
    assert either("plan", "--json").json["steps"][0]["blocked"] == ""
    synced = either("sync", "servicedesk", "--json")
    assert synced.code == 0
    assert synced.json["runs"][0]["counts"]["new"] >= 3
    assert synced.json["delivered"]["web"]["done"] >= 3
    assert either("plan").out.startswith("ok      servicedesk.majors read")
    assert "Nothing would change." in either("plan").out
    assert either("sync", "nonsense").code == 2


def test_a_changed_title_shows_its_fields(either, desk):
    either.topdesk(desk, mode="live")
    either("sync")
    path = either.folder / "connectors" / "servicedesk.yaml"
    path.write_text(path.read_text() + "  text: category\n")
    planned = either("plan")
    assert planned.code == 0
    assert "Would wait for you" in planned.out
    mark = either("plan", "--json").json["holds"][0]["hash"]
    assert either("hold", "list", "--json").json == []  # it was found on the copy only
    either("sync")
    (row,) = either("hold", "list", "--json").json
    assert row["hash"] == mark
    shown = either("hold", "show", mark).out
    assert "title: nl " in shown
    assert " -> " in shown
    assert either("hold", "release", mark).code == 0
    assert "Nothing would change." in either("plan", "--stored").out


def test_a_wrong_password_says_so_and_keeps_it_secret(hub, desk, monkeypatch):
    monkeypatch.setenv("TOPDESK_PASSWORD", "wrong-wrong-wrong")
    hub.topdesk(desk)
    checked = hub("check")
    assert checked.code == 1
    assert "password" in checked.out
    planned = hub("plan")
    assert planned.code == 1
    assert "could not be read" in planned.out
    assert "hub check" in planned.last
    synced = hub("sync", "--json")
    assert synced.code == 1
    assert synced.json["runs"][0]["health"] == "auth"
    status = hub("status")
    assert status.code == 1
    shown = [checked, planned, synced, status]
    assert not any("wrong-wrong" in one.out + one.err for one in shown)
    assert not any("Traceback" in one.out + one.err for one in shown)


def test_a_group_that_the_intranet_does_not_have_is_named(hub, monkeypatch):
    from connectors.topdesk.sandbox import serving
    from hub.sandbox.intranet import IntranetOptions, IntranetSandbox

    monkeypatch.setenv("INTRANET_TOKEN", "sandbox-token")
    options = IntranetOptions(groups=("balie-noord", "loket"))
    sandbox = IntranetSandbox(options, lambda: datetime.now(UTC))
    with serving(sandbox.app) as url:
        settings = f"{{url: '{url}', token: '${{env:INTRANET_TOKEN}}'}}"
        hub.hub_yaml(
            more=f"targets: {{intranet: {{target: openintranet, settings: {settings}}}}}\n"
        )
        hub.instance("manual", "connector: manual\n")
        assert hub("check").code == 0  # no route sends to this audience
        hub.instance("manual", "connector: manual\naudience: balie\n")
        checked = hub("check")
    assert checked.code == 1
    assert "failed  the group `balie` of `audiences` does not exist" in checked.out
    assert "did you mean `balie-noord`?" in checked.out


def test_an_unplugged_server_asks_to_try_again(hub):
    hub.topdesk("http://127.0.0.1:9", mode="live")
    synced = hub("sync")
    assert synced.code == 75
    assert "can't be reached" in synced.out
    assert hub("plan").code == 75
    assert hub("run", "--once").code == 75
    checked = hub("check")
    assert checked.code == 1
    assert "127.0.0.1:9" in checked.out


def test_practice_servers_take_flags_from_their_settings(hub, processes):
    command = ("sandbox", "topdesk", "--port", "0", "--username", "me", "--no-story")
    process = hub.start(*command, "--closed-tickets", "3", "--api-version", "3.3")
    processes.append(process)
    address = process.until(r"Listening on (\S+)")[1]
    process.until("username: me")
    secret = process.until(r"password: (\S+)")[1]
    with httpx.Client(auth=("me", secret), trust_env=False) as client:
        answer = client.get(f"{address}/tas/api/version")
        assert answer.json()["version"].startswith("3.3")
        assert len(answer.headers.get_list("date")) == 1
    assert process.end().code == 0
    assert hub("sandbox", "topdesk", "--persons", "v9").code == 2
    assert hub("sandbox", "topdesk", "--start", "yesterday").code == 2
    assert hub("sandbox", "topdesk", "--api-version", "new").code == 2
    assert hub("sandbox", "intranet", "--port", "70000").code == 2


def test_a_practice_intranet_says_its_address_as_json(hub, processes):
    process = hub.start("sandbox", "intranet", "--json", "--groups", "balie")
    processes.append(process)
    process.until("^}")
    said = json.loads(process.out)
    assert said["credentials"]["token"] == "sandbox-token"
    with httpx.Client(trust_env=False) as client:
        assert client.get(said["address"]).status_code < 400
    assert process.end().code == 0


@pytest.fixture
def emptied(either):
    """A hub that published majors of a TOPdesk where then every incident is gone."""
    from connectors.topdesk.sandbox import SandboxOptions, TopdeskSandbox, serving

    sandbox = TopdeskSandbox(SandboxOptions(closed_tickets=5))
    for _ in range(6):
        sandbox.story.play_next()
    with serving(sandbox.app) as url:
        either.topdesk(url, mode="live")
        assert either("sync").code == 0
        for ident in list(sandbox.state.incidents):
            sandbox.state.delete(ident)
        either("sync")
        either("sync")
        yield either


def published(hub) -> int:
    found = hub("status", "--json").json["objects"]
    return sum(row["published"] for row in found if row["kind"] == "tile-item")


def test_removals_that_wait_are_shown_and_dropped(emptied):
    before = published(emptied)
    assert before >= 2
    (row,) = emptied("hold", "list", "--json").json
    assert (row["action"], row["size"]) == ("removal", before)
    shown = emptied("hold", "show", row["hash"])
    assert shown.out.count("\n  - ") == before
    assert "E-mail" in shown.out
    assert "hub hold drop" in shown.last
    dropped = emptied("hold", "drop", row["hash"], "--json").json
    assert dropped["kept"] == before
    assert emptied("sync").code == 0
    assert emptied("hold", "list", "--json").json == []
    assert published(emptied) == before


def test_removals_that_wait_are_released(emptied):
    (row,) = emptied("hold", "list", "--json").json
    released = emptied("hold", "release", row["hash"][:6], "--json").json
    assert released["counts"]["removed"] == row["size"]
    assert published(emptied) == 0
