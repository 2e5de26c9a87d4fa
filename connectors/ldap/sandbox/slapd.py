"""OpenLDAP in a folder of its own."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from connectors.ldap.access import Access
from connectors.ldap.sandbox.ldif import ldif
from connectors.ldap.sandbox.process import Pem, Program, free_port, program, run

SUFFIX = "dc=example,dc=org"
MANAGER = f"cn=manager,{SUFFIX}"
READER = f"cn=reader,{SUFFIX}"
PASSWORD = "sandbox-password"  # noqa: S105  # nosec B105  # of a server that only loopback can reach
SCHEMAS = ("core", "cosine", "inetorgperson", "nis")
CONFIG = """\
{schemas}
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload syncprov
pidfile {folder}/slapd.pid
sizelimit unlimited
{tls}
sasl-host localhost
authz-regexp "gidNumber={gid}\\\\+uidNumber={uid},cn=peercred,cn=external,cn=auth" "{manager}"
database config
access to * by * none
database mdb
suffix "{suffix}"
rootdn "{manager}"
rootpw {password}
directory {folder}/data
maxsize 1073741824
dbnosync
index objectClass,entryUUID,entryCSN eq
index uid,mail,cn,employeeNumber,member eq
access to attrs=userPassword by anonymous auth by * none
{rights}access to * by dn.exact="{reader}" read by * none
overlay syncprov
syncprov-checkpoint 1000 60
{sessionlog}
"""


class Slapd:
    """One server; nothing runs before `start`.

    Args:
        folder: its own, empty; paths of sockets are short, so keep it short.
        pem: for ldaps:// and StartTLS; None: without TLS.
        session_log: how many changes it remembers for deltas; 0: deletions are told by listing
            who is still there.
        rights: lines of `access to`, before the last one, which lets the reader read everything.
    """

    suffix = SUFFIX
    manager = MANAGER
    reader = READER
    password = PASSWORD

    def __init__(
        self, folder: Path, pem: Pem | None = None, *, session_log: int = 10_000, rights: str = ""
    ) -> None:
        self._slapd = program("slapd", "slapd")
        self._slapadd = program("slapadd", "slapd")
        self.folder = folder
        self._config = folder / "slapd.conf"
        self._socket = folder / "ldapi"
        self._pem = pem
        self._session_log = session_log
        self._rights = rights
        self.port, self.tls_port = free_port(), free_port()
        self._program: Program | None = None
        self._configure()

    def _configure(self) -> None:
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        pem = self._pem
        tls = (
            f"TLSCACertificateFile {pem.ca}\nTLSCertificateFile {pem.certificate}\n"
            f"TLSCertificateKeyFile {pem.key}\nTLSVerifyClient allow"
            if pem
            else ""
        )
        log = f"syncprov-sessionlog {self._session_log}" if self._session_log else ""
        self._config.write_text(
            CONFIG.format(
                schemas="\n".join(f"include /etc/ldap/schema/{each}.schema" for each in SCHEMAS),
                folder=self.folder,
                tls=tls,
                uid=os.getuid(),
                gid=os.getgid(),
                manager=MANAGER,
                suffix=SUFFIX,
                password=PASSWORD,
                reader=READER,
                rights=self._rights,
                sessionlog=log,
            )
        )

    @property
    def ldap(self) -> str:
        """The address in clear text, where StartTLS begins too."""
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def ldaps(self) -> str:
        """The encrypted address."""
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def ldapi(self) -> str:
        """The address as a socket in the folder."""
        return f"ldapi://{quote(str(self._socket), safe='')}"

    def access(self, *, bind: str = READER, password: str = PASSWORD) -> Access:
        """How the hub gets in, over the socket."""
        return Access(urls=(self.ldapi,), bind=bind, password=password)

    def load(self, text: str) -> None:
        """Take in entries while nothing runs: 20,000 in half a second."""
        run(self._slapadd, "-q", "-f", self._config, text=text)

    def seed(self) -> None:
        """The topmost entry and the account that reads."""
        top = {"objectClass": ["organization", "dcObject"], "o": "Voorbeeld", "dc": "example"}
        reader = {
            "objectClass": ["organizationalRole", "simpleSecurityObject"],
            "cn": "reader",
            "userPassword": PASSWORD,
        }
        self.load(ldif(SUFFIX, top) + ldif(READER, reader))

    def start(self) -> Self:
        """Serve on loopback and on the socket."""
        urls = [self.ldap, self.ldapi] + ([self.ldaps] if self._pem else [])
        command = [self._slapd, "-d", "0", "-f", str(self._config), "-h", " ".join(urls)]
        self._program = Program(command, self.folder / "log", self._socket)
        return self

    def stop(self) -> None:
        """Stop serving; the data stays."""
        if self._program is not None:
            self._program.stop()
            self._socket.unlink(missing_ok=True)
        self._program = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
