"""How many people may leave at once before somebody is asked."""

from pydantic import Field

from hub.events.base import Model


class Removals(Model):
    """How many people may leave one instance at once; more of them wait in a hold.

    The defaults are DESIGN's: more than max(25, 5 %), or at least 5 and more than 10 %; a group of
    more than 20 that loses more than half.
    """

    number: int = Field(
        25, ge=1, description="Accounts, or groups: more than so many, and than `percent`, wait."
    )
    percent: int = Field(5, ge=1, le=100, description="Of all; counts where it is more.")
    few: int = Field(5, ge=2, description="So many wait already, if they are over `few_percent`.")
    few_percent: int = Field(10, ge=1, le=100, description="Of all.")
    group: int = Field(20, ge=2, description="A group of more members than this is watched.")
    group_percent: int = Field(50, ge=1, le=100, description="It may lose so many of them.")
    approvals: int = Field(
        1,
        ge=1,
        le=2,
        description="How many administrators must release a hold about people, each within 24 hours; "
        "of those of an instance and of `people` the larger number counts.",
    )


class Changes(Model):
    """How many people may get another value of the same field at once; more of them wait in a hold.

    Counted per source that the field comes from, on each target; filling in what was empty is no change.
    """

    percent: int = Field(
        20, ge=1, le=100, description="More than this share of a source's people waits."
    )
    least: int = Field(5, ge=2, description="Fewer people than this never wait.")


class Quarantine(Model):
    """When a source of people is so bad that it is left alone: read once a day until it is good."""

    percent: int = Field(
        60,
        ge=1,
        le=100,
        description="Of the rows of one reading that can't be understood, or of its objects that "
        "targets refused: from this share on.",
    )
    least: int = Field(5, ge=1, description="Fewer rows or objects than this never count.")
