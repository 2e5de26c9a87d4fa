"""The sandbox directory beside a real OpenLDAP server, and on its bad days."""

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import ldap3
import pytest

from connectors.ldap.access import Access, addresses
from connectors.ldap.client import DirectoryClient
from connectors.ldap.dial import dial, hang_up
from connectors.ldap.reader import Question, Scope
from connectors.ldap.sandbox import MissingError, Slapd
from connectors.ldap.sandbox.directory import DirectoryOptions, Fault, sandbox
from connectors.ldap.sandbox.directory.options import MANAGER, PASSWORD, READER, SUFFIX
from connectors.ldap.sandbox.directory.real import RealDirectory
from connectors.ldap.sandbox.directory.seed import GROUPS, STAFF, branch, entries, grown, staff
from connectors.ldap.sandbox.directory.server import DirectorySandbox, served
from connectors.ldap.session import Session
from hub.errors import AuthFailedError, BadConfigError, RetryableError

HUB = str(Path(sys.executable).with_name("hub"))
PEOPLE = staff()
PERSON = "(objectClass=inetOrgPerson)"
ASKED = ("entryUUID", "uid", "cn", "sn", "mail", "ou", "manager", "member", "objectClass")
FILTERS = [
    PERSON,
    "(&(objectClass=inetOrgPerson)(ou=ict))",
    "(|(ou=ICT)(ou=Griffie)(cn=nobody))",
    "(&(objectClass=inetOrgPerson)(!(ou=ICT)))",
    "(&(|(sn=B*)(sn=*k*r))(!(|(ou=Ruimte)(!(mail=*)))))",
    "(cn=*)",
    "(CN=z*e*)",
    "(shadowExpire=9000)",
    "(sn~=bakker)",
    "(sn=VAN   DIJK)",
    f"(member={PEOPLE[30].dn.upper()})",
    f"(manager={PEOPLE[0].dn.replace(',', ', ')})",
    f"(|(entryUUID={PEOPLE[0].key})(entryUUID={PEOPLE[7].key}))",
]
NOBODY = [
    "(employeeNumber>=1100)",
    "(shadowExpire<=10000)",
    "(ou:1.2.840.113556.1.4.803:=1)",
    "(roomNumber=*)",
]
FILTERS += NOBODY


@pytest.fixture
def ours():
    directory = DirectorySandbox(grown(PEOPLE), DirectoryOptions(delay=30.0))
    with served(directory) as address:
        directory.address = address
        yield directory


def client(directory, *, bind=READER, password=PASSWORD, fast=True, **more):
    access = Access((directory.address,), bind, password, clear_text=True, **more)
    return contextlib.closing(DirectoryClient(access, fast=fast))


def everybody(one, base=SUFFIX, condition=PERSON, asked=ASKED, scope=Scope.SUBTREE):
    return {
        entry.dn: {name: sorted(found) for name, found in entry.values.items()}
        for page in one.entries(base, condition, asked, scope)
        for entry in page
    }


# --- beside a real one ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def both():
    """The same people here and on slapd."""
    folder = Path(tempfile.mkdtemp(prefix="hub-ldap-"))
    try:
        Slapd(folder / "probe")
    except MissingError as error:
        pytest.skip(str(error))
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    directory = DirectorySandbox(grown(PEOPLE))
    real = RealDirectory(folder, port, entries(PEOPLE))
    for number, day in ((2, b"9000"), (4, b"20000")):
        directory.tree.change(PEOPLE[number].dn, "shadowExpire", [day])
        real.change(PEOPLE[number].dn, "shadowExpire", [day])
    with served(directory) as directory.address, client(directory) as one, client(real) as other:
        yield one, other
    real.close()
    shutil.rmtree(folder)


@pytest.mark.parametrize("condition", FILTERS)
def test_it_finds_what_openldap_finds(both, condition):
    one, other = (everybody(each, STAFF, condition) for each in both)
    assert one == other


def test_nearly_every_filter_finds_somebody(both):
    found = {each: len(everybody(both[0], SUFFIX, each)) for each in FILTERS}
    assert [each for each, many in found.items() if not many] == NOBODY


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("base", [SUFFIX, STAFF, GROUPS, branch("ICT"), PEOPLE[0].dn])
def test_it_looks_as_far_as_openldap_looks(both, base, scope):
    one, other = (everybody(each, base, "(!(cn=reader))", scope=scope) for each in both)
    one.pop(SUFFIX, None)  # the organisation's name is each server's own
    other.pop(SUFFIX, None)
    assert one == other


@pytest.mark.parametrize("asked", [("*",), ("cn", "MAIL"), ("+",), ("1.1",), ("*", "entryUUID")])
def test_it_hands_over_what_was_asked_for(both, asked):
    here, there = (each.one(PEOPLE[5].dn, asked).values for each in both)
    shown = {"entryUUID"} if "+" in asked else set(here)  # slapd has more operational ones
    assert {name: sorted(here[name]) for name in shown} == {
        name: sorted(there[name]) for name in shown
    }
    assert set(there) <= set(here) or "+" in asked


