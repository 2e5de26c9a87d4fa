"""The rows of the intranet's dashboard, as a reader's browser would find them."""

import html
from collections.abc import Iterable
from html.parser import HTMLParser

from hub.sandbox.demo.stage import TileState


class _Rows(HTMLParser):
    """Collects key and state of each row."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, TileState] = {}

    def handle_starttag(self, _: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that carries the key of a tile item."""
        given = dict(attrs)
        key = given.get("data-tile-item")
        if key:
            solved = "solved" in (given.get("class") or "").split()
            self.found[subject(key)] = "solved" if solved else "open"


def rows(page: str) -> dict[str, TileState]:
    """State by subject's key."""
    parser = _Rows()
    parser.feed(page)
    return parser.found


def subject(key: str) -> str:
    """The subject in an object's key (`tile.audience.instance.subject`); else the key as it is."""
    parts = key.split(".")
    return parts[3] if len(parts) > 3 else key


def canaries_in(page: str, canaries: Iterable[str]) -> list[str]:
    """Those of the texts that stand on a page, escaped or not, in any case."""
    text = f"{page}\n{html.unescape(page)}".casefold()
    return [one for one in canaries if one.casefold() in text]
