"""Families `group` and `membership`: the groups of a directory, and who is in them."""

from typing import Annotated, ClassVar

from pydantic import Field

from hub.events.base import Family, Payload

GROUP, MEMBER = "group", "member"  # the roles of a membership's two references
Word = Annotated[str, Field(min_length=1, max_length=1000)]


class Group(Payload):
    """A group of people, as one source knows it."""

    family: ClassVar[Family] = Family.GROUP

    name: Word = Field(description="What the source calls it.")
    description: Word | None = Field(None, description="What it is for, in the source's words.")
    mail: Word | None = Field(None, description="The address that reaches everyone in it.")


class Membership(Payload):
    """One account in one group; the references `group` and `member` say which.

    The subject's key is made by `membership_key`, and its container is the key of the group, so
    that a slice that holds the whole group proves who left it.
    """

    family: ClassVar[Family] = Family.MEMBERSHIP

    direct: bool = Field(description="Whether named in the group itself, not by a group within it.")


def membership_key(group: str, member: str) -> str:
    """The key of a membership, from the keys of group and member."""
    return f"{group}/{member}"
