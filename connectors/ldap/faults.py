"""Results of LDAP and of connections in the words of our errors: what happened, and what to do.

Sources: RFC 4511 (appendix A.2) and RFC 4533 (section 2.6) for result codes; Microsoft's list of
`data` codes in the message of a refused bind.
"""

import re
import ssl
from collections.abc import Mapping
from typing import Any

from connectors.ldap.access import Address
from connectors.ldap.decode import Done
from hub.errors import (
    AuthFailedError,
    BadConfigError,
    HubError,
    PermissionMissingError,
    RejectedError,
    RetryableError,
)

SUCCESS, SIZE_LIMIT, NO_SUCH_OBJECT = 0, 4, 32
UNAVAILABLE_EXTENSION, UNWILLING, REFRESH_REQUIRED = 12, 53, 4096  # what a cookie may meet

_DATA = re.compile(r"\bdata ([0-9a-f]{3,4})\b")
_NO_LOGIN = re.compile("without authentication|successful bind must be completed")
_REFUSED = {
    "525": "there is no such account: check `bind`",
    "52e": "account or password is wrong: check `bind` and the password",
    "530": "the account may not log in at this hour: ask its administrator",
    "531": "the account may not log in from here: ask its administrator",
    "532": "the account's password has expired: give it one that does not expire",
    "533": "the account is disabled: ask its administrator",
    "701": "the account has expired: ask its administrator",
    "773": "the account must change its password first: give it one that needs no change",
    "775": "the account is locked out: ask its administrator to unlock it, then check the password",
}
_RESULTS: tuple[tuple[frozenset[int], type[HubError], str], ...] = (
    (
        frozenset({SIZE_LIMIT, 11}),
        PermissionMissingError,
        (
            "gives this account only a part of the entries: raise the account's limits "
            "(sizelimit, size.prtotal, MaxPageSize) or lower `page_size`"
        ),
    ),
    (
        frozenset({NO_SUCH_OBJECT}),
        BadConfigError,
        "has no such entry, or this account may not see it: check the base",
    ),
    (
        frozenset({10}),
        BadConfigError,
        "refers to another server for this base: name the server that holds it in `urls`",
    ),
    (
        frozenset({2, 16, 17, 18, 21, 34, 36, 87}),
        BadConfigError,
        "does not understand the question: check base, filter and attributes",
    ),
    (
        frozenset({48}),
        BadConfigError,
        "does not take this way of logging in: check `bind` and the method",
    ),
    (
        frozenset({8, 13}),
        BadConfigError,
        "wants an encrypted connection: use ldaps:// or switch `start_tls` on",
    ),
    (
        frozenset({49}),
        AuthFailedError,
        "refused the login: check `bind` and the password",
    ),
    (
        frozenset({50}),
        PermissionMissingError,
        "says that the account lacks the right to read this: ask its administrator for it",
    ),
    (
        frozenset({UNAVAILABLE_EXTENSION}),
        BadConfigError,
        "lacks a feature that was asked for: is it the vendor that the settings name?",
    ),
    (
        frozenset({REFRESH_REQUIRED}),
        RejectedError,
        "no longer knows what changed since then: a full reading follows",
    ),
)


def ended(address: Address, done: Done, where: str) -> HubError:
    """The error for a search that did not end well; what came before it is not to be believed."""
    said = _said(done.code, done.text)
    if done.code == 1 and _NO_LOGIN.search(done.text):
        return BadConfigError(
            f"{address} answers only after a login: give `bind` and the password."
        )
    for codes, kind, advice in _RESULTS:
        if done.code in codes:
            return kind(f"{address} {advice} ({where or 'root'}; {said}).")
    return RetryableError(f"{address} failed in mid-answer ({where or 'root'}; {said}).")


def useless(address: Address, done: Done, where: str) -> HubError:
    """The error for a delta that did not end well: the cookie may be of no use any more.

    Active Directory refuses one with 12, OpenLDAP one from the future with 53.
    """
    if done.code in {UNAVAILABLE_EXTENSION, UNWILLING, REFRESH_REQUIRED}:
        return RejectedError(
            f"{address} does not know this position in its changes "
            f"({_said(done.code, done.text)}): a full reading follows."
        )
    return ended(address, done, where)


def refused(address: Address, account: str, result: Mapping[str, Any]) -> HubError:
    """The error for a bind that was refused."""
    code, text = int(result.get("result", -1)), str(result.get("message", ""))
    data = _DATA.search(text)
    who = f"'{account}'" if account else "the login"
    if code == 49 and data and data[1] in _REFUSED:
        return AuthFailedError(f"{address} refused {who}: {_REFUSED[data[1]]}.")
    if code in {49, 53}:  # 53: OpenLDAP, a name without a password, or nobody not allowed
        return AuthFailedError(
            f"{address} refused {who}: check `bind` and the password ({_said(code, text)})."
        )
    return ended(address, Done(code, text), "login")


def _said(code: int, text: str) -> str:
    """The directory's own words, without what it added for its makers."""
    words = " ".join(text.replace("\x00", " ").split())[:120].rstrip(" ,.")
    return f"result {code}: {words}" if words else f"result {code}"


def broke_off(address: Address, error: BaseException, *, opening: bool = False) -> RetryableError:
    """No connection, or none any longer."""
    kind = type(error).__name__
    if opening:
        return RetryableError(
            f"{address} can't be reached: is the server up, the name right, the firewall open? "
            f"({kind})."
        )
    if isinstance(error, TimeoutError):
        return RetryableError(f"{address} did not answer in time; the reading is incomplete.")
    return RetryableError(f"{address} broke off in mid-answer; the reading is incomplete ({kind}).")


def untrusted(address: Address, error: ssl.SSLCertVerificationError) -> BadConfigError:
    """The certificate is not to be trusted, or belongs to another host."""
    return BadConfigError(
        f"{address}: its certificate is refused ({error.verify_message or 'not trusted'}): "
        "use the name that stands in the certificate, and name the organisation's own CA in `ca_file`."
    )


def garbled(address: Address, error: BaseException) -> RetryableError:
    """What came is no LDAP."""
    return RetryableError(f"{address} sent what is no LDAP; the reading is incomplete ({error}).")


def too_large(address: Address, error: BaseException) -> RetryableError:
    """More bytes than anybody should send."""
    return RetryableError(f"{address} sent {error}: refused unread; the reading is incomplete.")
