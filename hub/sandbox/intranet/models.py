"""The bodies of the reference open API: kinds, texts, audiences, objects and problems."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
)
from pydantic.config import JsonDict

MAX_TITLE = 120
MAX_TEXT = 500
MAX_WORKAROUND = 2000
MAX_NAME = 200
MAX_PICTURE = 500_000

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_YEARS = range(2, 9999)  # so that every time zone can show it


class Kind(StrEnum):
    """The closed set of kinds that this API keeps."""

    TILE_ITEM = "tile-item"
    FRESHNESS = "freshness"
    TIMELINE = "timeline"
    PERSON = "person"
    GROUP = "group"
    MEMBERSHIP = "membership"
    PHOTO = "photo"


def _moment(value: object) -> datetime:
    """Read an RFC 3339 date-time as UTC; pydantic alone would also take numbers and bare dates."""
    if isinstance(value, datetime):
        value = value.isoformat()
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("Write a date-time with its offset, such as 2026-11-23T07:12:00Z")
    try:
        moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("This date-time is out of range") from error
    if moment.year not in _YEARS:
        raise ValueError("Write a year from 2 to 9998")
    return moment


Locale = Literal["nl", "en"]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment, json_schema_input_type=AwareDatetime)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._~:@-]*$", max_length=100)]
Href = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=2083)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TITLE)]
Paragraph = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT)]
Title = Annotated[dict[Locale, Line], Field(min_length=1)]
Text = Annotated[dict[Locale, Paragraph], Field(min_length=1)]
Advice = Annotated[str, StringConstraints(min_length=1, max_length=MAX_WORKAROUND)]
Workaround = Annotated[dict[Locale, Advice], Field(min_length=1)]
Count = Annotated[int, Strict(), Field(ge=0, le=1_000_000)]
Flag = Annotated[bool, Strict()]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._~:@-]*$", max_length=200)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME)]
Mail = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]
Position = Annotated[int, Strict(), Field(ge=-1_000_000, le=1_000_000)]


class Closed(BaseModel):
    """A body that refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Everyone(Closed):
    """Everyone who uses the intranet."""

    everyone: Literal[True] = Field(description="Always true.")


class Groups(Closed):
    """The members of one or more groups."""

    groups: list[Key] = Field(
        min_length=1, max_length=100, description="Groups by name or external id."
    )


Audience = Everyone | Groups


class Link(Closed):
    """A link beside a tile item."""

    rel: Literal["details", "subscribe"] = Field(description="What the link is for.")
    href: Href = Field(description="Web address.")


_EVERYONE: JsonDict = {"everyone": True}


class TileItem(Closed):
    """One row of a tile: a disturbance and its state, or planned work (with `until`)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "tile": "storingen",
                    "title": {"nl": "Zaaksysteem niet bereikbaar", "en": "Case system is down"},
                    "state": "open",
                    "since": "2026-11-23T07:12:00Z",
                    "workaround": {"nl": "Gebruik het papieren formulier."},
                    "links": [
                        {"rel": "details", "href": "https://servicepunt.example/melding/M2611-0007"}
                    ],
                    "audience": _EVERYONE,
                }
            ]
        }
    )

    tile: Name = Field(description="The tile that shows this row.")
    title: Title = Field(description="What is the matter, per language.")
    state: Literal["planned", "open", "solved"] = Field(
        description="Whether it is still to come, going on, or over."
    )
    since: Moment = Field(description="When it began or is planned to, RFC 3339 with offset.")
    until: Moment | None = Field(None, description="The planned end; of planned work only.")
    solved_at: Moment | None = Field(None, description="When it was solved.")
    expected_at: Moment | None = Field(None, description="When a solution is expected.")
    category: Title | None = Field(None, description="Sort of disturbance, per language.")
    workaround: Workaround | None = Field(None, description="What people can do meanwhile.")
    reopened: Count = Field(0, description="How often it came back after being solved.")
    links: list[Link] = Field(default_factory=list, max_length=10, description="Links of the row.")
    audience: Audience = Field(description="Who sees it.")
    order: Position | None = Field(None, description="Place within the tile; lower comes first.")


class Freshness(Closed):
    """How long the rows of one source on one tile may be believed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "tile": "storingen",
                    "audience": _EVERYONE,
                    "source": "topdesk",
                    "as_of": "2026-11-23T07:12:00Z",
                    "fresh_until": "2026-11-23T07:17:00Z",
                }
            ]
        }
    )

    tile: Name = Field(description="The tile that this is about.")
    audience: Audience = Field(description="Whose view of the tile this is about.")
    source: Paragraph = Field(description="Where the rows come from.")
    as_of: Moment = Field(description="When the source was last read completely.")
    fresh_until: Moment = Field(description="After this the tile says that it is stale.")


