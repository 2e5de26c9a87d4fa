"""Faults of HTTP in the words of our errors: what happened, and what to do about it."""

import email.utils
import re
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime

from hub.errors import (
    AuthFailedError,
    BadConfigError,
    HubError,
    PermissionMissingError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)
from hub.http.answer import Answer
from hub.http.options import MAX_BYTES, TOTAL

LONGEST_SPAN = 1e9  # seconds; more is a moment (1e9 was in 2001), a thousand times that in ms
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?", re.ASCII)

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
        range(407, 408),
        RetryableError,
        "The proxy on the way to {url} asks for a login ({status}): check `proxy`.",
    ),
    (
        range(300, 400),
        BadConfigError,
        "{url} redirects ({status}): give the final address as `url`.",
    ),
    (
        range(100, 300),
        RetryableError,
        "{url} answered {status}, which is no answer to what was asked: a proxy, a login page?",
    ),
    (range(500, 600), RetryableError, "{url} failed ({status})."),
)


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


def limit_resets(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until a rate limit starts anew, where a server says so; None if it does not.

    `RateLimit-Reset` is in seconds (IETF draft); `X-RateLimit-Reset` in seconds, or a moment in
    seconds or milliseconds since 1970, as vendors see fit.
    """
    for name in ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset"):
        value = headers.get(name, "").strip()
        if _NUMBER.fullmatch(value):
            return _from(float(value), now)
    return None


def _from(number: float, now: datetime) -> float:
    if number > LONGEST_SPAN * 1000:
        number /= 1000  # milliseconds
    return max(0.0, number - now.timestamp()) if number > LONGEST_SPAN else number


def fault(answer: Answer, now: datetime) -> HubError:
    """The error for a status that nobody expected."""
    status, url, headers = answer.status, answer.url, answer.headers
    wait = retry_after(headers, now)
    used_up = headers.get("x-ratelimit-remaining", headers.get("ratelimit-remaining", "")) == "0"
    if wait is None and (status == 429 or used_up):
        wait = limit_resets(headers, now)
    if status == 429 or (status == 503 and (wait is not None or used_up)):
        everyone = status == 429 or used_up
        message = f"{url} asks to come back later ({status})."
        return RateLimitedError(message, wait, everyone=everyone)
    for statuses, kind, message in _FAULTS:
        if status in statuses:
            return kind(message.format(url=url, status=status))
    return RejectedError(f"{url} refused the request ({status}).")


def broke_off(origin: str, error: BaseException) -> RetryableError:
    """The connection ended before a whole answer was there."""
    return RetryableError(f"{origin} broke off ({type(error).__name__}).")


def too_slow(origin: str, error: BaseException) -> RetryableError:
    """Nothing came for as long as `timeout`."""
    return RetryableError(f"{origin} did not answer in time ({type(error).__name__}).")


def too_long(shown: str) -> RetryableError:
    """It went on beyond the total."""
    return RetryableError(f"{shown} took more than {TOTAL:.0f} seconds.")


def too_large(shown: str) -> RetryableError:
    """More bytes than anybody should send."""
    return RetryableError(f"{shown} sent more than {MAX_BYTES} bytes: refused unread.")


def out_of_reach(origin: str, error: BaseException) -> RetryableError:
    """No connection at all."""
    return RetryableError(
        f"{origin} can't be reached: is the server up, the name right, the firewall open? "
        f"({type(error).__name__})."
    )


def proxy_refused(origin: str, status: int | None = None) -> RetryableError:
    """The proxy would not let us through."""
    said = f" ({status})" if status else ""
    return RetryableError(f"The proxy refused the way to {origin}{said}: check `proxy`.")


def proxy_out_of_reach(origin: str) -> RetryableError:
    """There is no connection to the proxy itself."""
    return RetryableError(f"The proxy on the way to {origin} can't be reached: check `proxy`.")


def no_address(shown: str) -> BadConfigError:
    """It can't be made into a request."""
    return BadConfigError(f"{shown} is not an address: check `url`.")


def untrusted(error: BaseException) -> ssl.SSLCertVerificationError | None:
    """The failed verification of a certificate among the causes of an error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None
