"""What can be chosen about the sandbox TOPdesk: in code, and on the command line."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
STORY_START = datetime(2026, 11, 23, 8, 0, tzinfo=AMSTERDAM)
PASSWORD = "a1b2c-d3e4f-g5h6i-j7k8l-m9n0p"  # noqa: S105  # nosec B105  # the sandbox's own

Right = Literal["incidents.read", "incidents.write", "persons.read", "filters.read", "changes.read"]


@dataclass(frozen=True)
class SandboxOptions:
    """How this sandbox behaves.

    Attributes:
        params: strict refuses unknown parameters; legacy takes `start` and `page_size` on the
            list of incidents too and ignores what it does not know.
        api_version: what `/version` says; below 3.4 `query` is ignored.
        major_filter: False: clauses on majorCall and publishToSsd answer 400.
        calendar_ignores: parameters of the change calendar that it takes no notice of.
        persons: v1 answers 406 to the v2 media type.
        seed: the same seed gives the same ids, numbers and tickets.
        story: False: no major incident at all.
        closed_tickets: how many closed tickets the past holds.
        start: the story's 08:00.
        begun: how much of the story is over at the first moment of the virtual clock.
        speed: virtual seconds per real second; 0: only the control API moves the clock.
        autoplay: each request first plays the story up to the clock.
        denied: rights that the account lacks.
        branch_filter: names of the only branches that the account sees; empty: all.
        control_secret: what `/__sim/` wants in `X-Sandbox-Secret`; empty: nothing.
        webhook_url: called when a major changes; empty: nobody is.
        webhook_secret: shown in those calls, or with `webhook_hmac` signed with.
    """

    params: Literal["strict", "legacy"] = "strict"
    api_version: str = "3.17.0"
    username: str = "hub"
    password: str = PASSWORD
    major_filter: bool = True
    calendar_ignores: frozenset[str] = frozenset()
    persons: Literal["v1", "v2"] = "v2"
    seed: int = 1
    story: bool = True
    closed_tickets: int = 5000
    start: datetime = STORY_START
    begun: timedelta = timedelta(0)
    speed: float = 0.0
    autoplay: bool = False
    denied: frozenset[Right] = frozenset()
    branch_filter: frozenset[str] = frozenset()
    control_secret: str = ""
    webhook_url: str = ""
    webhook_secret: str = ""
    webhook_hmac: bool = False

    @property
    def knows_fiql(self) -> bool:
        """Whether this version reads `query`: REST API 3.4.0 and later do."""
        major, minor, *_ = (int(part) for part in f"{self.api_version}.0".split("."))
        return (major, minor) >= (3, 4)


class SandboxSettings(BaseModel):
    """The command line's view of `SandboxOptions`: plain fields that become flags."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    params: Literal["strict", "legacy"] = Field(
        "strict", description="strict refuses unknown parameters; legacy takes start and page_size."
    )
    api_version: str = Field(
        "3.17.0",
        pattern=r"^\d+\.\d+(\.\d+)?$",
        description="The REST API's version; below 3.4 filters are ignored.",
    )
    username: str = Field("hub", description="Login name of the account.")
    password: str = Field(PASSWORD, description="Application password of the account.")
    control_secret: str = Field(
        "", description="Wanted in X-Sandbox-Secret by the control API; empty: nothing."
    )
    webhook_url: str = Field(
        "",
        pattern="^(https?://.*)?$",
        description="Called when a major changes, such as http://127.0.0.1:8080/hooks/servicedesk.",
    )
    webhook_secret: str = Field("", description="Practice secret that those calls show.")
    webhook_hmac: bool = Field(False, description="Those calls are signed instead.")
    story: bool = Field(True, description="Play the story of one morning; else no majors at all.")
    speed: float = Field(
        1.0, ge=0, description="Virtual seconds per real second; 0: the clock stands still."
    )
    start: str = Field(
        "now", description="Where the clock and the story begin: now, or ISO 8601 with an offset."
    )
    begun: int = Field(
        0, ge=0, le=600, description="Minutes of the story that are over at the start."
    )
    closed_tickets: int = Field(5000, ge=0, description="Closed tickets in the past.")
    seed: int = Field(1, description="The same seed gives the same data.")
    major_filter: bool = Field(True, description="Whether majorCall may stand in a query.")
    persons: Literal["v1", "v2"] = Field("v2", description="The newest persons answer it knows.")

    def to_options(self) -> SandboxOptions:
        """The same choices for `TopdeskSandbox`.

        Raises:
            ValueError: `start` is neither now nor a moment with an offset.
        """
        fields = self.model_dump(exclude={"start", "begun"})
        begun, start = timedelta(minutes=self.begun), _moment(self.start)
        return SandboxOptions(
            **fields, start=start - begun, begun=begun, autoplay=self.speed > 0 or self.begun > 0
        )


def _moment(text: str) -> datetime:
    moment = datetime.now(UTC) if text == "now" else datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"start: {text} needs an offset, as in 2026-11-23T08:00+01:00")
    return moment.replace(microsecond=0).astimezone(AMSTERDAM)
