"""What a tile shows, gathered for rendering, and how far it may be believed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.errors import BadConfigError
from hub.events.base import Text
from hub.events.objects import Freshness, TileItem


@dataclass(frozen=True, slots=True)
class ServiceDesk:
    """Where people turn to; each part may be missing.

    Attributes:
        hours: opening hours in words.
        phone: as people write it; the link keeps its digits only.
        url: the self-service portal, http or https.
    """

    hours: Text | None = None
    phone: str | None = None
    url: str | None = None

    def __post_init__(self) -> None:
        """Refuse an address that a browser would run instead of open."""
        if self.url is not None and not self.url.lower().startswith(("https://", "http://")):
            raise BadConfigError("The service desk's `url` must begin with https:// or http://.")


@dataclass(frozen=True, slots=True)
class TileView:
    """One tile for one audience, at the moment of asking.

    Attributes:
        items: the rows, in any order.
        freshness: one per stream that feeds the tile.
        time_zone: IANA name of the organisation's clock.
        heartbeat: until when a tile that no stream feeds (only typed disturbances) may be
            believed, UTC; None: never. Not looked at where there is freshness.
        preview: shows what would be published; nobody sees it yet.
        disturbances: whether it would show them; without, it never says that there are none.
    """

    title: Text
    items: Sequence[TileItem]
    freshness: Sequence[Freshness]
    service_desk: ServiceDesk
    organisation: str
    time_zone: str = "Europe/Amsterdam"
    heartbeat: datetime | None = None
    preview: bool = False
    disturbances: bool = True


Trust = Literal["fresh", "stale", "none"]


@dataclass(frozen=True, slots=True)
class Belief:
    """How far the rows may be believed.

    Attributes:
        trust: fresh: until `until`; stale: no longer; none: nothing was ever read.
        as_of: the oldest reading that the rows rest on, UTC; None: they rest on no reading.
        until: the earliest moment at which a part grows stale, UTC.
    """

    trust: Trust
    as_of: datetime | None = None
    until: datetime | None = None


def belief(view: TileView, now: datetime) -> Belief:
    """How far `view` may be believed at `now`: as far as its weakest stream."""
    as_of = min((one.as_of for one in view.freshness), default=None)
    until = min((one.fresh_until for one in view.freshness), default=view.heartbeat)
    if until is None:
        return Belief("none")
    return Belief("stale" if now > until else "fresh", as_of, until)


def ordered(items: Sequence[TileItem]) -> list[TileItem]:
    """Disturbances that go on, work in progress, planned work, what is over.

    The newest first; of planned work what begins soonest.
    """
    newest = sorted(items, key=lambda item: item.solved_at or item.since, reverse=True)
    planned = [item for item in reversed(newest) if item.state == "planned"]
    going = [item for item in newest if item.state == "open"]
    return [
        *(item for item in going if item.until is None),
        *(item for item in going if item.until is not None),
        *planned,
        *(item for item in newest if item.state == "solved"),
    ]


def disturbed(items: Sequence[TileItem]) -> int:
    """How many disturbances go on; work in progress is none."""
    return sum(item.state == "open" and item.until is None for item in items)