def test_what_is_not_there_and_what_is_no_base_is_said_alike(both):
    for one in both:
        assert one.one(f"uid=nobody,{STAFF}", ("cn",)) is None
        with pytest.raises(BadConfigError, match="no such entry"):
            everybody(one, f"ou=nowhere,{SUFFIX}")


# --- logins and rights ---------------------------------------------------------------------------


@pytest.mark.parametrize("fast", [True, False])
def test_everybody_is_read_page_by_page_by_both_readers(ours, fast):
    with client(ours, page_size=50, fast=fast) as one:
        pages = list(one.entries(STAFF, PERSON, ("uid", "employeeNumber")))
    assert [len(page) for page in pages] == [50, 50, 20]
    numbers = {entry.values["employeeNumber"][0].decode() for page in pages for entry in page}
    assert numbers == {one.number for one in PEOPLE}


@pytest.mark.parametrize(
    ("bind", "password"),
    [(READER, "wrong"), (f"cn=nobody,{SUFFIX}", PASSWORD), ("reader@example.org", PASSWORD)],
)
def test_a_wrong_password_is_refused_and_so_is_a_stranger(ours, bind, password):
    with client(ours, bind=bind, password=password) as one, pytest.raises(AuthFailedError):
        one.connect()


def test_whoever_did_not_log_in_sees_nobody(ours):
    with client(ours, bind="", password="") as one:
        assert one.root().contexts == (SUFFIX,)
        with pytest.raises(BadConfigError):
            everybody(one)


def test_only_simple_logins_are_known_and_others_are_refused_as_such(ours):
    server = ldap3.Server(ours.address, get_info=ldap3.NONE)
    given = {
        "authentication": ldap3.SASL,
        "sasl_mechanism": ldap3.EXTERNAL,
        "sasl_credentials": b"",
    }
    connection = ldap3.Connection(server, **given)
    assert not connection.bind()
    assert connection.result["description"] == "authMethodNotSupported"
    hang_up(connection)


def test_what_is_hidden_is_not_seen_and_passwords_never_are():
    options = DirectoryOptions(hidden=(branch("ICT"),))
    tree = grown(PEOPLE)
    tree.change(PEOPLE[0].dn, "userPassword", [b"hush"])
    with served(DirectorySandbox(tree, options)) as address:
        held = type("At", (), {"address": address})
        with client(held) as one:
            seen = everybody(one, asked=("*", "userPassword"))
            assert len(seen) == 120 - sum(each.department == "ICT" for each in PEOPLE)
            assert not any("userPassword" in values for values in seen.values())
            assert one.one(branch("ICT"), ("ou",)) is None
        with client(held, bind=MANAGER) as one:
            assert len(everybody(one)) == 120


def test_more_than_the_limit_comes_only_page_by_page():
    options = DirectoryOptions(people=30, size_limit=20)
    with served(DirectorySandbox(grown(staff(30)), options)) as address:
        access = Access((address,), READER, PASSWORD, clear_text=True)
        with client(type("At", (), {"address": address})) as one:
            assert len(everybody(one)) == 30
        session = Session(access)
        found, done = session.collect(Question(STAFF, PERSON, ("uid",)))
        session.close()
    assert (len(found), done.code) == (20, 4)


def test_a_control_that_nobody_knows_is_refused_where_it_matters(ours):
    access = Access((ours.address,), READER, PASSWORD, clear_text=True)
    for critical, code, many in ((True, 12, 0), (False, 0, 120)):
        session = Session(access)
        asked = Question(STAFF, PERSON, ("uid",), controls=(("1.2.3.4", critical, None),))
        found, done = session.collect(asked)
        session.close()
        assert (done.code, len(found)) == (code, many)


# --- changes -------------------------------------------------------------------------------------


@contextlib.contextmanager
def manager_of(directory, *, bind=MANAGER):
    access = Access((directory.address,), bind, PASSWORD, clear_text=True)
    writer = dial(access, addresses(access)[0])
    yield writer
    hang_up(writer)


def test_a_branch_is_moved_with_everybody_in_it_and_keys_stay(ours):
    dn = branch("ICT")
    with client(ours) as one, manager_of(ours) as writer:
        before = everybody(one, dn, asked=("entryUUID",))
        assert writer.modify_dn(dn, "ou=ICT", new_superior=SUFFIX)
        assert one.one(dn, ("ou",)) is None
        after = everybody(one, f"ou=ICT,{SUFFIX}", asked=("entryUUID",))
    assert len(before) == sum(each.department == "ICT" for each in PEOPLE)
    assert {name.partition(",")[0]: v for name, v in before.items()} == {
        name.partition(",")[0]: v for name, v in after.items()
    }


