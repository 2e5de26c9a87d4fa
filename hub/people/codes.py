"""One-time codes: 140 bits of chance, in letters and digits that a human can type.

Crockford's alphabet: no I, L, O and U, so that nothing is misread. Only a digest is stored; of 140
bits of chance it says nothing, also to somebody who reads the store.
"""

import hashlib
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH, GROUP = 28, 4
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0"})


def make() -> str:
    """A new code: `7KXQ-2M0A-...`, seven groups of four."""
    text = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(text[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def plain(typed: str) -> str:
    """What was meant by what was typed: any case, spaces or hyphens, O for 0, I and L for 1."""
    kept = (one for one in typed.upper() if one.isalnum())
    return "".join(kept).translate(_MISREAD)


def digest(typed: str) -> str:
    """What is stored of a code."""
    made = hashlib.blake2b(plain(typed).encode(), digest_size=32, person=b"hub-invitation")
    return made.hexdigest()
