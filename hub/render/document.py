"""The tile as JSON: complete, in both languages, in one closed shape."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field, HttpUrl

from hub.events.base import Model, Moment, Text
from hub.events.objects import Link, TileItem
from hub.render.view import TileView, Trust, belief, disturbed, ordered


class RowDocument(Model):
    """One disturbance or planned work, without its audience."""

    title: Text
    state: Literal["planned", "open", "solved"]
    since: Moment = Field(description="When it began, or is planned to begin, UTC.")
    until: Moment | None = Field(description="The planned end; of planned work only, UTC.")
    solved_at: Moment | None = Field(description="When it was solved, UTC.")
    expected_at: Moment | None = Field(description="When it should be solved, UTC.")
    category: Text | None
    workaround: Text | None
    reopened: int = Field(ge=0, description="How often it came back.")
    links: tuple[Link, ...]


class ServiceDeskDocument(Model):
    """Where people turn to."""

    hours: Text | None
    phone: str | None
    url: HttpUrl | None


class TileDocument(Model):
    """A tile for one audience. Show calm only while `trust` is `fresh` and `open` is 0."""

    version: Literal[1] = 1
    title: Text
    organisation: str
    time_zone: str = Field(description="IANA name of the organisation's clock.")
    trust: Trust = Field(description="fresh; stale: no longer updated; none: never read yet.")
    as_of: Moment | None = Field(description="The oldest reading behind the rows, UTC.")
    valid_until: Moment | None = Field(description="After this the rows are stale, UTC.")
    preview: bool = Field(description="true: what would be published; nobody sees it yet.")
    open: int = Field(ge=0, description="Disturbances that go on.")
    items: tuple[RowDocument, ...] = Field(
        description="Open ones first, the newest first; then planned work, then what is solved."
    )
    service_desk: ServiceDeskDocument


def tile_json(view: TileView, *, now: datetime) -> dict[str, Any]:
    """The tile as JSON values, in the shape of `TileDocument`.

    Raises:
        pydantic.ValidationError: the service desk's address can't be one.
    """
    trust = belief(view, now)
    desk = view.service_desk
    document = TileDocument(
        title=view.title,
        organisation=view.organisation,
        time_zone=view.time_zone,
        trust=trust.trust,
        as_of=trust.as_of,
        valid_until=trust.until,
        preview=view.preview,
        open=disturbed(view.items),
        items=tuple(_row(item) for item in ordered(view.items)),
        service_desk=ServiceDeskDocument(
            hours=desk.hours, phone=desk.phone, url=HttpUrl(desk.url) if desk.url else None
        ),
    )
    return document.model_dump(mode="json")


def _row(item: TileItem) -> RowDocument:
    return RowDocument(**{name: getattr(item, name) for name in RowDocument.model_fields})
