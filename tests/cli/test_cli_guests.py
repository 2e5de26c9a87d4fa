"""Commands at one time, as real processes: each takes only what it works on."""

import asyncio
import contextlib
import sqlite3
import threading
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from connectors.topdesk.sandbox import SandboxOptions, TopdeskSandbox, serving
from hub.cli import exits
from hub.sandbox.intranet import IntranetOptions, IntranetSandbox

PASSWORD = "a1b2c-d3e4f-g5h6i-j7k8l-m9n0p"
PATIENCE = 60  # seconds that a door waits for the other one
INTRANET = """\
targets:
  intranet:
    target: openintranet
    settings: {{url: '{url}', token: '${{env:INTRANET_TOKEN}}'}}
"""


class Door:
    """A TOPdesk that lets nobody read before somebody reads at each of the other doors too."""

    def __init__(self, title, others=()):
        now = datetime.now(UTC).replace(microsecond=0)
        options = SandboxOptions(story=False, closed_tickets=20, start=now - timedelta(hours=1))
        self.desk = TopdeskSandbox(options, lambda: datetime.now(UTC))
        self.desk.state.add_incident(briefDescription=title, majorCall=True, publishToSsd=True)
        self.others = list(others)
        self.reached = threading.Event()
        self.met = False
        self.inside = self.most = 0

    async def __call__(self, scope, receive, send):
        if not scope["path"].endswith("/incidents"):
            await self.desk.app(scope, receive, send)
            return
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.reached.set()
        found = [await asyncio.to_thread(one.reached.wait, PATIENCE) for one in self.others]
        self.met = all(found)
        await asyncio.sleep(0.05)  # whoever overlaps is seen
        await self.desk.app(scope, receive, send)
        self.inside -= 1


@contextmanager
def an_office(hub, *doors):
    """An instance for each door, and one intranet for all; it is handed over."""
    box = IntranetSandbox(IntranetOptions(token="s3cret"), lambda: datetime.now(UTC))
    with ExitStack() as stack:
        target = INTRANET.format(url=stack.enter_context(serving(box.app)))
        hub.config.write_text(hub.config.read_text() + target)
        for name, door in zip("ab", doors, strict=False):
            hub.topdesk(stack.enter_context(serving(door)), "live")
            (hub.folder / "connectors/servicedesk.yaml").rename(
                hub.folder / f"connectors/{name}.yaml"
            )
        yield box


def shared(hub, url) -> dict[str, str]:
    """The configuration says PostgreSQL; the environment for it."""
    password = sa.make_url(url).password
    address = url.replace(password, "${env:HUB_DATABASE_PASSWORD}")
    hub.config.write_text(hub.config.read_text().replace("sqlite:///hub.db", address))
    return {"HUB_DATABASE_PASSWORD": password} | SECRETS


SECRETS = {"TOPDESK_PASSWORD": PASSWORD, "INTRANET_TOKEN": "s3cret"}


def ended(processes):
    return [(one.process.wait(timeout=120), one.err) for one in processes]


def put(box) -> list[str]:
    """Titles of the rows that stand there."""
    return sorted(one.body["title"]["nl"] for one in box.store.of_kind("tile-item"))


def writes(box) -> int:
    """How often a row was written."""
    return sum(one.method == "PUT" and "tile-item" in one.path for one in box.requests)


def test_two_syncs_of_two_instances_read_at_the_same_time(hub, postgres_url, processes):
    one, two = Door("E-mail hapert"), Door("Telefonie ligt eruit")
    one.others, two.others = [two], [one]
    with an_office(hub, one, two) as box:
        env = shared(hub, postgres_url)
        processes += [hub.start("sync", name, **env) for name in "ab"]
        assert [code for code, _ in ended(processes)] == [0, 0], ended(processes)
        assert (one.met, two.met) == (True, True), "one waited until the other had ended"
        assert put(box) == ["E-mail hapert", "Telefonie ligt eruit"]
        assert writes(box) == 2, "each was sent once"


@pytest.mark.parametrize("second", [("sync", "a"), ("run", "--once")], ids=" ".join)
def test_of_one_instance_there_is_one_reading_at_a_time(hub, postgres_url, processes, second):
    door = Door("E-mail hapert")
    with an_office(hub, door) as box:
        env = shared(hub, postgres_url)
        processes += [hub.start(*words, **env) for words in (("sync", "a"), second)]
        assert [code for code, _ in ended(processes)] == [0, 0], ended(processes)
        assert door.most == 1
        assert put(box) == ["E-mail hapert"]
        assert writes(box) == 1


def test_a_hub_that_starts_meanwhile_does_the_rest(hub, postgres_url, processes, free_port):
    """The command ends its reading; the instance that it did not take is read by the hub."""
    one, two = Door("E-mail hapert"), Door("Telefonie ligt eruit")
    one.others = [two]
    hub.hub_yaml(free_port)
    with an_office(hub, one, two) as box:
        env = shared(hub, postgres_url)
        processes.append(hub.start("sync", "a", **env))
        assert one.reached.wait(PATIENCE)
        processes.append(hub.start("run", **env))
        processes[1].until("Next: ")
        assert processes[0].process.wait(timeout=120) == 0, processes[0].err
        assert (one.met, writes(box) >= 1) == (True, True)
        assert processes[1].end().code == 0
        assert put(box) == ["E-mail hapert", "Telefonie ligt eruit"]
        assert writes(box) == 2


def test_beside_a_hub_a_timer_ends_with_try_again(hub, postgres_url, processes, free_port):
    hub.hub_yaml(free_port)
    hub.manual()
    env = shared(hub, postgres_url)
    processes.append(hub.start("run", **env))
    processes[0].until("Next: ")
    processes.append(hub.start("run", "--once", **env))
    (code, said) = ended(processes[1:])[0]
    assert (code, f"pid {processes[0].pid}" in said) == (exits.TRY_AGAIN, True), said


def asked(hub) -> int:
    """How many requests wait in the store."""
    with contextlib.closing(sqlite3.connect(hub.store)) as store:
        return store.execute("select count(*) from request").fetchone()[0]


def test_on_a_file_the_second_waits_for_the_first(hub, processes, until):
    """Nobody answers its request, so it takes the store when the first has ended."""
    door = Door("E-mail hapert")
    first = Door("")
    door.others = [first]
    with an_office(hub, door) as box:
        processes.append(hub.start("sync", **SECRETS))
        assert door.reached.wait(PATIENCE)
        processes.append(hub.start("sync", **SECRETS))
        assert until(lambda: asked(hub) == 1)
        first.reached.set()
        assert [code for code, _ in ended(processes)] == [0, 0], ended(processes)
        assert (door.most, writes(box)) == (1, 1)
