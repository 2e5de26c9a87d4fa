"""What hub.yaml may say of people: whose numbers, addresses and words count."""

import re
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from hub.events.base import Model
from hub.events.person import Attribute
from hub.settings.groups import GroupRule
from hub.settings.invitations import InvitationSettings
from hub.settings.kinds import Keeping, Name
from hub.settings.problems import Place
from hub.settings.removals import Changes, Removals
from hub.settings.sponsors import Sponsors

_DOMAIN = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$"


def _domain(value: str) -> str:
    if not re.fullmatch(_DOMAIN, value):
        raise ValueError("must be a domain in small letters, such as `example.org`")
    return value


Domain = Annotated[
    str, AfterValidator(_domain), WithJsonSchema({"type": "string", "pattern": _DOMAIN})
]


class Accounts(StrEnum):
    """What the hub does with the accounts of a target."""

    MANAGE = "manage"
    LINK = "link"


class PeopleSettings(Model):
    """How accounts of several sources become persons."""

    namespaces: dict[Name, Name] = Field(
        {},
        description="Instance to the name of the numbering of its employee numbers. Two instances "
        "share a numbering only where both name the same one; each has its own unless named.",
    )
    mail_domains: tuple[Domain, ...] = Field(
        (),
        description="Domains whose addresses the organisation gives out itself: an equal work "
        "address in one of them links accounts; elsewhere a person is asked.",
    )
    authority: tuple[Name, ...] = Field(
        (),
        description="Instances, the most trusted first: whose word counts where sources differ. "
        "After these the account that appeared first.",
    )
    authority_of: dict[Attribute, tuple[Name, ...]] = Field(
        {}, description="The same for single attributes, instead of `authority`."
    )
    grace: Keeping = Field(
        timedelta(days=30),
        description="How long somebody without an account in force stays suspended, before "
        "becoming deactivated; at least `1d`.",
        json_schema_extra={"default": "30d"},
    )

    accounts: dict[Name, Accounts] = Field(
        {},
        description="Target to what the hub does with accounts there. `manage`: it makes, changes "
        "and switches off one for each person. `link`: it looks for the account that stands there "
        "already, by user name or work address, and never writes it. A target that is not named "
        "is never written; it is `link` where `groups` wants something there.",
    )
    groups: dict[Name, tuple[GroupRule, ...]] = Field(
        {},
        description="Target to the groups that the hub keeps there, with who is in them. A group "
        "that is not chosen is never written.",
    )
    photos: tuple[Name, ...] = Field(
        (),
        description="Targets that get the pictures of people, where a source brings them; each must "
        "be in `accounts` with `manage`. None unless named.",
    )
    user_name: tuple[Literal["user_name", "mail"], ...] = Field(
        ("user_name", "mail"),
        min_length=1,
        description="What a person logs in with there: the first of these that is known.",
    )
    removals: Removals = Field(
        Removals.by_default(),
        description="How many people may lose an account on one target at once before somebody is "
        "asked.",
    )
    changes: Changes = Field(
        Changes.by_default(),
        description="How many people may get another value of the same field on one target at once "
        "before somebody is asked.",
    )

    sponsors: Sponsors = Field(
        Sponsors.by_default(),
        description="External staff for whom somebody who works here vouches.",
    )
    invitations: InvitationSettings | None = Field(
        None,
        description="One-time codes for those who can't log in anywhere yet; none unless named.",
    )

    @property
    def kept(self) -> dict[str, Accounts]:
        """Accounts per target, with those that groups need: nobody writes unless told to."""
        needed = (target for target, rules in self.groups.items() if rules)
        return dict.fromkeys(needed, Accounts.LINK) | self.accounts

    def instances(self) -> Iterator[tuple[Place, str]]:
        """Every instance that is named, with where."""
        for name in self.namespaces:
            yield ("people", "namespaces", name), name
        for at, name in enumerate(self.authority):
            yield ("people", "authority", at), name
        for at, name in enumerate(self.invitations.mail_from if self.invitations else ()):
            yield ("people", "invitations", "mail_from", at), name
        for field, names in self.authority_of.items():
            for at, name in enumerate(names):
                yield ("people", "authority_of", field, at), name
        for target, rules in self.groups.items():
            for at, rule in enumerate(rules):
                yield ("people", "groups", target, at, "instance"), rule.instance
