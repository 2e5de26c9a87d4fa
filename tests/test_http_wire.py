"""The transport of delivery on real sockets: what a server sends, and when it stops sending."""

import asyncio
import contextlib
import gzip
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from hub.errors import (
    AuthFailedError,
    BadConfigError,
    PermissionMissingError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)
from hub.http import MAX_BYTES, HttpFactory, HttpOptions
from hub.http.wire import WireTransport

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
SECRET = "s3cret-token"


class Server:
    """Answers each request with the next script: bytes, `CLOSE`, or a coroutine of the writer."""

    def __init__(self, *script):
        self.script, self.heads, self.bodies, self.connections = list(script), [], [], 0
        self.busy = set()

    async def __call__(self, reader, writer):
        self.connections += 1
        self.busy.add(asyncio.current_task())
        try:
            await self._answers(reader, writer)
        finally:
            writer.transport.abort()

    async def stop(self):
        for one in self.busy:
            one.cancel()
        await asyncio.gather(*self.busy, return_exceptions=True)
        await asyncio.sleep(0.01)  # for the transports

    async def _answers(self, reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head.decode())
                length = [line for line in head.lower().split(b"\r\n") if b"content-length" in line]
                size = int(length[0].split(b":")[1]) if length else 0
                self.bodies.append(await reader.readexactly(size))
                answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
                if not await self._say(answer, writer):
                    break
            writer.close()
            await writer.wait_closed()

    async def _say(self, answer, writer):
        last = callable(answer)
        if last:
            await answer(writer)
        else:
            writer.write(answer)
        await writer.drain()
        return not last


@contextlib.asynccontextmanager
async def talking(*script, base="", clock=lambda: datetime.now(UTC), **options):
    """A server, and a client of it that carries a token."""
    one = Server(*script)
    server = await asyncio.start_server(one, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        factory = HttpFactory(HttpOptions(**options), clock, delivery=True)
        http = factory(f"http://127.0.0.1:{port}{base}", headers={"X-Token": SECRET})
        assert isinstance(http._transport, WireTransport)
        try:
            yield one, http
        finally:
            await http.aclose()
            await one.stop()


async def close(_):
    """Say nothing more."""


def cut(part):
    async def say(writer):
        writer.write(part)

    return say


async def test_a_request_is_sent_as_it_should_be():
    async with talking(OK, base="/api") as (server, http):
        answer = await http.send("PUT", "v1/a:b.c", headers={"If-Match": '"7"'}, body={"n": "é"})
    line, *fields = server.heads[0].strip().split("\r\n")
    assert line == "PUT /api/v1/a:b.c HTTP/1.1"
    sent = dict(field.split(": ", 1) for field in fields)
    assert sent["X-Token"] == SECRET
    assert sent["If-Match"] == '"7"'
    assert sent["Content-Type"] == "application/json"
    assert sent["Host"].startswith("127.0.0.1:")
    assert server.bodies == ['{"n":"é"}'.encode()]
    assert (answer.status, answer.json()) == (200, {})


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [
        ("GET", None, None),
        ("DELETE", None, None),
        ("POST", None, "0"),
        ("PUT", {}, "2"),
        ("POST", [], "2"),
    ],
)
async def test_a_length_is_sent_where_a_body_could_be(method, body, length):
    async with talking(OK) as (server, http):
        await http.send(method, "x", body=body)
    found = [line for line in server.heads[0].split("\r\n") if line.startswith("Content-Length")]
    assert found == ([f"Content-Length: {length}"] if length else [])


@pytest.mark.parametrize(
    ("path", "params", "target"),
    [
        ("a/b", {"q": "a==b;c d", "n": "1"}, "/a/b?q=a%3D%3Db%3Bc+d&n=1"),
        ("/other?x=1#part", None, "/other?x=1"),
        ("caf\u00e9 bar", None, "/caf%C3%A9%20bar"),
        ("..", None, "/"),
        ("a%2Fb", None, "/a%2Fb"),
    ],
)
async def test_an_address_is_written_as_http_wants_it(path, params, target):
    async with talking(OK) as (server, http):
        await http.send("GET", path, params=params)
    assert server.heads[0].split(" ")[1] == target


async def test_a_connection_is_kept_and_used_again():
    async with talking(OK) as (server, http):
        for _ in range(5):
            await http.send("PUT", "x", body={})
        assert server.connections == 1
        await asyncio.gather(*(http.send("PUT", "x", body={}) for _ in range(4)))
        assert 1 <= server.connections <= 4
    assert len(server.heads) == 9


