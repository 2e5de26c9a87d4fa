"""One request about one guest: add, extend or end; and the settings, none."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from hub.events.base import Moment
from hub.events.person import Person

_KEY = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_PERSON = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")


def _shaped(pattern: re.Pattern[str], advice: str) -> AfterValidator:
    def check(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise ValueError(advice)
        return text

    return AfterValidator(check)


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Key = Annotated[str, _shaped(_KEY, "use lower-case letters, digits and hyphens, at most 64")]
Number = Annotated[str, _shaped(_PERSON, "give the whole number of a person of the hub")]
Mail = Annotated[Words, _shaped(_MAIL, "write a mail address such as name@example.org")]


class Action(StrEnum):
    """What to do with a guest."""

    ADD = "add"
    EXTEND = "extend"
    END = "end"


class GuestsSettings(BaseModel):
    """Settings of guests: there are none."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Order(BaseModel):
    """One request about one guest. What `extend` and `end` do not name stays as it was."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    action: Action = Field(description="add, extend or end.")
    id: Key = Field(description="Which guest: the hub's own key, never a name or an address.")
    at: Moment = Field(description="When this was said, with a zone.")
    sponsor: Number = Field(description="The number of the person who vouches for the guest.")
    ends: Moment = Field(description="When it ends: the first moment without access.")
    starts: Moment | None = Field(None, description="When it begins; at once unless named.")
    given_name: Words | None = Field(None, description="What the guest is called.")
    infix: Words | None = Field(None, description="What stands before the family name: `van den`.")
    family_name: Words | None = Field(None, description="The family name, without the infix.")
    employer: Words | None = Field(None, description="The organisation that the guest works for.")
    title: Words | None = Field(None, description="What the guest does here.")
    user_name: Words | None = Field(None, description="What the guest logs in with.")
    contact_mail: Mail | None = Field(
        None, description="A private address, for an invitation only: never published."
    )
    previous: Person | None = Field(None, description="The state before this; the hub adds it.")

    def said(self) -> dict[str, Any]:
        """The fields of a person that this request gives a value."""
        found = {name: getattr(self, name) for name in STATE_FIELDS}
        return {name: value for name, value in found.items() if value is not None}

    def begins(self) -> datetime:
        """When access begins, for comparing with its end."""
        return self.starts or self.at


STATE_FIELDS = (
    "given_name",
    "infix",
    "family_name",
    "employer",
    "title",
    "user_name",
    "contact_mail",
    "starts",
    "ends",
)
