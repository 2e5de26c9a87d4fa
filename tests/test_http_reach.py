"""TLS with an organisation's own CA, and a proxy: real sockets on loopback, both transports."""

import asyncio
import base64
import contextlib
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.errors import BadConfigError, RetryableError
from hub.http import HttpFactory, HttpOptions
from hub.http.over_httpx import HttpxTransport
from hub.http.wire import WireTransport


@pytest.fixture(params=["httpx", "wire"], autouse=True)
def carried(request):
    """Every test of this file runs with each transport."""
    return request.param


@pytest.fixture
def fetch(carried):
    async def go(url, **options):
        make = HttpFactory(
            HttpOptions(**options), lambda: datetime.now(UTC), delivery=carried == "wire"
        )
        client = make(url)
        kind = WireTransport if carried == "wire" else HttpxTransport
        assert isinstance(client._transport, kind)
        try:
            return await client.send("GET", "x")
        finally:
            await client.aclose()

    return go


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


async def test_the_organisations_own_ca_is_trusted_when_named(fetch, secure, ca_file):
    async with listening(answer, secure) as port:
        got = await fetch(f"https://localhost:{port}", ca_file=ca_file)
        assert got.json() == {}


async def test_without_it_the_certificate_is_refused_and_the_message_says_what_to_do(fetch, secure):
    async with listening(answer, secure) as port:
        with pytest.raises(BadConfigError, match="give the organisation's CA as `ca_file`"):
            await fetch(f"https://localhost:{port}")


async def test_a_certificate_for_another_name_is_refused(fetch, authority, ca_file):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example.org").configure_cert(context)
    async with listening(answer, context) as port:
        with pytest.raises(BadConfigError, match="not trusted"):
            await fetch(f"https://localhost:{port}", ca_file=ca_file)


@pytest.fixture
def signed():
    """A function that makes a server's context: a certificate of this CA, for this name."""

    def make(authority, name="localhost", **about):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name, **about).configure_cert(context)
        return context

    return make


async def test_an_expired_certificate_is_refused(fetch, authority, ca_file, signed):
    old = signed(authority, not_after=datetime(2020, 1, 1, tzinfo=UTC))
    async with listening(answer, old) as port:
        with pytest.raises(BadConfigError, match=r"expired.*renew the certificate"):
            await fetch(f"https://localhost:{port}", ca_file=ca_file)


@pytest.fixture
def alone(tmp_path):
    """A certificate that signed itself, as many a server on premises has: (context, file)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (tmp_path / "both.pem").write_bytes(public + private)
    (tmp_path / "public.pem").write_bytes(public)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    return context, tmp_path / "public.pem"


async def test_a_certificate_that_signed_itself_is_refused(fetch, alone):
    async with listening(answer, alone[0]) as port:
        with pytest.raises(BadConfigError, match=r"self-signed.*`ca_file`"):
            await fetch(f"https://localhost:{port}")


async def test_but_trusted_when_named(fetch, alone):
    async with listening(answer, alone[0]) as port:
        assert (await fetch(f"https://localhost:{port}", ca_file=alone[1])).status == 200


async def test_a_certificate_that_nobody_trusts_is_never_sent_a_request(fetch, secure):
    heard = []

    async def listen(reader, writer):
        heard.append(await reader.read())
        writer.close()

    async with listening(listen, secure) as port:
        with pytest.raises(BadConfigError):
            await fetch(f"https://localhost:{port}")
        await asyncio.sleep(0.05)
    assert b"".join(heard) == b""


async def test_the_issuer_is_named_where_the_chain_ends_in_nobody_known(fetch, signed):
    private = trustme.CA(organization_name="Gemeente Voorbeeld", organization_unit_name="x")
    async with listening(answer, signed(private)) as port:
        with pytest.raises(BadConfigError, match='issued by "Gemeente Voorbeeld') as caught:
            await fetch(f"https://localhost:{port}")
    assert "or like the organisation's own CA" in str(caught.value)


async def test_a_proxy_that_signs_anew_is_named(fetch, authority, ca_file, signed):
    """It answers CONNECT itself and shows a certificate of its own for the host."""
    middlebox = signed(trustme.CA(organization_name="Zscaler-achtig BV"), "intranet.example.org")

    async def handle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        with contextlib.suppress(OSError, ssl.SSLError):
            await writer.start_tls(middlebox)
            await reader.read()
        writer.close()

    async with listening(handle) as by:
        with pytest.raises(BadConfigError, match="Zscaler-achtig BV") as caught:
            await fetch(
                "https://intranet.example.org", ca_file=ca_file, proxy=f"http://127.0.0.1:{by}"
            )
    said = str(caught.value)
    assert "looks like a proxy that re-signs TLS: give its CA as `ca_file`" in said
    assert "own CA" not in said


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


async def test_the_proxy_of_the_instance_is_used(fetch, secure, ca_file):
    seen = []
    async with listening(answer, secure) as port, listening(proxy(seen)) as by:
        got = await fetch(
            f"https://localhost:{port}", ca_file=ca_file, proxy=f"http://127.0.0.1:{by}"
        )
        assert got.status == 200
    assert seen == [f"CONNECT localhost:{port}"]


async def test_a_proxy_that_refuses_is_named(fetch, secure, ca_file):
    seen = []
    async with listening(answer, secure) as port, listening(proxy(seen, refuse=True)) as by:
        with pytest.raises(RetryableError, match="check `proxy`"):
            await fetch(
                f"https://localhost:{port}", ca_file=ca_file, proxy=f"http://127.0.0.1:{by}"
            )


async def test_a_proxy_that_is_not_there_is_said(fetch, carried):
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    by = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    words = "The proxy on the way" if carried == "wire" else "can't be reached"
    for scheme in ("http", "https"):
        with pytest.raises(RetryableError, match=words):
            await fetch(f"{scheme}://intranet.example.org", proxy=f"http://127.0.0.1:{by}")


async def test_a_plain_address_is_asked_of_the_proxy_whole(fetch):
    seen = []

    async def handle(reader, writer):
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    async with listening(handle) as by:
        await fetch("http://intranet.example.org/v1", proxy=f"http://me:s%40cret@127.0.0.1:{by}")
    head = seen[0].decode()
    assert head.startswith("GET http://intranet.example.org/v1/x HTTP/1.1\r\n")
    login = base64.b64encode(b"me:s@cret").decode()
    assert f"Proxy-Authorization: Basic {login}\r\n" in head


async def test_a_login_for_the_proxy_is_for_the_proxy_alone(fetch, secure, ca_file):
    seen, behind = [], []

    async def there(reader, writer):
        behind.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with listening(there, secure) as port, listening(proxy(seen)) as by:
        await fetch(
            f"https://localhost:{port}", ca_file=ca_file, proxy=f"http://me:cret@127.0.0.1:{by}"
        )
    assert b"uthorization" not in behind[0]
    assert seen == [f"CONNECT localhost:{port}"]


async def test_the_environments_proxy_is_not_asked(fetch, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with listening(answer) as port:
        assert (await fetch(f"http://127.0.0.1:{port}")).status == 200