WHOLE = [
    pytest.param(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        b"abcde",
        id="chunked",
    ),
    pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"{}", id="provisional"),
    pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", b"", id="nothing"),
    pytest.param(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
        % (len(gzip.compress(b"packed", mtime=0)), gzip.compress(b"packed", mtime=0)),
        b"packed",
        id="packed",
    ),
]


@pytest.mark.parametrize(("sent", "body"), WHOLE)
async def test_every_way_to_send_a_body(sent, body):
    async with talking(sent) as (server, http):
        for _ in range(2):
            assert (await http.send("GET", "x", expect=(200, 204))).content == body
    assert server.connections == 1


async def test_a_body_that_ends_with_the_connection():
    async with talking(cut(b"HTTP/1.1 200 OK\r\n\r\nto the end")) as (server, http):
        for _ in range(2):
            assert (await http.send("GET", "x")).content == b"to the end"
    assert server.connections == 2


async def test_an_answer_to_head_has_no_body():
    async with talking(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", OK) as (_, http):
        assert (await http.send("HEAD", "x")).content == b""
        assert (await http.send("GET", "x")).content == b"{}"


async def test_headers_are_read_whatever_their_case_and_however_often():
    sent = b"HTTP/1.1 200 OK\r\nETAG: 7\r\nvary: a\r\nVary: b\r\nContent-Length: 0\r\n\r\n"
    async with talking(sent) as (_, http):
        headers = (await http.send("GET", "x")).headers
    assert headers["etag"] == headers.get("ETag") == "7"
    assert headers["Vary"] == "a, b"
    assert "x-none" not in headers
    assert SECRET not in repr(headers)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (301, BadConfigError),
        (302, BadConfigError),
        (307, BadConfigError),
        (400, RejectedError),
        (401, AuthFailedError),
        (403, PermissionMissingError),
        (429, RateLimitedError),
        (500, RetryableError),
        (503, RetryableError),
    ],
)
async def test_every_status_becomes_an_error_and_no_redirect_is_followed(status, error):
    there = b"Location: http://127.0.0.1:1/elsewhere\r\nContent-Length: 0\r\n\r\n"
    async with talking(b"HTTP/1.1 %d No\r\n" % status + there) as (server, http):
        with pytest.raises(error) as caught:
            await http.send("PUT", "x", body={})
    assert type(caught.value) is error
    assert len(server.heads) == 1
    assert SECRET not in str(caught.value)


# --- connections that end -------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
async def test_a_connection_that_was_closed_while_idle_is_replaced_unseen(method):
    async with talking(cut(OK)) as (server, http):  # closes after each answer, without saying so
        for _ in range(5):
            assert (await http.send(method, "x", body={})).status == 200
            await asyncio.sleep(0.01)
    assert server.connections == len(server.heads) == 5


async def test_one_that_is_closed_at_the_very_moment_is_replaced_too():
    async with talking(cut(OK)) as (server, http):
        for _ in range(20):  # no turn of the event loop in which the end could be noticed
            with contextlib.suppress(RetryableError):
                await http.send("PUT", "x", body={})
    assert len(server.heads) <= 20  # never twice


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
async def test_what_was_sent_is_never_sent_again(method):
    async with talking(OK, close) as (server, http):
        await http.send(method, "x")
        with pytest.raises(RetryableError, match="broke off"):
            await http.send(method, "x")
    assert len(server.heads) == 2


@pytest.mark.parametrize(
    "part",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"<html>this is no HTTP</html>",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n"
        + gzip.compress(b"cut off", mtime=0)[:12],
    ],
)
async def test_half_an_answer_is_none(part):
    async with talking(cut(part), OK) as (_, http):
        with pytest.raises(RetryableError):
            await http.send("PUT", "x", body={})
        assert (await http.send("PUT", "x", body={})).status == 200


async def test_bytes_that_nobody_asked_for_are_no_answer_to_the_next_request():
    planted = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nplanted"
    async with talking(OK + planted, OK) as (server, http):
        assert (await http.send("GET", "x")).content == b"{}"
        assert (await http.send("GET", "x")).content == b"{}"
    assert server.connections == 2


@pytest.mark.parametrize("packed", [True, False])
async def test_a_body_beyond_the_cap_is_refused(packed):
    body = b"\0" * (MAX_BYTES + 1)
    body = gzip.compress(body, 1) if packed else body
    coding = b"Content-Encoding: gzip\r\n" if packed else b""
    head = b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n" % (coding, len(body))

    async def say(writer):
        with contextlib.suppress(ConnectionError):
            writer.write(head + body)
            await writer.drain()

    async with talking(say) as (_, http):
        with pytest.raises(RetryableError, match="refused unread"):
            await http.send("GET", "x")


