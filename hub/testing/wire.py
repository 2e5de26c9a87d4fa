"""A transport that counts what passes and breaks on demand, around any other transport."""

from collections.abc import Callable
from typing import Literal

import httpx

Fault = Literal[
    "auth",
    "forbidden",
    "not_found",
    "server_error",
    "html",
    "truncated",
    "rate_limited",
    "reset",
    "lost",
]

RETRY_AFTER = 30  # seconds, in the answer of `rate_limited`: too long for a page to wait itself
LOGIN_PAGE = "<!doctype html><title>Inloggen</title><h1>Inloggen</h1>"


class FaultTransport(httpx.AsyncBaseTransport):
    """Passes requests to `inner` until a fault is planted.

    - auth, forbidden, not_found, server_error: a bare 401, 403, 404, 500
    - rate_limited: 429 with `Retry-After`
    - html: a login page with status 200; nothing was carried out
    - truncated: carried out, and half of the body comes back
    - reset: the connection breaks before anything was carried out
    - lost: carried out, and the connection breaks before the answer

    Attributes:
        requests: what was asked, in order: method and full address.
        before: called ahead of every request, for changes between pages.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.requests: list[tuple[str, str]] = []
        self.before: Callable[[], None] | None = None
        self._inner = inner
        self._fault: Fault | None = None
        self._healthy = 0

    def fail(self, fault: Fault, *, after: int = 0) -> None:
        """Break everything after so many more requests, until `heal`."""
        self._fault, self._healthy = fault, after

    def heal(self) -> None:
        """Pass everything again."""
        self._fault = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass or break one request."""
        await request.aread()
        self.requests.append((request.method, str(request.url)))
        if self.before:
            self.before()
        if self._fault is None or self._healthy > 0:
            self._healthy -= 1
            return await self._inner.handle_async_request(request)
        return await self._broken(self._fault, request)

    async def aclose(self) -> None:
        """Nothing: one client closes, the next one goes on."""

    async def shut(self) -> None:
        """Close what is behind it."""
        await self._inner.aclose()

    async def _broken(self, fault: Fault, request: httpx.Request) -> httpx.Response:
        if fault in _BARE:
            status, headers = _BARE[fault]
            return httpx.Response(status, headers=headers, text="no", request=request)
        if fault == "html":
            return httpx.Response(200, html=LOGIN_PAGE, request=request)
        if fault == "truncated":
            return await self._truncated(request)
        if fault == "lost":
            await (await self._inner.handle_async_request(request)).aread()
        raise httpx.ReadError("the connection broke, as planted", request=request)

    async def _truncated(self, request: httpx.Request) -> httpx.Response:
        whole = await self._inner.handle_async_request(request)
        content = await whole.aread()
        kept = ("content-type", "etag")
        headers = {name: whole.headers[name] for name in kept if name in whole.headers}
        half = content[: len(content) // 2]
        return httpx.Response(whole.status_code, headers=headers, content=half, request=request)


_BARE: dict[Fault, tuple[int, dict[str, str]]] = {
    "auth": (401, {}),
    "forbidden": (403, {}),
    "not_found": (404, {}),
    "server_error": (500, {}),
    "rate_limited": (429, {"retry-after": str(RETRY_AFTER)}),
}
