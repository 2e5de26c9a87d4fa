"""What TOPdesk sends: only the fields that the hub uses, and both forms of its dates."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def is_key(value: object) -> bool:
    """Whether this can be the id of an incident: it goes into addresses, so nothing odd."""
    return isinstance(value, str) and _KEY.fullmatch(value) is not None


def _key(value: str) -> str:
    if not is_key(value):
        raise ValueError("not an id")
    return value


def moment(value: object) -> datetime:
    """A date as TOPdesk sends it, in UTC and whole seconds.

    The list leaves fractions out that a single incident shows, and both must say the same.

    Raises:
        ValueError: not a date with a zone.
    """
    if not isinstance(value, str):
        raise ValueError("a date is a text")  # noqa: TRY004 - pydantic reports ValueError only
    parsed = datetime.fromisoformat(value)
    if parsed.tzinfo is None:
        raise ValueError("a date without a zone")
    return parsed.astimezone(UTC).replace(microsecond=0)


def _named(value: Any) -> Any:
    return value.get("name") if isinstance(value, dict) else value


When = Annotated[datetime, BeforeValidator(moment)]
Name = Annotated[str | None, BeforeValidator(_named)]


class OptionalFields(BaseModel):
    """The free fields of one tab that can hold a text."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    text1: str | None = None
    text2: str | None = None
    text3: str | None = None
    text4: str | None = None
    text5: str | None = None
    memo1: str | None = None
    memo2: str | None = None
    memo3: str | None = None
    memo4: str | None = None
    memo5: str | None = None


class Change(BaseModel):
    """One entry of the change calendar (change API 1.4.0); never its request or requester."""

    model_config = ConfigDict(
        extra="ignore", frozen=True, hide_input_in_errors=True, alias_generator=to_camel
    )

    id: Annotated[str, AfterValidator(_key)]
    brief_description: str | None = None
    card_type: str
    start: When
    end: When
    current_state: str


class Row(BaseModel):
    """One incident. What a null means is left to the mapping: real answers are full of nulls.

    Dates come as `2020-10-01T14:10:00Z` or as `2020-10-01T14:10:00.000+0000` (incident API 4.2.6).
    """

    model_config = ConfigDict(
        extra="ignore", frozen=True, hide_input_in_errors=True, alias_generator=to_camel
    )

    id: Annotated[str, AfterValidator(_key)]
    number: str | None = None
    status: str | None = None
    major_call: bool | None
    publish_to_ssd: bool | None
    closed: bool | None
    closed_date: When | None = None
    completed: bool | None = None
    completed_date: When | None = None
    call_date: When | None = None
    creation_date: When | None = None
    modification_date: When
    target_date: When | None = None
    brief_description: str | None = None
    category: Name = None
    branch: Name = None
    caller_branch: Name = None
    optional_fields1: OptionalFields | None = Field(None, alias="optionalFields1")
    optional_fields2: OptionalFields | None = Field(None, alias="optionalFields2")

    def text_of(self, field: str) -> str:
        """The text of a field such as `briefDescription` or `optionalFields1.memo1`; "" if none."""
        tab, _, name = field.rpartition(".")
        if not tab:
            return self.brief_description or ""
        fields = self.optional_fields1 if tab == "optionalFields1" else self.optional_fields2
        return (getattr(fields, name) or "") if fields else ""


class Caller(BaseModel):
    """Who called: nothing but the id is read."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    id: str | None = None


class Entry(BaseModel):
    """An entry of a list."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    id: str | None = None
    name: str | None = None


class OwnRow(BaseModel):
    """One incident as its own caller may see it; never its request, operator or trail."""

    model_config = ConfigDict(
        extra="ignore", frozen=True, hide_input_in_errors=True, alias_generator=to_camel
    )

    id: Annotated[str, AfterValidator(_key)]
    number: str
    caller: Caller | None
    category: Entry | None = None
    processing_status: Name = None
    closed: bool | None
    closed_date: When | None = None
    call_date: When | None = None
    creation_date: When
    modification_date: When
    brief_description: str | None = None
