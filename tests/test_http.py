"""The HTTP client: faults become our errors, and nothing leaks."""

import gzip
import ssl
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from hub.errors import (
    AuthFailedError,
    BadConfigError,
    PermissionMissingError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)
from hub.http import MAX_BYTES, HttpFactory, HttpOptions, retry_after, tls_context
from hub.testing.fakes import FakeClock

BASE = "https://api.example.org/v1"
SECRET = "s3cret-password"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class World:
    """A server of scripted answers, and a client of it."""

    def __init__(self, *answers, base=BASE, **client):
        self.clock = FakeClock(NOW)
        self.answers = list(answers)
        self.seen = []
        transport = httpx.MockTransport(self._answer)
        factory = HttpFactory(HttpOptions(), self.clock.now, self.clock.sleep, transport)
        self.http = factory(base, **({"auth": ("hub", SECRET)} | client))

    def _answer(self, request):
        self.seen.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            return answer()
        return answer if isinstance(answer, httpx.Response) else httpx.Response(answer)


def waited(world):
    return (world.clock.now() - NOW).total_seconds()


async def test_an_answer_carries_status_headers_and_body():
    world = World(httpx.Response(200, json={"a": 1}, headers={"X-Seen": "yes"}))
    answer = await world.http.get("things", params={"q": "a==b;c"})
    assert (answer.status, answer.json(), answer.headers["x-seen"]) == (200, {"a": 1}, "yes")
    assert str(world.seen[0].url) == f"{BASE}/things?q=a%3D%3Db%3Bc"


@pytest.mark.parametrize(
    ("status", "error", "tries"),
    [
        (301, BadConfigError, 1),
        (302, BadConfigError, 1),
        (400, RejectedError, 1),
        (401, AuthFailedError, 1),
        (403, PermissionMissingError, 1),
        (404, RejectedError, 1),
        (422, RejectedError, 1),
        (429, RateLimitedError, 1),
        (500, RetryableError, 3),
        (502, RetryableError, 3),
        (503, RetryableError, 3),
    ],
)
async def test_every_status_becomes_an_error_that_says_what_happens_next(status, error, tries):
    world = World(
        httpx.Response(status, text=SECRET, headers={"location": "https://x.example.org"})
    )
    with pytest.raises(error) as caught:
        await world.http.get("things")
    assert type(caught.value) is error
    assert len(world.seen) == tries
    assert SECRET not in f"{caught.value!r}"
    assert str(status) in str(caught.value)


@pytest.mark.parametrize("status", [200, 204, 226])
async def test_a_success_that_nobody_expected_is_no_refusal(status):
    with pytest.raises(RetryableError, match="a login page"):
        await World(status).http.send("POST", "batch", expect=(207,))


async def test_an_expected_status_is_an_answer():
    assert (await World(404).http.get("things", expect=(200, 404))).status == 404


@pytest.mark.parametrize("fault", [500, httpx.ReadError("reset"), httpx.ConnectTimeout("slow")])
async def test_a_get_is_tried_again_after_a_pause(fault):
    world = World(fault, fault, 200)
    assert (await world.http.get("things")).status == 200
    assert 0 < waited(world) < 30


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "GET"])
async def test_a_send_is_sent_once(method):
    world = World(500, 200)
    with pytest.raises(RetryableError):
        await world.http.send(method, "things", body={})
    assert len(world.seen) == 1


@pytest.mark.parametrize(("header", "pause"), [("7", 7), ("Mon, 23 Nov 2026 08:00:09 GMT", 9)])
@pytest.mark.parametrize("status", [429, 503])
async def test_a_short_retry_after_is_kept_to_here(status, header, pause):
    world = World(httpx.Response(status, headers={"retry-after": header}), 200)
    assert (await world.http.get("things")).status == 200
    assert waited(world) == pause


