"""The port: a client for one origin, whatever carries its requests."""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import unquote, urlencode, urljoin, urlsplit

import orjson

from hub.errors import BadConfigError, RejectedError, RetryableError
from hub.http.answer import Answer
from hub.http.faults import fault
from hub.http.options import Sleep
from hub.http.pace import Pace
from hub.http.transport import Transport

_PLAIN = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_~:@%=+,-][A-Za-z0-9_~:@%=+,.-]*)*", re.ASCII)


class Http:
    """A client for one origin."""

    def __init__(
        self,
        base_url: str,
        *,
        carry: Callable[[str], Transport],
        now: Callable[[], datetime],
        sleep: Sleep,
        auth: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        pace: Pace | None = None,
    ) -> None:
        sendable(headers or {})
        self._origin = origin_of(base_url)
        self._base, login = _without_login(base_url)
        self._headers = {**_login(auth or login), **(headers or {})}
        self._now = now
        self._sleep = sleep
        self._pace = pace
        self._transport = carry(self._origin)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    def url(self, path: str) -> str:
        """The full address of a path or of a full address on the same origin.

        Raises:
            RetryableError: another origin; our credentials never go there.
        """
        if _PLAIN.fullmatch(path):
            return self._base + path
        try:
            url = urljoin(self._base, path)
        except ValueError as error:
            raise RetryableError(f"{self._origin} points to an address that is none.") from error
        origin = origin_of(url)
        if origin != self._origin:
            raise RetryableError(
                f"{self._origin} points to another host ({origin}): refused, because the "
                "password would go there. Check the system's own base address."
            )
        parts = urlsplit(url)
        return origin + (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    async def get(self, path: str, *, expect: tuple[int, ...] = (200,), **kwargs: Any) -> Answer:
        """A GET, tried up to three times; see `send` for arguments and errors."""
        try:
            return await self.send("GET", path, expect=expect, **kwargs)
        except RetryableError as error:
            first = error
        from hub.http.repeat import repeated  # noqa: PLC0415  most are answered at once

        again = partial(self.send, "GET", path, expect=expect, **kwargs)
        return await repeated(first, again, self._sleep)

    async def send(
        self,
        method: str,
        path: str,
        *,
        expect: tuple[int, ...] = (200,),
        params: Mapping[str, str | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, sent once.

        Args:
            method: GET, PUT, ...
            path: relative to the base address, or a full address on the same origin.
            expect: statuses that are answers; every other one becomes an error.
            params: the query; a list repeats its name.
            headers: beside those of the client.
            body: JSON values, or None.
            form: what a form would send, instead of a body.

        Raises:
            AuthFailedError, PermissionMissingError, RateLimitedError, RetryableError,
            RejectedError, BadConfigError: as `hub.errors` says.
        """
        url = self.url(path)
        if params:
            url = f"{url.partition('?')[0]}?{urlencode(params, doseq=True)}"
        given, content = self._headers, None
        if headers:
            sendable(headers)
            given = given | dict(headers)
        if body is not None:
            given, content = {"Content-Type": "application/json", **given}, _encoded(body)
        if form is not None:
            given = {"Content-Type": "application/x-www-form-urlencoded", **given}
            content = urlencode(form).encode()
        if self._pace is not None:
            await self._pace.turn()
        status, found, text = await self._transport.exchange(method, url, given, content)
        answer = Answer(status, found, text, url.partition("?")[0])
        if status not in expect:
            raise fault(answer, self._now())
        return answer


def sendable(headers: Mapping[str, str]) -> None:
    """Refuse here what the client would refuse with the secret in its message."""
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise BadConfigError(
                f"The value for the header {name} has a line break or a character that HTTP does "
                "not allow: look at the secret that it is made of."
            )


def origin_of(url: str) -> str:
    """Scheme, host and port: never name and password, and no port that goes without saying."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadConfigError("The address is not one that can be read: check `url`.") from error
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    shown = "" if port in {None, usual} else f":{port}"
    host = (parts.hostname or "").lower()
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{shown}"


def _without_login(base: str) -> tuple[str, tuple[str, str] | None]:
    """The base address in one spelling, and the name and password that stood in it."""
    parts = urlsplit(base)
    login = None
    if parts.username is not None:
        login = unquote(parts.username), unquote(parts.password or "")
    return f"{origin_of(base)}{parts.path.rstrip('/')}/", login


def _login(auth: tuple[str, str] | None) -> dict[str, str]:
    if auth is None:
        return {}
    encoded = base64.b64encode(":".join(auth).encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


def _encoded(body: Any) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError as error:
        raise RejectedError("It holds a value that JSON can't carry: it was not sent.") from error
