"""No secret shows anywhere: through good and bad days, by real `hub` processes."""

import json
import signal
import time
from urllib.parse import quote

import pytest

from hub.cli import exits
from hub.web.proof import signature

HUB = """\
store: {store}
organisation: Gemeente Voorbeeld
web: {{port: {port}}}
targets:
{targets}
"""
INTRANET = """\
  {name}:
    target: openintranet
    {more}settings: {{url: '{url}', token: '${{env:CANARY_INTRANET}}'}}
"""
TOPDESK = """\
connector: topdesk
mode: live
{more}settings:
  url: {url}
  username: hub
  password: {password}
"""
pytestmark = pytest.mark.timeout(900)  # many real processes, and a machine may be busy
PASSWORD = "${env:CANARY_TOPDESK}"
WEBHOOK = "webhook: {secret: '${env:CANARY_WEBHOOK}', previous_secret: '${env:CANARY_PREVIOUS}'}\n"
SIGNED = "webhook: {secret: '${env:CANARY_HMAC}', hmac: true}\n"
RECEIVE = "receive: {secret: '${env:CANARY_RECEIVE}'}\n"
PROXY = "proxy: 'http://hub:${{env:CANARY_PROXY}}@{at}'\n"


@pytest.fixture(scope="module")
def port():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


# --- a good day, on PostgreSQL ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def good(place, servers, canaries, postgres, port):
    one = place()
    name = "canary"
    postgres.sql(f"create role canary login password '{canaries['database']}'")
    postgres.sql(f"create database {name} owner canary")
    store = f"'postgresql://canary:${{env:CANARY_DATABASE}}@127.0.0.1:{postgres.port}/{name}'"
    targets = INTRANET.format(name="intranet", more="", url=servers["intranet"])
    one.write("hub.yaml", HUB.format(store=store, port=port, targets=targets))
    desk = TOPDESK.format(more=WEBHOOK, url=servers["desk"], password="${file:../../password}")
    one.write("../password", canaries["topdesk"])
    one.write("connectors/servicedesk.yaml", desk)
    one.write("connectors/manual.yaml", "connector: manual\nmode: live\n" + RECEIVE)
    for words in DAY:
        one.hub(*words.split())
    running(one, port, lambda base: good_calls(one, base, canaries))
    one.hub("withdraw", "--all", "--yes")
    one.keep_files()
    return one


DAY = (
    "check", "plan --json", "sync --json", "disturbance post --title Telefonie", "status --json",
    "explain manual --json", "events --json", "drift --json",
    "pause --all", "resume --all", "audit search --json", "audit export trail.jsonl", "audit head",
    "audit verify --json",
)  # fmt: skip


def good_calls(one, base: str, secrets) -> None:
    """Those who may call do, in every way that they may."""
    one.call(base, "/hooks/servicedesk", b"", X_Hub_Secret=secrets["webhook"])
    one.call(base, "/hooks/servicedesk", b"", Authorization="Bearer " + secrets["webhook"])
    one.call(base, "/hooks/servicedesk", b"", X_Hub_Secret=secrets["previous"])
    one.call(base, "/in/manual/disturbances", ORDER, X_Hub_Secret=secrets["receive"])


ORDER = (
    b'{"action": "post", "id": "lift", "at": "2026-11-23T08:00:00Z", "title": {"nl": "De lift"}}'
)


def running(one, port: int, calls) -> None:
    """`hub run`, looked at while it works and is called."""
    with one.start("run", "--json") as process:
        until = time.monotonic() + 60
        while not process.out.read_bytes().endswith(b"\n}\n"):
            assert process.process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
        tiles = [
            row["url"].partition("/t/")[2] for row in json.loads(process.out.read_bytes())["tiles"]
        ]
        calls(f"http://127.0.0.1:{port}")
        time.sleep(3)  # a reading and a delivery, whatever becomes of them
        one.look_at(process)
        pages = [f"/t/{token}{end}" for token in tiles for end in ("", ".json")]
        one.keep_pages("run", f"http://127.0.0.1:{port}", [*pages, "/metrics", "/healthz", "/x"])
        process.process.send_signal(signal.SIGTERM)
        one.keep(process)


def test_a_good_day_shows_no_secret(good, canaries):
    assert {name: code for name, code in good.codes.items() if code} == {}
    assert canaries.found_in(good.seen) == []
    assert good.seen["sync --json: cmdline"].endswith(b"sync\0--json\0")
    assert {"hub.yaml", "run --json: stdout", "run: /healthz 200"} <= good.seen.keys()
    assert b"hub_runs_total" in good.seen["run: /metrics 200"]
    assert any(b"/t/" in text for text in good.seen.values())
    assert [status for _, status in good.calls] == [202, 202, 202, 200]


