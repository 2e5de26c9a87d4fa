"""What every payload shares: families, languages, texts, the closed and frozen model."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self, cast

import orjson
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

Language = Literal["nl", "en"]
Text = Annotated[
    dict[Language, Annotated[str, Field(min_length=1)]],
    Field(min_length=1, description="One text per language, plain, never HTML."),
]


EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def to_utc(value: datetime) -> datetime:
    """The same moment in UTC; a naive time is refused by the field's type before this.

    Some systems write the year 1 or 9999 for "never". Neither can be shown in every time zone, or
    be added to, so what lies outside EARLIEST and LATEST becomes the nearer of them.
    """
    if not EARLIEST.year <= value.year < LATEST.year:
        return EARLIEST if value.year < EARLIEST.year else LATEST
    return value.astimezone(UTC)


def moment_text(value: datetime) -> str:
    """The moment as the models write it in JSON: UTC, `2026-11-23T07:12:00Z`."""
    return to_utc(value).isoformat().replace("+00:00", "Z")


Moment = Annotated[AwareDatetime, AfterValidator(to_utc)]


class Family(StrEnum):
    """The families of subjects."""

    INCIDENT = "incident"
    MAINTENANCE = "maintenance"
    PERSON = "person"
    GROUP = "group"
    MEMBERSHIP = "membership"


PERSONAL = frozenset({Family.PERSON, Family.GROUP, Family.MEMBERSHIP})
ROUTED = frozenset(Family) - PERSONAL  # what a route can show on a tile


class Model(BaseModel):
    """Closed and frozen: an unknown field is a mistake, and nothing changes after it was made."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        defer_build=True,  # built when it is used first: a command uses few of them
    )

    @classmethod
    def by_default(cls) -> Self:
        """One that says nothing, for a field's default: it is made without building the model."""
        return cast("Self", cls.model_construct())


class Payload(Model):
    """The whole state of one subject after a fact.

    A new shape is a new `version`; `hub.events.payloads.load` upcasts stored older ones.
    """

    family: ClassVar[Family]
    version: ClassVar[int] = 1

    def ended(self) -> datetime | None:
        """When the matter was over; None while it goes on. Decides what counts as reopened."""
        return None


class JsonText(str):
    """JSON that is canonical text already, and is stored as it is."""

    __slots__ = ()


def canonical(body: Mapping[str, Any]) -> str:
    """JSON with sorted keys and no spaces: equal content gives equal text.

    orjson takes a tenth of the time of the standard library, which is still asked where orjson
    gives up: integers over 64 bits, lone surrogates, keys that are no text.
    """
    try:
        return orjson.dumps(body, option=_CANONICAL).decode()
    except TypeError:
        return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


_CANONICAL = (
    orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
)


def fingerprint(body: Mapping[str, Any]) -> str:
    """A 128-bit digest of the content, in hex: equal state, equal fingerprint."""
    return digest(canonical(body))


def digest(text: str) -> str:
    """The fingerprint of content that is canonical text already."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