async def test_a_long_retry_after_goes_to_the_scheduler():
    world = World(httpx.Response(429, headers={"retry-after": "3600"}))
    with pytest.raises(RateLimitedError) as caught:
        await world.http.get("things")
    assert (caught.value.retry_after, len(world.seen), waited(world)) == (3600, 1, 0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("\u00b2", None),
        ("0", 0),
        ("120", 120),
        ("Mon, 23 Nov 2026 08:01:00 GMT", 60),
        ("Mon, 23 Nov 2026 08:01:00 -0000", 60),
        ("Mon, 23 Nov 2026 07:00:00 GMT", 0),
        ("Mon, 23 Nov 99999999999999 07:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms(value, seconds):
    headers = {} if value is None else {"retry-after": value}
    assert retry_after(headers, NOW) == seconds


@pytest.mark.parametrize(
    "raised", [httpx.ReadError, httpx.ReadTimeout, httpx.ConnectError, httpx.ProxyError, httpx.RemoteProtocolError]
)  # fmt: skip
async def test_a_network_fault_is_retryable_and_names_the_origin(raised):
    world = World(raised(f"about {SECRET}"))
    with pytest.raises(RetryableError, match=r"https://api\.example\.org") as caught:
        await world.http.get("things")
    assert SECRET not in str(caught.value)
    assert isinstance(caught.value.__cause__, raised)


async def test_an_untrusted_certificate_asks_for_a_ca_file():
    fault = httpx.ConnectError("tls")
    fault.__cause__ = ssl.SSLCertVerificationError("self-signed")
    fault.__cause__.verify_message = "self-signed certificate"
    world = World(fault)
    with pytest.raises(BadConfigError, match="ca_file"):
        await world.http.get("things")
    assert len(world.seen) == 1


@pytest.mark.parametrize(
    "body", [b"", b"<html>login</html>", b'{"cut": ', b"\xff\xfe", b"[" * 99_999]
)
async def test_a_body_that_is_no_json_is_retryable_whatever_the_status(body):
    answer = await World(httpx.Response(200, content=body)).http.get("things")
    with pytest.raises(RetryableError, match="not JSON"):
        answer.json()


async def test_a_body_that_does_not_unpack_is_retryable():
    packed = {"content-encoding": "gzip"}
    world = World(lambda: httpx.Response(200, headers=packed, stream=_Stream(b"not gzip")))
    with pytest.raises(RetryableError):
        await world.http.get("things")


async def test_a_body_beyond_the_cap_is_refused_also_when_packed():
    packed = gzip.compress(b"\0" * (MAX_BYTES + 1))
    headers = {"content-encoding": "gzip"}
    world = World(lambda: httpx.Response(200, headers=headers, stream=_Stream(packed)))
    with pytest.raises(RetryableError, match="refused unread"):
        await world.http.get("things")


class _Stream(httpx.AsyncByteStream):
    def __init__(self, content):
        self._content = content

    async def __aiter__(self):
        yield self._content


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example.org/v1",
        "//evil.example.org/v1",
        "http://api.example.org/v1",
        "https://api.example.org:8443/v1",
        "https://api.example.org.evil.example.org/",
        "https://api.example.org@evil.example.org/",
        "https://[broken/",
    ],
)
async def test_another_origin_is_never_asked(elsewhere):
    world = World(200)
    with pytest.raises(RetryableError):
        await world.http.get(elsewhere)
    assert world.seen == []


@pytest.mark.parametrize(
    "same", ["things", "/other", "https://api.example.org/x", "https://API.example.org:443/x"]
)
async def test_the_same_origin_is_asked_however_it_is_written(same):
    assert (await World(200).http.get(same)).status == 200


async def test_a_password_in_the_address_never_stands_in_a_message():
    world = World(httpx.ReadError("x"), base=f"https://hub:{SECRET}@api.example.org")
    with pytest.raises(RetryableError) as caught:
        await world.http.get("things")
    assert SECRET not in str(caught.value)
    with pytest.raises(RetryableError) as caught:
        await world.http.get("https://evil.example.org")
    assert SECRET not in str(caught.value)


async def test_login_and_headers_are_sent_and_the_environment_is_not_asked(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    world = World(200, headers={"X-Hub": "1"})
    await world.http.get("things")
    assert world.seen[0].headers["authorization"].startswith("Basic ")
    assert world.seen[0].headers["x-hub"] == "1"
    await world.http.aclose()


def test_a_ca_file_that_is_none_says_what_to_check(tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")
    for path in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        with pytest.raises(BadConfigError, match="ca_file"):
            tls_context(path)


def test_tls_is_always_verified():
    context = tls_context(None)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


async def test_waiting_uses_the_given_clock_only():
    world = World(500, 500, 500)
    with pytest.raises(RetryableError):
        await world.http.get("things")
    assert timedelta(0) < world.clock.now() - NOW < timedelta(seconds=20)


@pytest.mark.parametrize("base", ["https://[broken/", "https://api.example.org:99999999/"])
async def test_a_base_that_is_no_address_is_a_configuration_error(base):
    with pytest.raises(BadConfigError, match="`url`"):
        await World(200, base=base).http.get("things")


def test_a_secret_with_a_line_break_is_refused_without_being_quoted():
    factory = HttpFactory(HttpOptions(), lambda: datetime.now(UTC))
    with pytest.raises(BadConfigError, match="line break") as error:
        factory("https://example.nl", headers={"authorization": "Bearer geheim\n"})
    assert "geheim" not in str(error.value)