def test_the_manager_adds_changes_and_deletes(ours):
    dn = f"uid=new,{STAFF}"
    with client(ours) as one, manager_of(ours) as writer:
        assert writer.add(dn, "inetOrgPerson", {"uid": "new", "cn": "New", "sn": "New"})
        assert not writer.add(dn, "inetOrgPerson", {"uid": "new", "cn": "New", "sn": "New"})
        assert writer.result["description"] == "entryAlreadyExists"
        assert not writer.add(f"uid=x,ou=nowhere,{STAFF}", "inetOrgPerson", {"cn": "x", "sn": "x"})
        more = {"title": [(ldap3.MODIFY_ADD, ["a", "b"])], "sn": [(ldap3.MODIFY_REPLACE, ["Old"])]}
        assert writer.modify(dn, more)
        assert writer.modify(dn, {"title": [(ldap3.MODIFY_DELETE, ["a"])]})
        assert one.one(dn, ("title", "sn")).values == {"title": [b"b"], "sn": [b"Old"]}
        assert writer.modify(dn, {"title": [(ldap3.MODIFY_DELETE, [])]})
        assert "title" not in one.one(dn, ("title", "sn")).values
        assert writer.delete(dn)
        assert one.one(dn, ("cn",)) is None
        assert not writer.delete(branch("ICT"))
        assert writer.result["description"] == "notAllowedOnNonLeaf"


def test_whoever_only_reads_changes_nothing(ours):
    with manager_of(ours, bind=READER) as writer:
        assert not writer.delete(PEOPLE[0].dn)
        assert writer.result["description"] == "insufficientAccessRights"
        assert not writer.modify(PEOPLE[0].dn, {"sn": [(ldap3.MODIFY_REPLACE, ["X"])]})
    assert len(ours.tree.get(PEOPLE[0].dn).of("mail")) == 1


# --- bad days ------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault.HALF, Fault.AWAY])
def test_a_connection_that_breaks_off_says_nothing_about_anybody(ours, fault):
    with client(ours, page_size=50) as one:
        one.connect()
        ours.fault = fault
        with pytest.raises(RetryableError):
            everybody(one)
        ours.fault = None
        assert len(everybody(one)) == 120


def test_an_answer_that_takes_too_long_is_given_up(ours):
    with client(ours, answer_timeout=1.0) as one:
        one.connect()
        ours.fault = Fault.SLOW
        with pytest.raises(RetryableError, match=r"in time|broke off"):
            everybody(one)


def test_an_empty_answer_and_a_refused_login(ours):
    with client(ours) as one:
        ours.fault = Fault.EMPTY
        assert everybody(one) == {}
        assert one.one(STAFF, ("ou",)) is not None, "the base can still be read"
    ours.fault = Fault.REFUSE
    with client(ours) as one, pytest.raises(AuthFailedError):
        one.connect()


@pytest.mark.parametrize(
    "sent", [b"GET / HTTP/1.1\r\n\r\n", b"\x30\x03\x02\x01\x01", b"\x30\x05\x02\x01\x01\x99\x00", b"\x00" * 40]
)  # fmt: skip
def test_what_is_no_ldap_ends_that_connection_and_no_other(ours, sent):
    host, _, port = ours.address.removeprefix("ldap://").partition(":")
    with client(ours) as one, socket.create_connection((host, int(port)), timeout=10) as strange:
        one.connect()
        strange.sendall(sent)
        strange.shutdown(socket.SHUT_WR)
        said = b"".join(iter(lambda: strange.recv(4096), b""))
        assert said == b"" or b"1.3.6.1.4.1.1466.20036" in said
        assert len(everybody(one)) == 120


# --- the command ---------------------------------------------------------------------------------


def test_the_command_serves_it_and_says_how_to_get_in():
    command = [HUB, "sandbox", "directory", "--people", "12", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            told = json.loads(_document(process.stdout))
            held = type("At", (), {"address": told["address"]})
            given = told["credentials"]
            with client(held, bind=given["bind"], password=given["password"]) as one:
                assert len(everybody(one)) == 12
        finally:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert told["address"].startswith("ldap://127.0.0.1:")
    assert process.returncode == 0


def _document(lines):
    said = ""
    for line in lines:
        said += line
        with contextlib.suppress(ValueError):
            json.loads(said)
            break
    return said


def test_it_is_built_from_its_own_settings_only():
    with pytest.raises(TypeError, match="DirectoryOptions"):
        sandbox.build(type("Other", (DirectoryOptions.__base__,), {})())


# --- the demonstration ---------------------------------------------------------------------------


def test_without_a_real_server_it_says_what_to_do(tmp_path):
    def missing(_folder):
        raise MissingError("no slapd here: install the package `slapd`")

    with pytest.raises(BadConfigError, match=r"install the package `slapd`.*without `--directory"):
        RealDirectory(tmp_path, 1, [], missing)


def test_there_is_no_third_kind_of_directory():
    with pytest.raises(BadConfigError, match="`sandbox` or `slapd`"):
        sandbox.office("oracle", datetime.now(UTC), lambda: datetime.now(UTC))


@pytest.mark.parametrize("people", [0, 7, 120, 2000])
def test_everybody_is_somebody_else(people):
    found = staff(people)
    assert len(found) == people
    for name in ("dn", "key", "number", "user_name", "name"):
        assert len({getattr(one, name) for one in found}) == people
    assert len(grown(found)) >= people