def test_a_command_starts_no_child(good):
    assert [name for name in good.seen if "child" in name] == []


# --- bad days, on SQLite --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bad(place, servers, canaries, port):
    one = place(HUB_DEBUG="1")
    parrot, proxy = servers["parrot"], servers["parrot"].removeprefix("http://")
    targets = [("refusing", "refusing", ""), ("failing", "failing", "")]
    made = [INTRANET.format(name=name, more=more, url=servers[at]) for name, at, more in targets]
    made += [
        INTRANET.format(name="echo", more="", url=f"{parrot}/500"),
        INTRANET.format(name="login", more="", url=f"{parrot}/401"),
        INTRANET.format(name="untrusted", more="", url=servers["untrusted"]),
        INTRANET.format(
            name="behind",
            more=PROXY.format(at=proxy).strip() + "\n    ",
            url="http://intranet.example.org",
        ),
    ]
    one.write("hub.yaml", HUB.format(store="sqlite:///hub.db", port=port, targets="".join(made)))
    desks = {
        "wrong": (servers["desk"], "${env:CANARY_LEAKY}", ""),
        "echo": (f"{parrot}/500", PASSWORD, ""),
        "login": (f"{parrot}/login", PASSWORD, ""),
        "loop": (f"{parrot}/loop", PASSWORD, ""),
        "untrusted": (servers["untrusted"], PASSWORD, ""),
        "proxied": ("http://topdesk.example.org", PASSWORD, PROXY.format(at=proxy)),
        "tunnelled": ("https://topdesk.example.org", PASSWORD, PROXY.format(at=proxy)),
    }
    for name, (url, password, more) in desks.items():
        text = TOPDESK.format(url=url, password=password, more=more + DOORS.get(name, ""))
        one.write(f"connectors/desk-{name}.yaml", text)
    for how in ("making", "making-plain", "bug", "plain", "log"):
        settings = f"settings: {{password: '${{env:CANARY_LEAKY}}', how: {how}}}\n"
        one.write(f"connectors/leaky-{how}.yaml", f"connector: leaky\nmode: live\n{settings}")
    one.write("connectors/manual.yaml", "connector: manual\nmode: live\n" + RECEIVE)
    one.write("connectors/other.yaml", "connector: broken\n")
    for name, line in WRONG_DOORS.items():
        one.write(f"connectors/door-{name}.yaml", f"connector: manual\n{line}\n")
    one.write(
        "connectors/torn.yaml", "connector: topdesk\nsettings: {password: [${env:CANARY_TOPDESK}\n"
    )
    one.write(
        "connectors/wrong-kind.yaml",
        "connector: topdesk\nsettings: {url: '${env:CANARY_TOPDESK}', username: '${env:CANARY_LEAKY}',"
        " password: {a: '${env:CANARY_TOPDESK}'}, page_size: '${env:CANARY_FILE}'}\n",
    )
    one.hub("disturbance", "post", "--title", "Telefonie", "--instance", "manual")
    for words in BAD_DAY:
        one.hub(*words.split())
    running(one, port, lambda base: bad_calls(one, base, canaries))
    one.keep_files()
    return one


DOORS = {"wrong": SIGNED, "echo": WEBHOOK}
WRONG_DOORS = {
    "unable": "webhook: {secret: '${env:CANARY_WEBHOOK}'}",
    "list": "receive: {secret: ['${env:CANARY_RECEIVE}']}",
    "text": "receive: '${env:CANARY_RECEIVE}'",
    "mode": "receive: {secret: '${env:CANARY_RECEIVE}', hmac: '${env:CANARY_HMAC}'}",
    "name": "receive: {'${env:CANARY_PREVIOUS}': 1}",
}


def bad_calls(one, base: str, secrets) -> None:
    """Calls of a source in trouble, and secrets that stand where they should not."""
    key, stamp = secrets["hmac"].encode(), str(int(time.time()))
    signed = {"X_Hub_Timestamp": stamp, "X_Hub_Signature_256": signature(key, stamp, b"{}")}
    one.call(base, "/hooks/desk-echo", b"", X_Hub_Secret=secrets["webhook"])
    for body in (b"{}", b"{}", key):  # once, repeated, and with another body
        one.call(base, "/hooks/desk-wrong", body, **signed)
    one.call(base, "/hooks/desk-wrong", b"{}", X_Hub_Secret=secrets["hmac"])
    one.call(base, "/hooks/desk-wrong", b"{}", **signed | {"X_Hub_Timestamp": secrets["hmac"]})
    receive, door = secrets["receive"], "/in/manual/disturbances"
    one.call(base, f"{door}?secret={quote(receive, safe='')}", ORDER)
    one.call(base, f"/in/{quote(receive, safe='')}/disturbances", ORDER)
    one.call(base, door, ORDER, X_Hub_Secret=secrets["webhook"])
    named = json.dumps({"action": "post", "id": receive, "title": {receive: receive}}).encode()
    for body in (receive.encode(), named, ORDER + b" " * 65 * 1024):
        one.call(base, door, body, X_Hub_Secret=receive)


