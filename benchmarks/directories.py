"""`python -m benchmarks.directories`: reading a whole directory, beside `ldapsearch` and ldap3.

Real servers are started for it, filled, and read in turns. Of each reader the best turn counts:
whatever disturbs a machine can only make it slower. How the turns differed is printed beside it.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.report import machine
from connectors.ldap.sandbox import Samba, Slapd, ldif
from connectors.ldap.sandbox.process import program

ROOT = Path(__file__).parents[1]
LATEST = ROOT / "benchmarks" / "results" / "directories.json"
CACHE = ROOT / ".cache" / "directories"
READ = ROOT / "benchmarks" / "programs" / "read_directory.py"
ROUNDS = 5
PEOPLE = {"OpenLDAP": 20_000, "Samba": 2_000}
BESIDE = ("ours", "ldapsearch")
PERSON = {"OpenLDAP": "(objectClass=inetOrgPerson)", "Samba": "(&(objectClass=user)(mail=*))"}


@dataclass(frozen=True, slots=True)
class Bar:
    """What is asked of one reading, beside another one or alone.

    Attributes:
        asked: in words.
        measured: the figure; below `most` is good enough.
    """

    directory: str
    asked: str
    measured: float
    most: float

    @property
    def passed(self) -> bool:
        """Whether it is good enough."""
        return self.measured <= self.most


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader did with one directory, the best of several.

    Attributes:
        directory: `OpenLDAP` or `Samba`.
        reader: `ours`, `ldap3`, `ldapsearch`, or `poll`: asking what changed when nothing did.
        entries: how many people it read.
        wall: seconds from before the connection until the last entry.
        cpu: seconds of its process, without imports.
        growth: MB of memory more than before it began, the most of all turns; None: not known.
    """

    directory: str
    reader: str
    entries: int
    wall: float
    cpu: float
    growth: float | None


def bars(rows: Sequence[Reading]) -> Iterator[Bar]:
    """What is asked of a full reading and of a look for changes."""
    for name, wall in {"OpenLDAP": 1.0, "Samba": 1.3}.items():
        one = {row.reader: row for row in rows if row.directory == name}
        ours, others = one["ours"], one["ldapsearch"]
        yield Bar(name, f"wall at most {wall} of ldapsearch's", ours.wall / others.wall, wall)
        cpu = ours.cpu / one["ldap3"].cpu
        yield Bar(name, "CPU at most 0.125 of ldap3's own reader's", cpu, 0.125)
        yield Bar(name, "under 40 MB of growth", ours.growth or 0.0, 40.0)
        yield Bar(name, "nothing changed: under a second", one["poll"].wall, 1.0)


def person(number: int, suffix: str, *, ad: bool) -> str:
    """One of many, with 20 attributes."""
    name = f"person{number}"
    dn = f"cn={name},ou=people,{suffix}"
    common = {
        "cn": name, "sn": f"Achternaam {number}", "givenName": f"Zoë {number}",
        "displayName": f"Zoë van den Achternaam {number}", "mail": f"{name}@example.org",
        "employeeNumber": f"{number:06d}", "title": "Medewerker", "l": "Utrecht",
        "telephoneNumber": f"+31 30 {number:07d}", "mobile": f"+31 6 {number:08d}",
        "street": f"Stationsplein {number % 200}", "postalCode": "3511 ED",
        "description": f"Werkt op afdeling {number % 43}", "employeeType": "intern",
        "physicalDeliveryOfficeName": f"Kamer {number % 300}", "o": "Voorbeeld",
        "ou": f"Afdeling {number % 43}", "initials": "Z.", "st": "Utrecht",
    }  # fmt: skip
    if ad:
        account = {"sAMAccountName": name, "userAccountControl": "544"}
        return ldif(dn, {"objectClass": "user", **common, **account})
    return ldif(dn, {"objectClass": "inetOrgPerson", **common})


def people(count: int, suffix: str, *, ad: bool) -> str:
    """All of them, and the branch that they are in."""
    branch = ldif(f"ou=people,{suffix}", {"objectClass": "organizationalUnit", "ou": "people"})
    return branch + "".join(person(number, suffix, ad=ad) for number in range(count))


