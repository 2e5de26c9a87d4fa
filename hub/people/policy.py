"""What the organisation decided about people; told by the hub that runs, kept in the store."""

from collections.abc import Mapping
from datetime import timedelta

from pydantic import Field

from hub.events.base import Model
from hub.settings.groups import GroupRule
from hub.settings.removals import Changes, Removals
from hub.settings.sponsors import Sponsors
from hub.store import memberships, persons
from hub.store.store import Tx

NAME = "people"
UNDO = timedelta(days=30)  # how long a merge can be undone


class Policy(Model):
    """How accounts become persons."""

    namespaces: Mapping[str, str] = Field(
        default_factory=dict, description="Instance to the name of its numbering of employees."
    )
    mail_domains: tuple[str, ...] = Field((), description="Whose addresses are vouched for.")
    authority: tuple[str, ...] = Field((), description="Instances, the most trusted first.")
    authority_of: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict, description="The same for single attributes."
    )
    grace: timedelta = Field(timedelta(days=30), description="Between suspended and deactivated.")
    accounts: Mapping[str, str] = Field(
        default_factory=dict, description="Targets whose accounts the hub keeps: `manage`."
    )
    groups: Mapping[str, tuple[GroupRule, ...]] = Field(
        default_factory=dict, description="Target to the groups that the hub keeps there."
    )
    photos: tuple[str, ...] = Field((), description="Targets that get pictures of people.")
    user_name: tuple[str, ...] = Field(
        ("user_name", "mail"), description="What a person logs in with: the first that is known."
    )
    removals: Removals = Field(
        Removals.by_default(), description="How many may lose an account on one target at once."
    )
    changes: Changes = Field(
        Changes.by_default(),
        description="How many may get another value of one field on one target at once.",
    )

    sponsors: Sponsors = Field(
        Sponsors.by_default(),
        description="How long guests stay at most, and when sponsors are reminded.",
    )

    def namespace(self, instance: str) -> str:
        """The numbering that an instance gives employee numbers in; its own unless named."""
        return self.namespaces.get(instance, instance)

    def is_ours(self, domain: str) -> bool:
        """Whether the organisation vouches for the addresses of this domain."""
        return domain in self.mail_domains


def current(tx: Tx) -> Policy:
    """The policy that the hub was started with last."""
    stored = persons.policy(tx, NAME)
    return Policy() if stored is None else Policy.model_validate(stored)


def put(tx: Tx, wanted: Policy) -> None:
    """Keep the policy; a changed one has every account looked at again, and takes none away."""
    body = wanted.model_dump(mode="json")
    if persons.policy(tx, NAME) != body:
        persons.put_policy(tx, NAME, body)
        persons.mark_all(tx)
        persons.all_stale(tx)
        memberships.all_groups_stale(tx)
