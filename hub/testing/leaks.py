"""Where a secret could be seen: messages with their chain, reprs, findings, log lines."""

from collections.abc import Iterable, Iterator, Sequence

from hub.testing.clock import FakeLog


def error_texts(error: BaseException | None) -> Iterator[str]:
    """Message and repr of an error and of everything that it was raised from."""
    while error is not None:
        yield str(error)
        yield repr(error)
        yield from getattr(error, "__notes__", ())
        error = error.__cause__ or error.__context__


def log_texts(log: FakeLog) -> Iterator[str]:
    """Every log line, whole."""
    return (repr(line) for line in log.lines)


def leaked(secrets: Sequence[str], texts: Iterable[str]) -> list[str]:
    """The texts in which a secret stands."""
    return [text for text in texts if any(secret in text for secret in secrets)]
