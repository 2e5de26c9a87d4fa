"""Why an intranet refused something, in its own words, without an echo of what we sent."""

from collections.abc import Iterator, Mapping
from typing import Any

from hub.targets.openintranet.models import Problem

LONGEST = 300  # characters of a reason
ECHO = 6  # shorter values of a body are words that any message may hold


def reason_of(status: int, problem: Problem, body: Mapping[str, Any]) -> str:
    """Status, title, detail and wrong fields of a problem; parts that quote the body are left out.

    A body may hold words that belong on the intranet only, and reasons are stored and logged.
    """
    parts = [problem.title, problem.detail]
    parts += [f"{one.field}: {one.detail}" for one in problem.errors]
    values = [value for value in _texts(body) if len(value) >= ECHO]
    kept = [part for part in parts if part and not any(value in part for value in values)]
    said = " ".join(part if part.endswith(".") else f"{part}." for part in kept)
    return f"The intranet answered {status}. {said}".strip()[:LONGEST]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
