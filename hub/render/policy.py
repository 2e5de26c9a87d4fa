"""The content security policy of a page: nothing but its own style and script, by their hash."""

import base64
import hashlib
import re
from collections.abc import Sequence

from hub.errors import BadConfigError

_ORIGIN = re.compile(
    r"https?://(\*\.)?[A-Za-z0-9.-]+(:\d{1,5})?|https?://\[[0-9A-Fa-f:]+\](:\d{1,5})?"
)


def digest(source: str) -> str:
    """The CSP source expression that allows exactly this inline text."""
    value = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
    return f"'sha256-{value}'"


def framers(origins: Sequence[str]) -> str:
    """The value of `frame-ancestors`: who may show the page in a frame; nobody without origins.

    Raises:
        BadConfigError: an entry is not an origin.
    """
    for origin in origins:
        if origin != "'self'" and not _ORIGIN.fullmatch(origin):
            raise BadConfigError(
                f"`frame_ancestors` has {origin!r}: write origins such as"
                " https://intranet.example.org, without a path."
            )
    return " ".join(origins) or "'none'"


def policy(
    *,
    style: str,
    script: str | None,
    frame_ancestors: Sequence[str],
    forms: bool = False,
    reads: bool = True,
) -> str:
    """The whole header.

    Args:
        forms: the page has forms, which send to the hub itself.
        reads: its script may read the page again (`connect-src 'self'`).
    """
    parts = ["default-src 'none'", f"style-src {digest(style)}"]
    if script is not None:
        parts.append(f"script-src {digest(script)}")
        parts += ["connect-src 'self'"] if reads else []
    sent = "'self'" if forms else "'none'"
    parts += [
        "base-uri 'none'",
        f"form-action {sent}",
        f"frame-ancestors {framers(frame_ancestors)}",
    ]
    return "; ".join(parts)
