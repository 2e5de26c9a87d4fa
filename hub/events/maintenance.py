"""Family `maintenance`: planned work that staff may notice, with its planned beginning and end."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from pydantic import Field, HttpUrl

from hub.events.base import Family, Moment, Payload, Text


class MaintenanceState(StrEnum):
    """Where the work stands."""

    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    CANCELLED = "cancelled"


class Maintenance(Payload):
    """Planned work that may be shown to staff. Carries no personal data at all."""

    family: ClassVar[Family] = Family.MAINTENANCE

    title: Text = Field(description="What is worked on, in words for staff.")
    state: MaintenanceState
    start: Moment = Field(description="When it is planned to begin, UTC.")
    end: Moment = Field(description="When it is planned to end, UTC; never before it begins.")
    details_url: HttpUrl | None = Field(None, description="Where staff can read more, if anywhere.")

    def ended(self) -> datetime | None:
        """The planned end, once it is over: sources do not tell the real one."""
        over = self.state in {MaintenanceState.DONE, MaintenanceState.CANCELLED}
        return self.end if over else None
