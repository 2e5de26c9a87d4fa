"""Active Directory: a domain controller of Samba, its LDAP service only, in a folder of its own.

To provision a domain takes root and some seconds; what comes out is kept as an archive and may be
unpacked anywhere, by anybody. Ports of LDAP can't be chosen: they are in a network namespace of
its own, and relays lead to them. Facts: Samba 4.17, Debian 12.
"""

import hashlib
import os
import shutil
import sys
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from filelock import FileLock

from connectors.ldap.access import Access
from connectors.ldap.sandbox.process import MissingError, Pem, Program, free_port, program, run

DOMAIN = "DC=example,DC=test"
ADMINISTRATOR = "Administrator@example.test"
PASSWORD = "Passw0rd!"  # noqa: S105  # nosec B105  # of a server that only loopback can reach
PROVISION = (
    "--realm=EXAMPLE.TEST", "--domain=EXAMPLE", "--server-role=dc", "--dns-backend=NONE",
    f"--adminpass={PASSWORD}", "--host-name=dc1", "--host-ip=127.0.0.1",
    "--base-schema=2008_R2_old",
)  # fmt: skip
CONFIG = """\
[global]
 netbios name = DC1
 realm = EXAMPLE.TEST
 workgroup = EXAMPLE
 server role = active directory domain controller
 server services = {services}
 interfaces = lo
 bind interfaces only = yes
 private dir = {folder}/private
 state directory = {folder}/state
 cache directory = {folder}/cache
 lock directory = {folder}
 pid directory = {folder}/run
 ncalrpc dir = {folder}/run/ncalrpc
 log file = {folder}/run/log
 logging = file
 ldap server require strong auth = no
 disable netbios = yes
{tls}
"""
KRB5 = """\
[libdefaults]
 default_realm = EXAMPLE.TEST
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
 udp_preference_limit = 1
[realms]
 EXAMPLE.TEST = {{
  kdc = 127.0.0.1:{port}
 }}
"""


