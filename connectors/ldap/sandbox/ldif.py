"""Entries as text (RFC 2849), the form in which directories take them in bulk."""

import base64
from collections.abc import Iterable, Mapping

Written = str | bytes | Iterable[str | bytes]


def ldif(dn: str, values: Mapping[str, Written]) -> str:
    """One entry; every value in base64, so that none can be mistaken for another line."""
    lines = [_line("dn", dn)]
    for name, found in values.items():
        many = [found] if isinstance(found, str | bytes) else found
        lines += [_line(name, each) for each in many]
    return "\n".join(lines) + "\n\n"


def _line(name: str, value: str | bytes) -> str:
    raw = value.encode() if isinstance(value, str) else value
    return f"{name}:: {base64.b64encode(raw).decode()}"
