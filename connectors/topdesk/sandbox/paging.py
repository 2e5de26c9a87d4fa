"""Parameters and pages: what a list may be asked, and how its parts are answered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response


@dataclass(frozen=True)
class Window:
    """The part of a list that is asked for.

    Attributes:
        name: the parameter that says where the part starts.
    """

    start: int
    size: int
    name: str


def bad(message: str) -> HTTPException:
    """400 in TOPdesk's form."""
    return HTTPException(400, message)


def only(request: Request, allowed: Iterable[str], *, strict: bool) -> Mapping[str, str]:
    """The parameters; in strict mode unknown and doubled ones are refused.

    Raises:
        HTTPException: 400.
    """
    params = request.query_params
    known = set(allowed)
    for name, _ in params.multi_items() if strict else ():
        if name not in known:
            raise bad(f"The query parameter '{name}' is not supported")
        if len(params.getlist(name)) > 1:
            raise bad(f"The query parameter '{name}' was given more than once")
    return {name: value for name, value in params.items() if name in known}


def window(params: Mapping[str, str], names: Mapping[str, str], size: int, most: int) -> Window:
    """Read start and size.

    Args:
        params: the request's parameters.
        names: parameter names of starts, each with the one of its size; the first one used wins.
        size: the default size.
        most: the largest size.

    Raises:
        HTTPException: 400.
    """
    start = next((n for n in names if n in params or names[n] in params), next(iter(names)))
    return Window(
        number(params, start, 0, 0, 10**9), number(params, names[start], size, 1, most), start
    )


def number(params: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """Read a whole number within bounds.

    Raises:
        HTTPException: 400.
    """
    text = params.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise bad(f"'{name}' must be a whole number from {least} to {most}")
    return int(text)


def page(request: Request, rows: Sequence[Any], part: Window) -> tuple[Sequence[Any], str | None]:
    """The rows of a part, and the absolute address of the next one."""
    end = part.start + part.size
    following = str(request.url.include_query_params(**{part.name: end}))
    return rows[part.start : end], following if end < len(rows) else None


def listed(rows: Sequence[Any], following: str | None) -> Response:
    """200 with everything, 206 with a link to more, or 204 without a body."""
    if not rows:
        return Response(status_code=204)
    if following is None:
        return JSONResponse(list(rows))
    return JSONResponse(list(rows), 206, headers={"x-next-page-url": following})
