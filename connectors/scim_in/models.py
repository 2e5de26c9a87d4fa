"""The resources as they are announced: only attributes that the hub keeps (RFC 7643)."""

from typing import Annotated, Any

from pydantic import Field
from scim2_models import (
    URN,
    AnyExtension,
    CaseExact,
    ComplexAttribute,
    Extension,
    Mutability,
    Reference,
    Required,
    Returned,
    Uniqueness,
)
from scim2_models import Resource as ScimResource
from scim2_models.attributes import ExtensibleStringEnum

CORE = "urn:ietf:params:scim:schemas:core:2.0"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


class Name(ComplexAttribute):
    """The parts of a name."""

    family_name: str | None = None
    given_name: str | None = None


class Email(ComplexAttribute):
    """The address at work; another one is not kept."""

    class Type(ExtensibleStringEnum):
        """What it is for."""

        work = "work"

    value: str | None = None
    type: Type | None = None


class PhoneNumber(ComplexAttribute):
    """A number at work."""

    class Type(ExtensibleStringEnum):
        """What it is for."""

        work = "work"
        mobile = "mobile"

    value: str | None = None
    type: Type | None = None


class Address(ComplexAttribute):
    """Where somebody works: a building or room."""

    class Type(ExtensibleStringEnum):
        """What it is for."""

        work = "work"

    formatted: str | None = None
    type: Type | None = None


class Manager(ComplexAttribute):
    """Who manages a user."""

    value: Annotated[str | None, Required.true, CaseExact.true] = None


class EnterpriseUser(Extension):
    """The part of the enterprise extension that is kept."""

    __schema__ = URN(ENTERPRISE)

    employee_number: str | None = None
    organization: str | None = None
    department: str | None = None
    manager: Manager | None = None


class User(ScimResource[AnyExtension]):
    """A person as the identity provider knows them."""

    __schema__ = URN(f"{CORE}:User")

    user_name: Annotated[str | None, Required.true, Uniqueness.server, Returned.always] = None
    name: Name | None = None
    display_name: str | None = None
    title: str | None = None
    active: bool | None = None
    emails: list[Email] | None = None
    phone_numbers: list[PhoneNumber] | None = None
    addresses: list[Address] | None = None


class GroupMember(ComplexAttribute):
    """One user in a group."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true, Required.true] = None
    ref: Annotated[
        Reference["User"] | None,  # type: ignore[type-arg]  # the name is what /Schemas says
        Mutability.immutable,
    ] = Field(None, serialization_alias="$ref", validation_alias="$ref")


class Group(ScimResource[Any]):
    """A group of users."""

    __schema__ = URN(f"{CORE}:Group")

    display_name: Annotated[str | None, Required.true] = None
    members: list[GroupMember] | None = None
