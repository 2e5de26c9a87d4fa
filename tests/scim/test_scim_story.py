"""From a file of HR to accounts on a server that others wrote, by the command alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.events.objects import Kind
from hub.testing.target_bench import opened

HEAD = "Personeelsnummer;Roepnaam;Tussenvoegsel;Achternaam;Gebruikersnaam;Afdeling\n"
HUB = Path(sys.executable).with_name("hub")
CONFIG = """
store: sqlite:///hub.db
organisation: Voordeelmarkt
people:
  accounts: {{ accounts: manage }}
targets:
  accounts:
    target: scim
    settings: {{ url: "{url}", token: "${{env:SCIM_TOKEN}}" }}
"""
INSTANCE = "connector: csv\nmode: {mode}\nsettings: {{ folder: {folder} }}\n"


def workers(*numbers):
    rows = (f"{one};Noor;van den;Berg{one};noor{one};Kassa\n" for one in numbers)
    return HEAD + "".join(rows)


@pytest.fixture
def organisation(tmp_path, scim_world):
    files = tmp_path / "hr"
    files.mkdir()
    (tmp_path / "connectors").mkdir()

    class Organisation:
        world = scim_world()
        moment = 1_780_000_000

        def mode(self, mode):
            text = INSTANCE.format(mode=mode, folder=files)
            (tmp_path / "connectors" / "hr.yaml").write_text(text)

        def file(self, name, text):
            (files / name).write_text(text)
            self.moment += 60
            os.utime(files / name, (self.moment, self.moment))

        def hub(self, *words, code=0):
            environment = {**os.environ, "SCIM_TOKEN": self.world.settings["token"]}
            command = [HUB, *words, "--config", tmp_path / "hub.yaml"]
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=120, check=False
            )
            assert done.returncode == code, done.stdout + done.stderr
            return done.stdout

        def active(self):
            return len(self.world.stored(Kind.PERSON))

    made = Organisation()
    (tmp_path / "hub.yaml").write_text(CONFIG.format(url=made.world.url))
    made.mode("watch")
    return made


async def test_staff_without_an_account_elsewhere_come_and_go(organisation):
    async with opened(organisation.world):
        organisation.file("1.csv", workers(*range(30)))
        organisation.hub("sync")
        assert organisation.active() == 0, "watch sends nothing"
        assert "person" in organisation.hub("plan")
        organisation.mode("live")
        organisation.hub("sync")
        assert organisation.active() == 30

        organisation.file("2.csv", workers(*range(1, 30)))
        organisation.hub("sync")
        assert organisation.active() == 30, "one file is no proof"
        organisation.file("3.csv", workers(*range(1, 30)))
        organisation.hub("sync")
        organisation.hub("sync")
        assert organisation.active() == 29
        assert "suspended" in organisation.hub("people", "show", "Berg0")

        organisation.file("4.csv", HEAD)
        organisation.file("5.csv", HEAD)
        organisation.hub("sync")
        organisation.hub("sync")
        assert organisation.active() == 29, "an empty list removes nobody"
        assert "removal" in organisation.hub("hold", "list")

        organisation.file("6.csv", workers(*range(1, 30))[:-15])
        organisation.hub("sync", code=75)
        assert organisation.active() == 29, "half a file removes nobody"

        organisation.file("7.csv", workers(*range(30)))
        organisation.hub("sync")
        assert organisation.active() == 30, "who returns is the same person, switched on again"
        assert len(organisation.world.all(Kind.PERSON)) == 30
