"""What one colleague sees in a tile: pure functions over stored objects, without a clock."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from hub.sandbox.intranet.models import Freshness, Kind, TileItem, TimelinePost
from hub.sandbox.intranet.options import Language
from hub.sandbox.intranet.state import StoredObject

DEFAULT_TILE = "storingen"

_ON_TILES = (Kind.TILE_ITEM, Kind.FRESHNESS)


@dataclass(frozen=True)
class Row:
    """A tile item that the viewer may see."""

    external_id: str
    item: TileItem


@dataclass(frozen=True)
class Tile:
    """A tile for one viewer.

    `state`: rows (there are), calm (none, and the data is fresh), stale (none, and the data is
    old), unknown (nothing was ever heard). `updated` is the oldest reading; `stale_since` the
    oldest reading that has run out. Both UTC.
    """

    tile: str
    rows: Sequence[Row]
    updated: datetime | None
    stale_since: datetime | None

    @property
    def state(self) -> Literal["rows", "calm", "stale", "unknown"]:
        """Which face the tile has."""
        if self.rows:
            return "rows"
        if self.stale_since is not None:
            return "stale"
        return "unknown" if self.updated is None else "calm"

    @property
    def open_count(self) -> int:
        """How many disturbances are still going on; work in progress is none."""
        return sum(row.item.state == "open" and row.item.until is None for row in self.rows)


def visible(body: Mapping[str, Any], groups: Collection[str]) -> bool:
    """Whether a viewer who is in these groups is in the audience of a body."""
    audience = body["audience"]
    return bool(audience.get("everyone")) or not set(groups).isdisjoint(audience.get("groups", ()))


def tiles_for(
    objects: Iterable[StoredObject], groups: Collection[str], now: datetime
) -> list[Tile]:
    """Build every tile that the viewer has; the fixed tile is there even without objects."""
    seen = [one for one in objects if one.kind in _ON_TILES and visible(one.body, groups)]
    rows = [_row(one) for one in seen if one.kind == Kind.TILE_ITEM]
    fresh = [Freshness.model_validate(one.body) for one in seen if one.kind == Kind.FRESHNESS]
    names = {row.item.tile for row in rows} | {one.tile for one in fresh}
    return [_tile(name, rows, fresh, now) for name in sorted(names) or [DEFAULT_TILE]]


def posts_for(objects: Iterable[StoredObject], groups: Collection[str]) -> list[StoredObject]:
    """Return the timeline posts that the viewer may see, the newest first."""
    seen = [one for one in objects if one.kind == Kind.TIMELINE and visible(one.body, groups)]
    return sorted(seen, key=lambda one: one.updated_at, reverse=True)


def read_post(one: StoredObject) -> TimelinePost:
    """Read the body of a timeline object."""
    return TimelinePost.model_validate(one.body)


def in_language(text: Mapping[Any, str], language: Language) -> tuple[str, str]:
    """Return (language, text): the wanted one, else the one that there is."""
    found = language if language in text else next(iter(text))
    return found, text[found]


def _row(one: StoredObject) -> Row:
    return Row(one.external_id, TileItem.model_validate(one.body))


def _tile(name: str, rows: list[Row], fresh: list[Freshness], now: datetime) -> Tile:
    mine = [row for row in rows if row.item.tile == name]
    readings = [one for one in fresh if one.tile == name]
    old = [one.as_of for one in readings if one.fresh_until < now]
    return Tile(
        tile=name,
        rows=sorted(mine, key=_place),
        updated=min((one.as_of for one in readings), default=None),
        stale_since=min(old, default=None),
    )


def _place(row: Row) -> tuple[int, int, float, str]:
    item = row.item
    order = 0 if item.order is None else item.order
    since = item.since.timestamp() * (1 if item.state == "planned" else -1)  # the soonest first
    return _rank(item), order, since, row.external_id


def _rank(item: TileItem) -> int:
    """Disturbances that go on, work in progress, planned work, what is over."""
    going = 0 if item.until is None else 1
    return {"open": going, "planned": 2, "solved": 3}[item.state]
