"""The how-to, block by block, on a real OpenLDAP; and no secret anywhere in what is left behind."""

import secrets

import pytest

from docs.blocks import Command, File, Snippet, steps
from docs.follow import ROOT, plain_environment
from docs.shell import Shell

PAGE = ROOT / "docs/howto/connect-active-directory.md"
HASH = "hub hold list --json | grep -o '\"hash\": \"[a-z0-9]*' | cut -d'\"' -f4"
HUB = "store: sqlite:///hub.db\norganisation: Voorbeeld\n"


@pytest.fixture
def place(slapd, tmp_path):
    """What the page's names stand for on this machine: a server, a branch, an account."""
    ou = slapd.ou()
    for number in range(6):
        slapd.person(ou, f"Persoon {number} {ou[3:]}".partition(",")[0], title="Adviseur")
    (tmp_path / "connectors").mkdir()
    (tmp_path / "hub.yaml").write_text(HUB)
    return {
        "[ldaps://dc1.example.org, ldaps://dc2.example.org]": f'["{slapd.server.ldapi}"]',
        "intranet-hub@example.org": slapd.server.reader,
        "OU=Medewerkers,DC=example,DC=org": ou,
    }


def write(folder, places):
    """Only the file of the page."""
    for step in steps(PAGE.read_text("utf-8")):
        if isinstance(step, File):
            put(folder, step, places)


def put(folder, step, places):
    text = step.text
    for old, new in places.items():
        assert old in text, f"the page does not say {old} any more"
        text = text.replace(old, new)
    (folder / step.name).write_text(text)


def walk(shell, folder, places):
    """Do what the page says; how many commands were run."""
    number = 0
    for step in steps(PAGE.read_text("utf-8")):
        if isinstance(step, File):
            put(folder, step, places)
        elif isinstance(step, Command) and not step.skipped:
            shell.run(step)
            number += 1
        else:
            assert isinstance(step, Snippet | Command), step
    return number


def test_the_page_block_by_block(place, slapd, tmp_path):
    environment = plain_environment(tmp_path) | {"LDAP_PASSWORD": slapd.server.password}
    with Shell(tmp_path, environment) as shell:
        assert walk(shell, tmp_path, place) == 4
        printed = "\n".join(shell.printed)
    assert "6 people" in printed
    assert "accepted 6, new 6" in printed
    assert slapd.server.password not in printed
    assert_silent(tmp_path, slapd.server.password)


def test_a_wrong_password_shows_nowhere(place, tmp_path):
    canary = f"canary-ldap+{secrets.token_hex(8)}"
    environment = plain_environment(tmp_path) | {"LDAP_PASSWORD": canary, "HUB_DEBUG": "1"}
    words = ("check", "sync", "status --json", "plan --json", "hold list", "dead-letters")
    with Shell(tmp_path, environment) as shell:
        write(tmp_path, place)
        for one in words:
            shell.run(Command(0, f"hub {one} || true"))
        printed = "\n".join(shell.printed)
    assert "refused" in printed
    assert canary not in printed
    assert_silent(tmp_path, canary)


def assert_silent(folder, secret):
    files = [one for one in folder.rglob("*") if one.is_file()]
    assert any(one.name == "hub.db" for one in files)
    assert not [one for one in files if secret.encode() in one.read_bytes()]


def test_a_folder_that_was_moved_is_said_as_a_person_would(place, slapd, tmp_path):
    environment = plain_environment(tmp_path) | {"LDAP_PASSWORD": slapd.server.password}
    ou, elsewhere = place["OU=Medewerkers,DC=example,DC=org"], slapd.ou()
    write(tmp_path, place)
    people = list(slapd.search(ou, "(objectClass=inetOrgPerson)", ["1.1"]))
    team = slapd.group(elsewhere, f"Team {elsewhere[3:]}".partition(",")[0], people)
    with (tmp_path / "connectors/directory.yaml").open("a") as file:
        file.write(f'  groups: {{bases: ["{elsewhere}"]}}\n')
    with Shell(tmp_path, environment) as shell:
        shell.run(Command(0, "hub sync"))
        for dn in people:
            slapd.move(dn, parent=elsewhere)
        shell.run(Command(0, "hub sync"))
        start = len(shell.printed)
        shell.run(Command(0, f"hub hold show $({HASH})"))
        printed = "\n".join(shell.printed[start:])
    assert f"6 x person: moved to {elsewhere.replace('OU', 'ou')}" in printed, printed
    assert "6 x membership: moved to" in printed
    assert printed.count("\n  - Persoon") == 6
    assert team not in printed
