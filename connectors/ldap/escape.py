"""Values in filters, and distinguished names compared as a directory compares them."""

import re

from hub.errors import BadConfigError

_SPECIAL = re.compile(r"[\\*()\x00]|[^\x21-\x7e]")
_SPACES = re.compile(r" {2,}")
_ESCAPED = re.compile(r"(?:\\[0-9a-fA-F]{2})+|\\.", re.DOTALL)


def text(value: str) -> str:
    """A value as a filter may hold it, so that it can never become a condition (RFC 4515)."""
    return _SPECIAL.sub(lambda found: raw(found[0].encode()), value)


def raw(value: bytes) -> str:
    r"""Bytes as a filter may hold them: `\\xx` each."""
    return "".join(f"\\{byte:02x}" for byte in value)


def parts(dn: str) -> tuple[str, ...]:
    """The names in a distinguished name from the entry to the root, folded so that equals are equal.

    Upper and lower case, spaces around `,` and `=` and the way of escaping don't matter (RFC 4514).
    """
    return tuple(_folded(each) for each in split(dn)) if dn.strip() else ()


def split(dn: str) -> list[str]:
    r"""The names as they are written; an escaped comma (`\\,`) or one in quotes separates nothing."""
    found, here, quoted, escaped = [], "", False, False
    for char in dn:
        if char in ",;" and not quoted and not escaped:
            found.append(here.strip())
            here = ""
            continue
        quoted ^= char == '"' and not escaped
        escaped = char == "\\" and not escaped
        here += char
    return [*found, here.strip()]


def _folded(name: str) -> str:
    kind, equals, value = name.partition("=")
    if not equals:
        raise BadConfigError(
            f"'{name}' is no part of a distinguished name: write it like ou=People,dc=example,dc=org."
        )
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    plain = _ESCAPED.sub(_unescaped, value)
    return f"{kind.strip().lower()}={_SPACES.sub(' ', plain).strip().casefold()}"


def _unescaped(found: re.Match[str]) -> str:
    if len(found[0]) == 2:
        return found[0][1]
    return bytes.fromhex(found[0].replace("\\", "")).decode(errors="replace")


def below(dn: str, base: str) -> bool:
    """Whether an entry is the base or stands somewhere below it."""
    names, root = parts(dn), parts(base)
    return len(names) >= len(root) and names[len(names) - len(root) :] == root


def parent(dn: str) -> str:
    """The name of the entry above, as it is written; empty above the topmost."""
    return ",".join(split(dn)[1:])
