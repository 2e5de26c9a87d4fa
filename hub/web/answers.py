"""HTTP answers with the headers that every page of the hub carries."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hub.render.tile import Page

SAFE = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
CLOSED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
CHECK_FIRST = "private, no-cache"  # keep it, but ask each time: the entity tag makes that cheap
NEVER = "no-store"


def page(found: Page, *, status: int = 200, request: Request | None = None) -> Response:
    """A page with its policy. With `request` it may be kept, and 304 says that it is unchanged."""
    headers = SAFE | {"Content-Security-Policy": found.csp, "Vary": "Accept-Language"}
    return _answer(found.html.encode(), "text/html; charset=utf-8", headers, status, request)


def data(
    body: Mapping[str, Any],
    *,
    status: int = 200,
    media_type: str = "application/json",
    request: Request | None = None,
) -> Response:
    """A JSON document; `request` as for `page`."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = SAFE | {"Content-Security-Policy": CLOSED}
    return _answer(text, media_type, headers, status, request)


def problem(status: int, title: str, detail: str | None = None) -> Response:
    """A failure in the form of RFC 9457."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
    if detail:
        body["detail"] = detail
    return data(body, status=status, media_type="application/problem+json")


def bare(body: bytes = b"", *, status: int = 200, media_type: str | None = None) -> Response:
    """Anything else, never kept."""
    headers = SAFE | {"Content-Security-Policy": CLOSED, "Cache-Control": NEVER}
    return Response(body, status, headers, media_type)


def _answer(
    body: bytes, media_type: str, headers: dict[str, str], status: int, request: Request | None
) -> Response:
    if request is None:
        return Response(body, status, headers | {"Cache-Control": NEVER}, media_type)
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = headers | {"Cache-Control": CHECK_FIRST, "ETag": tag}
    if _known(request.headers.get("if-none-match", ""), tag):
        return Response(None, 304, headers)
    return Response(body, status, headers, media_type)


def _known(header: str, tag: str) -> bool:
    """Whether the visitor has it already; a proxy that compresses makes the tag weak (`W/`)."""
    tags = [part.strip().removeprefix("W/") for part in header.split(",")]
    return tag in tags or "*" in tags
