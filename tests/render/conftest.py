"""Tiles to render: a view with what a test names, and what a visitor reads of a page."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from hub.events.objects import Audience, Freshness, TileItem
from hub.render.view import ServiceDesk, TileView

NOW = datetime(2026, 11, 5, 7, 31, tzinfo=UTC)  # 08:31 in Amsterdam
EVERYONE = Audience(everyone=True)


class Reader(HTMLParser):
    """The text of a page that is neither style nor script nor template, and its elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inert: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in {"style", "script", "template", "title"}:
            self.inert.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.inert and self.inert[-1] == tag:
            self.inert.pop()

    def handle_data(self, data: str) -> None:
        if not self.inert:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split()).replace(" .", ".").replace(" ,", ",")

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def item() -> Callable[..., TileItem]:
    def make(**changes: Any) -> TileItem:
        base: dict[str, Any] = {
            "tile": "disturbances",
            "audience": EVERYONE,
            "title": {"nl": "Telefonie werkt niet", "en": "Telephones do not work"},
            "state": "open",
            "since": NOW - timedelta(minutes=19),
        }
        return TileItem(**(base | changes))

    return make


@pytest.fixture
def fresh() -> Callable[..., Freshness]:
    def make(
        as_of: datetime = NOW - timedelta(minutes=1), source: str = "desk.majors"
    ) -> Freshness:
        return Freshness(
            tile="disturbances",
            audience=EVERYONE,
            source=source,
            as_of=as_of,
            fresh_until=as_of + timedelta(minutes=5),
        )

    return make


@pytest.fixture
def view(fresh: Callable[..., Freshness]) -> Callable[..., TileView]:
    def make(**changes: Any) -> TileView:
        base: dict[str, Any] = {
            "title": {"nl": "Storingen", "en": "Disturbances"},
            "items": (),
            "freshness": (fresh(),),
            "service_desk": ServiceDesk(
                hours={"nl": "ma-vr 8-17 uur", "en": "Mon-Fri 8-17"},
                phone="088 123 45 67",
                url="https://portal.example.org/",
            ),
            "organisation": "Gemeente Voorbeeld",
        }
        return TileView(**(base | changes))

    return make


@pytest.fixture
def read() -> type[Reader]:
    return Reader


@pytest.fixture
def now() -> datetime:
    return NOW
