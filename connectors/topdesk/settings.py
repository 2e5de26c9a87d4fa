"""What an administrator says about one TOPdesk: closed, frozen, described."""

import re
import string
from enum import StrEnum
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from hub.events.base import Language

_ANY_URL = TypeAdapter(HttpUrl)


class PublishRule(StrEnum):
    """Which incidents may be shown."""

    MAJOR_AND_PUBLISHED = "major_and_published"
    MAJOR = "major"


class ResolvedWhen(StrEnum):
    """What this organisation calls solved: TOPdesk's setting "Call is resolved when"."""

    COMPLETED = "completed"
    CLOSED = "closed"
    EITHER = "either"


class TitleSource(StrEnum):
    """Where the public title comes from."""

    TITLE = "title"
    CATEGORY = "category"


class BranchField(StrEnum):
    """Which branch an incident belongs to, for audiences by branch."""

    NONE = "none"
    BRANCH = "branch"
    CALLER_BRANCH = "callerBranch"


class CardType(StrEnum):
    """The kinds of card in the change calendar (change API 1.4.0)."""

    CHANGE_SIMPLE = "change_simple"
    CHANGE_EXTENSIVE = "change_extensive"
    ACTIVITY_NORMAL = "activity_normal"
    ACTIVITY_AUTHORIZATION = "activity_authorization"


class MaintenanceTitle(StrEnum):
    """Where the public title of planned work comes from."""

    BRIEF_DESCRIPTION = "briefDescription"
    NEUTRAL = "neutral"


class TextField(StrEnum):
    """The fields of an incident that may hold a text for staff."""

    BRIEF_DESCRIPTION = "briefDescription"
    TEXT_1_1 = "optionalFields1.text1"
    TEXT_1_2 = "optionalFields1.text2"
    TEXT_1_3 = "optionalFields1.text3"
    TEXT_1_4 = "optionalFields1.text4"
    TEXT_1_5 = "optionalFields1.text5"
    MEMO_1_1 = "optionalFields1.memo1"
    MEMO_1_2 = "optionalFields1.memo2"
    MEMO_1_3 = "optionalFields1.memo3"
    MEMO_1_4 = "optionalFields1.memo4"
    MEMO_1_5 = "optionalFields1.memo5"
    TEXT_2_1 = "optionalFields2.text1"
    TEXT_2_2 = "optionalFields2.text2"
    TEXT_2_3 = "optionalFields2.text3"
    TEXT_2_4 = "optionalFields2.text4"
    TEXT_2_5 = "optionalFields2.text5"
    MEMO_2_1 = "optionalFields2.memo1"
    MEMO_2_2 = "optionalFields2.memo2"
    MEMO_2_3 = "optionalFields2.memo3"
    MEMO_2_4 = "optionalFields2.memo4"
    MEMO_2_5 = "optionalFields2.memo5"


class ExpectedField(StrEnum):
    """Where the moment stands at which it should be solved."""

    NONE = "none"
    TARGET_DATE = "targetDate"


class CallerField(StrEnum):
    """By which field of a person in TOPdesk somebody is found."""

    EMAIL = "email"
    EMPLOYEE_NUMBER = "employeeNumber"
    NETWORK_LOGIN_NAME = "networkLoginName"
    LOGIN_NAME = "tasLoginName"


class OwnTitle(StrEnum):
    """What is shown of an own ticket beside its number."""

    HIDDEN = "hidden"
    BRIEF_DESCRIPTION = "briefDescription"


def _placeholders(allowed: set[str], template: str) -> str:
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise ValueError(f"the braces do not match ({error})") from error
    names = {name for _, name, _, _ in parts if name is not None}
    if names - allowed or any(spec or conversion for _, _, spec, conversion in parts):
        shown = ", ".join("{" + name + "}" for name in sorted(allowed))
        raise ValueError(f"only these placeholders exist, written just so: {shown}")
    return template


def _title_template(template: str) -> str:
    return _placeholders({"title", "category", "branch", "number"}, template)


def _link_template(template: str) -> str:
    _placeholders({"origin", "id", "number"}, template)
    sample = template.format(origin="https://example.org", id="id", number="number")
    try:
        _ANY_URL.validate_python(sample)
    except ValidationError as error:
        raise ValueError("filled in, it must be an https or http address") from error
    return template


def _pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return pattern


def _address(url: HttpUrl) -> HttpUrl:
    if url.username or url.password:
        raise ValueError("name and password do not belong in the address: use the two settings")
    if url.query or url.fragment:
        raise ValueError("give the address without anything after ? or #")
    return url


LinkTemplate = Annotated[str, AfterValidator(_link_template)]


Choice = Annotated[str, Field(min_length=1)]


