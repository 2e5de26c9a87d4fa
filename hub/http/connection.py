"""One HTTP/1.1 connection: one request at a time, parsed by llhttp (httptools)."""

import asyncio
import select
from typing import cast

import httptools

from hub.http.options import MAX_BYTES

Raw = tuple[int, list[tuple[bytes, bytes]], bytes]  # status, headers, body as it was sent


class TooLargeError(Exception):
    """The answer went over the cap."""


class TooLongError(Exception):
    """The whole took longer than the total."""


class BrokenOffError(Exception):
    """The other side ended the connection, or sent what is not HTTP."""


class Connection(asyncio.Protocol):
    """A kept-alive connection; `idle` says whether the next request may use it."""

    def __init__(self, timeout: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._timeout = timeout
        self._transport: asyncio.Transport | None = None
        self._poll = select.poll()
        self._waiter: asyncio.Future[Raw] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._last = self._until = 0.0
        self._without_body = self._endless = self._keep = False
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self._size = 0
        self.lost: asyncio.Future[None] = self._loop.create_future()

    def ask(self, request: bytes, until: float, *, head: bool = False) -> asyncio.Future[Raw]:
        """Send a whole request; the answer, or one of the errors of this module or TimeoutError.

        Args:
            until: moment of the event loop's clock after which it has taken too long.
            head: the answer to HEAD has no body, whatever its headers say.
        """
        if self._transport is None:
            raise BrokenOffError
        self._headers, self._parts, self._size = [], [], 0
        self._without_body, self._endless, self._keep = head, False, False
        self._last, self._until = self._loop.time(), until
        self._waiter = waiter = self._loop.create_future()
        if self._timer is None:  # one that still runs looks at this request too
            self._timer = self._loop.call_at(min(self._last + self._timeout, until), self._tick)
        self._transport.write(request)
        return waiter

    @property
    def idle(self) -> bool:
        """Open and asked nothing."""
        transport = self._transport
        return transport is not None and self._waiter is None and not transport.is_closing()

    @property
    def silent(self) -> bool:
        """Not closed by the other side without our having noticed yet: that makes it readable."""
        return not self._poll.poll(0)

    def close(self) -> None:
        """Close at once; whoever waits gets an error."""
        self._fail(BrokenOffError())
        if self._transport is not None:
            self._transport.abort()

    # --- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open."""
        self._transport = cast("asyncio.Transport", transport)
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        """Bytes came; unasked ones end the connection, lest they answer the next request."""
        self._last = self._loop.time()
        if self._waiter is None:
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(error.__context__ if isinstance(error.__context__, TooLargeError) else error)
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Closed; an answer without a length ends here."""
        self._transport = None
        if self._endless and error is None:
            self._done()
        self._fail(error or BrokenOffError())
        if self._timer is not None:
            self._timer.cancel()
        self.lost.set_result(None)

    # --- what the parser calls

    def on_message_begin(self) -> None:
        """An answer begins; one to a question that nobody asked is the end of the connection."""
        self._headers, self._parts = [], []
        if self._waiter is None and self._transport is not None:
            self._transport.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field."""
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """All headers are here."""
        self._keep = self._parser.should_keep_alive() and not self._without_body
        if self._parser.get_status_code() < 200:
            return
        names = {name.lower() for name, _ in self._headers}
        self._endless = not names & {b"content-length", b"transfer-encoding"}
        if self._without_body:
            self._done()

    def on_body(self, part: bytes) -> None:
        """A part of the body."""
        self._size += len(part)
        if self._size > MAX_BYTES:
            raise TooLargeError
        self._parts.append(part)

    def on_message_complete(self) -> None:
        """The answer is whole; one that is only provisional (1xx) is not it."""
        if self._parser.get_status_code() >= 200:
            self._done()

    # --- the end of a request

    def _tick(self) -> None:
        self._timer = None
        if self._waiter is None:
            return
        now, due = self._loop.time(), self._last + self._timeout
        if now >= min(due, self._until):
            self._fail(TooLongError() if now >= self._until else TimeoutError())
            self.close()
            return
        self._timer = self._loop.call_at(min(due, self._until), self._tick)

    def _done(self) -> None:
        waiter = self._end()
        if waiter is not None:
            status = self._parser.get_status_code()
            waiter.set_result((status, self._headers, b"".join(self._parts)))
        if not self._keep and self._transport is not None:
            self._transport.abort()

    def _fail(self, error: BaseException) -> None:
        waiter = self._end()
        if waiter is not None:
            waiter.set_exception(error)

    def _end(self) -> asyncio.Future[Raw] | None:
        waiter, self._waiter, self._endless = self._waiter, None, False
        return None if waiter is None or waiter.done() else waiter