class Samba:
    """One domain controller; nothing runs before `start`.

    Args:
        folder: its own, empty; paths of sockets are short, so keep it short.
        cache: where the archive of the provisioned domain is kept.
        pem: for ldaps:// and StartTLS; None: Samba makes a certificate that nobody trusts.
        kerberos: serve tickets as well, where it serves on loopback; see `krb5`.
    """

    suffix = DOMAIN
    manager = ADMINISTRATOR
    password = PASSWORD

    def __init__(
        self, folder: Path, cache: Path, pem: Pem | None = None, *, kerberos: bool = False
    ) -> None:
        self._samba = program("samba", "samba-ad-dc")
        self._unshare = program("unshare", "util-linux")
        self.folder = folder
        self._pem = pem
        self._kerberos = kerberos
        self._socket = folder / "private" / "ldapi"
        self._unpack(archive(cache))
        self._config = folder / "smb.conf"
        self._configure()
        self.port, self.tls_port, self.kdc_port = free_port(), free_port(), free_port()
        self._running: list[Program] = []

    def _unpack(self, packed: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        run(program("tar", "tar"), "-C", self.folder, "--zstd", "-xf", packed)
        for each in ("cache", "run/ncalrpc"):
            (self.folder / each).mkdir(parents=True, exist_ok=True)

    def _configure(self) -> None:
        tls = ""
        if self._pem is not None:
            key = self.folder / "private" / "tls.key"
            shutil.copyfile(self._pem.key, key)
            key.chmod(0o600)  # Samba refuses a key that others may read
            tls = f" tls cafile = {self._pem.ca}\n tls certfile = {self._pem.certificate}\n tls keyfile = {key}"
        services = "ldap, kdc" if self._kerberos else "ldap"
        self._config.write_text(CONFIG.format(folder=self.folder, tls=tls, services=services))

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

    @property
    def database(self) -> Path:
        """What `ldbadd` takes, while nothing runs."""
        return self.folder / "private" / "sam.ldb"

    def access(self, *, bind: str = ADMINISTRATOR, password: str = PASSWORD) -> Access:
        """How the hub gets in, over the socket."""
        return Access(urls=(self.ldapi,), bind=bind, password=password)

    def load(self, text: str) -> None:
        """Take in entries while nothing runs: 2,000 people in three seconds."""
        path = self.folder / "load.ldif"
        path.write_text(text)
        run(program("ldbadd", "ldb-tools"), "-o", "batch_mode:1", "-H", self.database, path)

    def krb5(self) -> Path:
        """A krb5.conf for its realm EXAMPLE.TEST: `KRB5_CONFIG` names it."""
        path = self.folder / "krb5.conf"
        path.write_text(KRB5.format(port=self.kdc_port))
        return path

    def keytab(self, account: str) -> Path:
        """A file with the key of an account, which is made if need be, while nothing runs.

        Its services of LDAP may be asked for at 127.0.0.1 from then on.
        """
        tool, path = program("samba-tool", "samba-ad-provision"), self.folder / f"{account}.keytab"
        here, config = f"--URL={self.database}", f"--configfile={self._config}"
        run(tool, "user", "create", account, "--random-password", here)
        run(tool, "spn", "add", "ldap/127.0.0.1", "DC1$", here)
        run(tool, "domain", "exportkeytab", path, f"--principal={account}@EXAMPLE.TEST", config)
        return path

    def start(self, *, ports: bool = False) -> Self:
        """Serve on the socket; with `ports` also on loopback, clear and encrypted."""
        relay = [sys.executable, "-I", str(Path(__file__).with_name("relay.py"))]
        gates = {389: self.port, 636: self.tls_port, 88: self.kdc_port} if ports else {}
        gates = {inner: port for inner, port in gates.items() if inner != 88 or self._kerberos}
        inward = [f"unix:{self._gate(each)}=tcp:127.0.0.1:{each}" for each in gates]
        samba = [self._samba, "-F", "--no-process-group", "-s", str(self._config), "-M", "single"]
        log = self.folder / "run" / "said"
        command = [self._unshare, "-r", "-n", *relay, *inward, "--", *samba]
        self._running.append(Program(command, log, self._socket))
        for inner, port in gates.items():
            outward = f"tcp:127.0.0.1:{port}=unix:{self._gate(inner)}"
            self._running.append(Program([*relay, outward], log, port))
        return self

    def _gate(self, port: int) -> Path:
        return self.folder / str(port)

    def stop(self) -> None:
        """Stop serving; the data stays."""
        while self._running:
            self._running.pop().stop()
        for each in (self._socket, self._gate(389), self._gate(636), self._gate(88)):
            each.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def archive(cache: Path) -> Path:
    """The provisioned domain; made once, which takes root.

    Raises:
        MissingError: it is not there and can't be made.
    """
    recipe = hashlib.sha256(repr((PROVISION, 1)).encode()).hexdigest()[:12]
    packed = cache / f"samba-{recipe}.tar.zst"
    if packed.exists():
        return packed
    if os.getuid() != 0:
        raise MissingError(
            "no provisioned domain here, and only root can make one: run as root once"
        )
    tool = program("samba-tool", "samba-ad-provision")
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / "samba.lock"):  # whoever needs it at the same time waits for it
        if not packed.exists():
            _provision(tool, cache / "samba", packed)
    return packed


def _provision(tool: str, made: Path, packed: Path) -> None:
    half = packed.with_suffix(".part")
    try:
        shutil.rmtree(made, ignore_errors=True)
        run(tool, "domain", "provision", f"--targetdir={made}", *PROVISION)
        run(program("tar", "tar"), "-C", made, "--zstd", "-cf", half, "private", "state")
        half.replace(packed)
    finally:
        shutil.rmtree(made, ignore_errors=True)
        half.unlink(missing_ok=True)
