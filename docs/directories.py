"""The section of measurements about directories, made from the last run that was kept."""

import json
from pathlib import Path

from benchmarks.directories import LATEST, PEOPLE, Reading, bars
from benchmarks.report import MARKS
from docs.describe import table

TITLES = {
    "ours": "**the hub**",
    "ldapsearch": "`ldapsearch`, to nowhere",
    "ldap3": "ldap3's paged search, as a generator",
    "poll": "the hub, what changed: nothing",
}
HOW = """`.venv/bin/python -m benchmarks.directories` starts OpenLDAP and Samba as an Active Directory, each in
a folder of its own, fills them with people of 20 attributes, and reads all of them in turns, 1,000 a
page, OpenLDAP over TCP, Samba over a socket. Of each reader the best turn is shown. CPU is of the
reader's process without its start, of `ldapsearch` with it. OpenLDAP answers faster than anybody reads;
Samba is what one waits for.
"""


def section(path: Path = LATEST) -> str:
    """The section, with its heading."""
    head = f"## Directories\n\n{HOW}"
    if not path.is_file():
        return f"{head}\nNothing was kept yet.\n"
    kept = json.loads(path.read_text("utf-8"))
    rows = [Reading(**one) for one in kept["rows"]]
    facts = kept["facts"]
    where = (
        f"Measured on {facts['date']}, {facts['cores']} cores, {facts['processor']}, with a load of "
        f"{facts['load']} by others and itself: more than the cores, and wall says little.\n"
        if facts["load"] > facts["cores"]
        else f"Measured on {facts['date']}, {facts['cores']} cores, {facts['processor']}.\n"
    )
    found = [
        [one.directory, one.asked, f"{one.measured:.2f}", MARKS[one.passed]] for one in bars(rows)
    ]
    asked = table(("directory", "asked", "measured", ""), found)
    return "\n".join([head, where, asked, *(_read(name, rows) for name in PEOPLE)])


def _read(name: str, rows: list[Reading]) -> str:
    here = sorted((row for row in rows if row.directory == name), key=lambda row: row.wall)
    cells = [
        [
            TITLES[row.reader],
            f"{row.wall:.2f}",
            f"{row.cpu:.2f}",
            "" if row.growth is None else f"{row.growth:.0f}",
        ]
        for row in here
    ]
    people = f"{PEOPLE[name]:,} people"
    return table((f"{name}, {people}", "wall s", "CPU s", "MB of growth"), cells)
