"""Projection: pure. A subject's state, routes and the time in; desired objects out."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Literal

from hub.events.base import (
    Family,
    JsonText,
    Payload,
    canonical,
    digest,
    fingerprint,
    moment_text,
)
from hub.events.incident import Incident, IncidentState
from hub.events.maintenance import Maintenance, MaintenanceState
from hub.events.objects import Freshness, Kind, Link, TileItem
from hub.events.payloads import dump
from hub.events.route import Route


@dataclass(frozen=True, slots=True)
class Matter:
    """One subject as projection sees it.

    Attributes:
        payload: None when the subject was removed.
        body: the payload as JSON values, where the caller has them.
        began_at: set when it came back after the reopen window: a new matter under a known key.
    """

    instance: str
    key: str
    payload: Payload | None
    body: Mapping[str, Any] | None = None
    episode: int = 0
    reopened: int = 0
    began_at: datetime | None = None

    def values(self, payload: Payload) -> Mapping[str, Any]:
        """The payload as JSON values."""
        return dump(payload) if self.body is None else self.body


@dataclass(frozen=True)
class Desired:
    """One object that should exist, and through which route; `withheld`: outside the pilot.

    Attributes:
        requires: kind and key of objects on the same target that must stand there before it.
        lane: objects of one lane are never sent at the same time; None: a lane of its own.
    """

    target: str
    kind: Kind
    key: str
    body: Mapping[str, Any]
    tile: str
    audience: str
    route: str
    withheld: bool = False
    requires: tuple[tuple[Kind, str], ...] = ()
    lane: str | None = None

    @cached_property
    def text(self) -> JsonText:
        """The body as canonical text."""
        return JsonText(canonical(self.body))

    @cached_property
    def hash(self) -> str:
        """Equal content, equal hash."""
        if self.requires:
            return fingerprint({"body": self.text, "requires": self.requires})
        return digest(self.text)


@dataclass(frozen=True, slots=True)
class Projected:
    """What should exist because of one subject, and when time alone changes that."""

    objects: tuple[Desired, ...] = ()
    look_again: datetime | None = None


def project(matter: Matter, routes: Sequence[Route], now: datetime) -> Projected:
    """The objects that this subject causes now."""
    if matter.payload is None:
        return Projected()
    objects: list[Desired] = []
    moments: list[datetime] = []
    for route in routes:
        if route.family is matter.payload.family and _matches(matter.payload, route):
            made, moment = _PROJECTORS[route.family](matter, route, now)
            objects += made
            moments += [moment] if moment else []
    return Projected(tuple(objects), min(moments, default=None))


def _matches(payload: Payload, route: Route) -> bool:
    return all(_values(payload, name) & set(wanted) for name, wanted in route.when.items())


def _values(payload: Payload, name: str) -> set[str]:
    value = getattr(payload, name, None)
    if value is None:
        return set()
    return set(value.values()) if isinstance(value, dict) else {str(value)}


def _incident(matter: Matter, route: Route, now: datetime) -> tuple[list[Desired], datetime | None]:
    incident = matter.payload
    if not isinstance(incident, Incident):
        raise TypeError(f"{type(incident).__name__} came by a route for incidents")
    leaves = None
    if (ended := incident.ended()) is not None:
        leaves = ended + route.keep_solved
        if now >= leaves:
            return [], None
    return _row(_tile_item(matter, matter.values(incident), route), matter, route), leaves


def _row(body: Mapping[str, Any], matter: Matter, route: Route) -> list[Desired]:
    key = object_key(route.tile, route.audience, matter.instance, matter.key, matter.episode)
    return _everywhere(route, Kind.TILE_ITEM, key, body)


def _tile_item(matter: Matter, state: Mapping[str, Any], route: Route) -> dict[str, Any]:
    """The JSON values of a `TileItem`, from those of the incident.

    Put together without the model, which costs five times as much for each of many thousands; that
    they are what the model would say is tested.
    """
    solved = state["state"] == IncidentState.SOLVED
    names = ("solved_at", "category") if solved else ("expected_at", "category", "workaround")
    body = {
        "tile": route.tile,
        "audience": route.audience_values,
        "title": state["title"],
        "state": "solved" if solved else "open",
        "since": moment_text(matter.began_at) if matter.began_at else state["since"],
        "reopened": matter.reopened,
        "links": [
            {"rel": rel, "href": state[name]}
            for rel, name in (("details", "details_url"), ("subscribe", "subscribe_url"))
            if name in state
        ],
    }
    return body | {name: state[name] for name in names if name in state}


def _maintenance(
    matter: Matter, route: Route, now: datetime
) -> tuple[list[Desired], datetime | None]:
    """Shown from some days before it begins; planned work that nobody ever began leaves too."""
    work = matter.payload
    if not isinstance(work, Maintenance):
        raise TypeError(f"{type(work).__name__} came by a route for maintenance")
    if work.state is MaintenanceState.CANCELLED:
        return [], None
    appears, leaves = work.start - route.visible_from, work.end + route.keep_solved
    if work.state is MaintenanceState.IN_PROGRESS:
        return _row(_work_item(work, route), matter, route), None
    if work.state is MaintenanceState.PLANNED and now < appears:
        return [], appears
    if now >= leaves:
        return [], None
    return _row(_work_item(work, route), matter, route), leaves


_SHOWN: Mapping[MaintenanceState, Literal["planned", "open", "solved"]] = {
    MaintenanceState.PLANNED: "planned",
    MaintenanceState.IN_PROGRESS: "open",
    MaintenanceState.DONE: "solved",
}


def _work_item(work: Maintenance, route: Route) -> dict[str, Any]:
    links = (Link(rel="details", href=work.details_url),) if work.details_url else ()
    return TileItem(
        tile=route.tile,
        audience=route.members,
        title=work.title,
        state=_SHOWN[work.state],
        since=work.start,
        until=work.end,
        links=links,
    ).model_dump(mode="json", exclude_none=True)


_PROJECTORS: Mapping[
    Family, Callable[[Matter, Route, datetime], tuple[list[Desired], datetime | None]]
] = {Family.INCIDENT: _incident, Family.MAINTENANCE: _maintenance}


def freshness(
    route: Route, instance: str, stream: str, as_of: datetime, stale_after: timedelta
) -> list[Desired]:
    """How long the rows that this stream feeds through this route may be believed."""
    body = Freshness(
        tile=route.tile,
        audience=route.members,
        source=f"{instance}.{stream}",
        as_of=as_of,
        fresh_until=as_of + stale_after,
    ).model_dump(mode="json")
    key = object_key(route.tile, route.audience, instance, stream)
    return _everywhere(route, Kind.FRESHNESS, key, body)


def _everywhere(route: Route, kind: Kind, key: str, body: Mapping[str, Any]) -> list[Desired]:
    """The object on each target of the route."""
    return [
        Desired(one, kind, key, body, route.tile, route.audience, route.name, route.withheld)
        for one in route.targets
    ]


def object_key(*parts: object) -> str:
    """A key that every target can take: at most 200 characters of letters, digits, - . _ ~ : @.

    Other characters become `~XX`, their UTF-8 bytes in hex, so that two keys never fall together;
    a last part 0 (the first episode) is left out.
    """
    shown = parts[:-1] if parts[-1] == 0 else parts
    key = ".".join(_OTHER.sub(_escape, str(part)) for part in shown)
    return key if len(key) <= 200 else f"{key[:160]}.{fingerprint({'key': key})}"


_OTHER = re.compile(r"[^A-Za-z0-9_:@-]")


def _escape(match: re.Match[str]) -> str:
    return "".join(f"~{byte:02X}" for byte in match.group().encode())
