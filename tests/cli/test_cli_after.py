"""Afterwards: dead letters, events, drift and repair, over a sandbox intranet on loopback."""

import json
import signal
from datetime import UTC, datetime, timedelta

import pytest
from starlette.responses import JSONResponse

from hub.sandbox.intranet import Fault, IntranetOptions, IntranetSandbox
from hub.sandbox.intranet.models import Kind

POST = ("disturbance", "post", "--title")
TARGET = """\
targets:
  intranet:
    target: openintranet
    settings: {{url: "{url}", token: "${{env:INTRANET_TOKEN}}"}}
"""
LIVE = "connector: manual\nmode: {mode}\ntargets: [intranet]\n"
NEVER = "Nooit klaar"  # what the intranet refuses


class Strict:
    """The intranet behind one more rule: it refuses rows with these words in their key."""

    def __init__(self, app, words) -> None:
        self.app = app
        self.words = words

    async def __call__(self, scope, receive, send) -> None:
        answer = self.app
        if scope["method"] == "PUT" and any(one in scope["path"] for one in self.words):
            await receive()
            problem = {"title": "The request is not valid.", "detail": "Say it in other words."}
            answer = JSONResponse(problem, 422, media_type="application/problem+json")
        await answer(scope, receive, send)


@pytest.fixture
def intranet():
    return IntranetSandbox(IntranetOptions(), lambda: datetime.now(UTC))


@pytest.fixture
def rule():
    return ["nooit-klaar"]


@pytest.fixture
def live(either, intranet, rule, free_port, monkeypatch):
    """Two disturbances on the intranet."""
    from connectors.topdesk.sandbox import serving

    monkeypatch.setenv("INTRANET_TOKEN", intranet.options.token)
    with serving(Strict(intranet.app, rule)) as url:
        either.hub_yaml(free_port, TARGET.format(url=url))
        either.instance("manual", LIVE.format(mode="live"))
        for title in ("Telefonie ligt eruit", "Wifi hapert"):
            assert either(*POST, title).code == 0
        assert len(rows(intranet)) == 2
        yield either


def rows(intranet) -> dict[str, str]:
    found = intranet.store.of_kind(Kind.TILE_ITEM)
    return {one.body["title"]["nl"]: one.external_id for one in found}


def meddle(intranet, title: str, **changes) -> str:
    key = rows(intranet)[title]
    body = intranet.store.get(Kind.TILE_ITEM, key).body
    intranet.store.put(Kind.TILE_ITEM, key, {**body, **changes})
    return key


def actions(hub) -> list[str]:
    """What was done after the disturbances were typed."""
    found = hub.sql("select action from audit where action <> 'receive' order by seq")
    return [row.action for row in found]


# --- drift and repair -----------------------------------------------------------------------------


def test_when_all_is_well_nothing_drifts(live, intranet):
    found = live("drift")
    assert found.code == 0
    assert "intranet: 2 compared, 0 drifted, 0 not ours" in found.out
    assert found.last == "Next: nothing to do."
    assert live("drift", "--json").json["drifted"] == 0
    calls = {one.method for one in intranet.requests[-4:]}
    assert calls == {"GET"}


def test_drift_is_shown_and_repaired_only_when_asked(live, intranet):
    changed = meddle(intranet, "Telefonie ligt eruit", state="solved")
    lost = rows(intranet)["Wifi hapert"]
    intranet.store.delete(Kind.TILE_ITEM, lost)
    found = live("drift")
    assert found.code == 1
    assert 'missing  tile-item "Wifi hapert" is not there' in found.out
    assert 'changed  tile-item "Telefonie ligt eruit" was changed there: state' in found.out
    assert "hub repair --all" in found.last
    shown = live("repair", "--all")
    assert shown.code == 0
    assert "--yes" in shown.last
    assert intranet.store.get(Kind.TILE_ITEM, lost) is None
    one = live("repair", "wifi", "--yes", "--json")
    assert one.code == 0
    assert [row["what"] for row in one.json["objects"]] == ["missing"]
    assert one.json["counts"] == {"done": 1}
    assert intranet.store.get(Kind.TILE_ITEM, changed).body["state"] == "solved"
    rest = live("repair", "--all", "--yes")
    assert rest.code == 0
    assert "Sent again: done 1." in rest.out
    assert intranet.store.get(Kind.TILE_ITEM, changed).body["state"] == "open"
    assert live("drift").code == 0
    assert actions(live).count("repair") == 2


