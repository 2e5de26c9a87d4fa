"""A hub with several directories in memory, over a real database."""

import random
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import sqlalchemy as sa

from connectors.guests.connector import GuestsConnector
from connectors.guests.models import GuestsSettings
from hub.contract import Connector, Received, Ref, Stream
from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.events.base import Family
from hub.events.person import Person
from hub.people import finding, guests
from hub.people.policy import Policy
from hub.store.store import Store
from hub.store.tables import account, person, review, subject
from hub.testing.fakes import FakeClock, FakeLog, MemoryTarget, ScriptedSource, fake_context

PEOPLE = Stream("people", frozenset({Family.PERSON}), timedelta(minutes=15))
DAY = timedelta(days=1)
KIM = {"given_name": "Kim", "family_name": "Bos", "contact_mail": "kim@example.org"}
POLICY = Policy(namespaces={"hr": "gemeente", "ad": "gemeente"}, mail_domains=("werk.example.org",))


def somebody(given: str = "Noor", family: str = "Berg", **more) -> Person:
    infix = more.get("infix")
    shown = " ".join(one for one in (given, infix, family) if one)
    return Person(
        **{"enabled": True, "display_name": shown, "given_name": given, "family_name": family}
        | more
    )


@dataclass
class Directories:
    url: str
    policy: Policy = POLICY
    clock: FakeClock = field(default_factory=FakeClock)
    log: FakeLog = field(default_factory=FakeLog)
    sources: dict[str, ScriptedSource] = field(default_factory=dict)
    targets: dict[str, MemoryTarget] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    fingerprints: dict[str, str] = field(default_factory=dict)
    received: dict[str, Connector] = field(default_factory=dict)  # connectors that read nothing
    runner: Runner = None
    store: Store = None

    async def start(self, *names: str, **changes) -> "Directories":
        for name, value in changes.items():
            setattr(self, name, value)
        for name in names:
            self.sources[name] = ScriptedSource(streams=(PEOPLE,), batch_size=50)
        if self.store is not None:
            await self.store.close()
        self.store = await Store(self.url).open()
        self.runner = Runner(
            self.store,
            {name: self._made(name) for name in [*self.sources, *self.received]},
            self.targets,
            now=self.clock.now,
            log=self.log,
            rng=random.Random(1),
            people=self.policy,
        )
        await self.runner.start()
        return self

    def _made(self, name: str) -> Source:
        context = fake_context(name, clock=self.clock)
        connector = self.received.get(name) or self.sources[name].connector(context)
        return Source(
            id=name,
            connector_name=connector.name,
            connector=connector,
            routes=(),
            mode=self.modes.get(name, "live"),
            fingerprint=self.fingerprints.get(name, "f1"),
            reopen=timedelta(hours=72),
            every=None,
            stale_after={},
        )

    def __getitem__(self, name: str) -> ScriptedSource:
        return self.sources[name]

    async def read(self, *names: str, full: bool = True):
        """Read these directories, or all; time moves on afterwards."""
        for name in names or self.sources:
            report = await self.runner.run(name, "people", full=full)
            assert report.outcome == "complete", report.reason
        self.clock.advance(900)

    async def rows(self, query) -> list:
        return await self.store.read(lambda tx: list(tx.execute(query)))

    async def persons(self) -> list[dict]:
        """Every person with its accounts, without numbers and moments."""
        query = (
            sa.select(person.c.id, person.c.state, person.c.name, subject.c.instance, subject.c.key)
            .outerjoin(account, account.c.person == person.c.id)
            .outerjoin(subject, subject.c.id == account.c.subject)
        )
        found: dict[str, dict] = {}
        for row in await self.rows(query.order_by(subject.c.instance, subject.c.key)):
            one = found.setdefault(row.id, {"state": row.state, "name": row.name, "accounts": []})
            one["accounts"] += [f"{row.instance}/{row.key}"] if row.key else []
        return sorted(found.values(), key=lambda one: (one["accounts"], one["state"]))

    async def groups(self) -> list[list[str]]:
        return [one["accounts"] for one in await self.persons() if one["accounts"]]

    async def person(self, key: str) -> sa.Row:
        """The person behind an account such as `ad/a1`."""
        instance, _, name = key.partition("/")
        query = (
            sa.select(person)
            .join(account, account.c.person == person.c.id)
            .join(subject, subject.c.id == account.c.subject)
            .where(subject.c.instance == instance, subject.c.key == name)
        )
        (row,) = await self.rows(query)
        return row

    async def asked(self) -> list[tuple[str, str, str]]:
        """What waits for a human: account, name of the person, tier."""
        query = (
            sa.select(subject.c.instance, subject.c.key, person.c.name, review.c.tier)
            .join(subject, subject.c.id == review.c.subject)
            .join(person, person.c.id == review.c.person)
            .where(review.c.state == "open")
            .order_by(review.c.id)
        )
        rows = await self.rows(query)
        return [(f"{row.instance}/{row.key}", row.name, row.tier) for row in rows]


@pytest.fixture
async def directories(store_url):
    made = Directories(store_url)
    yield made
    if made.store is not None:
        await made.store.close()


class Desk:
    """A hub with a directory `hr` and guests, and an administrator who types."""

    def __init__(self, directories):
        self.hub = directories

    async def start(self, somebody):
        context = fake_context("guests", clock=self.hub.clock)
        self.hub.received["guests"] = GuestsConnector(GuestsSettings(), context)
        await self.hub.start("hr")
        hr = self.hub["hr"]
        work = "{}@werk.example.org".format
        ada, bea = work("ada"), work("bea")
        hr.put("director", somebody("Ada", "Top", mail=ada))
        hr.put("boss", somebody("Bea", "Chef", mail=bea), refs=(self.boss("director"),))
        noor = somebody("Noor", "Berg", mail=work("noor"))
        hr.put("noor", noor, refs=(self.boss("boss"),))
        hr.put("temp", somebody("Tim", "Tijdelijk", external=True))
        await self.hub.read("hr")
        return self

    @staticmethod
    def boss(key):
        return Ref("manager", "hr", "person", key)

    @property
    def now(self):
        return self.hub.clock.now()

    async def ask(self, work, *args, **more):
        """Check what is wanted, and let the instance take it; who it is about."""
        wanted = await self.hub.store.read(work, *args, now=self.now, **more)
        received = Received("guests", wanted.order)
        await self.hub.runner.receive("guests", received, actor="jan")
        return await self.guest(wanted.order["id"])

    async def add(self, sponsor="Noor", **more):
        given = KIM | {"ends": self.now + 90 * DAY} | more
        return await self.ask(guests.adding, given, sponsor)

    async def guest(self, key):
        found = await self.hub.store.read(guests.everyone)
        return next(one for one in found if one.key == key)

    async def answers(self, key):
        """Whose guest it is, by name; None: nobody's."""
        one = await self.guest(key)
        if one.sponsor is None:
            return None
        return (await self.hub.store.read(finding.person, one.sponsor)).name

    async def pass_days(self, days):
        self.hub.clock.advance(days * 86400)
        await self.hub.runner.project()

    async def leaves(self, *keys):
        for key in keys:
            self.hub["hr"].edit(key, enabled=False)
        await self.hub.read("hr")


@pytest.fixture
async def desk(directories, person_of):
    """Guests, those who vouch for them, and an administrator who types."""
    return await Desk(directories).start(person_of)


@pytest.fixture
def person_of():
    return somebody
