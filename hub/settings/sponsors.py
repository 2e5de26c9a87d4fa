"""What hub.yaml may say of guests and of those who vouch for them."""

import re
from datetime import time, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from hub.events.base import Model

_HOURS = r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$"


def _hours(value: str) -> str:
    if not re.fullmatch(_HOURS, value):
        raise ValueError("must be two times such as `18:00-08:00`")
    return value


def _falling(value: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(value), reverse=True))


Hours = Annotated[
    str, AfterValidator(_hours), WithJsonSchema({"type": "string", "pattern": _HOURS})
]
Days = Annotated[int, Field(ge=1, le=365)]


class Sponsors(Model):
    """How long guests stay at most, and how those who vouch for them are reminded."""

    max_months: int = Field(
        12, ge=1, le=60, description="How many months ahead the end of a guest may lie."
    )
    reminders: Annotated[tuple[Days, ...], AfterValidator(_falling)] = Field(
        (30, 7, 1),
        max_length=10,
        description="How many days before the end the sponsor is reminded; the first of them is "
        "also when anybody whose account or contract ends counts as `expiring`.",
        json_schema_extra={"default": [30, 7, 1]},
    )
    quiet_hours: Hours = Field(
        "18:00-08:00",
        description="When no notice is sent, on the clock of `time_zone`; twice the same time: "
        "there are no quiet hours.",
    )
    daily_maximum: int = Field(
        3, ge=1, le=50, description="How many notices one person gets in a day."
    )

    @property
    def soon(self) -> timedelta:
        """How long before its end an account is ending."""
        return timedelta(days=max(self.reminders, default=0))

    @property
    def quiet(self) -> tuple[time, time]:
        """When quiet begins, and when it ends; equal: never."""
        begins, ends = self.quiet_hours.split("-")
        return time.fromisoformat(begins), time.fromisoformat(ends)
