"""Objects: the desired state of one keyed thing on one target, typed per kind."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field, HttpUrl, model_serializer, model_validator

from hub.events.base import Model, Moment, Text
from hub.events.photo import Photo


class Kind(StrEnum):
    """The kinds of object that have a tenant today (the glossary lists the planned ones)."""

    TILE_ITEM = "tile-item"
    FRESHNESS = "freshness"
    TIMELINE = "timeline"
    PERSON = "person"
    GROUP = "group"
    MEMBERSHIP = "membership"
    PHOTO = "photo"


KINDS: Mapping[str, Kind] = {str(one): one for one in Kind}  # a tenth of the time of `Kind(name)`


class Audience(Model):
    """For whom: everyone, or the members of named groups or organisations of the intranet."""

    everyone: Literal[True] | None = Field(None, description="true: everyone on the intranet.")
    groups: tuple[str, ...] = Field((), description="Group ids as the intranet knows them.")

    @model_validator(mode="after")
    def one_of(self) -> "Audience":
        """Exactly one of the two, so that a forgotten group never means everyone."""
        if (self.everyone is None) == (not self.groups):
            raise ValueError("give either `everyone: true` or a non-empty list `groups`")
        return self

    @model_serializer
    def said(self) -> dict[str, Any]:
        """Only the one that was given."""
        return {"everyone": True} if self.everyone else {"groups": list(self.groups)}


class Link(Model):
    """A way on: to the source's portal, or to where one can follow the matter."""

    rel: Literal["details", "subscribe"]
    href: HttpUrl


class TileItem(Model):
    """One row of a tile. `tile` and `audience` together are one tile.

    A row with `until` is planned work: `since` and `until` are its planned beginning and end, and
    `open` means that it is in progress.
    """

    tile: str
    audience: Audience
    title: Text
    state: Literal["planned", "open", "solved"]
    since: Moment
    until: Moment | None = Field(None, description="The planned end; of planned work only, UTC.")
    solved_at: Moment | None = None
    expected_at: Moment | None = None
    category: Text | None = None
    workaround: Text | None = None
    reopened: int = Field(0, ge=0, description="How often it came back within the reopen window.")
    links: tuple[Link, ...] = ()

    @model_validator(mode="after")
    def ends(self) -> "TileItem":
        """Nobody can plan around work without an end."""
        if self.state == "planned" and self.until is None:
            raise ValueError("a planned row needs `until`")
        return self


class Freshness(Model):
    """How long the rows that one stream feeds may be believed."""

    tile: str
    audience: Audience
    source: str = Field(description="<instance>.<stream>")
    as_of: Moment = Field(description="The last complete reading, UTC.")
    fresh_until: Moment = Field(description="After this the tile says that it is stale, UTC.")


class PersonEntry(Model):
    """One person's account on an intranet. The object's key is the hub's own id of the person.

    A person who left is an absent object: what that means there (switched off, profile hidden) is
    the target's to say, and it never erases what the person wrote.
    """

    user_name: str = Field(min_length=1, description="What the person logs in with there.")
    display_name: str = Field(min_length=1, description="The whole name.")
    given_name: str | None = Field(None, description="What the person is called.")
    family_name: str | None = Field(None, description="The family name, with what stands before.")
    mail: str | None = Field(None, description="The work address.")
    title: str | None = Field(None, description="What the person does: the job title.")
    department: str | None = Field(None, description="The part of the organisation.")
    organisation: str | None = Field(None, description="The organisation, where there are several.")
    office: str | None = Field(None, description="The building or room.")
    phone: str | None = Field(None, description="The telephone number at work.")
    mobile: str | None = Field(None, description="The mobile number at work.")
    locale: Literal["nl", "en"] | None = Field(None, description="The language of the screens.")
    external: bool = Field(False, description="Whether the person is no employee.")
    active: bool = Field(
        True, description="false: suspended, so the account is switched off and all else is kept."
    )
    manager: str | None = Field(None, description="The key of the manager, a person there too.")


class PhotoEntry(Photo):
    """The picture of one person, whose account stands there before it; the key is the person's.

    The bytes stand beside it in a delivery, and in no body.
    """

    person: str = Field(min_length=1, description="The key of the person.")


class GroupEntry(Model):
    """One group of an intranet that the hub keeps."""

    name: str = Field(min_length=1, description="What the group is called there.")
    description: str | None = Field(None, description="What it is for.")


def member_key(group: str, person: str) -> str:
    """The key of a membership on a target, from the keys of both ends; a person's has no dot."""
    return f"{group}.{person}"


def member_ends(key: str) -> tuple[str, str]:
    """The keys of group and person, from that of the membership."""
    group, _, person = key.rpartition(".")
    return group, person


class MembershipEntry(Model):
    """One person in one group; both stand there before it."""

    group: str = Field(min_length=1, description="The key of the group.")
    person: str = Field(min_length=1, description="The key of the person.")
