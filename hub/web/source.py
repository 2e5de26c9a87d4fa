"""The pages' eyes: tiles and health, read from the store."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.contract import Stream
from hub.engine.configuration import Source
from hub.events.base import Family, Text
from hub.events.objects import Freshness, TileItem
from hub.metrics import Metrics
from hub.render.view import ServiceDesk, TileView
from hub.store import holds, ledger, objects, streams
from hub.store.store import Store, Tx

WEB = "web"


@dataclass(frozen=True)
class StoredTiles:
    """Tiles as they are published on the target `web`, or, by preview token, as they would be.

    Attributes:
        titles: per tile.
        stale_after: per tile.
    """

    store: Store
    sources: Mapping[str, Source]
    titles: Mapping[str, Text]
    stale_after: Mapping[str, timedelta]
    service_desk: ServiceDesk
    organisation: str
    time_zone: str
    now: Callable[[], datetime]

    async def tile(self, token: str) -> TileView | None:
        """The tile behind a token; None when there is none."""
        return await self.store.read(self._tile, token)

    def _tile(self, tx: Tx, token: str) -> TileView | None:
        row = next((one for one in streams.tile_tokens(tx) if one.token == token), None)
        if row is None or row.tile not in self.titles:
            return None
        preview = row.view == "preview"
        found = objects.on_tile(tx, WEB, row.tile, row.audience)
        items = [TileItem.model_validate(body) for body in _bodies(found, "tile-item", preview)]
        fresh = [Freshness.model_validate(body) for body in _bodies(found, "freshness", preview)]
        wanted = self._expected(row.tile, row.audience, preview=preview)
        complete = wanted <= {one.source for one in fresh}
        alive = self.now() + self.stale_after.get(row.tile, timedelta(minutes=5))
        return TileView(
            title=self.titles[row.tile],
            items=items,
            freshness=fresh if complete else (),
            service_desk=self.service_desk,
            organisation=self.organisation,
            time_zone=self.time_zone,
            heartbeat=alive if not wanted else None,
            preview=preview,
            disturbances=self._takes(Family.INCIDENT, row.tile, row.audience),
        )

    def _takes(self, family: Family, tile: str, audience: str) -> bool:
        """Whether a route brings this family to the tile, or none brings it anything."""
        families = {
            route.family
            for source in self.sources.values()
            for route in source.routes
            if (route.tile, route.audience) == (tile, audience)
        }
        return not families or family in families

    def _expected(self, tile: str, audience: str, *, preview: bool) -> set[str]:
        """Streams that must have been read before this tile may be believed."""
        return {
            f"{source.id}.{stream.name}"
            for source in self.sources.values()
            if preview or source.mode in ledger.SENDING
            for stream in _read(source.connector.streams())
            if _feeds(source, stream, tile, audience, preview=preview)
        }


def _feeds(source: Source, stream: Stream, tile: str, audience: str, *, preview: bool) -> bool:
    return any(
        route.family in stream.families
        and route.tile == tile
        and route.audience == audience
        and WEB in route.targets
        and (preview or not route.withheld)
        for route in source.routes
    )


def _read(found: Iterable[Stream]) -> list[Stream]:
    return [stream for stream in found if stream.every is not None]


def _bodies(rows: Sequence[Any], kind: str, preview: bool) -> list[Any]:  # noqa: FBT001  two views
    if preview:
        return [row.body for row in rows if row.kind == kind and _wanted(row)]
    return [row.done_body for row in rows if row.kind == kind and row.done_state == "present"]


def _wanted(row: Any) -> bool:
    return bool(row.state == "present" or row.withheld)


@dataclass(frozen=True)
class StoredHealth:
    """How the hub stands: degraded while a source, a target or a person is waited for."""

    store: Store
    now: Callable[[], datetime]
    measured: Metrics

    async def health(self) -> Mapping[str, Any]:
        """`status` ok or degraded, and what is wrong in words."""
        problems = await self.store.read(_problems)
        return {"status": "degraded" if problems else "ok", "problems": problems}

    def metrics(self) -> bytes:
        """In Prometheus's text format."""
        return self.measured.text()


def _problems(tx: Tx) -> list[str]:
    found = [
        f"{row.instance}.{row.stream}: {row.health}"
        for row in streams.all_streams(tx)
        if row.health not in {"ok", "unknown"}
    ]
    found += [
        f"{name}: {row.health}"
        for name, row in ledger.targets(tx).items()
        if row.health not in {"ok", "unknown"}
    ]
    return found + [f"hold {row.hash} on {row.instance}" for row in holds.all_open(tx)]
