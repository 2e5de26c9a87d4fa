"""What the YAML says about the network is what happens on it: CA, proxy, loopback, framing."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time

import httpx
import pytest
import trustme

HUB = "store: sqlite:///hub.db\norganisation: Duo+\n"
DESK = """\
connector: topdesk
{network}
settings: {{url: "{url}", username: hub, password: "${{env:DESK_PASSWORD}}"}}
"""
PASSWORD = "hush-hush-hush"


@contextlib.asynccontextmanager
async def listening(handler, context=None):
    server = await asyncio.start_server(handler, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def check(folder, url, network):
    """What `hub check` finds about one TOPdesk behind this network."""
    config = folder / "hub.yaml"
    config.write_text(HUB)
    (folder / "connectors").mkdir(exist_ok=True)
    (folder / "connectors" / "desk.yaml").write_text(DESK.format(url=url, network=network))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from hub.cli import main; main()"),
        *("check", "--json", "--config", str(config)),
        env=os.environ | {"DESK_PASSWORD": PASSWORD},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    assert PASSWORD not in said.decode()
    return " ".join(one["advice"] for one in json.loads(said)["findings"]["instance desk"])


@pytest.mark.parametrize("named", [True, False])
async def test_the_proxy_of_the_yaml_file_is_the_way_out(tmp_path, named):
    asked = []

    async def proxy(reader, writer):
        asked.append((await reader.readuntil(b"\r\n\r\n")).split()[:2])
        writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with listening(proxy) as port:
        network = f'proxy: "http://127.0.0.1:{port}"' if named else "name: no proxy"
        found = await check(tmp_path, "http://desk.invalid", network)
    if named:
        assert asked == [[b"GET", b"http://desk.invalid/tas/api/version"]]
        assert "There is no TOPdesk at" in found
    else:
        assert asked == []
        assert "can't be reached" in found


@pytest.mark.parametrize("named", [True, False])
async def test_the_ca_of_the_yaml_file_is_trusted(tmp_path, named):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    (tmp_path / "connectors").mkdir()
    authority.cert_pem.write_to_path(tmp_path / "connectors" / "own-ca.pem")

    async def no_topdesk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with listening(no_topdesk, context) as port:
        network = "ca_file: own-ca.pem" if named else "name: no ca"
        found = await check(tmp_path, f"https://localhost:{port}", network)
    assert ("There is no TOPdesk at" if named else "give the organisation's CA") in found


# --- listening ------------------------------------------------------------------------------------


@contextlib.contextmanager
def started(folder, *words):
    """A `hub` command in a process of its own, with what it says until it is stopped."""
    said = folder / "said"
    with said.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", "from hub.cli import main; main()", *words],
            stdout=out, stderr=subprocess.STDOUT, cwd=folder,
        )  # fmt: skip
    try:
        yield said.read_text
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def address_in(said, pattern=r"http://127\.0\.0\.1:(\d+)"):
    """The port that a command printed, once it has."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if found := re.search(pattern, said()):
            return int(found[1])
        time.sleep(0.1)
    raise AssertionError(said())


def reached(host, port):
    with socket.socket() as one:
        one.settimeout(2)
        return one.connect_ex((host, port)) == 0


COMMANDS = {
    "sandbox topdesk": ("sandbox", "topdesk", "--closed-tickets", "10"),
    "sandbox intranet": ("sandbox", "intranet"),
    "run": ("run", "--config", "hub.yaml"),
    "demo": ("demo",),
}


@pytest.fixture
def place(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    (tmp_path / "connectors").mkdir()
    (tmp_path / "connectors" / "manual.yaml").write_text("connector: manual\nmode: live\n")
    (tmp_path / "hub.yaml").write_text(
        HUB + 'service_desk: {phone: "088 123 45 67", hours: {nl: werkdagen van 8 tot 17 uur}}\n'
        f"web: {{port: {port}, frame_ancestors: [https://intranet.example.org]}}\n"
    )
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux answers on all of 127.0.0.0/8")
@pytest.mark.parametrize("name", COMMANDS)
def test_what_listens_answers_on_one_address_of_this_machine(place, name):
    with started(place, *COMMANDS[name]) as said:
        port = address_in(said)
        assert reached("127.0.0.1", port)
        assert not reached("127.0.0.2", port), f"{name} listens on every address of this machine"


def test_init_lets_the_hub_listen_here_only(tmp_path):
    with started(tmp_path, "init", str(tmp_path)):
        until = time.monotonic() + 30
        while not (tmp_path / "config" / "hub.yaml").exists():
            assert time.monotonic() < until
            time.sleep(0.1)
    assert "  host: 127.0.0.1\n" in (tmp_path / "config" / "hub.yaml").read_text()


# --- the pages of `hub run` -----------------------------------------------------------------------


def test_a_running_hub_serves_what_the_yaml_file_says(place):
    with started(place, *COMMANDS["run"]) as said:
        address_in(said)
        url = re.search(r"live: (http://\S+)", said())[1]
        with httpx.Client(trust_env=False) as client:
            page = client.get(url)
            health = client.get(url.split("/t/")[0] + "/healthz")
            metrics = client.get(url.split("/t/")[0] + "/metrics")
    assert "frame-ancestors https://intranet.example.org" in page.headers["content-security-policy"]
    assert "088 123 45 67" in page.text
    assert "werkdagen van 8 tot 17 uur" in page.text
    assert health.json()["status"] in {"ok", "degraded"}
    assert "# TYPE hub_" in metrics.text
