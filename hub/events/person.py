"""Family `person`: an account, which is a person as one source knows them."""

from datetime import date
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field

from hub.events.base import Family, Moment, Payload
from hub.events.photo import Photo

ALIAS = "alias"  # the kind of a reference by which a source names the account itself, for good
MANAGER = "manager"  # the role of the reference to the account of the manager, same source
SPONSOR = "sponsor"  # the role of the reference to the person who vouches for a guest
Attribute = Literal[
    "display_name",
    "given_name",
    "infix",
    "family_name",
    "partner_name",
    "user_name",
    "mail",
    "employee_number",
    "employer",
    "title",
    "department",
    "office",
    "phone",
    "mobile",
    "external",
    "photo",
]
ATTRIBUTES: tuple[Attribute, ...] = get_args(Attribute)  # what of an account describes its person
Word = Annotated[str, Field(min_length=1, max_length=1000)]


class Person(Payload):
    """An account. The subject's key is the source's own, never a mail address or a number.

    Who manages whom is a reference with the role `manager`. What a source does not say is left
    out, and is never an empty text. No citizen service number, ever.
    """

    family: ClassVar[Family] = Family.PERSON

    enabled: bool = Field(
        description="Whether the account may be used; one locked out for a while is not disabled."
    )
    display_name: Word = Field(description="The whole name, as the source shows it.")
    user_name: Word | None = Field(None, description="What the person logs in with.")
    mail: Word | None = Field(None, description="The work address; never a key.")
    given_name: Word | None = Field(None, description="What the person is called.")
    infix: Word | None = Field(None, description="What stands before the family name: `van den`.")
    family_name: Word | None = Field(None, description="The name at birth, without the infix.")
    partner_name: Word | None = Field(None, description="The family name of the partner, if used.")
    birth_date: date | None = Field(
        None, description="For telling persons apart only: never published, never shown."
    )
    employee_number: Word | None = Field(
        None, description="In the numbering of the source; two sources may number alike."
    )
    employer: Word | None = Field(None, description="The organisation that the person works for.")
    title: Word | None = Field(None, description="What the person does: the job title.")
    department: Word | None = Field(None, description="The part of the organisation.")
    office: Word | None = Field(None, description="The building or room.")
    phone: Word | None = Field(None, description="The telephone number at work.")
    mobile: Word | None = Field(None, description="The mobile number at work.")
    contact_mail: Word | None = Field(
        None, description="A private address, for an invitation only: never published."
    )
    starts: Moment | None = Field(None, description="When account or contract begin, UTC.")
    ends: Moment | None = Field(None, description="When account or contract end, UTC.")
    external: bool = Field(False, description="Whether the person is no employee.")
    photo: Photo | None = Field(
        None, description="A picture: its digest, kind and size; the bytes are kept apart."
    )
