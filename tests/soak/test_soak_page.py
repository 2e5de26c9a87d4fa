"""A million rows in one page, or one batch: refused in words, in bounded memory; others go on."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.topdesk.sandbox import SandboxOptions, TopdeskSandbox, serving

ROWS = 1_000_000
# its own peak: what `wait4` says counts the process that it was forked from as well
HUB = """
import atexit, pathlib, sys
note = pathlib.Path(sys.argv.pop())
atexit.register(lambda: note.write_text(pathlib.Path("/proc/self/status").read_text()))
from hub.cli import main
main()
"""
SECRETS = {"TOPDESK_PASSWORD": "a1b2c-d3e4f-g5h6i-j7k8l-m9n0p"}
HUB_YAML = "store: sqlite:///hub.db\norganisation: Gemeente Voorbeeld\n"
DESK_YAML = """\
connector: topdesk
mode: watch
targets: [web]
settings: {{url: {url}, username: hub, password: "${{env:TOPDESK_PASSWORD}}"}}
"""
# one instance hands over everything at once, another is as it should be
GREEDY = """
import asyncio, json, random, resource, sys
from dataclasses import replace
from soak_hub import Hub
from hub.contract import Batch, Slice
from hub.testing.fakes import ScriptedSource, fake_context

class Greedy(ScriptedSource):
    def _answer(self, request):
        yield Batch(list(self.subjects.values()) * int(sys.argv[2]), finished=[Slice()])

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

async def main(url):
    hub = Hub(url)
    hub.source.populate(3)
    await hub.start()
    greedy = Greedy()
    greedy.put("x")
    sources = hub.runner.sources
    sources["greedy"] = replace(
        sources["desk"], id="greedy", connector=greedy.connector(fake_context("greedy"))
    )
    await hub.runner.start()
    before = peak()
    report = await hub.runner.run("greedy", "majors")
    other = await hub.runner.run("desk", "majors")
    print(json.dumps([report.outcome, report.reason, other.outcome, peak() - before]))
    await hub.store.close()

asyncio.run(main(sys.argv[1]))
"""


class Million:
    """A TOPdesk whose list of incidents is one page of a million rows."""

    def __init__(self, app, row: bytes):
        self._app, self._part = app, (row + b",") * 1000

    async def __call__(self, scope, receive, send) -> None:
        query = scope.get("query_string", b"").decode()
        if not scope["path"].endswith("/incidents") or "sort=" not in query:
            await self._app(scope, receive, send)
            return
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"[", "more_body": True})
        for _ in range(ROWS // 1000):
            await send({"type": "http.response.body", "body": self._part, "more_body": True})
        await send({"type": "http.response.body", "body": b"{}]"})


def synced(folder: Path) -> tuple[dict, int]:
    """What `hub sync` did, and its peak of memory in MB."""
    words = ["sync", "--json", "--config", str(folder / "hub.yaml"), str(folder / "peak")]
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        subprocess.run(
            [sys.executable, "-c", HUB, *words],
            stdout=out,
            stderr=err,
            env=os.environ | SECRETS,
            check=False,
        )
    runs = {run["instance"]: run for run in json.loads((folder / "out").read_text())["runs"]}
    peak = re.search(r"VmHWM:\s+(\d+) kB", (folder / "peak").read_text())
    return runs, int(peak[1]) // 1024


@pytest.mark.parametrize(
    "page",
    [
        ("below the byte cap", b'{"id":"0123"}', r"more than \d+ incidents in one page"),
        ("above the byte cap", b'{"id":"0123","number":"I 2611 0001","x":"y"}', "refused unread"),
    ],
    ids=["below", "above"],
)
def test_a_page_of_a_million_rows_is_refused(tmp_path, page, size, figure):
    name, row, said = page
    (tmp_path / "hub.yaml").write_text(HUB_YAML)
    (tmp_path / "connectors").mkdir()
    good, bad = (TopdeskSandbox(SandboxOptions(closed_tickets=5)) for _ in range(2))
    with serving(good.app) as well, serving(Million(bad.app, row)) as ill:
        for instance, url in (("good", well), ("bad", ill)):
            text = DESK_YAML.format(url=url)
            (tmp_path / "connectors" / f"{instance}.yaml").write_text(text)
        runs, peak = synced(tmp_path)
    assert re.search(said, runs["bad"]["reason"]), runs["bad"]
    assert runs["good"]["outcome"] == "complete"
    assert peak < 300, f"{peak} MB"
    figure(f"a page of a million rows, {name}", peak_mb=peak, refused=1, others="complete")


def test_a_batch_of_a_million_records_is_refused(tmp_path, size, figure):
    command = [sys.executable, "-c", GREEDY, f"sqlite:///{tmp_path / 'hub.db'}", str(ROWS)]
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    env = os.environ | {"PYTHONPATH": path}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    outcome, reason, other, growth = json.loads(done.stdout)
    assert outcome == "failed"
    assert "1000000 rows in one batch" in reason
    assert other == "complete"
    assert growth < 60, f"{growth} MB"
    figure("a batch of a million records", growth_mb=growth, refused=1, others=other)
