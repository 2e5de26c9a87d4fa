"""An HTTP/1.1 server of one function: what comes in, what goes out, and how long it waits."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import httptools
import orjson

REASONS = {200: "OK", 207: "Multi-Status", 404: "Not Found", 413: "Content Too Large"}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        body: JSON, encoded.
        delay: seconds until it is sent.
    """

    status: int = 200
    body: bytes = b"{}"
    delay: float = 0.0


class App(Protocol):
    """What a server does with a request."""

    def handle(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> Reply:
        """The answer; at once, because waiting is the server's part."""
        ...


def json_reply(value: Any, status: int = 200) -> Reply:
    """An answer with this value."""
    return Reply(status, orjson.dumps(value))


class Connection(asyncio.Protocol):
    """One connection; requests one after another, as keep-alive has it."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._parser: Any = httptools.HttpRequestParser(self)
        self._url = b""
        self._body: list[bytes] = []
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client came."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.close()

    # --- what the parser calls -----------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A request begins."""
        self._url, self._body = b"", []

    def on_url(self, url: bytes) -> None:
        """A part of its target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A client that asks before it sends gets its yes."""
        if name.lower() == b"expect" and value.lower() == b"100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """A part of its body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """It is whole: answer."""
        stays = self._parser.should_keep_alive()
        parts = urlsplit(self._url.decode("ascii"))
        query = dict(parse_qsl(parts.query)) if parts.query else {}
        method = self._parser.get_method().decode("ascii")
        reply = self._app.handle(method, parts.path, query, b"".join(self._body))
        if reply.delay:
            loop = asyncio.get_running_loop()
            loop.call_later(reply.delay, self._send, reply, stays)
        else:
            self._send(reply, stays)

    def _send(self, reply: Reply, stays: bool) -> None:  # noqa: FBT001  call_later has no keywords
        if self._transport.is_closing():
            return
        self._transport.write(_head(reply, stays=stays) + reply.body)
        if not stays:
            self._transport.close()


def _head(reply: Reply, *, stays: bool) -> bytes:
    end = b"\r\n" if stays else b"connection: close\r\n\r\n"
    reason = REASONS.get(reply.status, "Answer").encode()
    return b"HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%s" % (
        reply.status,
        reason,
        len(reply.body),
        end,
    )


async def serve(app: App, *, announce: Any) -> None:
    """Serve on a free port of loopback until cancelled; `announce` is told the address."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(app), "127.0.0.1", 0, backlog=1024)
    announce(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    await server.serve_forever()
