"""Who plays the service desk: a sandbox that other rooms bring, found by its entry point."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol, runtime_checkable

from starlette.types import ASGIApp

from hub.errors import BadConfigError
from hub.registry import Group, Registry

DESK = "topdesk"

TileState = Literal["open", "solved"]


class Step(Protocol):
    """Something that happens at the service desk."""

    @property
    def at(self) -> datetime:
        """When, in virtual time."""

    @property
    def description(self) -> str:
        """A sentence for whoever watches."""


class Stage(Protocol):
    """A service desk with a story."""

    @property
    def connector(self) -> str:
        """The name of the connector that reads it."""

    @property
    def app(self) -> ASGIApp:
        """Its server."""

    @property
    def canaries(self) -> Sequence[str]:
        """Texts that must never reach an intranet."""

    @property
    def steps(self) -> Sequence[Step]:
        """The story in order."""

    def play_until(self, moment: datetime) -> Sequence[Step]:
        """Do every step up to and including a moment; what was done."""

    def expected(
        self, now: datetime, *, solved_for: timedelta, branch: str | None = None
    ) -> Mapping[str, TileState]:
        """What a correct tile shows, by the subject's key, worked out from the script alone."""

    def settings(self, address: str) -> Mapping[str, str]:
        """The connector's settings, without secrets."""

    def secrets(self) -> Mapping[str, str]:
        """The connector's secret settings."""

    def call(self, address: str, secret: str) -> None:
        """From now on the service desk calls there when something changes, and shows the secret."""

    async def settle(self) -> None:
        """Wait until the service desk has made its calls."""

    def encore(self, address: str) -> str:
        """A command with which whoever watches adds a disturbance."""


@runtime_checkable
class StageEntry(Protocol):
    """A sandbox that can play the service desk."""

    def stage(self, start: datetime, now: Callable[[], datetime]) -> Stage:
        """The story, beginning at `start`, on the given clock."""


def find_stage(registry: Registry) -> StageEntry:
    """The sandbox that plays the service desk.

    Raises:
        BadConfigError: it is not installed, or broken.
    """
    found = registry.find(Group.SANDBOXES, DESK)
    if found is None or not isinstance(found.cls, StageEntry):
        why = f" ({found.reason})" if found is not None and found.reason else ""
        raise BadConfigError(
            f"The demo needs the sandbox `{DESK}`, which is missing or broken{why}: install "
            "intranet-hub again, with its bundled connectors."
        )
    return found.cls
