"""What an administrator says about one identity provider: closed, frozen, described."""

from pydantic import BaseModel, ConfigDict, Field


class ScimInSettings(BaseModel):
    """What is not told by the identity provider; all of it may be left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    employer: str | None = Field(
        None, min_length=1, description="The organisation of them all, where no attribute says it."
    )
    external: bool = Field(False, description="Whether these are no employees.")
