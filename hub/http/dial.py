"""The way to one origin: directly or through a proxy, with TLS where the address says so."""

import asyncio
import base64
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast
from urllib.parse import unquote, urlsplit

from hub.http.tls import tls_context

ProtocolT = TypeVar("ProtocolT", bound=asyncio.Protocol)
LONGEST_HEAD = 64 * 1024  # bytes that a proxy may answer with


class ProxyRefusedError(Exception):
    """The proxy answered, but not with a way through."""

    def __init__(self, status: int | None = None) -> None:
        super().__init__(status)
        self.status = status


class ProxyOutOfReachError(Exception):
    """There is no connection to the proxy itself."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A forward proxy that is reached without TLS; `login` is the value of its header, or empty."""

    host: str
    port: int
    login: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """Where to, and how. `context` None: without TLS."""

    host: str
    port: int
    context: ssl.SSLContext | None
    proxy: Proxy | None
    timeout: float

    @property
    def whole(self) -> bool:
        """Whether a proxy is asked for the object itself, not for a tunnel to its server."""
        return self.proxy is not None and self.context is None

    @property
    def login(self) -> str:
        """The header that the proxy wants, as a line; or nothing."""
        login = self.proxy.login if self.proxy else ""
        return f"Proxy-Authorization: {login}\r\n" if login else ""


def proxy_of(address: str | None) -> Proxy | None:
    """From `http://user:password@host:port`."""
    if address is None:
        return None
    parts = urlsplit(address)
    login = ""
    if parts.username is not None:
        given = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        login = f"Basic {base64.b64encode(given.encode()).decode()}"
    return Proxy(parts.hostname or "", parts.port or 80, login)


def way_to(origin: str, ca_file: object, proxy: str | None, timeout: float) -> Way:
    """The way to an origin (scheme, host and port).

    Raises:
        BadConfigError: `ca_file` can't be read.
    """
    parts = urlsplit(origin)
    secure = parts.scheme == "https"
    context = tls_context(ca_file) if secure else None  # type: ignore[arg-type] # a Path or None
    port = parts.port or (443 if secure else 80)
    return Way(parts.hostname or "", port, context, proxy_of(proxy), timeout)


async def dial(way: Way, make: Callable[[], ProtocolT]) -> ProtocolT:
    """Open a connection within the time-out.

    Raises:
        ProxyRefusedError, ProxyOutOfReachError, ssl.SSLError, OSError, TimeoutError: no way.
    """
    async with asyncio.timeout(way.timeout):
        if way.proxy is None:
            return await _connect(way.host, way.port, way.context, make)
        try:
            if way.whole:
                return await _connect(way.proxy.host, way.proxy.port, None, make)
            tunnel = await _connect(way.proxy.host, way.proxy.port, None, _Tunnel)
        except OSError as error:
            raise ProxyOutOfReachError from error
        return await _through(tunnel, way, make)


async def _connect(
    host: str, port: int, context: ssl.SSLContext | None, make: Callable[[], ProtocolT]
) -> ProtocolT:
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_connection(
        make, host, port, ssl=context, server_hostname=host if context else None
    )
    return protocol


async def _through(tunnel: "_Tunnel", way: Way, make: Callable[[], ProtocolT]) -> ProtocolT:
    """Ask the proxy for a tunnel and speak TLS inside it."""
    protocol, plain = make(), tunnel.transport
    try:
        await tunnel.open(way)
        secure = await asyncio.get_running_loop().start_tls(
            plain, protocol, cast("ssl.SSLContext", way.context), server_hostname=way.host
        )
    except BaseException:
        plain.abort()
        raise
    if secure is None:  # closed while it was set up
        raise ConnectionResetError
    protocol.connection_made(secure)
    return protocol


class _Tunnel(asyncio.Protocol):
    """Waits for the head of the proxy's answer to CONNECT."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._head = b""
        self._answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def open(self, way: Way) -> None:
        """Ask for the way through."""
        host = f"[{way.host}]" if ":" in way.host else way.host
        there = f"{host}:{way.port}"
        head = f"CONNECT {there} HTTP/1.1\r\nHost: {there}\r\n{way.login}\r\n"
        self.transport.write(head.encode("latin-1"))
        status = await self._answer
        if status // 100 != 2:
            raise ProxyRefusedError(status)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Part of the head; the server behind it speaks only after we did."""
        self._head += data
        whole = b"\r\n\r\n" in self._head
        if (whole or len(self._head) > LONGEST_HEAD) and not self._answer.done():
            status = self._head.split(b" ", 2)[1:2]
            known = whole and status and status[0][:3].isdigit()
            self._tell(int(status[0][:3]) if known else 0)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Closed before it answered."""
        self._tell(0)

    def _tell(self, status: int) -> None:
        if not self._answer.done():
            self._answer.set_result(status)