def test_what_was_confirmed_and_swallowed_is_found(live, intranet):
    intranet.faults.add(Fault(kind="swallow", times=1, method="PUT"))
    assert live(*POST, "VPN hapert", "--json").json["delivered"]["intranet"] == {"done": 1}
    assert live("status").code == 0, "the hub was told that all is well"
    (one,) = live("drift", "--json").json["targets"][0]["drifted"]
    assert (one["what"], one["blocked"]) == ("missing", "")
    assert live("repair", one["key"], "--yes").code == 0
    assert "VPN hapert" in rows(intranet)


def test_what_did_not_drift_is_not_sent(live, intranet):
    calls = len(intranet.requests)
    shown = live("repair", "telefonie", "--yes")
    assert shown.code == 1
    assert "None of these drifted." in shown.out
    assert live("repair", "--all", "--yes").code == 0
    assert {one.method for one in intranet.requests[calls:]} == {"GET"}


def test_in_watch_a_repair_is_not_sent_and_says_so(live, intranet):
    meddle(intranet, "Wifi hapert", state="solved")
    live.instance("manual", LIVE.format(mode="watch"))
    assert live("sync").code == 0
    shown = live("repair", "--all", "--yes")
    assert "not now: watch" in shown.out
    assert "nothing can be sent now" in shown.last
    assert "repair" not in actions(live)


def test_an_intranet_that_is_down_is_no_drift(live, intranet):
    intranet.faults.add(Fault(kind="down"))
    found = live("drift")
    assert found.code == 75
    assert "was not asked to the end" in found.out
    assert "hub check" in found.last
    repaired = live("repair", "--all", "--yes", "--json")
    assert repaired.code == 75
    assert repaired.json["objects"] == []


def test_a_name_that_is_no_target_is_refused(live):
    shown = live("drift", "--target", "nonsense")
    assert shown.code == 2
    assert "there are: " in shown.err


def test_own_pages_have_nothing_to_drift(hub):
    hub.manual()
    assert hub(*POST, "Telefonie ligt eruit").code == 0
    shown = hub("drift")
    assert shown.code == 0
    assert "the hub's own pages read the store" in shown.out


def test_a_running_hub_repairs_and_replays_when_asked(live, intranet, processes):
    assert live(*POST, NEVER).code == 0
    process = live.start("run")
    processes.append(process)
    process.until("Next: ")
    meddle(intranet, "Wifi hapert", state="solved")
    repaired = live("repair", "--all", "--yes", "--json")
    assert repaired.code == 0, repaired.err
    assert repaired.json["counts"] == {"done": 1}
    replayed = live("dead-letters", "replay", "--all", "--json")
    assert replayed.code == 1
    assert replayed.json["counts"] == {"rejected": 1}
    assert process.end(signal.SIGTERM).code == 0


# --- dead letters ---------------------------------------------------------------------------------


@pytest.fixture
def refused(live):
    """A row that the intranet refuses for good."""
    posted = live(*POST, NEVER, "--json")
    assert posted.json["delivered"]["intranet"] == {"rejected": 1}
    return live


def test_a_refused_object_is_listed_shown_and_tried_again(refused, intranet):
    (one,) = refused("dead-letters", "list", "--json").json
    assert (one["what"], one["where"], one["instance"]) == ("rejected", "intranet", "manual")
    listed = refused("dead-letters", "list")
    assert one["id"] in listed.out
    assert f"hub dead-letters show {one['id']}" in listed.last
    shown = refused("dead-letters", "show", one["id"])
    assert "incident nooit-klaar of manual.disturbances" in shown.out
    assert "Say it in other words." in shown.out
    assert NEVER not in shown.out
    again = refused("dead-letters", "replay", one["id"])
    assert again.code == 1
    assert f"{one['id']} was refused again" in again.out
    intranet.faults.add(Fault(kind="down"))
    waits = refused("dead-letters", "replay", one["id"])
    assert waits.code == 75
    assert "hub status" in waits.last
    assert refused("dead-letters", "list", "--json").json == [], "it waits, it is not refused"
    assert actions(refused) == ["replay", "replay"]


