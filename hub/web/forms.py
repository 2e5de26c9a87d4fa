"""What a form of our own pages brings."""

import asyncio
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

LARGEST = 4096  # bytes
PATIENCE = 10.0  # seconds for it to come in
KIND = "application/x-www-form-urlencoded"


async def fields(request: Request) -> Mapping[str, str]:
    """The fields of a short form; of a name that comes twice the first.

    Raises:
        HTTPException: it is none, too long or too slow.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != KIND:
        raise HTTPException(415)
    found = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for part in request.stream():
                found += part
                if len(found) > LARGEST:
                    raise HTTPException(413)
    except TimeoutError as error:
        raise HTTPException(408) from error
    except ClientDisconnect as error:
        raise HTTPException(400) from error
    try:
        pairs = parse_qsl(found.decode("utf-8"), keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise HTTPException(400) from error
    return dict(reversed(pairs))


def is_ours(request: Request, origin: str) -> bool:
    """Whether the form came from a page of this hub; another site's can't claim that.

    Args:
        origin: of the hub's pages, as visitors reach them.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("origin") == origin  # browsers from before 2023
