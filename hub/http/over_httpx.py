"""The transport of connectors: httpx, which tests and fakes can stand in for."""

import asyncio
import logging
import ssl
from collections.abc import Mapping

from hub.errors import HubError
from hub.http import faults
from hub.http.answer import Headers
from hub.http.dial import way_to
from hub.http.issuer import explained, not_trusted
from hub.http.library import httpx
from hub.http.options import MAX_BYTES, TOTAL, HttpOptions
from hub.http.tls import tls_context
from hub.http.transport import Reply


class HttpxTransport:
    """One origin over httpx; `transport` stands in for the network in tests."""

    def __init__(
        self, origin: str, options: HttpOptions, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        # httpx writes whole addresses at info; ours say what matters
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._origin = origin
        self._options = options
        self._real = transport is None
        self._client = httpx.AsyncClient(
            verify=_trust(origin, options),
            proxy=options.proxy,
            timeout=options.timeout,
            limits=httpx.Limits(max_connections=options.max_connections),
            trust_env=False,
            follow_redirects=False,
            transport=transport,
        )

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        """As `Transport` says."""
        shown = url.partition("?")[0]
        try:
            async with asyncio.timeout(TOTAL):
                return await self._send(method, url, headers, body)
        except TimeoutError as error:
            raise faults.too_long(shown) from error
        except httpx.InvalidURL as error:
            raise faults.no_address(shown) from error
        except httpx.RequestError as error:
            raise await self._unreachable(error) from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        request = self._client.build_request(method, url, headers=dict(headers), content=body)
        response = await self._client.send(request, stream=True)
        try:
            content = await _capped(response, url.partition("?")[0])
        finally:
            await response.aclose()
        return Reply(response.status_code, Headers(response.headers.raw), content)

    async def _unreachable(self, error: httpx.RequestError) -> HubError:
        untrusted = faults.untrusted(error)
        if untrusted is not None:
            proxy = self._options.proxy
            if not self._real or (proxy and not proxy.startswith("http:")):
                return explained(self._origin, untrusted, None, proxy=False)
            way = way_to(self._origin, self._options.ca_file, proxy, self._options.timeout)
            return await not_trusted(self._origin, untrusted, way)
        if isinstance(error, httpx.ProxyError):
            return faults.proxy_refused(self._origin)
        if isinstance(error, httpx.TimeoutException):
            return faults.too_slow(self._origin, error)
        if isinstance(error, httpx.ConnectError):
            return faults.out_of_reach(self._origin, error)
        return faults.broke_off(self._origin, error)


async def _capped(response: httpx.Response, shown: str) -> bytes:
    chunks, size = [], 0
    async for chunk in response.aiter_bytes():
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_BYTES:
            raise faults.too_large(shown)
    return b"".join(chunks)


def _trust(origin: str, options: HttpOptions) -> ssl.SSLContext:
    """What a certificate must be signed by; without TLS nothing is read, and nothing is trusted."""
    if origin.startswith("https:"):
        return tls_context(options.ca_file)
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
