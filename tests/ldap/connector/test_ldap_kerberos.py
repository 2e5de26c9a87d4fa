"""Login by Kerberos at a real domain controller: by key, and all that can be wrong.

`gssapi` is no part of the hub's own environment: each test is a process that has it beside it.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from connectors.ldap.sandbox import MissingError, Samba
from docs.follow import plain_environment

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]  # `gssapi` is compiled for a minute
ROOT = Path(__file__).parents[3]
CACHE = ROOT / ".cache"
BASE = "CN=Users,DC=example,DC=test"
READ = """
import json, sys
from pathlib import Path
from connectors.ldap.access import Access, Method
from connectors.ldap.client import DirectoryClient
from hub.errors import HubError
out = []
for url, bind, keytab, ca in json.loads(sys.argv[1]):
    access = Access(urls=(url,), bind=bind, method=Method.GSSAPI, clear_text=True, start_tls=bool(ca),
                    keytab=Path(keytab) if keytab else None, ca_file=Path(ca) if ca else None)
    try:
        said = []
        for fast in (True, False):
            client = DirectoryClient(access, fast=fast)
            pages = list(client.entries(sys.argv[2], "(objectClass=user)", ["cn", "objectGUID", "memberOf"]))
            reader = type(client._session._reader).__name__
            said.append([reader, [[one.dn, str(one.values)] for page in pages for one in page]])
            client.close()
        out.append({"readers": [one for one, _ in said], "same": said[0][1] == said[1][1], "number": len(said[0][1])})
    except HubError as error:
        out.append({"error": type(error).__name__, "words": str(error)})
print(json.dumps(out))
"""


@pytest.fixture(scope="module")
def library(ready):
    """Where `gssapi` lies; skipped where it can't be built: that takes `libkrb5-dev` and gcc."""
    (found,) = ready("gssapi", "gssapi==1.12.0").parent.glob("lib/python*/site-packages")
    return found


@pytest.fixture(scope="module")
def realm(pem, library):
    """A domain controller that gives tickets, and an account that may do next to nothing."""
    with tempfile.TemporaryDirectory(prefix="hub-krb-", ignore_cleanup_errors=True) as name:
        try:
            samba = Samba(Path(name) / "s", CACHE / "directories", pem, kerberos=True)
            samba.keytab("hub")
            samba.krb5()
            samba.start(ports=True)
        except MissingError as error:
            pytest.skip(str(error))
        try:
            yield samba
        finally:
            samba.stop()


@pytest.fixture
def process(realm, library, tmp_path):
    """Runs a program that finds `gssapi`, the realm, and no ticket of anybody's."""
    environment = plain_environment(tmp_path) | {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{library}",
        "KRB5_CONFIG": str(realm.folder / "krb5.conf"),
        "KRB5CCNAME": f"FILE:{tmp_path / 'tickets'}",
    }

    def run(*command, **more):
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=environment | more,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def read(process):
    """What each of these logins reads, by both readers."""

    def ask(*logins, **more):
        done = process(sys.executable, "-c", READ, json.dumps(logins), BASE, **more)
        assert done.returncode == 0, done.stderr[-800:]
        return json.loads(done.stdout)

    return ask


def key(realm, name="hub"):
    return str(realm.folder / f"{name}.keytab")


def test_a_key_opens_the_directory_and_both_readers_read_the_same(realm, pem, read):
    who, keytab, ca = "hub@EXAMPLE.TEST", key(realm), str(pem.ca)
    found = read(
        [realm.ldap, who, keytab, None],
        [realm.ldap, who, keytab, ca],
        [realm.ldaps, who, keytab, ca],
    )
    for one in found:
        assert one["readers"] == ["FastReader", "PlainReader"]
        assert one["same"]
        assert one["number"] == 5  # Administrator, Guest, krbtgt, hub, DC1 stands elsewhere


def test_what_is_wrong_is_said_with_what_to_do(realm, read):
    who, keytab = "hub@EXAMPLE.TEST", key(realm)
    elsewhere = realm.ldap.replace("127.0.0.1", "localhost")
    cases = {
        "`keytab` that holds": [realm.ldap, "", None, None],
        "that holds the key of `bind`": [realm.ldap, "other@EXAMPLE.TEST", keytab, None],
        "name a `keytab`": [realm.ldap, who, "/nowhere/hub.keytab", None],
        "full name": [elsewhere, who, keytab, None],
    }
    for words, said in zip(cases, read(*cases.values()), strict=True):
        assert said.get("error") == "BadConfigError", said
        assert words in said["words"]


def test_a_realm_that_does_not_answer_is_waited_for(realm, read, tmp_path):
    away = tmp_path / "krb5.conf"
    away.write_text((realm.folder / "krb5.conf").read_text().replace(str(realm.kdc_port), "1"))
    (said,) = read([realm.ldap, "hub@EXAMPLE.TEST", key(realm), None], KRB5_CONFIG=str(away))
    assert said["error"] == "RetryableError", said
    assert "no Kerberos server" in said["words"]


def test_from_yaml_to_people(realm, pem, process, tmp_path):
    (tmp_path / "connectors").mkdir()
    (tmp_path / "hub.yaml").write_text("store: sqlite:///hub.db\norganisation: Voorbeeld\n")
    (tmp_path / "connectors/directory.yaml").write_text(
        f"connector: ldap\nname: AD\nca_file: {pem.ca}\nsettings:\n  urls: ['{realm.ldaps}']\n"
        f"  method: gssapi\n  bind: hub@EXAMPLE.TEST\n  keytab: {key(realm)}\n  bases: ['{BASE}']\n"
    )
    hub = str(Path(sys.executable).with_name("hub"))
    checked = process(hub, "check")
    assert "login gssapi" in checked.stdout, checked.stdout + checked.stderr
    assert "people" in checked.stdout
    read = process(hub, "sync", "directory")
    assert read.returncode == 0, read.stdout + read.stderr
    assert "accepted" in read.stdout


def test_without_the_library_it_is_said_what_to_install(realm, process, tmp_path):
    done = process(
        sys.executable,
        "-c",
        READ,
        json.dumps([[realm.ldap, "", None, None]]),
        BASE,
        PYTHONPATH=str(ROOT),
    )
    (said,) = json.loads(done.stdout)
    assert said["error"] == "BadConfigError"
    assert "intranet-hub[kerberos]" in said["words"]