ANSWERS = [202, 202, 409, 404, 404, 404, 404, 404, 404, 400, 400, 413]
BAD_DAY = (
    "check --json", "plan", "sync", "status", "status --json", "dead-letters list", "connectors",
)  # fmt: skip


def test_bad_days_show_no_secret(bad, canaries):
    assert canaries.found_in(bad.seen) == []


def test_those_days_were_bad_and_the_secrets_were_used(bad, canaries, servers):
    heard = servers["heard"]()
    names = ("topdesk", "intranet", "proxy")
    assert [name for name in names if canaries[name] not in heard] == []
    found = json.loads(bad.seen["status --json: stdout"])
    health = {row["instance"]: row["health"] for row in found["streams"]}
    assert health["desk-wrong"] == "auth"
    assert health["desk-echo"] == "unreachable"
    assert health["desk-loop"] == health["desk-untrusted"] == "configuration"
    assert health["leaky-bug"] == "broken"
    assert health["leaky-plain"] == "unreachable"
    states = {row["id"]: row["health"] for row in found["targets"]}
    assert states["login"] == states["untrusted"] == "refused"
    assert states["echo"] == "down"
    refused = [row for row in found["troubled"] if row["target"] == "refusing"]
    assert refused[0]["status"] == "rejected"
    assert "422" in refused[0]["reason"]
    assert bad.codes["check --json"] == exits.CONFIGURATION
    assert b"broken" in bad.seen["connectors: stdout"]
    assert b"tried" in bad.seen["run --json: stderr"]
    assert [status for _, status in bad.calls] == ANSWERS
    assert b"call_refused" in bad.seen["run --json: stderr"]


@pytest.mark.parametrize(
    "line",
    [
        "store: 'postgresql://hub:${env:CANARY_DATABASE}@[::1/hub'",
        "store: 'postgresql://hub:${env:CANARY_DATABASE}@127.0.0.1:9/hub'",
        "store: 'mysql://hub:${env:CANARY_DATABASE}@127.0.0.1:9/hub'",
        "store: 'sqlite:///no/such?${env:CANARY_DATABASE}'",
        "organisation: ['${env:CANARY_DATABASE}']",
        "web: {port: '${env:CANARY_DATABASE}'}",
        "${env:CANARY_DATABASE}: 1",
    ],
)
def test_a_wrong_hub_yaml_shows_no_secret(place, canaries, line):
    one = place(HUB_DEBUG="1")
    lines = {"store": "store: sqlite:///hub.db", "organisation": "organisation: Duo"}
    lines[line.partition(":")[0]] = line
    one.write("hub.yaml", "\n".join(lines.values()) + "\n")
    one.write("connectors/manual.yaml", "connector: manual\n")
    one.hub("check")
    assert set(one.codes.values()) - {0}, one.seen
    assert canaries.found_in(one.seen) == []


def test_a_secret_that_is_refused_by_postgresql_stays_secret(place, canaries, postgres):
    one = place()
    store = f"'postgresql://hub:${{env:CANARY_FILE}}@127.0.0.1:{postgres.port}/postgres'"
    one.write("hub.yaml", f"store: {store}\norganisation: Duo\n")
    one.write("connectors/manual.yaml", "connector: manual\n")
    for words in ("check", "sync"):
        one.hub(words)
    assert one.codes["sync"] == exits.CONFIGURATION
    assert canaries.found_in(one.seen) == []


# --- the control -----------------------------------------------------------------------------------


def test_a_connector_that_prints_its_secret_is_caught(place, canaries):
    one = place()
    one.write("hub.yaml", "store: sqlite:///hub.db\norganisation: Duo\n")
    settings = "settings: {password: '${env:CANARY_LEAKY}', how: print}"
    one.write("connectors/leaky.yaml", f"connector: leaky\n{settings}\n")
    one.hub("sync")
    assert canaries.found_in(one.seen) == ["leaky in sync: stdout"]


def test_the_grep_knows_every_form(canaries):
    import base64
    from urllib.parse import quote

    basic = base64.b64encode(f"hub:{canaries['topdesk']}".encode())
    seen = {"a": b"x" + basic, "b": quote(canaries["proxy"]).encode(), "c": b"nothing"}
    assert canaries.found_in(seen) == ["proxy, quoted in b", "topdesk, base64 in a"]
