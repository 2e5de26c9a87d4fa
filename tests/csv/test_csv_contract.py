"""The contract of a connector, for `csv` on a folder."""

import os

import pytest

from connectors.csv.connector import CsvConnector
from hub.errors import PermissionMissingError, RetryableError
from hub.testing.connector_suite import ConnectorContract
from hub.testing.worlds import SourceWorld

FAULTS = {
    "truncated": RetryableError,
    "server_error": RetryableError,
    "forbidden": PermissionMissingError,
}
HEAD = "Personeelsnummer,Achternaam,Afdeling"


class CsvWorld(SourceWorld):
    """A folder with one file, which is written anew at every change."""

    connector = CsvConnector
    file = f"{HEAD}\n100,Jansen,Zuivel\n".encode()
    faults = FAULTS

    def __init__(self, place):
        self.folder = place / "hr"
        self.folder.mkdir(exist_ok=True)
        if os.geteuid() == 0:  # who may read everything is refused nothing
            self.faults = {one: kind for one, kind in FAULTS.items() if one != "forbidden"}
        self.rows = {}
        self.written = 0
        self.write()

    @property
    def settings(self):
        return {"folder": str(self.folder)}

    def write(self, cut=0):
        lines = [HEAD, *(f"{key},{name},{team}" for key, (name, team) in self.rows.items())]
        text = "\n".join(lines) + "\n"
        path = self.folder / "personeel.csv"
        path.write_text(text[: len(text) - cut] if cut else text)
        self.written += 1
        os.utime(path, (self.written, self.written))

    def populate(self, count):
        keys = [str(100 + number) for number in range(count)]
        self.rows |= {key: (f"Jansen {key}", "Zuivel") for key in keys}
        self.write()
        return keys

    def edit(self, key):
        name, team = self.rows[key]
        self.rows[key] = (name, team + "!")
        self.write()

    def remove(self, key):
        del self.rows[key]
        self.write()

    def spoil(self):
        self.rows[""] = ("Zonder nummer", "Kassa")
        self.write()

    def fail(self, fault, *, after=0):
        self.heal()
        if fault == "truncated":
            self.write(cut=12)
        elif fault == "server_error":
            (self.folder / "personeel.csv").rename(self.folder / "elders")
        elif fault == "not_found":
            self.folder.rename(self.folder.with_name("weg"))
        else:
            (self.folder / "personeel.csv").chmod(0)

    def heal(self):
        if (away := self.folder.with_name("weg")).exists():
            away.rename(self.folder)
        (self.folder / "elders").unlink(missing_ok=True)
        (self.folder / "personeel.csv").unlink(missing_ok=True)
        self.write()


class TestCsv(ConnectorContract):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path):
        self.place = tmp_path

    def world(self):
        return CsvWorld(self.place)
