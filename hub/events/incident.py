"""Family `incident`: public disturbances of any source, TOPdesk's majors among them."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from pydantic import Field, HttpUrl

from hub.events.base import Family, Moment, Payload, Text


class IncidentState(StrEnum):
    """What staff need to know: is it going on, or over."""

    OPEN = "open"
    SOLVED = "solved"


class Incident(Payload):
    """A disturbance that may be shown to staff. Carries no personal data at all."""

    family: ClassVar[Family] = Family.INCIDENT

    title: Text = Field(description="What does not work, in words for staff.")
    state: IncidentState
    since: Moment = Field(description="When it began, by the source's clock, UTC.")
    solved_at: Moment | None = Field(None, description="When it was solved, UTC.")
    expected_at: Moment | None = Field(None, description="When it should be solved, UTC.")
    category: Text | None = Field(None, description="The kind of service, as the source names it.")
    branch: str | None = Field(
        None, description="The site or organisation, as the source names it."
    )
    workaround: Text | None = Field(None, description="What staff can do meanwhile, one line.")
    details_url: HttpUrl | None = Field(None, description="The page of the self-service portal.")
    subscribe_url: HttpUrl | None = Field(None, description="Where staff can follow it, if any.")

    def ended(self) -> datetime | None:
        """When it was solved; an unknown moment counts as the moment it began."""
        if self.state is IncidentState.OPEN:
            return None
        return self.solved_at or self.since
