"""What an administrator says about one directory: closed, frozen, described."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)

from connectors.ldap.access import Method, address
from connectors.ldap.escape import below, parts
from connectors.ldap.filters import whole
from hub.errors import BadConfigError


class VendorChoice(StrEnum):
    """Whose directory it is; `auto`: as the directory says."""

    AUTO = "auto"
    AD = "ad"
    OPENLDAP = "openldap"


class Protection(StrEnum):
    """What protects an `ldap://` connection."""

    START_TLS = "start_tls"
    NONE = "none"


class Deltas(StrEnum):
    """Whether only what changed is read between two sweeps."""

    AUTO = "auto"
    OFF = "off"


class PersonField(StrEnum):
    """The fields of a person that come from an attribute of one's choice."""

    USER_NAME = "user_name"
    MAIL = "mail"
    GIVEN_NAME = "given_name"
    INFIX = "infix"
    FAMILY_NAME = "family_name"
    PARTNER_NAME = "partner_name"
    DISPLAY_NAME = "display_name"
    BIRTH_DATE = "birth_date"
    EMPLOYEE_NUMBER = "employee_number"
    EMPLOYER = "employer"
    TITLE = "title"
    DEPARTMENT = "department"
    OFFICE = "office"
    PHONE = "phone"
    MOBILE = "mobile"
    CONTACT_MAIL = "contact_mail"
    STARTS = "starts"
    ENDS = "ends"
    MANAGER = "manager"


def _url(value: str) -> str:
    try:
        address(value)
    except BadConfigError as error:
        raise ValueError(str(error)) from error
    return value


def _dn(value: str) -> str:
    try:
        parts(value)
    except BadConfigError as error:
        raise ValueError(str(error)) from error
    return value


def _filter(value: str) -> str:
    if not whole(value):
        raise ValueError("is not one whole filter, such as `(employeeType=intern)`")
    return value


Url = Annotated[str, AfterValidator(_url)]
Dn = Annotated[str, StringConstraints(min_length=1), AfterValidator(_dn)]
Filter = Annotated[str, AfterValidator(_filter)]
Attribute = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]*$", max_length=100)]
Value = Annotated[str, StringConstraints(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class GroupSettings(_Part):
    """Which groups are read."""

    bases: tuple[Dn, ...] = Field((), description="Where groups stand; as `bases` unless named.")
    filter: Filter | None = Field(
        None, description="Only groups that this is true of, such as `(cn=intranet-*)`."
    )


class ExternalSettings(_Part):
    """How one sees that a person is no employee."""

    attribute: Attribute = Field(description="The attribute that says so, such as `employeeType`.")
    values: tuple[Value, ...] = Field(
        min_length=1, description="The values that mean it; upper and lower case do not matter."
    )


class LdapSettings(_Part):
    """Settings of one directory."""

    urls: tuple[Url, ...] = Field(
        min_length=1,
        description="Addresses, tried in order: `ldaps://dc1.example.org`, `ldap://host:389`, "
        "`ldapi:///path/to/socket`.",
    )
    vendor: VendorChoice = Field(
        VendorChoice.AUTO, description="Whose directory it is; `auto`: as the directory says."
    )
    bind: str = Field(
        "",
        description="The account: a DN, `name@domain`, `DOMAIN\\name` with `ntlm`, `name@REALM` with "
        "`gssapi`.",
    )
    password: SecretStr | None = Field(
        None, description="Its password; a reference such as `${env:LDAP_PASSWORD}`."
    )
    method: Method = Field(Method.SIMPLE, description="How the account is proven.")
    keytab: Path | None = Field(
        None,
        description="With `gssapi`: the file that holds the key of `bind`. Without it the ticket is "
        "used that `kinit` left.",
    )
    protection: Protection = Field(
        Protection.START_TLS,
        description="Of an `ldap://` connection; `none` sends the password in clear text.",
    )
    bases: tuple[Dn, ...] = Field(
        min_length=1, description="Where people stand: `OU=Staff,DC=example,DC=org`."
    )
    filter: Filter | None = Field(
        None, description="Only people that this is true of, such as `(employeeType=intern)`."
    )
    members_of: tuple[Dn, ...] = Field(
        (), description="Only members of one of these groups, also by a group within it."
    )
    groups: GroupSettings | None = Field(
        None, description="Groups and who is in them as well; `{}` for all of them. Off by default."
    )
    attributes: dict[PersonField, Attribute | None] = Field(
        {},
        description="From which attribute a field comes; `null`: it is not read. What is not named "
        "comes from the attribute that is usual.",
    )
    photos: bool = Field(
        default=False,
        description="Pictures of people as well (`thumbnailPhoto`, `jpegPhoto`). Off by default.",
    )
    external: ExternalSettings | None = Field(
        None, description="How one sees that a person is no employee. Nobody unless named."
    )
    employer: str | None = Field(
        None, min_length=1, description="The employer of everybody whose entry names none."
    )
    deltas: Deltas = Field(
        Deltas.AUTO,
        description="`auto`: every minute what changed, every 15 minutes everything; `off`: every "
        "15 minutes everything.",
    )
    page_size: int = Field(1000, ge=1, le=10_000, description="Entries per page.")

    @model_validator(mode="after")
    def one_login(self) -> "LdapSettings":
        """A key belongs to somebody, and to Kerberos."""
        if self.keytab is not None and (self.method is not Method.GSSAPI or not self.bind):
            raise ValueError("`keytab` wants `method: gssapi` and `bind: name@REALM`")
        return self

    @model_validator(mode="after")
    def apart(self) -> "LdapSettings":
        """Nobody is read twice."""
        for bases in (self.bases, self.groups.bases if self.groups else ()):
            for one in bases:
                if any(one is not other and below(one, other) for other in bases):
                    raise ValueError(f"the base {one} stands below another one: name it once")
        return self

    @property
    def group_bases(self) -> tuple[str, ...]:
        """Where groups stand."""
        return (self.groups.bases if self.groups else ()) or self.bases