class TimelinePost(Closed):
    """One short message on the timeline."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "text": {"nl": "Vanavond van 18 tot 20 uur is er onderhoud aan het netwerk."},
                    "link": "https://servicepunt.example/onderhoud/W2611-0003",
                    "audience": {"groups": ["uithoorn"]},
                }
            ]
        }
    )

    text: Text = Field(description="The message, per language.")
    link: Href | None = Field(None, description="Where to read more.")
    author: Key | None = Field(
        None, description="The person who wrote it, by external id; empty: the service desk."
    )
    audience: Audience = Field(description="Who sees it.")


class Person(Closed):
    """One person with an account; a `DELETE` switches it off and keeps what the person wrote."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_name": "anna.smit",
                    "display_name": "Anna Smit",
                    "mail": "anna.smit@example.org",
                    "title": "Wijkverpleegkundige",
                    "department": "Zorg",
                    "locale": "nl",
                }
            ]
        }
    )

    user_name: Short = Field(description="Login name; of one account only, whatever its case.")
    display_name: Short = Field(description="The whole name.")
    given_name: Short | None = Field(None, description="What the person is called.")
    family_name: Short | None = Field(None, description="The family name.")
    mail: Mail | None = Field(None, description="The work address.")
    title: Short | None = Field(None, description="The job title.")
    department: Short | None = Field(None, description="The part of the organisation.")
    organisation: Short | None = Field(None, description="The organisation, of several.")
    office: Short | None = Field(None, description="The building or room.")
    phone: Short | None = Field(None, description="The telephone number at work.")
    mobile: Short | None = Field(None, description="The mobile number at work.")
    locale: Locale | None = Field(None, description="Language of the screens.")
    external: Flag = Field(False, description="Whether the person is no employee.")
    active: Flag = Field(True, description="false: suspended; cannot log in, and is not shown.")
    manager: Key | None = Field(
        None, description="The manager by external id; shown from when that person is there."
    )


class Group(Closed):
    """One group of persons; an audience may name it by its external id."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Wijkteam Noord"}]})

    name: Short = Field(description="What it is called.")
    description: Paragraph | None = Field(None, description="What it is for.")


class Membership(Closed):
    """One person in one group; both have to be there before it, and it ends with either."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"group": "wijkteam-noord", "person": "p-0001"}]}
    )

    group: Key = Field(description="A group by external id, or one of the intranet's own by name.")
    person: Key = Field(description="A person by external id, or an own account by its id.")


class Photo(Closed):
    """The picture of one person, who has to be there before it; it goes with the person."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "person": "p-0001",
                    "media_type": "image/png",
                    "size": 69,
                    "sha256": "431ced6916a2a21a156e38701afe55bbd7f88969fbbfc56d7fbd9f6ba7e57e19",
                }
            ]
        }
    )

    person: Key = Field(description="A person by external id, or an own account by its id.")
    media_type: Literal["image/jpeg", "image/png"] = Field(description="What the bytes are.")
    size: Annotated[int, Strict(), Field(ge=1, le=MAX_PICTURE)] = Field(
        description="How many bytes."
    )
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Digest of the bytes, in hex.")
    content: str | None = Field(
        None,
        max_length=MAX_PICTURE * 4 // 3 + 4,
        description="The bytes in base64; may be left out while these are there already. "
        "Never given back.",
    )


BodyT = TypeVar("BodyT", bound=BaseModel)


class Item(Closed, Generic[BodyT]):
    """An object as the intranet keeps it."""

    external_id: str = Field(description="The key that its maker chose.")
    etag: str = Field(description="Version of the object, as the header ETag gives it.")
    body: BodyT = Field(description="The object as it was sent.")
    updated_at: AwareDatetime = Field(description="When it last changed, UTC.")


class Page(Closed, Generic[BodyT]):
    """A page of objects in order of their key."""

    items: list[Item[BodyT]] = Field(description="At most `limit` objects.")
    next_cursor: str | None = Field(description="Where the next page begins; null: no more.")


class FieldProblem(Closed):
    """One thing that is wrong with a request."""

    field: str = Field(description="Where, such as body.title.nl")
    detail: str = Field(description="What is wrong with it.")


class Problem(Closed):
    """An error, as RFC 9457 describes it."""

    type: str = Field(description="Sort of problem: urn:openintranet:problem:NAME or about:blank")
    title: str = Field(description="The sort in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened and what to do.")
    errors: list[FieldProblem] = Field(
        default_factory=list, description="Every field that is wrong."
    )


BODIES: dict[Kind, type[Closed]] = {
    Kind.TILE_ITEM: TileItem,
    Kind.FRESHNESS: Freshness,
    Kind.TIMELINE: TimelinePost,
    Kind.PERSON: Person,
    Kind.GROUP: Group,
    Kind.MEMBERSHIP: Membership,
    Kind.PHOTO: Photo,
}