def test_when_the_intranet_was_mended_a_replay_sends_it(refused, intranet, rule):
    rule.clear()
    replayed = refused("dead-letters", "replay", "--all")
    assert replayed.code == 0
    assert "Sent again: done 1." in replayed.out
    assert NEVER in rows(intranet)
    assert refused("dead-letters", "list", "--json").json == []


def test_a_dropped_one_is_counted_no_more(refused):
    (one,) = refused("dead-letters", "list", "--json").json
    assert refused("status").code == 1
    dropped = refused("dead-letters", "drop", one["id"], "--json").json
    assert dropped["dropped"] == [one["id"]]
    assert refused("status").code == 0
    assert refused("dead-letters", "list").out.startswith("There are no dead letters.")
    (left,) = refused("dead-letters", "list", "--dropped", "--json").json
    assert left["what"] == "dropped"
    assert refused("dead-letters", "replay", "--all").code == 0
    assert actions(refused) == ["drop dead letters"]


def test_a_row_that_is_only_received_is_not_read_again(live):
    live.sql(
        "insert into unreadable (instance, stream, key, reason, at)"
        " values ('manual', 'disturbances', 'x', 'no title', '2026-11-22T08:00:00.000000Z')"
    )
    (one,) = live("dead-letters", "list", "--json").json
    assert (one["id"], one["since"][:10]) == ("u1", "2026-11-22")
    assert "2026-11-22 09:00" in live("dead-letters", "show", "u1").out
    refused = live("dead-letters", "replay", "u1")
    assert refused.code == 1
    assert "the sender must send it again" in refused.err
    assert live("dead-letters", "drop", "u1").code == 0
    gone = live("dead-letters", "drop", "u1")
    assert gone.code == 1
    assert "hub dead-letters list" in gone.err


# --- events ---------------------------------------------------------------------------------------


def test_events_are_shown_newest_first(live):
    live("disturbance", "end", "wifi-hapert")
    shown = live("events")
    lines = [line for line in shown.out.splitlines() if " incident " in line]
    assert ["wifi-hapert" in line for line in lines] == [True, True, False]
    assert "changed" in lines[0]
    assert "Wifi hapert" not in shown.out, "the table shows no content"
    assert shown.last == "Next: `hub explain wifi-hapert` shows what came of the newest."


def test_events_are_cloudevents_for_scripts(live):
    from cloudevents.core.formats.json import JSONFormat
    from cloudevents.core.v1.event import CloudEvent

    document = live("events", "--json").json
    assert [one["subject"] for one in document] == ["wifi-hapert", "telefonie-ligt-eruit"]
    lines = live("events", "--jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == document
    read = JSONFormat().read(CloudEvent, lines[0])
    assert read.get_type() == "nl.intranet-hub.incident.changed.v1"
    assert read.get_source() == "/manual/manual"
    assert read.get_data()["title"] == {"nl": "Wifi hapert"}


def test_events_are_filtered(live):
    def found(*words):
        return [one["subject"] for one in live("events", "--json", *words).json]

    assert found("--limit", "1") == ["wifi-hapert"]
    assert found("--subject", "telefonie-ligt-eruit") == ["telefonie-ligt-eruit"]
    assert len(found("--instance", "manual", "--family", "incident")) == 2
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert found("--since", later) == []
    assert len(found("--since", "2020-01-01")) == 2
    assert "No such fact" in live("events", "--since", later).out
    for words in (("--instance", "nonsense"), ("--since", "soon"), ("--limit", "0")):
        assert live("events", *words).code == 2


def test_nothing_is_made_by_looking(hub):
    hub.manual()
    for words in (("events",), ("drift",), ("repair", "--all"), ("dead-letters", "list")):
        shown = hub(*words)
        assert shown.code == 1
        assert "hub plan" in shown.err
    assert not hub.store.exists()
