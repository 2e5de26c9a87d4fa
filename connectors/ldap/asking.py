"""A search as bytes (RFC 4511, 4.5.1): ldap3 writes the search, we write what is around it.

A reading asks the same on each page, save for the cookie: so the search is written once.
"""

from collections.abc import Iterable, Sequence

import ldap3
from ldap3.operation.search import search_operation
from ldap3.utils.asn1 import encode  # type: ignore[attr-defined]  # made there while it loads

from connectors.ldap.ber import integer, octets, sequence, tlv

Control = tuple[str, bool, bytes | None]
TRUE = b"\x01\x01\xff"


def search(base: str, condition: str, scope: str, attributes: Sequence[str]) -> bytes:
    """The request itself.

    Args:
        base: where it starts.
        condition: a filter (RFC 4515).
        scope: `BASE`, `LEVEL` or `SUBTREE`.
        attributes: what to hand over.

    Raises:
        LDAPInvalidFilterError: the filter is none.
    """
    written: bytes = encode(
        search_operation(
            base,
            condition,
            scope,
            ldap3.DEREF_NEVER,
            list(attributes),
            0,
            0,
            False,
            None,
            None,
            schema=None,
            check_names=False,
        )
    )
    return written


def asking(number: int, request: bytes, controls: Iterable[Control]) -> bytes:
    """The whole message: its number, the request and the controls that come with it."""
    some = b"".join(_control(*each) for each in controls)
    return sequence(integer(number), request, tlv(0xA0, some) if some else b"")


def _control(name: str, needed: bool, value: bytes | None) -> bytes:  # noqa: FBT001 - of a Control
    said = octets(value) if value is not None else b""
    return sequence(octets(name.encode()), TRUE if needed else b"", said)
