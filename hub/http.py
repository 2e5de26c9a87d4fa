"""One client factory: time-outs, TLS, proxy, size caps; HTTP faults become our errors here only.

A connector or target asks its context: `context.http("https://...", auth=("user", "password"))`.
Redirects are never followed (a login page would look like an answer), other origins are refused
(credentials would leak), bodies are capped. GET is retried three times with back-off; all else is
sent once, because only the engine knows whether a repeat is harmless.
"""

import asyncio
import email.utils
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import tenacity
import truststore

from hub.errors import (
    AuthFailedError,
    BadConfigError,
    HubError,
    PermissionMissingError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)

MAX_BYTES = 32 * 1024 * 1024
TOTAL = 90.0  # seconds for one request, however the bytes drip
MAX_WAIT = 10.0  # seconds that a page waits for Retry-After itself; longer goes to the scheduler


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """How an instance reaches the network; from its YAML file.

    Attributes:
        ca_file: PEM file of the organisation's own CA, trusted beside the system's store.
        proxy: http://host:port; None: no proxy, and the environment is not asked.
        timeout: seconds for connecting, and for each read.
    """

    ca_file: Path | None = None
    proxy: str | None = field(default=None, repr=False)
    timeout: float = 15.0
    max_connections: int = 10


Sleep = Callable[[float], Awaitable[None]]


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """TLS that verifies: the system's trust store, plus the organisation's own CA."""
    context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file is None:
        return context
    try:
        context.load_verify_locations(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise BadConfigError(
            f"The CA file {ca_file} can't be read as PEM certificates: check `ca_file`."
        ) from error
    return context


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from a Retry-After header in either form (RFC 9110, 10.2.3); None if absent."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers (case-insensitive), the whole body."""

    status: int
    headers: httpx.Headers
    content: bytes = field(repr=False)
    url: str = ""

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            RetryableError: it is not JSON (a proxy, a login page, cut off), whatever the status.
        """
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError) as error:
            kind = self.headers.get("content-type", "no content type").split(";")[0]
            raise RetryableError(
                f"{self.url} answered {self.status} with {kind} that is not JSON: a proxy, "
                "a login page or a broken answer. Nothing was taken from it."
            ) from error


class Http:
    """A client for one origin."""

    def __init__(
        self,
        base_url: str,
        *,
        options: HttpOptions,
        now: Callable[[], datetime],
        sleep: Sleep,
        auth: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        _sendable(headers or {})
        self.base_url = base_url.rstrip("/") + "/"
        self._origin = _origin(self.base_url)
        self._now = now
        self._sleep = sleep
        self._client = httpx.AsyncClient(
            auth=auth,
            headers=dict(headers or {}),
            verify=_verify(self.base_url, options),
            proxy=options.proxy,
            timeout=options.timeout,
            limits=httpx.Limits(max_connections=options.max_connections),
            trust_env=False,
            follow_redirects=False,
            transport=transport,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def url(self, path: str) -> str:
        """The full address of a path or of a full address on the same origin.

        Raises:
            RetryableError: another origin; our credentials never go there.
        """
        try:
            url = urljoin(self.base_url, path)
        except ValueError as error:
            raise RetryableError(f"{self._origin} points to an address that is none.") from error
        origin = _origin(url)
        if origin != self._origin:
            raise RetryableError(
                f"{self._origin} points to another host ({origin}): refused, because the "
                "password would go there. Check the system's own base address."
            )
        return url

    async def get(self, path: str, *, expect: tuple[int, ...] = (200,), **kwargs: Any) -> Answer:
        """A GET, tried up to three times; see `send` for arguments and errors."""
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(_worth_waiting),
            stop=tenacity.stop_after_attempt(3),
            wait=_wait,
            sleep=self._sleep,
            reraise=True,
        )
        return await retrying(self.send, "GET", path, expect=expect, **kwargs)

    async def send(
        self,
        method: str,
        path: str,
        *,
        expect: tuple[int, ...] = (200,),
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Answer:
        """One request, sent once.

        Args:
            method: GET, PUT, ...
            path: relative to the base address, or a full address on the same origin.
            expect: statuses that are answers; every other one becomes an error.
            params: the query.
            headers: beside those of the client.
            body: JSON values, or None.

        Raises:
            AuthFailedError, PermissionMissingError, RateLimitedError, RetryableError,
            RejectedError, BadConfigError: as `hub.errors` says.
        """
        url = self.url(path)
        request = self._client.build_request(method, url, params=params, headers=headers, json=body)
        answer = await self._exchange(request)
        if answer.status not in expect:
            raise _fault(answer, self._now())
        return answer

    async def _exchange(self, request: httpx.Request) -> Answer:
        shown = f"{request.url.scheme}://{request.url.netloc.decode()}{request.url.path}"
        try:
            async with asyncio.timeout(TOTAL):
                response = await self._client.send(request, stream=True)
                try:
                    content = await _capped(response, shown)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise RetryableError(f"{shown} took more than {TOTAL:.0f} seconds.") from error
        except httpx.RequestError as error:
            raise _unreachable(error, self._origin) from error
        except httpx.InvalidURL as error:
            raise BadConfigError(f"{shown} is not an address: check `url`.") from error
        return Answer(response.status_code, response.headers, content, shown)


@dataclass(frozen=True, slots=True)
class HttpFactory:
    """Makes clients for one instance.

    Attributes:
        transport: an own transport, for tests; None: the network.
    """

    options: HttpOptions
    now: Callable[[], datetime]
    sleep: Sleep = asyncio.sleep
    transport: httpx.AsyncBaseTransport | None = None

    def __call__(
        self,
        base_url: str,
        *,
        auth: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Http:
        """A client for this origin, with HTTP Basic `auth` or own headers."""
        return Http(
            base_url,
            options=self.options,
            now=self.now,
            sleep=self.sleep,
            auth=auth,
            headers=headers,
            transport=self.transport,
        )


def _sendable(headers: Mapping[str, str]) -> None:
    """Refuse here what the client would refuse with the secret in its message."""
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise BadConfigError(
                f"The value for the header {name} has a line break or a character that HTTP does "
                "not allow: look at the secret that it is made of."
            )


def _verify(base_url: str, options: HttpOptions) -> ssl.SSLContext | bool:
    return tls_context(options.ca_file) if base_url.startswith("https:") else True


def _origin(url: str) -> str:
    """Scheme, host and port: never name and password, and no port that goes without saying."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadConfigError("The address is not one that can be read: check `url`.") from error
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    shown = "" if port in {None, usual} else f":{port}"
    return f"{parts.scheme}://{(parts.hostname or '').lower()}{shown}"


async def _capped(response: httpx.Response, shown: str) -> bytes:
    chunks, size = [], 0
    async for chunk in response.aiter_bytes():
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_BYTES:
            raise RetryableError(f"{shown} sent more than {MAX_BYTES} bytes: refused unread.")
    return b"".join(chunks)


def _worth_waiting(error: BaseException) -> bool:
    if isinstance(error, RateLimitedError):
        return error.retry_after is not None and error.retry_after <= MAX_WAIT
    return isinstance(error, RetryableError)


_backoff = tenacity.wait_random_exponential(multiplier=0.2, max=5)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RateLimitedError) and error.retry_after is not None:
        return error.retry_after
    return _backoff(state)


