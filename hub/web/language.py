"""Which language a visitor reads."""

from typing import get_args

from starlette.requests import Request

from hub.events.base import Language

LANGUAGES: tuple[Language, ...] = get_args(Language)


def chosen(request: Request, default: Language) -> Language:
    """`?lang=`, else the browser's preference, else `default`; unknown values are passed over."""
    asked = [request.query_params.get("lang", "")]
    for tag in asked + _preferred(request.headers.get("accept-language", "")):
        for language in LANGUAGES:
            if tag.lower().split("-")[0] == language:
                return language
    return default


def _preferred(header: str) -> list[str]:
    """Language tags of `Accept-Language`, the most wanted first; `q=0` means unwanted."""
    weighed = []
    for part in header.split(","):
        tag, _, weight = part.strip().partition(";")
        quality = _quality(weight)
        if quality > 0:
            weighed.append((quality, tag.strip()))
    return [tag for _, tag in sorted(weighed, key=lambda pair: -pair[0])]


def _quality(weight: str) -> float:
    name, _, value = weight.replace(" ", "").partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
