"""What the demo found out, from the intranet's own log and pages."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

FULL = 3  # rows without which the story was not told


class DemoReport(BaseModel):
    """The story in numbers; times are virtual unless said otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    majors_open: int = Field(description="Open majors in TOPdesk's script at the fullest moment.")
    tile_items: int = Field(description="Rows on the served dashboard at the fullest moment.")
    timeline_posts: int = Field(description="Posts on the timeline: none, unless asked for.")
    events: int = Field(description="Changes of rows that the intranet carried out.")
    calls_to_intranet: int = Field(description="Requests that the intranet received.")
    leaks: int = Field(description="Private texts found in requests, objects and pages.")
    lost: int = Field(description="Disturbances that a page did not show within 60 seconds.")
    duplicates: int = Field(description="Objects published twice.")
    wrongly_shown: int = Field(
        description="Rows that stood, or said another state, over 60 seconds too long."
    )
    max_delay_seconds: float = Field(description="Longest time from publication to the page.")
    persons: int = Field(0, description="People: who is in two sources is one.")
    accounts_made: int = Field(0, description="Accounts that the intranet was given for them.")
    linked: int = Field(0, description="People with an account in more than one source.")
    leavers: int = Field(0, description="People whose account was switched off.")
    held: int = Field(0, description="People who would all leave at once: they wait in a hold.")
    invited: int = Field(0, description="People who came in with a one-time code.")
    people_wrong: int = Field(0, description="People, plans and holds that are not as they should.")
    virtual_seconds: float = Field(description="How long the story took.")
    seconds: float = Field(description="How long the demo took, in real time.")
    findings: tuple[str, ...] = Field((), description="What was wrong, one by one.")

    @property
    def well(self) -> bool:
        """Whether the story ended as it should."""
        faults = self.leaks + self.lost + self.duplicates + self.wrongly_shown + self.people_wrong
        return faults == 0 and self.tile_items >= FULL

    @property
    def exit_code(self) -> int:
        """0 when all is well, else 1."""
        return 0 if self.well else 1


def in_seconds(delays: list[timedelta]) -> float:
    """The longest of them; 0 when there are none."""
    return max((delay.total_seconds() for delay in delays), default=0.0)
