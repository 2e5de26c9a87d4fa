"""What can be chosen about the sandbox intranet."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from hub.sandbox.intranet.models import Closed, Key, Kind, Mail, Short

Language = Literal["nl", "en"]

GROUPS = ("ouder-amstel", "diemen", "uithoorn", "uitvoeringsorganisatie")


class Account(Closed):
    """An account that the intranet's own synchronisation with a directory made."""

    id: Key = Field(description="Its id on the intranet.")
    user_name: Short = Field(description="Login name.")
    mail: Mail | None = Field(None, description="The work address.")
    display_name: Short = Field(description="The whole name.")
    active: bool = Field(default=True, description="Whether it can log in.")
    source: Literal["ad"] = Field("ad", description="Where it comes from.")


class IntranetOptions(BaseModel):
    """Settings of one sandbox intranet; the tokens open nothing but this sandbox."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str = Field("Intranet Duo+", description="Name in the header of the pages.")
    token: str = Field(
        "sandbox-token",
        min_length=1,
        repr=False,
        description="Bearer token that may read and write.",
    )
    readonly_token: str = Field(
        "sandbox-read-token",
        min_length=1,
        repr=False,
        description="Bearer token that may only read.",
    )
    groups: tuple[str, ...] = Field(GROUPS, description="Groups that an audience may name.")
    kinds: tuple[Kind, ...] = Field(tuple(Kind), description="Kinds that the intranet keeps.")
    accounts: tuple[Account, ...] = Field(
        (), description="Accounts of its own; they can be looked up and are never written."
    )
    ad_accounts: tuple[str, ...] = Field(
        (), description="Accounts as its own directory makes them, `USER_NAME MAIL NAME` each."
    )
    batch_max: int = Field(
        100, ge=0, description="Operations in one batch; 0 or 1: the intranet has no batches."
    )
    at_once: int = Field(8, ge=1, description="Requests in flight that it says it bears.")
    language: Language = Field("nl", description="Language of the pages when nobody asks for one.")
    tile_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s]+$",
        description="Address of a tile to show in a frame on the dashboard.",
    )
    control_secret: str | None = Field(
        None,
        min_length=1,
        repr=False,
        description="Secret that the control addresses ask for in the header X-Sandbox-Secret.",
    )

    @field_validator("ad_accounts")
    @classmethod
    def _readable(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            _account(text)
        return texts

    def own_accounts(self) -> tuple[Account, ...]:
        """Every account of its own."""
        return (*self.accounts, *(_account(one) for one in self.ad_accounts))


def _account(text: str) -> Account:
    try:
        user_name, mail, name = text.split(maxsplit=2)
        return Account(id=f"ad-{user_name}", user_name=user_name, mail=mail, display_name=name)
    except ValueError as error:
        raise ValueError("write an account as `USER_NAME MAIL NAME`") from error
