"""The body of a call: read as far as it may be, and no longer than it may take."""

import asyncio

from starlette.requests import ClientDisconnect, Request


class WrongBodyError(Exception):
    """A body that is not looked at; `status` says why, as HTTP does."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


PATIENCE = 10.0  # seconds for a body that is no file


async def body_of(request: Request, most: int, patience: float = PATIENCE) -> bytes:
    """The body, as long as it is short and comes in time.

    Args:
        request: the call.
        most: bytes.
        patience: seconds.

    Raises:
        WrongBodyError: it is longer, comes too slowly, or the caller left.
    """
    found = bytearray()
    try:
        async with asyncio.timeout(patience):
            async for part in request.stream():
                found += part
                if len(found) > most:
                    raise WrongBodyError(413, f"The body is longer than {most} bytes")
    except TimeoutError as error:
        raise WrongBodyError(408, "The body did not come in time") from error
    except ClientDisconnect as error:
        raise WrongBodyError(400, "The caller left") from error
    return bytes(found)
