"""Bad days through the whole hub, from YAML to an intranet that it manages: nobody loses an account.

Each time one thing says what is wrong, in words that a person would use.
"""

import random
import re
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.ldap.client import DirectoryClient
from connectors.ldap.connector import LdapConnector
from connectors.ldap.sandbox import MissingError, Slapd
from hub.cli.status import what_is_wrong
from hub.contract import Context
from hub.engine import crowds, reconcile
from hub.engine.assemble import assemble
from hub.errors import RetryableError
from hub.events.objects import Kind
from hub.registry import Group, Registry
from hub.render import people_words
from hub.settings import load
from hub.store import holds, tables
from hub.store.store import Store
from hub.testing.fakes import FakeClock, FakeLog, MemoryTarget, fake_context

STAFF, SHOP = 20, 10
RIGHTS = """\
access to filter=(employeeType=manager) by dn.exact="{reader}" read by * none
access to * by dn.exact="{limited}" read by dn.exact="{reader}" read by * none
"""
LIMITED = "cn=limited,{suffix}"
HUB = """\
store: sqlite:///hub.db
organisation: Gemeente Voorbeeld
language: en
people: {accounts: {intranet: manage}}
targets:
  intranet: {target: scim, settings: {url: "http://127.0.0.1:9/v2", token: "${env:WIKI_TOKEN}"}}
"""
DIRECTORY = """\
connector: ldap
mode: live
settings:
  urls: ["%(url)s"]
  bind: "%(bind)s"
  password: ${env:LDAP_PASSWORD}
  protection: none
  bases: ["%(base)s"]
  page_size: 5
%(more)s
"""
CSV = "connector: csv\nmode: live\nsettings:\n  folder: %s\n"
HEAD = "Personeelsnummer;Roepnaam;Achternaam;Gebruikersnaam\n"


@pytest.fixture(scope="module")
def strict(directory_of):
    """A directory in which a limited account does not see managers."""
    with tempfile.TemporaryDirectory(prefix="ldap-") as place:
        reader, limited = Slapd.reader, LIMITED.format(suffix=Slapd.suffix)
        rights = RIGHTS.format(reader=reader, limited=limited)
        try:
            server = Slapd(Path(place), rights=rights)
        except MissingError as error:
            pytest.skip(str(error))
        server.seed()
        with server, directory_of(server) as directory:
            given = {"objectClass": ["organizationalRole", "simpleSecurityObject"], "cn": "limited"}
            directory.add(limited, **given, userPassword=server.password)
            yield directory


@dataclass
class World:
    """A hub as its YAML says; only the intranet is one in memory, and the wire can break."""

    folder: Path
    directory: object
    ou: str
    faulty: type
    faults: object
    clock: FakeClock = field(default_factory=FakeClock)
    log: FakeLog = field(default_factory=FakeLog)
    target: MemoryTarget = field(default_factory=MemoryTarget)
    store: Store = None
    runner: object = None

    def write(self, base=None, bind=Slapd.reader, more=""):
        given = {"url": self.directory.server.ldapi, "bind": bind, "more": more}
        text = DIRECTORY % (given | {"base": base or self.ou})
        (self.folder / "connectors/directory.yaml").write_text(text)

    def people(self, rows, name="1.csv"):
        (self.folder / "shop" / name).write_text(HEAD + "".join(rows))

    def dn(self, number):
        return f"CN=Persoon {number},{self.ou}"

    async def start(self):
        await self.stop()
        registry = Registry.discover(groups=(Group.CONNECTORS, Group.TARGETS))
        env = {"LDAP_PASSWORD": Slapd.password, "WIKI_TOKEN": "x" * 20}
        settings = load(self.folder / "hub.yaml", registry, env)
        assert not settings.problems
        self.store = await Store(settings.store).open()
        given = {"now": self.clock.now, "log": self.log, "rng": random.Random(1)}
        made = await assemble(settings, self.store, **given)
        await made.targets["intranet"].close()
        wired = replace(made.sources["directory"], connector=self._wired(made))
        targets = {"intranet": self.target, "web": made.targets["web"]}
        sources = {**made.sources, "directory": wired}
        self.runner = replace(made, sources=sources, targets=targets)
        await self.runner.start()
        return self

    def _wired(self, made) -> LdapConnector:
        context: Context = fake_context("directory", clock=self.clock, log=self.log)
        config = made.sources["directory"].connector.config
        return LdapConnector(
            config,
            context,
            lambda access, log: self.faulty(DirectoryClient(access, log), self.faults),
        )

    async def stop(self):
        if self.runner is not None:
            await self.runner.close()
            await self.store.close()

    async def round(self):
        """Everything is read, and delivered."""
        for name in ("directory", "shop"):
            await self.runner.run(name, "people", full=True)
        await self.runner.deliver()
        self.clock.advance(900)

    def active(self):
        found = self.target.objects.items()
        return sum(one.body["active"] for (kind, _), one in found if kind == Kind.PERSON)

    async def removed(self):
        query = sa.select(tables.subject.c.key).where(tables.subject.c.removed_at.is_not(None))
        return await self.store.read(lambda tx: list(tx.execute(query)))

    async def findings(self):
        """What `hub status` calls wrong; of a hold, what it asks."""
        found = what_is_wrong(await self.store.read(reconcile.status))
        rows = await self.store.read(holds.all_open)
        asked = [
            one for row in rows for one in await self.store.read(crowds.said, row, self.clock.now())
        ]
        return found, " ".join(people_words.together(one, "en") for one in asked)


