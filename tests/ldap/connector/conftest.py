"""The connector on a real directory: alone, and with the real engine around it."""

import itertools
import json
import random
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import sqlalchemy as sa

from connectors.ldap.client import DirectoryClient
from connectors.ldap.connector import LdapConnector
from connectors.ldap.settings import LdapSettings
from hub.contract import ReadRequest
from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.settings.models import Removals
from hub.store import holds, tables
from hub.store.store import Store
from hub.testing.fakes import FakeClock, FakeLog, fake_context

ACCOUNTS = itertools.count(1)


class Faulty:
    """A client that breaks after so many pages, or always; else the real one."""

    def __init__(self, client, faults):
        self._client, self._faults = client, faults

    def __getattr__(self, name):
        found = getattr(self._client, name)
        return self._called(found) if callable(found) and name != "close" else found

    def entries(self, *args, **kwargs):
        self._faults.call()
        self._faults.asked |= set(args[2])
        if kwargs.get("deleted") and self._faults.no_tombstones:
            yield []
            return
        if self._faults.empty:
            yield []
            return
        for page in self._client.entries(*args, **kwargs):
            yield page
            self._faults.call()

    def one(self, dn, attributes):
        self._faults.call()
        return None if dn in self._faults.hidden else self._client.one(dn, attributes)

    def by_keys(self, *args, **kwargs):
        self._faults.call()
        yield from [] if self._faults.empty else self._client.by_keys(*args, **kwargs)

    def mark(self, *args):
        if self._faults.no_changes:
            raise self._faults.no_changes
        return self._client.mark(*args)

    def _called(self, work):
        def call(*args, **kwargs):
            self._faults.call()
            return work(*args, **kwargs)

        return call


@dataclass
class Faults:
    error: Exception | None = None
    after: int = 0
    calls: int = 0
    before: object = None
    opened: int = 0
    empty: bool = False
    asked: set = field(default_factory=set)
    no_changes: Exception | None = None
    no_tombstones: bool = False
    hidden: tuple[str, ...] = ()

    def call(self):
        self.calls += 1
        if self.before:
            self.before()
        if self.error is not None:
            if self.after <= 0:
                raise self.error
            self.after -= 1


@dataclass
class Desk:
    """A branch of a directory of this test alone, and how it is read."""

    directory: object
    ou: str
    settings: dict
    clock: FakeClock = field(default_factory=FakeClock)
    log: FakeLog = field(default_factory=FakeLog)
    faults: Faults = field(default_factory=Faults)

    def config(self, **changes):
        return LdapSettings.model_validate(self.settings | changes)

    def connector(self, **changes):
        context = fake_context("directory", clock=self.clock, log=self.log)
        return LdapConnector(self.config(**changes), context, self._make)

    def _make(self, access, log):
        self.faults.opened += 1
        return Faulty(DirectoryClient(access, log), self.faults)

    async def read(self, stream="people", **changes):
        made = self.connector(**changes)
        reading = changes.pop("reading", "sweep")
        try:
            return [one async for one in made.read(ReadRequest(stream, reading))]
        finally:
            await made.close()

    async def records(self, stream="people", **changes):
        batches = await self.read(stream, **changes)
        return {one.key: one for batch in batches for one in batch.records}

    async def ask(self, family, dn_or_key, **changes):
        made = self.connector(**changes)
        try:
            return await made.look_up(family, dn_or_key)
        finally:
            await made.close()

    def person(self, name, parent=None, **values):
        """The key of a new person; a domain has each account name once."""
        if self.directory.is_ad:
            values = {"sAMAccountName": f"a{next(ACCOUNTS)}", **values}
        return str(self.directory.key(self.directory.person(parent or self.ou, name, **values)))

    def request(self, stream):
        return ReadRequest(stream)

    def dn(self, name, parent=None):
        return f"CN={name},{parent or self.ou}"


