"""Real directories for the tests of this folder, and a scripted one for what real ones don't do."""

import base64
import contextlib
import itertools
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import ldap3
import pytest
import trustme

from connectors.ldap import escape
from connectors.ldap.access import Access, addresses
from connectors.ldap.ber import element, integer, octets, sequence, tlv
from connectors.ldap.client import DirectoryClient
from connectors.ldap.dial import dial, hang_up
from connectors.ldap.sandbox import MissingError, Pem, Samba, Slapd

CACHE = Path(__file__).parents[2] / ".cache" / "directories"
LDAPSEARCH = shutil.which("ldapsearch")


class Directory:
    """A running server, someone who may change it, and `ldapsearch` as the independent reader."""

    def __init__(self, server):
        self.server = server
        self.suffix = server.suffix
        self._numbers = itertools.count(1)
        as_manager = server.access(bind=server.manager)
        self._writer = dial(as_manager, addresses(as_manager)[0])

    def close(self):
        hang_up(self._writer)

    @property
    def is_ad(self):
        return isinstance(self.server, Samba)

    def client(self, *, fast=True, **access):
        return DirectoryClient(self.access(**access), fast=fast)

    def access(self, **changed) -> Access:
        return replace(self.server.access(), **changed)

    def ou(self, parent=None):
        """The name of a new branch, of one test alone."""
        dn = f"OU=branch{next(self._numbers)},{parent or self.suffix}"
        self.add(dn, objectClass="organizationalUnit")
        return dn

    def person(self, parent, name=None, **values):
        """The name of a new person."""
        name = name or f"p{next(self._numbers)}"
        if self.is_ad:
            account = "".join(filter(str.isalnum, name))
            given = {"objectClass": "user", "sAMAccountName": account, "userAccountControl": "544"}
        else:
            given = {"objectClass": "inetOrgPerson", "uid": name, "sn": name}
        dn = f"CN={name},{parent}"
        self.add(dn, **{**given, **values})
        return dn

    def group(self, parent, name, members=()):
        dn = f"CN={name},{parent}"
        if self.is_ad:
            given = {"objectClass": "group", "sAMAccountName": name}
        else:
            given = {"objectClass": "groupOfNames"}
            members = members or [self.server.reader]  # the class wants at least one
        self.add(dn, **given, **({"member": list(members)} if members else {}))
        return dn

    def add(self, dn, **values):
        self._writer.add(dn, attributes=values)
        self._went_well()

    def modify(self, dn, **values):
        """Replace values; an empty list clears."""
        many = {k: v if isinstance(v, list) else [v] for k, v in values.items()}
        self._writer.modify(dn, {k: [(ldap3.MODIFY_REPLACE, v)] for k, v in many.items()})
        self._went_well()

    def move(self, dn, *, name=None, parent=None):
        """Rename and move; the new name."""
        rdn = name or escape.split(dn)[0]
        self._writer.modify_dn(dn, rdn, new_superior=parent)
        self._went_well()
        return f"{rdn},{parent or escape.parent(dn)}"

    def delete(self, dn):
        self._writer.delete(dn)
        self._went_well()

    def _went_well(self):
        assert self._writer.result["result"] == 0, self._writer.result

    def search(self, base, condition, attributes=("*",)):
        """What `ldapsearch` says: values by attribute, by name."""
        if LDAPSEARCH is None:
            pytest.skip("no ldapsearch here: install the package `ldap-utils`")
        command = [
            LDAPSEARCH, "-x", "-H", self.server.ldapi, "-D", self.server.manager,
            "-w", self.server.password, "-b", base, "-LLL", "-o", "ldif-wrap=no",
            "-E", "pr=500/noprompt", condition, *attributes,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return dict(_entries(done.stdout))

    def key(self, dn):
        """The key of an entry."""
        with contextlib.closing(self.client()) as client:
            root = client.root()
            entry = client.one(dn, [root.key_attribute])
            return root.key_of(entry.values[root.key_attribute][0])


def _entries(said):
    for block in said.split("\n\n"):
        lines = [each for each in block.splitlines() if each and not each.startswith("#")]
        if not lines:
            continue
        dn, values = None, {}
        for line in lines:
            name, _, rest = line.partition(":")
            value = base64.b64decode(rest[1:]) if rest.startswith(":") else rest.strip().encode()
            if name == "dn":
                dn = value.decode()
            else:
                values.setdefault(name, []).append(value)
        if dn is not None:
            yield dn, values


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="hub-ldap-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def pem() -> Iterator[Pem]:
    """A certificate for 127.0.0.1 from a CA of this session."""
    with _folder() as folder:
        ca = trustme.CA()
        issued = ca.issue_cert("127.0.0.1")
        found = Pem(folder / "certificate", folder / "key", folder / "ca")
        ca.cert_pem.write_to_path(found.ca)
        issued.cert_chain_pems[0].write_to_path(found.certificate)
        issued.private_key_pem.write_to_path(found.key)
        yield found


@pytest.fixture(scope="session")
def directory_of():
    """What a test needs of a server of its own, until it is left."""
    return lambda server: contextlib.closing(Directory(server))


@pytest.fixture(scope="session")
def slapd(pem) -> Iterator[Directory]:
    """OpenLDAP for this session; each test makes its own branch."""
    with _folder() as folder:
        try:
            server = Slapd(folder, pem)
        except MissingError as error:
            pytest.skip(str(error))
        server.seed()
        with server, contextlib.closing(Directory(server)) as directory:
            yield directory


@pytest.fixture(scope="session")
def samba(pem) -> Iterator[Directory]:
    """Active Directory for this session; each test makes its own branch."""
    with _folder() as folder:
        try:
            server = Samba(folder, CACHE, pem).start(ports=True)
        except MissingError as error:
            pytest.skip(str(error))
        try:
            with contextlib.closing(Directory(server)) as directory:
                yield directory
        finally:
            server.stop()


@pytest.fixture(params=["slapd", "samba"])
def directory(request) -> Directory:
    """Both, one after the other."""
    return request.getfixturevalue(request.param)


class Scripted:
    """A server that answers each search as a function says; every bind is welcome.

    The function gets the search (number from 0) and gives contents of messages: `entry(...)`,
    `done(...)`, raw bytes; None hangs up.
    """

    def __init__(self, answer, message=None):
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.searches = []
        self.binds = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def access(self, **changed):
        return Access(
            **{
                "urls": (f"ldap://127.0.0.1:{self.port}",),
                "clear_text": True,
                "connect_timeout": 5,
                "answer_timeout": 5,
                **changed,
            }
        )

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                self._one(connection)

    def _one(self, connection):
        buffer = b""
        while data := connection.recv(65536):
            buffer += data
            _, start, end = element(buffer, 0, len(buffer))
            message, buffer = buffer[start:end], buffer[end:]
            _, _, at = element(message, 0, len(message))
            number, kind = message[:at], message[at]
            if kind == 0x77:  # StartTLS: not here
                refusal = integer(2, 0x0A) + octets(b"") * 2
                connection.sendall(sequence(number, tlv(0x78, refusal)))
            elif kind == 0x60:
                self.binds += 1
                connection.sendall(sequence(number, tlv(0x61, RESULT)))
            elif kind == 0x63:
                said = self._answer(len(self.searches))
                self.searches.append(message)
                for each in said:
                    if each is None:
                        return
                    connection.sendall(each if isinstance(each, Raw) else sequence(number, each))
            elif kind == 0x42:
                return

    def close(self):
        self._socket.close()


class Raw(bytes):
    """Bytes that are sent as they are."""


RESULT = integer(0, 0x0A) + octets(b"") + octets(b"")


def entry(dn, **values):
    """A SearchResultEntry."""
    return entry_of(dn, values)


def entry_of(dn, values):
    rows = [
        sequence(octets(name.encode()), tlv(0x31, b"".join(map(octets, found))))
        for name, found in values.items()
    ]
    return tlv(0x64, octets(dn.encode()) + sequence(*rows))


def done(code=0, text="", cookie=None):
    """A SearchResultDone, with the cookie of a next page."""
    result = tlv(0x65, integer(code, 0x0A) + octets(b"") + octets(text.encode()))
    if cookie is None:
        return result
    value = sequence(integer(0), octets(cookie))
    control = sequence(octets(b"1.2.840.113556.1.4.319"), octets(value))
    return result + tlv(0xA0, control)


class Script:
    """What a test writes its answers with."""

    Raw = Raw
    entry = staticmethod(entry)
    entry_of = staticmethod(entry_of)
    done = staticmethod(done)

    def __init__(self):
        self._servers = []

    def __call__(self, answer):
        self._servers.append(Scripted(answer))
        return self._servers[-1]

    def close(self):
        for each in self._servers:
            each.close()


@pytest.fixture
def scripted() -> Iterator[Script]:
    script = Script()
    yield script
    script.close()