@pytest.fixture
async def world(tmp_path, strict, faulty, faults):
    """Twenty people of a directory, four of them managers, and ten of a shop; all on the intranet."""
    for name in ("connectors", "shop"):
        (tmp_path / name).mkdir()
    (tmp_path / "hub.yaml").write_text(HUB)
    (tmp_path / "connectors/shop.yaml").write_text(CSV % (tmp_path / "shop"))
    made = World(tmp_path, strict, strict.ou(), faulty, faults)
    for one in range(STAFF):
        kind = {"employeeType": "manager" if one < 4 else "staff"}
        kind["ou"] = "Zorg" if 4 <= one < 12 else "Kunst"
        strict.person(made.ou, f"Persoon {one}", **kind)
    made.people(shop(SHOP))
    made.write()
    await made.start()
    await made.round()
    await made.round()
    assert made.active() == STAFF + SHOP
    assert await made.findings() == ([], "")
    yield made
    await made.stop()


def shop(number):
    return [f"{100 + one};Sem;Visser{one};sem.{one}\n" for one in range(number)]


# --- the days --------------------------------------------------------------------------------------


async def answers_empty(world):
    world.faults.empty = True


async def half_the_pages(world):
    world.faults.error, world.faults.after = RetryableError("The directory hung up."), 3


async def wrong_base(world):
    world.write(base=world.directory.ou())
    await world.start()


async def no_such_base(world):
    world.write(base=f"OU=Medewerkers,{world.ou}")
    await world.start()


async def fewer_rights(world):
    world.write(bind=LIMITED.format(suffix=Slapd.suffix))
    await world.start()


async def filter_typo(world):
    world.write(more='  filter: "(employeType=staff)"')
    await world.start()


async def moved_out(world):
    elsewhere = world.directory.ou()
    for one in range(STAFF * 4 // 10):
        world.directory.move(world.dn(one), parent=elsewhere)


async def whole_department(world):
    for one in range(4, 12):
        world.directory.delete(world.dn(one))


async def other_mapping(world):
    world.write(more="  attributes: {department: employeeType}")
    await world.start()


async def other_list(world):
    """The names are shifted by one: each row by itself is an ordinary change."""
    rows = [f"{100 + one};Sem;Visser{(one + 1) % SHOP};sem.{one}\n" for one in range(SHOP)]
    world.people(rows, "2.csv")


async def cut_in_a_row(world):
    world.people([*shop(5), "105;Sem;Vis"], "2.csv")


async def cut_after_a_row(world):
    """Nothing shows that it was cut; who is missing from one file is only missing."""
    world.people(shop(5), "2.csv")
    await world.round()
    assert await world.findings() == ([], "")
    world.people(shop(5), "3.csv")


async def empty_file(world):
    (world.folder / "shop/2.csv").write_text("")


DAYS = [
    (answers_empty, "hold .* of directory waits", "everybody .20.*does the account that reads"),
    (half_the_pages, "directory.people is unreachable: The directory hung up", ""),
    (wrong_base, "hold .* of directory waits", "20 moved together to .*was the OU moved"),
    (no_such_base, "directory.people is configuration: .*OU=Medewerkers", ""),
    (fewer_rights, "hold .* of directory waits", "4 are together not found any more"),
    (filter_typo, "hold .* of directory waits", "20 are together outside the filter"),
    (moved_out, "hold .* of directory waits", "8 moved together to .*was the OU moved"),
    (whole_department, "hold .* of directory waits", "the whole department Zorg .8."),
    (other_mapping, "hold .* of directory waits", "20 get another `department` together"),
    (other_list, "hold .* of intranet waits", "10 get another `family_name` together"),
    (cut_in_a_row, "shop.people is ", ""),
    (cut_after_a_row, "hold .* of shop waits", "5 are together not found any more"),
    (empty_file, "shop.people is ", ""),
]


@pytest.mark.parametrize(
    ("day", "wrong", "asked"), DAYS, ids=lambda one: getattr(one, "__name__", "")
)
async def test_nobody_loses_an_account_and_one_thing_says_why(world, day, wrong, asked):
    await day(world)
    for _ in range(3):
        await world.round()
        assert world.active() == STAFF + SHOP
    found, said = await world.findings()
    assert await world.removed() == []
    assert len(found) == 1, found
    assert re.search(wrong, found[0]), found
    assert re.search(asked, said), said
    assert bool(asked) is bool(said), said
