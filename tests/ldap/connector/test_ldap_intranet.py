"""Groups of a real directory, by the command alone, on an intranet's two APIs; beside a second directory."""

import os
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from connectors.topdesk.sandbox import serving
from hub.sandbox.intranet import IntranetOptions, IntranetSandbox
from hub.sandbox.intranet.models import Kind

HUB = Path(sys.executable).with_name("hub")
FACE = b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00\xff\xda\x00\x02noor\xff\xd9"
TOKEN = "t0ken-of-the-intranet"
HR = "Personeelsnummer;Roepnaam;Achternaam;Gebruikersnaam\n7;Sem;Visser;sem\n8;Anna;Bos;anna\n"


@pytest.fixture
def place(slapd, tmp_path):
    """A directory, a file of HR, two intranets, and a hub between them."""
    with ExitStack() as stack:
        yield Place(slapd, tmp_path, stack)


class Place:
    def __init__(self, slapd, folder, stack):
        self.slapd, self.folder, self.ou = slapd, folder, slapd.ou()
        options = IntranetOptions(token=TOKEN)
        self.intranets = [IntranetSandbox(options, lambda: datetime.now(UTC)) for _ in range(2)]
        addresses = [stack.enter_context(serving(one.app)) for one in self.intranets]
        rules = [{"instance": "directory", "name": "GG-*"}]
        hub = {
            "store": "sqlite:///hub.db",
            "organisation": "Voorbeeld",
            "language": "en",
            "people": {
                "accounts": {"open": "manage", "standard": "manage"},
                "groups": {"open": rules, "standard": rules},
                "photos": ["open"],
                "namespaces": {"directory": "org", "hr": "org"},
            },
            "targets": {
                "open": target("openintranet", addresses[0]),
                "standard": target("scim", f"{addresses[1]}/scim/v2"),
            },
        }
        (folder / "connectors").mkdir()
        (folder / "hr").mkdir()
        (folder / "hr" / "1.csv").write_text(HR)
        self.write("hub.yaml", hub)
        settings = {
            "urls": [slapd.server.ldapi],
            "bind": slapd.server.reader,
            "password": "${env:LDAP_PASSWORD}",
            "bases": [self.ou],
            "groups": {},
            "photos": True,
        }
        self.write(
            "connectors/directory.yaml", {"connector": "ldap", "mode": "live", "settings": settings}
        )
        hr = {"connector": "csv", "mode": "live", "settings": {"folder": str(folder / "hr")}}
        self.write("connectors/hr.yaml", hr)

    def write(self, name, values):
        (self.folder / name).write_text(yaml.safe_dump(values))

    def hub(self, *words):
        known = {"LDAP_PASSWORD": self.slapd.server.password, "INTRANET_TOKEN": TOKEN}
        command = [HUB, *words, "--config", self.folder / "hub.yaml"]
        done = subprocess.run(
            command,
            env={**os.environ, **known},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def person(self, name, number):
        return self.slapd.person(self.ou, name, uid=name, employeeNumber=str(number))

    def inside(self):
        """Per intranet who is in which group, by names."""
        return [self._inside(one.store) for one in self.intranets]

    def _inside(self, store):
        groups = {one.external_id: one.body["name"] for one in store.of_kind(Kind.GROUP)}
        people = {one.external_id: one.body["user_name"] for one in store.of_kind(Kind.PERSON)}
        found = {name: set() for name in groups.values()}
        for one in store.of_kind(Kind.MEMBERSHIP):
            found[groups[one.body["group"]]].add(people[one.body["person"]])
        return found


def target(kind, url):
    return {"target": kind, "settings": {"url": url, "token": "${env:INTRANET_TOKEN}"}}


def test_groups_within_groups_arrive_on_both_apis_and_follow_the_directory(place):
    noor, sem = place.person("noor", 6), place.person("sem", 7)
    nurses = place.slapd.group(place.ou, "GG-Verpleging", [noor])
    care = place.slapd.group(place.ou, "GG-Zorg", [nurses, sem])
    place.slapd.group(place.ou, "Beheerders", [noor])
    place.slapd.modify(noor, jpegPhoto=[FACE])
    plan = place.hub("plan", "--people")
    assert 'create photo "noor"' in plan
    assert "new picture (directory)" in plan
    assert 'create membership "noor, GG-Zorg"' in plan
    assert "is in the group: noor (directory/" in plan
    place.hub("sync")
    whole = {"GG-Zorg": {"noor", "sem"}, "GG-Verpleging": {"noor"}}
    assert place.inside() == [whole, whole]
    assert [len(one.store.of_kind(Kind.PERSON)) for one in place.intranets] == [3, 3]
    assert [list(one.store.pictures.values()) for one in place.intranets] == [[FACE], []]

    place.slapd.modify(nurses, member=[sem])
    place.slapd.modify(care, member=[nurses], description=["Wie zorgt"])
    place.slapd.modify(noor, jpegPhoto=[])
    place.hub("sync")
    assert not place.intranets[0].store.pictures
    after = {"GG-Zorg": {"sem"}, "GG-Verpleging": {"sem"}}
    assert place.inside() == [after, after]
    drift = place.hub("drift")
    assert "nothing" in drift.lower()