async def test_silence_ends_after_the_time_out_and_the_connection_with_it():
    async def silent(writer):
        await asyncio.sleep(0.5)

    async with talking(silent, OK, timeout=0.1) as (server, http):
        with pytest.raises(RetryableError, match="did not answer in time"):
            await http.send("PUT", "x", body={})
        assert (await http.send("PUT", "x", body={})).status == 200
    assert server.connections == 2


async def test_bytes_that_drip_are_waited_for():
    async def drip(writer):
        for part in (b"HTTP/1.1 200 OK\r\n", b"Content-Length: 2\r\n", b"\r\n", b"{}"):
            writer.write(part)
            await asyncio.sleep(0.4)

    async with talking(drip, timeout=1.0) as (_, http):
        assert (await http.send("PUT", "x", body={})).status == 200


async def test_but_not_beyond_the_total():
    async def drip(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(40):
                writer.write(b".")
                await asyncio.sleep(0.02)

    async with talking(drip) as (_, http):
        way = WireTransport(http.url("").rstrip("/"), HttpOptions(), total=0.2)
        with pytest.raises(RetryableError, match="took more than"):
            await way.exchange("GET", http.url("x"), {}, None)
        await way.aclose()


async def test_a_call_that_is_cancelled_leaves_nothing_for_the_next():
    async def late(writer):
        await asyncio.sleep(0.05)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")

    async with talking(late, OK) as (server, http):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await http.send("GET", "x")
        await asyncio.sleep(0.1)
        assert (await http.send("GET", "x")).content == b"{}"
    assert server.connections == 2


async def test_nobody_there_is_said():
    factory = HttpFactory(HttpOptions(), lambda: datetime.now(UTC), delivery=True)
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with pytest.raises(RetryableError, match="can't be reached: is the server up"):
        await factory(f"http://127.0.0.1:{port}").send("PUT", "x", body={})


async def test_closing_ends_calls_in_flight():
    async def silent(writer):
        await asyncio.sleep(0.2)

    async with talking(silent) as (_, http):
        call = asyncio.create_task(http.send("PUT", "x", body={}))
        await asyncio.sleep(0.05)
        await http.aclose()
        with pytest.raises(RetryableError, match="broke off"):
            await call


# --- what is never sent ---------------------------------------------------------------------------


async def test_a_version_with_a_line_break_never_becomes_a_header():
    async with talking(OK) as (server, http):
        with pytest.raises(BadConfigError, match="If-Match"):
            await http.send("PUT", "x", headers={"If-Match": '"1"\r\nX-Evil: 1'}, body={})
    assert server.heads == []


@pytest.mark.parametrize("body", [{"a": object()}, {"a": "\ud800"}, {1: 2}])
async def test_a_body_that_json_cannot_carry_is_rejected_unsent(body):
    async with talking(OK) as (server, http):
        with pytest.raises(RejectedError, match="JSON"):
            await http.send("PUT", "x", body=body)
    assert server.heads == []


async def test_another_origin_is_never_asked():
    async with talking(OK) as (server, http):
        for elsewhere in ("http://127.0.0.2/x", "//127.0.0.2/x", "http://127.0.0.1/x"):
            with pytest.raises(RetryableError, match="another host"):
                await http.send("GET", elsewhere)
    assert server.heads == []


async def test_a_login_goes_into_its_header_and_not_into_the_address():
    server = Server(OK)
    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        make = HttpFactory(HttpOptions(), lambda: datetime.now(UTC), delivery=True)
        http = make(f"http://hub:{SECRET}@127.0.0.1:{port}/v1")
        answer = await http.send("GET", "x")
        await http.aclose()
        await server.stop()
    assert "Authorization: Basic " in server.heads[0]
    assert SECRET not in server.heads[0] + answer.url


@pytest.mark.parametrize(("delivery", "other"), [(True, "httpx"), (False, "httptools")])
def test_what_carries_nothing_is_not_imported(delivery, other):
    code = (
        "import sys\nfrom datetime import UTC, datetime\nfrom hub.http import *\n"
        f"make = HttpFactory(HttpOptions(), lambda: datetime.now(UTC), delivery={delivery})\n"
        "make('http://127.0.0.1:1/')\n"
        f"assert {other!r} not in sys.modules, {other!r}\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
