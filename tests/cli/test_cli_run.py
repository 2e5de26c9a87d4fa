"""`hub run` as a process: one owner, tiles, requests of other commands, a polite end."""

import json
import signal
import socket

import httpx
import pytest

POST = ("disturbance", "post", "--title", "Telefonie ligt eruit")


@pytest.fixture
def running(hub, processes, free_port):
    """A hub that runs, live, with its tile on a free port."""
    hub.hub_yaml(free_port)
    hub.manual()
    process = hub.start("run")
    processes.append(process)
    process.until("Next: ")
    return process


def test_a_run_from_start_to_end(hub, running, until, free_port):
    assert "manual: mode live" in running.out
    live, preview = (
        next(line for line in running.out.splitlines() if f", {view}: " in line).split()[-1]
        for view in ("live", "preview")
    )
    assert live.startswith(f"http://127.0.0.1:{free_port}/t/")
    with httpx.Client(trust_env=False) as client:
        assert until(lambda: client.get(live).status_code == 200)
        posted = hub(*POST, "--json")
        assert posted.code == 0, posted.err
        assert posted.json["delivered"] == {"web": {"done": 1}}
        assert "Telefonie ligt eruit" in client.get(live).text
        assert "Telefonie ligt eruit" in client.get(preview).text
        assert client.get(f"http://127.0.0.1:{free_port}/healthz").json()["status"] == "ok"
    assert str(running.pid) in hub("status", "--json").json["running"]
    assert hub("sync", "--json").json["runs"] == []
    withdrawn = hub("withdraw", "telefonie", "--yes")
    assert withdrawn.code == 0
    second = hub("run")
    assert second.code == 75
    assert f"pid {running.pid}" in second.err
    assert hub("run", "--once").code == 75
    ended = running.end(signal.SIGTERM)
    assert ended.code == 0
    assert ended.out.strip().endswith("Stopped.")
    assert "Traceback" not in ended.err
    assert hub("status", "--json").json["running"] is None


def test_what_the_running_hub_refuses_is_said_here(hub, running):
    refused = hub("disturbance", "end", "nonsense")
    assert refused.code == 1
    assert "There is no disturbance nonsense" in refused.err
    assert running.end(signal.SIGINT).code == 0


def test_a_hub_that_does_not_answer_is_given_up(hub, processes):
    hub.manual()
    program = (
        "import sys, time\nfrom hub.store.store import Store\n"
        f"store = Store('sqlite:///{hub.store}')\nstore.own()\nprint('mine', flush=True)\n"
        "time.sleep(60)"
    )
    hub("sync")
    processes.append(hub.program(program))
    processes[-1].until("mine")
    waited = hub("sync", "--timeout", "1")
    assert waited.code == 75
    assert "did not answer within 1 seconds" in waited.err
    assert f"pid {processes[-1].pid}" in waited.err


def test_a_port_in_use_is_named(hub):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        hub.hub_yaml(port)
        hub.manual()
        refused = hub("run")
    assert refused.code == 78
    assert f"Port {port}" in refused.err
    assert "--no-web" in refused.err


def test_without_web_no_port_is_taken(hub, processes):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        hub.hub_yaml(taken.getsockname()[1])
        hub.manual()
        processes.append(hub.start("run", "--no-web", "--json"))
        processes[-1].until(r'"tiles": \[\]')
        ended = processes[-1].end()
    assert ended.code == 0
    assert json.loads(ended.out)["instances"] == [{"id": "manual", "mode": "live"}]


def test_logs_of_a_service_are_json_lines_on_stderr(hub, processes, until):
    hub.manual()
    hub.topdesk("http://127.0.0.1:9")
    process = hub.start("run", "--no-web", TOPDESK_PASSWORD="hush-hush-hush")
    processes.append(process)
    process.until("Next: ")
    line = json.loads(until(lambda: process.err).splitlines()[0])
    assert line["event"] == "source_down"
    assert line["instance"] == "servicedesk"
    ended = process.end()
    assert ended.code == 0
    assert "hush-hush" not in ended.out + ended.err
    assert hub("status").code == 1


def test_run_once_reads_delivers_and_ends(either):
    either.manual()
    once = either("run", "--once", "--json")
    assert once.code == 0
    assert once.json["delivered"] == {"web": {}}
