"""Kerberos: whose ticket is used, and what to do when there is none.

ldap3 does it by the package `gssapi` over MIT's library of the system, and agrees on no layer that
signs or seals: what protects the connection is TLS. Numbers of faults are those of RFC 4120 (section
7.5.9), above 127 those of MIT's own library. Seen on Samba 4.17: 7, 24, 141, 156, 195; the others are
as written there, and were not provoked.
"""

import re
import sys
from typing import Any

import ldap3

from connectors.ldap.access import Access, Address
from hub.errors import AuthFailedError, BadConfigError, HubError, RetryableError

BASE = 2529638912  # where MIT's numbers begin, as unsigned 32 bits
TICKET = "there is no ticket: name a `keytab` that holds the key of `bind`, or log in with `kinit`"
KEY = "the `keytab` has no key that is good now: make it anew after each change of the password"
REFUSED = {
    6: "there is no such account in this realm: check `bind`",
    18: "the account is disabled or locked out: ask its administrator",
    23: "the account's password has expired: give it one that does not expire",
    24: KEY,
    181: KEY,
}
WRONG = {
    7: "it knows no service of this name: write the domain controller's full name in `urls`",
    32: "the ticket has expired: name a `keytab`, or log in with `kinit`",
    37: "the clocks differ by more than five minutes: set this machine's",
    141: TICKET,
    195: TICKET,
    154: "krb5.conf names no server for this realm: check the realm in `bind`",
}
_MINOR = re.compile(r"Minor \(\d+\): (.*)", re.DOTALL)
AWAY = {156: "no Kerberos server of this realm answers"}


def login(access: Access) -> dict[str, Any]:
    """What ldap3 is told: the account's own ticket, got by its key, or the one that is there."""
    said: dict[str, Any] = {"authentication": ldap3.SASL, "sasl_mechanism": ldap3.KERBEROS}
    if access.bind:
        said["user"] = access.bind
    if access.keytab is not None:
        memory = f"MEMORY:intranet-hub:{access.bind}"  # no file that others could read
        said["cred_store"] = {"client_keytab": str(access.keytab), "ccache": memory}
    return said


def faults(*others: type[Exception]) -> tuple[type[Exception], ...]:
    """What goes wrong inside `gssapi`, which is loaded only where Kerberos is used; and others."""
    loaded = sys.modules.get("gssapi.exceptions")
    return (*others, loaded.GSSError) if loaded is not None else others


def fault(address: Address, error: Exception) -> HubError:
    """The error, with what to do."""
    number = (getattr(error, "min_code", 0) - BASE) & 0xFFFFFFFF
    if number in AWAY:
        return RetryableError(f"{address}: {AWAY[number]}.")
    if number in REFUSED:
        return AuthFailedError(f"{address} was not asked: {REFUSED[number]}.")
    advice = WRONG.get(number, "check `bind`, `keytab` and the machine's krb5.conf")
    return BadConfigError(f"{address}: Kerberos gives no login: {advice} ({_said(error)}).")


def _said(error: Exception) -> str:
    """The library's last words, which name no secret."""
    words = _MINOR.search(str(error))
    return words[1].strip(" .")[:160] if words else type(error).__name__
