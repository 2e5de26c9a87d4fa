"""The small types that YAML is made of: durations, names, origins, addresses of the store."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import quote, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BeforeValidator,
    HttpUrl,
    WithJsonSchema,
)

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = r"^[0-9]{1,6}[smhd]$"
_PACE = r"^([1-9][0-9]{1,5}s|[1-9][0-9]{0,5}[mhd])$"
NAME = r"^[a-z0-9][a-z0-9-]{0,40}$"
_ORIGIN = (
    r"^(https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|http://(localhost|127\.0\.0\.1))"
    r"(:[0-9]{1,5})?$"
)
_WEB = r"^https?://[^\s]+$"
_PROXY = r"^https?://[^\s/]+:[0-9]{1,5}/?$"
_FILE = r"^sqlite:///[^?]+$"
_HOST = r"([A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
_DATABASE = r"[A-Za-z0-9_.-]+(\?(sslrootcert|sslcert|sslkey|host)=[^&@]+(&(sslrootcert|sslcert|sslkey|host)=[^&@]+)*)?"
_POSTGRES = re.compile(
    rf"postgres(?:ql)?://(?:(?P<user>[^:@/]+)(?P<secret>:.+)?@)?(?P<rest>{_HOST}/{_DATABASE})",
    re.DOTALL,
)
_STORE = rf"^(sqlite:///[^?]+|postgres(ql)?://([^:@/]+@)?{_HOST}/{_DATABASE})$"

LEAST_PACE = timedelta(seconds=10)


def _matching(pattern: str, message: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(message)
        return value

    return check


def duration(value: Any) -> timedelta:
    """A `timedelta` from `30s`, `5m`, `4h` or `2d`.

    Raises:
        ValueError: another form.
    """
    if isinstance(value, timedelta):
        return value
    if not (isinstance(value, str) and re.fullmatch(_DURATION, value)):
        raise ValueError("must be a duration such as `30s`, `5m`, `4h` or `2d`")
    return timedelta(**{_UNITS[value[-1]]: int(value[:-1])})


def _a_day_at_least(value: timedelta) -> timedelta:
    if value < timedelta(days=1):
        raise ValueError("must be at least `1d`")
    return value


def _pace(value: timedelta) -> timedelta:
    if value < LEAST_PACE:
        raise ValueError("must be at least `10s`")
    return value


def _rate(value: object) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    rate = float(value) if number else 0.0  # type: ignore[arg-type]  # `number` says that it is one
    if not 0 < rate < float("inf"):
        raise ValueError("must be a number above 0: requests a second, such as `5` or `0.5`")
    return rate


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is not a time zone, such as `Europe/Amsterdam`") from error
    return value


def _store(value: str) -> str:
    if value.startswith("postgres"):
        return _postgres(value)
    path = value.removeprefix("sqlite:///")
    if path == value or not re.fullmatch(_FILE, value) or ":memory:" in value or path.endswith("/"):
        raise ValueError(
            "must be the address of a file, such as `sqlite:///hub.db`, or of a PostgreSQL "
            "database, such as `postgresql://hub:${env:HUB_DATABASE_PASSWORD}@db.example.org/hub`"
        )
    return value


def _postgres(value: str) -> str:
    """The address with its password escaped: `${env:NAME}` may stand for any characters."""
    found = _POSTGRES.fullmatch(value)
    if found is None:
        raise ValueError(
            "must have the form `postgresql://hub:${env:HUB_DATABASE_PASSWORD}@db.example.org/hub`; "
            "after a `?` only sslrootcert, sslcert, sslkey and host"
        )
    secret = f":{quote(unquote(found['secret'][1:]), safe='')}" if found["secret"] else ""
    user = f"{found['user']}{secret}@" if found["user"] else ""
    return f"postgresql://{user}{found['rest']}"


def holds_password(url: str) -> bool:
    """Whether the address of a store holds a password."""
    found = _POSTGRES.fullmatch(url)
    return found is not None and found["secret"] is not None


def _proxy(value: str) -> str:
    if not re.fullmatch(_PROXY, value) or not urlsplit(value).hostname:
        raise ValueError("must have the form `http://proxy.example.org:3128`")
    return value


def _web(url: HttpUrl) -> HttpUrl:
    if url.username or url.password:
        raise ValueError("must not hold a user name or password")
    return url


Duration = Annotated[
    timedelta,
    BeforeValidator(duration),
    WithJsonSchema({"type": "string", "pattern": _DURATION, "examples": ["30s", "5m", "4h", "2d"]}),
]
Keeping = Annotated[Duration, AfterValidator(_a_day_at_least)]
Pace = Annotated[
    timedelta,
    BeforeValidator(duration),
    AfterValidator(_pace),
    WithJsonSchema({"type": "string", "pattern": _PACE, "examples": ["30s", "5m"]}),
]
Rate = Annotated[
    float,
    BeforeValidator(_rate),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "examples": [5, 0.5]}),
]
Name = Annotated[
    str,
    AfterValidator(
        _matching(
            NAME,
            "must be a short name: small letters, digits and hyphens, at most 41, no hyphen first",
        )
    ),
    WithJsonSchema({"type": "string", "pattern": NAME}),
]
Origin = Annotated[
    str,
    AfterValidator(
        _matching(
            _ORIGIN,
            "must be an origin such as `https://intranet.example.org`: https (http only for "
            "localhost), no path, no slash at the end, no `*`",
        )
    ),
    WithJsonSchema({"type": "string", "pattern": _ORIGIN}),
]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
StoreUrl = Annotated[
    str, AfterValidator(_store), WithJsonSchema({"type": "string", "pattern": _STORE})
]
ProxyUrl = Annotated[
    str, AfterValidator(_proxy), WithJsonSchema({"type": "string", "pattern": _PROXY})
]
WebUrl = Annotated[
    HttpUrl,
    AfterValidator(_web),
    WithJsonSchema({"type": "string", "format": "uri", "pattern": _WEB}),
]