def desk_of(directory, **changes):
    access = directory.access()
    ou = directory.ou()
    settings = {
        "urls": list(access.urls),
        "bind": access.bind,
        "password": access.password,
        "protection": "none",
        "bases": [ou],
        "page_size": 3,
    }
    return Desk(directory, ou, settings | changes)


@pytest.fixture
def faulty():
    """What wraps a client so that it breaks on demand."""
    return Faulty


@pytest.fixture
def faults():
    """What can go wrong on the wire."""
    return Faults()


@pytest.fixture
def desk(directory):
    """On both kinds of directory."""
    return desk_of(directory)


@pytest.fixture
def ldap_desk(slapd):
    """On OpenLDAP."""
    return desk_of(slapd)


@pytest.fixture
def ad_desk(samba):
    """On Active Directory."""
    return desk_of(samba)


@dataclass
class Hub:
    """A hub over a real database, with one directory."""

    desk: Desk
    store: Store
    runner: Runner = None
    changes: dict = field(default_factory=dict)
    fingerprint: str = "f1"
    removals: Removals = field(default_factory=Removals)

    async def start(self, **changes):
        """Start it, or again with other settings."""
        if changes:
            self.fingerprint += "x"
        self.changes |= changes
        made = self.desk.connector(**self.changes)
        source = Source(
            "directory", "ldap", made, (), "live", self.fingerprint, timedelta(hours=72), None, {},
            self.removals,
        )  # fmt: skip
        if self.runner is not None:
            await self.runner.close()
        clock = self.desk.clock
        self.runner = Runner(
            self.store, {"directory": source}, {}, now=clock.now, log=self.desk.log,
            rng=random.Random(1), sleep=clock.sleep,
        )  # fmt: skip
        await self.runner.start()
        return self

    async def sweep(self, stream="people"):
        report = await self.runner.run("directory", stream, full=True)
        self.desk.clock.advance(900)
        return report

    async def delta(self, stream="people"):
        report = await self.runner.run("directory", stream)
        self.desk.clock.advance(60)
        return report

    async def here(self, family="person"):
        """Key to state of what is not removed."""
        rows = await self._rows(family)
        return {row.key: row.state for row in rows if row.removed_at is None}

    async def removed(self, family="person"):
        return {row.key for row in await self._rows(family) if row.removed_at is not None}

    async def _rows(self, family):
        query = sa.select(tables.subject).where(tables.subject.c.family == family)
        return await self.store.read(lambda tx: list(tx.execute(query)))

    async def runs(self):
        return await self.store.read(lambda tx: list(tx.execute(sa.select(tables.run))))

    async def refs(self):
        return await self.store.read(lambda tx: list(tx.execute(sa.select(tables.ref))))

    async def reasons(self):
        """Key to the reason of each removal that was ever accepted."""
        rows = await self.store.read(lambda tx: list(tx.execute(sa.select(tables.event.c.body))))
        said = [row.body for row in rows if ".removed." in row.body["type"]]
        return {body["subject"]: body["data"]["reason"] for body in said}

    async def spoil_position(self):
        """As if the directory had been restored: nobody gave out this cookie."""
        (row,) = await self.store.read(lambda tx: list(tx.execute(sa.select(tables.stream))))
        found = json.loads(row.delta_checkpoint)
        found["places"] = dict.fromkeys(found["places"], "bm9uc2Vuc2U=")
        change = tables.stream.update().values(delta_checkpoint=json.dumps(found))
        await self.store.write(lambda tx: tx.execute(change))

    async def holds(self):
        return await self.store.read(holds.all_open)


@pytest.fixture
async def make_hub(tmp_path):
    made = []

    async def make(desk, **changes):
        store = await Store(f"sqlite:///{tmp_path}/{len(made)}.db").open()
        hub = Hub(desk, store)
        made.append(hub)
        return await hub.start(**changes)

    yield make
    for hub in made:
        await hub.runner.close()
        await hub.store.close()
