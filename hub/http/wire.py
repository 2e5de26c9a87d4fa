"""Own connections over asyncio, because a call costs a fifth so, and a start a tenth less.

TLS is the standard library's, the parser is llhttp. A request is written in one piece, once; what
the other side closed while it was idle is seen before that, and replaced.
"""

import asyncio
import ssl
import zlib
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlsplit

import httptools

from hub.errors import HubError, RetryableError
from hub.http import faults
from hub.http.answer import Headers
from hub.http.connection import BrokenOffError, Connection, Raw, TooLargeError, TooLongError
from hub.http.dial import ProxyOutOfReachError, ProxyRefusedError, dial, way_to
from hub.http.issuer import not_trusted
from hub.http.options import MAX_BYTES, TOTAL, HttpOptions
from hub.http.transport import Reply

MOST = 100  # connections to one origin; the engine keeps fewer calls in flight
_ALWAYS = "Accept: */*\r\nAccept-Encoding: gzip\r\nUser-Agent: intranet-hub\r\n"
_SAFE = "/?&=%:@!$'()*+,;~[]-._"


class WireTransport:
    """Connections to one origin (scheme, host and port), kept alive; at most so many at once."""

    def __init__(
        self, origin: str, options: HttpOptions, *, total: float = TOTAL, most: int = MOST
    ) -> None:
        self._origin = origin
        self._total = total
        self._way = way_to(origin, options.ca_file, options.proxy, options.timeout)
        self._slots = asyncio.Semaphore(most)
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()
        whole = self._way.whole  # such a proxy wants the address of the object, and its login
        self._head = f"Host: {urlsplit(origin).netloc}\r\n{_ALWAYS}{self._way.login * whole}"
        self._skip = 0 if whole else len(origin)

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        """As `Transport` says."""
        until = asyncio.get_running_loop().time() + self._total
        request = self._request(method, url, headers, body)
        try:
            async with self._slots:
                raw = await self._ask(request, until, head=method == "HEAD")
        except HubError:
            raise
        except Exception as error:
            raise await self._fault(error, url) from error
        return _reply(raw, url)

    async def aclose(self) -> None:
        """Close the connections and wait until they are."""
        for connection in list(self._all):
            connection.close()
            await connection.lost
        self._idle.clear()
        self._all.clear()

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> bytes:
        given = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        length = "" if body is None else f"Content-Length: {len(body)}\r\n"
        if body is None and method not in {"GET", "HEAD", "DELETE"}:
            length = "Content-Length: 0\r\n"
        target = url[self._skip :].partition("#")[0] or "/"
        if not target.isascii() or not target.isprintable() or " " in target:
            target = quote(target, safe=_SAFE)
        head = f"{method} {target} HTTP/1.1\r\n{self._head}{given}{length}\r\n"
        return head.encode("ascii") + (body or b"")

    async def _ask(self, request: bytes, until: float, *, head: bool) -> Raw:
        connection = self._take() or await self._open()
        try:
            raw = await connection.ask(request, until, head=head)
        except BaseException:
            connection.close()  # what may still come belongs to nobody
            raise
        if connection.idle:
            self._idle.append(connection)
        return raw

    def _take(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.idle and connection.silent:
                return connection
            connection.close()
        return None

    async def _open(self) -> Connection:
        try:
            connection = await dial(self._way, lambda: Connection(self._way.timeout))
        except ssl.SSLError:
            raise
        except TimeoutError as error:
            raise faults.too_slow(self._origin, error) from error
        except OSError as error:
            raise faults.out_of_reach(self._origin, error) from error
        self._all.add(connection)
        connection.lost.add_done_callback(lambda _: self._all.discard(connection))
        return connection

    async def _fault(self, error: Exception, url: str) -> Exception:
        """The error of ours for what went wrong on the way; what is no fault stays what it is."""
        if isinstance(error, ssl.SSLCertVerificationError):
            return await not_trusted(self._origin, error, self._way)
        if isinstance(error, ProxyRefusedError):
            return faults.proxy_refused(self._origin, error.status)
        for kinds, fault in _FAULTS:
            if isinstance(error, kinds):
                return fault(self._origin, url.partition("?")[0], error)
        return error


Fault = Callable[[str, str, Exception], HubError]

_FAULTS: tuple[tuple[tuple[type[Exception], ...], Fault], ...] = (
    ((ProxyOutOfReachError,), lambda origin, _, __: faults.proxy_out_of_reach(origin)),
    ((TooLargeError,), lambda _, shown, __: faults.too_large(shown)),
    ((TooLongError,), lambda _, shown, __: faults.too_long(shown)),
    ((TimeoutError,), lambda origin, _, error: faults.too_slow(origin, error)),
    (
        (OSError, BrokenOffError, httptools.HttpParserError, httptools.HttpParserUpgrade),
        lambda origin, _, error: faults.broke_off(origin, error),
    ),
)


def _reply(raw: Raw, url: str) -> Reply:
    status, fields, content = raw
    headers = Headers(fields)
    coding = headers.get("content-encoding", "identity").lower()
    if coding != "identity" and content:
        content = _unpacked(content, coding, url.partition("?")[0])
    return Reply(status, headers, content)


def _unpacked(content: bytes, coding: str, shown: str) -> bytes:
    """The body unpacked, within the cap."""
    if coding not in {"gzip", "x-gzip"}:
        raise RetryableError(f"{shown} packed its answer in a way that was not asked for.")
    unpacking = zlib.decompressobj(wbits=31)
    try:
        plain = unpacking.decompress(content, MAX_BYTES + 1)
    except zlib.error as error:
        raise RetryableError(f"{shown} sent an answer that does not unpack.") from error
    if len(plain) > MAX_BYTES:
        raise faults.too_large(shown)
    if not unpacking.eof:
        raise RetryableError(f"{shown} sent an answer that is cut off.")
    return plain
