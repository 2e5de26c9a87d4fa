"""What hub.yaml may say of invitations: what a one-time code leads to, and for how long."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self
from urllib.parse import quote

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from hub.events.base import Model
from hub.settings.kinds import Duration, Keeping, Name

Then = Literal["provider", "intranet", "device"]
Asked = Literal["nothing", "employee_number"]
LONGEST = timedelta(days=365)
_BLANK = re.compile(r"\{([^{}]*)\}")
BLANKS = ("user_name", "mail", "person", "language")
_LINK = r"^(https://[A-Za-z0-9.-]+|http://(localhost|127\.0\.0\.1))(:[0-9]{1,5})?/[^\s{}]*(\{(user_name|mail|person|language)\}[^\s{}]*)*$"


def _link(value: str) -> str:
    if not re.fullmatch(_LINK, value):
        raise ValueError(
            "must be an address such as `https://intranet.example.org/password?user={user_name}`; "
            f"after the host it may hold {', '.join(f'`{{{one}}}`' for one in BLANKS)}"
        )
    return value


def _a_year_at_most(value: timedelta) -> timedelta:
    if value > LONGEST:
        raise ValueError("must be at most `365d`")
    return value


Link = Annotated[str, AfterValidator(_link), WithJsonSchema({"type": "string", "pattern": _LINK})]
Lasting = Annotated[Keeping, AfterValidator(_a_year_at_most)]


class InvitationSettings(Model):
    """One-time codes with which people begin who have no account to log in with yet."""

    then: Then = Field(
        description="What a code leads to. `provider`: the organisation's login, of which the "
        "account is then known to be this person's; `intranet`: the intranet's own page for "
        "choosing a password; `device`: this device may see the person's own pages.",
    )
    link: Link | None = Field(
        None,
        description="For `intranet`: that page, such as "
        "`https://intranet.example.org/password?user={user_name}`; it may hold `{user_name}`, "
        "`{mail}`, `{person}` and `{language}`.",
    )
    ask: Asked = Field(
        "nothing",
        description="What must be typed beside the code: `employee_number`, or `nothing`. A birth "
        "date is no secret, and never asked.",
    )
    mail_from: tuple[Name, ...] = Field(
        (),
        description="Instances whose addresses may be written to, private ones among them. "
        "Elsewhere only a work address in `mail_domains` is.",
    )
    by_mail: Lasting = Field(
        timedelta(days=14),
        description="How long a code that was mailed or shown is good; `1d` to `365d`.",
        json_schema_extra={"default": "14d"},
    )
    on_paper: Lasting = Field(
        timedelta(days=90),
        description="How long a code on paper is good; `1d` to `365d`.",
        json_schema_extra={"default": "90d"},
    )
    device: Duration = Field(
        timedelta(days=30),
        description="For `device`: how long the device may see the pages.",
        json_schema_extra={"default": "30d"},
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.then == "intranet") != (self.link is not None):
            raise ValueError("has a `link` exactly where `then` is `intranet`: add or remove it")
        return self

    @property
    def blanks(self) -> frozenset[str]:
        """What the link needs to know of a person."""
        return frozenset(_BLANK.findall(self.link or ""))

    def filled(self, values: Mapping[str, str]) -> str:
        """The link for one person; nothing in a value can change what the address means."""
        return _BLANK.sub(lambda one: quote(values[one[1]], safe=""), self.link or "")
