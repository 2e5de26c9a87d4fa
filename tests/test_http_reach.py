"""TLS with an organisation's own CA, and a proxy: real sockets on loopback."""

import asyncio
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
import trustme

from hub.errors import BadConfigError, RetryableError
from hub.http import HttpFactory, HttpOptions


def factory(**options) -> HttpFactory:
    return HttpFactory(HttpOptions(**options), lambda: datetime.now(UTC))


async def answer(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
    await writer.drain()
    writer.close()


@asynccontextmanager
async def listening(handler, context=None):
    server = await asyncio.start_server(handler, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
def authority():
    return trustme.CA()


@pytest.fixture
def secure(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def ca_file(authority, tmp_path):
    path = tmp_path / "own-ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


async def fetch(url, **options):
    client = factory(**options)(url)
    try:
        return await client.get("x")
    finally:
        await client.aclose()


async def test_the_organisations_own_ca_is_trusted_when_named(secure, ca_file):
    async with listening(answer, secure) as port:
        got = await fetch(f"https://localhost:{port}", ca_file=ca_file)
        assert got.json() == {}


async def test_without_it_the_certificate_is_refused_and_the_message_says_what_to_do(secure):
    async with listening(answer, secure) as port:
        with pytest.raises(BadConfigError, match="give the organisation's CA as `ca_file`"):
            await fetch(f"https://localhost:{port}")


async def test_a_certificate_for_another_name_is_refused(authority, ca_file):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example.org").configure_cert(context)
    async with listening(answer, context) as port:
        with pytest.raises(BadConfigError, match="not trusted"):
            await fetch(f"https://localhost:{port}", ca_file=ca_file)


def proxy(seen: list[str], *, refuse: bool = False):
    """A small forward proxy for CONNECT and plain requests."""

    async def pump(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()

    async def handle(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        method, address, _ = head.split(b"\r\n")[0].decode().split(" ")
        seen.append(f"{method} {address}")
        if refuse:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
            writer.close()
            return
        host, _, port = address.removeprefix("http://").split("/")[0].partition(":")
        there, onward = await asyncio.open_connection(host, int(port))
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            onward.write(head)
        async with asyncio.TaskGroup() as group:
            group.create_task(pump(reader, onward))
            group.create_task(pump(there, writer))

    return handle


async def test_the_proxy_of_the_instance_is_used(secure, ca_file):
    seen = []
    async with listening(answer, secure) as port, listening(proxy(seen)) as by:
        got = await fetch(
            f"https://localhost:{port}", ca_file=ca_file, proxy=f"http://127.0.0.1:{by}"
        )
        assert got.status == 200
    assert seen == [f"CONNECT localhost:{port}"]


async def test_a_proxy_that_refuses_is_named(secure, ca_file):
    seen = []
    async with listening(answer, secure) as port, listening(proxy(seen, refuse=True)) as by:
        with pytest.raises(RetryableError, match="check `proxy`"):
            await fetch(
                f"https://localhost:{port}", ca_file=ca_file, proxy=f"http://127.0.0.1:{by}"
            )


async def test_the_environments_proxy_is_not_asked(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with listening(answer) as port:
        assert (await fetch(f"http://127.0.0.1:{port}")).status == 200
