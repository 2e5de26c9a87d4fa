"""What the intranet said about one object, alone or in a batch, in one shape."""

from dataclasses import dataclass

from hub.http import Answer
from hub.targets.openintranet.client import is_absent
from hub.targets.openintranet.models import Item, Problem, Result, problem_of, read_as


@dataclass(frozen=True, slots=True)
class Said:
    """One answer about one object.

    Attributes:
        etag: the version that stands there now; None where it did not say, or spoke of another.
        replay: a kept answer of an earlier request with the same token.
        after: seconds to wait, where it said so.
    """

    status: int
    problem: Problem
    etag: str | None = None
    replay: bool = False
    after: float | None = None


def of_answer(answer: Answer, key: str) -> Said:
    """From the answer to a request of its own.

    Raises:
        RetryableError: a login page, a proxy, half an answer, a 404 that is not the API's own.
    """
    if answer.status in {200, 201}:
        stored = read_as(Item, answer)
        etag = stored.etag if stored.external_id == key else None
        replay = "idempotent-replay" in answer.headers
        return Said(answer.status, _other(etag), etag, replay)
    is_absent(answer)
    return Said(answer.status, problem_of(answer) if answer.status >= 400 else Problem())


def of_result(result: Result) -> Said:
    """From a result in a batch."""
    return Said(
        result.status,
        result.problem or Problem(),
        result.etag,
        result.replay,
        result.retry_after,
    )


def _other(etag: str | None) -> Problem:
    return Problem() if etag is not None else Problem(title="It answered with another object")