def _unreachable(error: httpx.RequestError, origin: str) -> HubError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return BadConfigError(
                f"The certificate of {origin} is not trusted ({cause.verify_message}): "
                "give the organisation's CA as `ca_file`, or renew the certificate."
            )
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ProxyError):
        return RetryableError(f"The proxy refused the way to {origin}: check `proxy`.")
    what = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "broke off"
    if isinstance(error, httpx.ConnectError):
        what = "can't be reached: is the server up, the name right, the firewall open?"
    return RetryableError(f"{origin} {what} ({type(error).__name__}).")


def _fault(answer: Answer, now: datetime) -> HubError:
    status, url = answer.status, answer.url
    wait = retry_after(answer.headers, now)
    if status == 429 or (status == 503 and wait is not None):
        return RateLimitedError(
            f"{url} asks to come back later ({status}).", wait, everyone=status == 429
        )
    for statuses, kind, message in _FAULTS:
        if status in statuses:
            return kind(message.format(url=url, status=status))
    return RejectedError(f"{url} refused the request ({status}).")


_FAULTS: tuple[tuple[range, type[HubError], str], ...] = (
    (
        range(401, 402),
        AuthFailedError,
        "{url} refused the login ({status}): check user name and password.",
    ),
    (
        range(403, 404),
        PermissionMissingError,
        "{url} says that the account lacks a right ({status}): ask its administrator for it.",
    ),
    (
        range(300, 400),
        BadConfigError,
        "{url} redirects ({status}): give the final address as `url`.",
    ),
    (range(500, 600), RetryableError, "{url} failed ({status})."),
)