class MaintenanceSettings(BaseModel):
    """Which changes may be shown. A change has no mark for it, so they must be chosen here."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    card_types: tuple[CardType, ...] = Field(min_length=1, description="Kinds of card to show.")
    statuses: tuple[Choice, ...] = Field((), description="Only with one of these own statuses.")
    categories: tuple[Choice, ...] = Field((), description="Only in one of these categories.")
    types: tuple[Choice, ...] = Field((), description="Only of one of these own types of change.")
    branches: tuple[Choice, ...] = Field((), description="Only of one of these branches.")
    text: MaintenanceTitle = Field(
        MaintenanceTitle.BRIEF_DESCRIPTION,
        description="`briefDescription`: the change's own title; `neutral`: no free text at all.",
    )
    days_back: int = Field(1, ge=1, le=31, description="How far back planned beginnings are read.")
    days_ahead: int = Field(14, ge=1, le=92, description="How far ahead they are read.")

    @model_validator(mode="after")
    def chosen(self) -> "MaintenanceSettings":
        """Without a choice every change of the organisation would be shown."""
        if not (self.statuses or self.categories or self.types or self.branches):
            raise ValueError("choose with at least one of statuses, categories, types, branches")
        return self


class OwnTicketSettings(BaseModel):
    """Tickets of the person who looks at the hub's personal pages."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    match: CallerField = Field(
        description="The field of a person in TOPdesk that must equal what the hub knows: `email`, "
        "`employeeNumber`, `networkLoginName` or `tasLoginName`."
    )
    categories: tuple[Choice, ...] = Field(
        min_length=1, description="Only tickets in these categories, by name or id."
    )
    text: OwnTitle = Field(
        OwnTitle.HIDDEN,
        description="`hidden`: the number only; `briefDescription`: the ticket's own title too.",
    )
    closed_days: int = Field(
        14, ge=0, le=90, description="How many days a closed ticket is still shown."
    )
    link: LinkTemplate = Field(
        "{origin}/tas/public/ssp/content/detail/incident?unid={id}",
        description="Its page in the self-service portal. Placeholders: {origin}, {id}, {number}.",
    )


class TopdeskSettings(BaseModel):
    """Settings of one TOPdesk."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Annotated[HttpUrl, AfterValidator(_address)] = Field(
        description="Address of TOPdesk: `https://org.topdesk.net`, with or without `/tas` or "
        "`/tas/api`."
    )
    username: str = Field(min_length=1, description="Login name of the operator for the API.")
    password: SecretStr = Field(
        description="Application password of that operator; a reference such as "
        "`${env:TOPDESK_PASSWORD}`."
    )
    publish: PublishRule = Field(
        PublishRule.MAJOR_AND_PUBLISHED,
        description="`major_and_published`: only majors that the service desk published in the "
        "self-service portal; `major`: every major.",
    )
    resolved_when: ResolvedWhen = Field(
        ResolvedWhen.EITHER,
        description="What counts as solved; as TOPdesk's own setting `Call is resolved when`.",
    )
    text: TitleSource = Field(
        TitleSource.TITLE,
        description="`title`: the title comes from `text_field`; `category`: always "
        "`Disturbance <category>`, so that no free text is shown.",
    )
    text_field: TextField = Field(
        TextField.BRIEF_DESCRIPTION, description="The field with the text for staff."
    )
    text_template: Annotated[str, AfterValidator(_title_template)] | None = Field(
        None,
        description="The title as a pattern, e.g. `{category}: {title}`. Placeholders: {title}, "
        "{category}, {branch}, {number}.",
    )
    personnel_numbers: tuple[Annotated[str, AfterValidator(_pattern)], ...] = Field(
        (), description="Regular expressions of personnel numbers; a title with one is not shown."
    )
    details_url: LinkTemplate = Field(
        "{origin}/tas/public/ssp/content/detail/incident?unid={id}",
        description="The page of a major in the self-service portal. Placeholders: {origin}, "
        "{id}, {number}.",
    )
    subscribe_url: LinkTemplate | None = Field(
        None, description="Where staff can follow a major; the same placeholders. Off by default."
    )
    branch_field: BranchField = Field(
        BranchField.BRANCH,
        description="Which branch an incident belongs to, for audiences: `branch`, "
        "`callerBranch` or `none`.",
    )
    workaround_field: TextField | None = Field(
        None, description="The field that says what staff can do meanwhile. Off by default."
    )
    expected_field: ExpectedField = Field(
        ExpectedField.NONE, description="Where the expected moment stands: `targetDate` or `none`."
    )
    language: Language = Field("nl", description="The language of the texts in TOPdesk.")
    page_size: int = Field(1000, ge=2, le=10_000, description="Incidents per request.")
    maintenance: MaintenanceSettings | None = Field(
        None, description="Planned changes as well, and which ones. Off by default."
    )
    own_tickets: OwnTicketSettings | None = Field(
        None, description="What a person may see of their own tickets. Off by default."
    )

    def origin(self) -> str:
        """The address before `/tas`, without a slash at the end."""
        return re.sub(r"(/tas(/api)?)?/*$", "", str(self.url).rstrip("/"))

    def api(self) -> str:
        """The base address of the REST API."""
        return f"{self.origin()}/tas/api"
