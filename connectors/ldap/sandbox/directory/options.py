"""What can be chosen about the sandbox directory: on the command line, and in code."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SUFFIX = "dc=example,dc=org"
READER = f"cn=reader,{SUFFIX}"
MANAGER = f"cn=manager,{SUFFIX}"
PASSWORD = "sandbox-password"  # noqa: S105  # nosec B105  # of a server that only loopback can reach


class Fault(StrEnum):
    """What goes wrong, until it is taken away."""

    SLOW = "slow"  # each answer comes later
    EMPTY = "empty"  # searches find nothing, and say that all is well
    HALF = "half"  # the connection breaks off in the middle of what was found
    REFUSE = "refuse"  # nobody is let in, with the right password neither
    AWAY = "away"  # whoever connects is hung up on


class DirectoryOptions(BaseModel):
    """Settings of one sandbox directory; its passwords open nothing but this sandbox."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    people: int = Field(120, ge=0, le=5000, description="How many people work there.")
    seed: int = Field(1, description="The same seed gives the same people.")
    bind: str = Field(READER, description="The account that reads everybody.")
    password: str = Field(PASSWORD, min_length=1, repr=False, description="Its password.")
    manager: str = Field(MANAGER, description="The account that may change everything.")
    manager_password: str = Field(
        PASSWORD, min_length=1, repr=False, description="The manager's password."
    )
    size_limit: int = Field(
        500, ge=1, description="Entries of one answer; more come only page by page."
    )
    hidden: tuple[str, ...] = Field(
        (), description="Branches that the reading account may not see, by name."
    )
    fault: Literal["", "slow", "empty", "half", "refuse", "away"] = Field(
        "", description="What goes wrong all the time."
    )
    delay: float = Field(2.0, ge=0, le=600, description="Seconds that `slow` takes.")