@contextmanager
def serving(name: str, count: int) -> Iterator[Slapd | Samba]:
    """A directory with so many people."""
    folder = Path(tempfile.mkdtemp(prefix="hub-bench-"))
    try:
        server = Slapd(folder) if name == "OpenLDAP" else Samba(folder, CACHE)
        if isinstance(server, Slapd):
            server.seed()
        server.load(people(count, server.suffix, ad=isinstance(server, Samba)))
        with server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def readers(name: str, server: Slapd | Samba) -> dict[str, Callable[[], Reading]]:
    """How each reads it once."""
    words = (_address(server), server.access().bind, server.password)
    base = f"ou=people,{server.suffix}"

    def ours(reader: str) -> Callable[[], Reading]:
        command = [sys.executable, str(READ), reader, *words, base, PERSON[name]]
        return lambda: _program(name, reader, command)

    found = {reader: ours(reader) for reader in ("ours", "ldap3", "poll")}
    return {"ldapsearch": lambda: _ldapsearch(name, server, base), **found}


def _address(server: Slapd | Samba) -> str:
    """Over TCP, as in earnest; Samba's ports are behind relays, which would be measured as well."""
    return server.ldap if isinstance(server, Slapd) else server.ldapi


def _program(name: str, reader: str, command: Sequence[str]) -> Reading:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=True, cwd=ROOT
    )
    said = json.loads(done.stdout)
    growth = None if reader == "poll" else said["growth"]
    return Reading(name, reader, said["entries"], said["wall"], said["cpu"], growth)


def _ldapsearch(name: str, server: Slapd | Samba, base: str) -> Reading:
    command = [
        program("ldapsearch", "ldap-utils"), "-x", "-LLL", "-H", _address(server),
        "-D", server.access().bind, "-w", server.password, "-E", "pr=1000/noprompt",
        "-b", base, PERSON[name], "*",
    ]  # fmt: skip
    before, began = _children(), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, timeout=300, check=True)
    return Reading(
        name, "ldapsearch", 0, time.perf_counter() - began, _children() - before, growth=None
    )


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(name: str, count: int, rounds: int) -> list[Reading]:
    """Each reader so many times, in turns."""
    found: list[Reading] = []
    with serving(name, count) as server:
        ways = readers(name, server)
        for number in range(rounds + 1):
            some = [way() for way in ways.values()]
            found += some if number else []  # the first round warms the server
            print(name, *(f"{one.reader} {one.wall:.2f} s" for one in some))
    print(name, compared(found))
    best = [_best([one for one in found if one.reader == reader]) for reader in ways]
    whole = {one.entries for one in best if one.reader in {"ours", "ldap3"}}
    if whole != {count}:
        raise SystemExit(f"{name}: {count} people expected, read: {whole}")
    return best


def compared(found: Sequence[Reading]) -> str:
    """How long ours takes beside `ldapsearch`: of the best turns, of the middle, of each turn."""
    ours, others = ([one.wall for one in found if one.reader == name] for name in BESIDE)
    each = [one / other for one, other in zip(ours, others, strict=True)]
    middle = statistics.median(ours) / statistics.median(others)
    return (
        f"wall beside ldapsearch's: best {min(ours) / min(others):.2f}, median {middle:.2f}, "
        f"turn by turn {min(each):.2f} to {max(each):.2f}"
    )


def _best(same: Sequence[Reading]) -> Reading:
    first = same[0]
    growth = [one.growth for one in same if one.growth is not None]
    return Reading(
        first.directory,
        first.reader,
        first.entries,
        min(one.wall for one in same),
        min(one.cpu for one in same),
        max(growth) if growth else None,
    )


def main(arguments: Sequence[str]) -> int:
    """Measure, and keep what was measured."""
    parser = argparse.ArgumentParser(prog="benchmarks.directories", description=__doc__)
    parser.add_argument("--most", type=int, help="at most so many people; nothing is kept")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args(arguments)
    rows = [
        row
        for name, count in PEOPLE.items()
        for row in measure(name, min(count, given.most or count), given.rounds)
    ]
    if given.most is None:
        facts = {**machine(), "load": round(os.getloadavg()[1], 1)}
        kept = {"facts": facts, "rows": [asdict(row) for row in rows]}
        LATEST.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
