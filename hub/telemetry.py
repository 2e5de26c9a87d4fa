"""Logs and redaction. Quiet when well: a run without news writes no line at info."""

import logging
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from functools import cache, partial
from pathlib import Path
from typing import Any, TextIO

HIDDEN = re.compile(
    r"password|secret|token|authorization|credential|api_?key|cookie", re.IGNORECASE
)
IN_TEXT = re.compile(
    r"(?i)\b(bearer|basic|token)\s+[A-Za-z0-9+/._~=-]{6,}|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
STARS = "***"

_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
SHORTEST = 4  # characters; shorter secrets are parts of ordinary words


class Veil:
    """Puts stars over known secrets, whoever wrote the text: a plug-in, an answer, an error.

    Args:
        secrets: the texts; those under four characters are left alone.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        kept = sorted((one for one in secrets if len(one) >= SHORTEST), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, kept))) if kept else None

    def __call__(self, text: str) -> str:
        """The text without them."""
        return text if self._pattern is None else self._pattern.sub(STARS, text)

    def within(self, value: Any) -> Any:
        """The same in every text of a mapping or list, keys too."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, Mapping):
            return {self.within(key): self.within(below) for key, below in value.items()}
        if isinstance(value, list | tuple):
            return [self.within(below) for below in value]
        plain = value is None or isinstance(value, bool | int | float)
        return value if plain or self._pattern is None else self(str(value))

    def cover(self, error: BaseException) -> None:
        """An error's own words, before somebody prints them."""
        error.args = tuple(self.within(one) for one in error.args)


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Hide what looks like a secret, by name of the key or by shape in a text."""
    for name, value in event.items():
        if HIDDEN.search(name):
            event[name] = STARS
        elif isinstance(value, str):
            event[name] = IN_TEXT.sub(STARS, value)
    return event


def where(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """An exception becomes the lines that it passed: its text and local values may hold secrets."""
    if event.pop("exc_info", None) and (error := sys.exc_info()[1]):
        event["where"] = passed(error)
    return event


def passed(error: BaseException) -> list[str]:
    """The lines that an error passed, the outermost first."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{_short(one.filename)}:{one.lineno} {one.name}" for one in frames]


def _short(filename: str) -> str:
    return "/".join(Path(filename).parts[-3:])


class _Later:
    """A logger that is made when something is said: a run without news says nothing.

    Args:
        make: makes the logger that writes.
        least: the level under which nothing is written.
        bound: keys of every event.
    """

    def __init__(
        self, make: Callable[[], Any], least: int, bound: Mapping[str, Any] | None = None
    ) -> None:
        self._make, self._least, self._bound = make, least, dict(bound or {})

    def bind(self, **keys: Any) -> "_Later":
        """The same logger, which says these keys with every event."""
        return _Later(self._make, self._least, self._bound | keys)

    def __getattr__(self, name: str) -> Any:
        """What the logger itself has."""
        if name in _LEVELS:
            return partial(self._say, name)
        return getattr(self._bound_logger(), name)

    def _say(self, level: str, event: str | None = None, /, *values: Any, **keys: Any) -> None:
        """Say it where the level is at least the least."""
        if _LEVELS[level] >= self._least:
            getattr(self._bound_logger(), level)(event, *values, **keys)

    def _bound_logger(self) -> Any:
        return self._make().bind(**self._bound)


def logger(
    *, json: bool, level: str = "info", out: TextIO | None = None, veil: Veil | None = None
) -> Any:
    """A logger of its own, configured nowhere else: event names with keys, times in UTC.

    Args:
        json: one JSON object per line, for machines; else columns, for people.
        level: debug, info, warning or error.
        out: where to write; standard error by default.
        veil: over the secrets that are known.
    """
    least = _LEVELS[level.lower()]
    return _Later(cache(partial(_made, least, out, veil or Veil(), json=json)), least)


def _made(least: int, out: TextIO | None, veil: Veil, *, json: bool) -> Any:
    import structlog  # noqa: PLC0415  with what it draws on it is a tenth of a cold start

    end: Any = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer()
    return structlog.wrap_logger(
        structlog.PrintLogger(out or sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            where,
            redact,
            lambda _logger, _method, event: veil.within(event),
            end,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
    )
