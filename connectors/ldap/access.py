"""How to get into a directory: addresses, login, TLS."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote, urlsplit

from hub.errors import BadConfigError

PORTS = {"ldap": 389, "ldaps": 636}


class Method(StrEnum):
    """How the hub proves who it is."""

    SIMPLE = "simple"
    NTLM = "ntlm"
    GSSAPI = "gssapi"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Access:
    r"""How to get in; certificates are always verified.

    Attributes:
        urls: `ldaps://host`, `ldap://host:389`, `ldapi:///path/to/socket`; tried in order.
        bind: the account: a DN, `name@domain`, `DOMAIN\name` for NTLM; `name@REALM` for Kerberos;
            empty: nobody.
        password: of that account.
        keytab: a file with that account's key, for `gssapi`; None: the ticket that is there.
        method: how it is proven; `external`: by a client certificate, or the owner of a socket.
        start_tls: encrypt an `ldap://` connection before the password is sent.
        ca_file: the organisation's own CA, beside the system's trust store.
        certificate: the hub's own certificate and key, PEM in one file.
        clear_text: send a password over `ldap://` without TLS; for a test on one machine.
        page_size: entries per page.
        connect_timeout: seconds until a server must have taken the connection.
        answer_timeout: seconds that a server may be silent.
        max_message: bytes that one entry may have.
    """

    urls: tuple[str, ...]
    bind: str = ""
    password: str = field(default="", repr=False)
    method: Method = Method.SIMPLE
    start_tls: bool = False
    ca_file: Path | None = None
    certificate: Path | None = None
    keytab: Path | None = None
    clear_text: bool = False
    page_size: int = 1000
    connect_timeout: float = 10.0
    answer_timeout: float = 60.0
    max_message: int = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Address:
    """One server: `ldap`, `ldaps` or `ldapi`, its host (the socket's path for `ldapi`), its port."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        if self.scheme == "ldapi":
            return f"ldapi://{self.host}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def addresses(access: Access) -> list[Address]:
    """The servers, checked: no password would travel in clear text.

    Raises:
        BadConfigError: an address is none, or the password would be readable on the way.
    """
    if not access.urls:
        raise BadConfigError(
            "No directory is named: give `urls` an address like ldaps://dc1.example.org."
        )
    found = [address(each) for each in access.urls]
    for each in found:
        bare = each.scheme == "ldap" and not access.start_tls
        if (
            bare
            and access.password
            and access.method is not Method.GSSAPI
            and not access.clear_text
        ):
            raise BadConfigError(
                f"{each} would carry the password in clear text: "
                "use ldaps:// or switch `start_tls` on."
            )
    return found


def address(url: str) -> Address:
    """One address, taken apart.

    Raises:
        BadConfigError: it is none.
    """
    try:
        split = urlsplit(url)
        port = split.port or PORTS.get(split.scheme, 0)
    except ValueError:
        split, port = urlsplit(""), 0
    if split.scheme == "ldapi":
        path = unquote(split.netloc) or split.path
        if path.startswith("/"):
            return Address("ldapi", path, 0)
    elif split.scheme in PORTS and split.hostname and split.path in {"", "/"} and "@" not in url:
        return Address(split.scheme, split.hostname, port)
    raise BadConfigError(
        f"'{split.scheme}://{split.hostname or ''}' is no address of a directory: "
        "write ldaps://host, ldap://host:port or ldapi:///path/to/socket."
    )
