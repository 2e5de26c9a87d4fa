"""What a person types: post, update or end one disturbance; and the settings, none."""

import re
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, StringConstraints

from hub.events.base import Language, Moment
from hub.events.incident import Incident

_KEY = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?")


def _key(text: str) -> str:
    if _KEY.fullmatch(text) is None:
        raise ValueError("use lower-case letters, digits and hyphens, at most 80, e.g. telefonie")
    return text


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Texts = Annotated[dict[Language, Words], Field(min_length=1)]


class Action(StrEnum):
    """What to do with a disturbance."""

    POST = "post"
    UPDATE = "update"
    END = "end"


class ManualSettings(BaseModel):
    """Settings of disturbances that people type in: there are none."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Order(BaseModel):
    """One request about one disturbance. In an update a field that is absent stays as it was."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    action: Action = Field(description="post, update or end.")
    id: Annotated[str, AfterValidator(_key)] = Field(
        description="Which disturbance: lower-case letters, digits and hyphens."
    )
    at: Moment = Field(description="When this was said, with a zone.")
    title: Texts | None = Field(None, description="What does not work; nl, en or both.")
    workaround: Texts | None = Field(None, description="What staff can do meanwhile.")
    since: Moment | None = Field(None, description="When it began; default: `at` of the post.")
    expected_at: Moment | None = Field(None, description="When it should be solved.")
    branch: Words | None = Field(None, description="The site, for audiences by branch.")
    category: Texts | None = Field(None, description="The kind of service.")
    details_url: HttpUrl | None = Field(None, description="A page that says more.")
    previous: Incident | None = Field(None, description="The state before this; the hub adds it.")

    def given(self) -> dict[str, Any]:
        """The fields of the state that this request names, null where it takes one away."""
        return {name: getattr(self, name) for name in self.model_fields_set & STATE_FIELDS}


STATE_FIELDS = frozenset(
    {"title", "workaround", "since", "expected_at", "branch", "category", "details_url"}
)
