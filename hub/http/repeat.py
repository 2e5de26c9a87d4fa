"""How a GET is repeated: three attempts, with back-off and jitter, or as long as we are told to wait."""

from collections.abc import Awaitable, Callable

import tenacity

from hub.errors import RateLimitedError, RetryableError
from hub.http.answer import Answer
from hub.http.options import MAX_WAIT, Sleep

ATTEMPTS = 3
FIRST, LONGEST = 0.2, 5.0  # seconds: at most so long after the first attempt, and after any


async def repeated(
    first: RetryableError, ask: Callable[[], Awaitable[Answer]], sleep: Sleep
) -> Answer:
    """Ask again until there is an answer; `first` is what the attempt before this came to.

    Raises:
        HubError: the last attempt's, or `first` where it is not worth waiting.
    """
    failed = [first]

    async def attempt() -> Answer:
        if failed:
            raise failed.pop()
        return await ask()

    return await _repeating(sleep)(attempt)


def _repeating(sleep: Sleep) -> tenacity.AsyncRetrying:
    return tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception(_worth_waiting),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=_wait,
        sleep=sleep,
        reraise=True,
    )


def _worth_waiting(error: BaseException) -> bool:
    if isinstance(error, RateLimitedError):
        return error.retry_after is not None and error.retry_after <= MAX_WAIT
    return isinstance(error, RetryableError)


_backoff = tenacity.wait_random_exponential(multiplier=FIRST, max=LONGEST)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RateLimitedError) and error.retry_after is not None:
        return error.retry_after
    return _backoff(state)
