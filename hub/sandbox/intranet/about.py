"""What the intranet says about itself: its abilities, and the accounts that are its own."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from hub.sandbox.intranet.models import Closed, Kind, Locale


class KindCapabilities(Closed):
    """What the intranet can do with one kind."""

    upsert: bool = Field(description="PUT creates and replaces.")
    delete: bool = Field(description="DELETE takes away.")
    conditional: bool = Field(description="If-Match and If-None-Match are honoured.")
    batch_max: int = Field(description="Operations in one batch; 1: there are no batches.")
    max_title: int | None = Field(description="Longest text in characters; null: has no text.")
    locales: list[Locale] = Field(description="Languages that the intranet shows.")
    identity: Literal["keyed"] = Field(description="Objects are found by the maker's own key.")


class ServerInfo(Closed):
    """Who answers."""

    name: str = Field(description="Name of the intranet.")
    version: str = Field(description="Version of this API.")


class Audiences(Closed):
    """For whom objects can be published."""

    everyone: bool = Field(description="Whether an object can be for everyone.")
    groups: list[str] = Field(description="Groups that an audience may name.")


class Capabilities(Closed):
    """What this intranet can do."""

    server: ServerInfo = Field(description="Who answers.")
    at_once: int = Field(description="Requests in flight that this intranet bears.")
    kinds: dict[Kind, KindCapabilities] = Field(description="What can be done, per kind.")
    audiences: Audiences = Field(description="For whom objects can be published.")


Wanted = Literal["user_name", "mail", "external_id"]
Value = Annotated[str, StringConstraints(min_length=1, max_length=254)]


class Asked(Closed):
    """One of these; exactly this value."""

    user_name: Value | None = Field(None, description="Login name, whatever its case.")
    mail: Value | None = Field(None, description="The work address, whatever its case.")
    external_id: Value | None = Field(None, description="The key that its maker chose.")

    def given(self) -> list[tuple[Wanted, str]]:
        """What was asked for."""
        every: dict[Wanted, str | None] = {
            "user_name": self.user_name,
            "mail": self.mail,
            "external_id": self.external_id,
        }
        return [(name, value) for name, value in every.items() if value is not None]


class FoundAccount(Closed):
    """One account of this intranet, whoever made it."""

    id: str = Field(description="What a membership names: external id, or id of an own account.")
    user_name: str = Field(description="Login name.")
    mail: str | None = Field(description="The work address.")
    display_name: str = Field(description="The whole name.")
    active: bool = Field(description="Whether it can log in.")
    source: Literal["ad", "api"] = Field(
        description="ad: made by the intranet's own synchronisation, and not to be written here."
    )


class FoundAccounts(Closed):
    """Accounts with exactly the wanted value; more than one: do not guess."""

    items: list[FoundAccount] = Field(description="At most 50.")
