"""Cookies of deltas as texts that fit one question to one server only."""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass

from connectors.ldap.root import Root
from hub.errors import RejectedError

FULL = "a full reading follows"


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched: entries of a condition below a base, and which of their attributes."""

    base: str
    condition: str
    attributes: tuple[str, ...]


def seal(root: Root, watched: Watched, *cookies: bytes) -> str:
    """The server's cookies as one text, bound to the question and the server."""
    held = [base64.b64encode(each).decode() for each in cookies]
    words = [1, _digest(root, watched), root.highest_usn or 0, held]
    return base64.b64encode(json.dumps(words).encode()).decode()


def unseal(root: Root, watched: Watched, sealed: str) -> list[bytes]:
    """The server's own cookies.

    Raises:
        RejectedError: they are another question's or another server's, damaged, or from a future
            that this server does not know, because it was restored from a backup.
    """
    try:
        version, digest, usn, held = json.loads(base64.b64decode(sealed, validate=True))
        cookies = [base64.b64decode(each, validate=True) for each in held]
        known = version == 1 and int(usn) <= (root.highest_usn or 0)
    except (binascii.Error, ValueError, TypeError) as error:
        raise RejectedError(
            f"The position in the directory's changes is damaged: {FULL}."
        ) from error
    if digest != _digest(root, watched):
        raise RejectedError(f"Server, base, filter or attributes are others than before: {FULL}.")
    if not known:
        raise RejectedError(f"The directory is older than it was, restored perhaps: {FULL}.")
    return cookies


def _digest(root: Root, watched: Watched) -> str:
    words = [root.vendor, root.server, watched.base.lower(), watched.condition]
    words += sorted(each.lower() for each in watched.attributes)
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:32]
