"""The sandbox as a stage: what a demonstration needs of a service desk, and nothing more."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from starlette.types import ASGIApp

from connectors.topdesk.sandbox.core import TopdeskSandbox
from connectors.topdesk.sandbox.options import AMSTERDAM, SandboxOptions
from connectors.topdesk.sandbox.script import BEATS
from connectors.topdesk.sandbox.seed import identifier
from connectors.topdesk.sandbox.story import Step, TileState
from connectors.topdesk.sandbox.webhook import Receiver

CLOSED_TICKETS = 300  # a past, but no load


class Stage:
    """One morning at a service desk, on somebody else's clock.

    Args:
        start: the story's first moment.
        now: the clock that everybody shares.
    """

    connector = "topdesk"

    def __init__(self, start: datetime, now: Callable[[], datetime]) -> None:
        options = SandboxOptions(start=start.astimezone(AMSTERDAM), closed_tickets=CLOSED_TICKETS)
        self.sandbox = TopdeskSandbox(options, now)
        numbers = {beat.shows[0] for beat in BEATS if beat.shows is not None}
        self._keys = {number: identifier(options.seed, "story", number) for number in numbers}

    @property
    def app(self) -> ASGIApp:
        """The server, portal pages and control API included."""
        return self.sandbox.app

    @property
    def canaries(self) -> Sequence[str]:
        """Texts that must never leave the service desk."""
        return self.sandbox.story.canaries

    @property
    def steps(self) -> Sequence[Step]:
        """What happens, in order."""
        return self.sandbox.story.steps

    def play_until(self, moment: datetime) -> list[Step]:
        """Do every step up to and including a moment; returns what was done."""
        names = set(self.sandbox.story.play_until(moment))
        return [step for step in self.steps if step.name in names]

    def expected(
        self, now: datetime, *, solved_for: timedelta, branch: str | None = None
    ) -> dict[str, TileState]:
        """What a correct tile shows: state by the incident's key, for one branch or for all."""
        found = self.sandbox.story.expected(now, solved_for=solved_for, branch=branch)
        return {self._keys[number]: state for number, state in found.items()}

    def settings(self, address: str) -> Mapping[str, str]:
        """What the connector needs to be told, without the secret."""
        return {
            "url": address,
            "username": self.sandbox.options.username,
            "branch_field": "callerBranch",
        }

    def secrets(self) -> Mapping[str, str]:
        """The secret settings of the connector, in clear: they open nothing but this sandbox."""
        return {"password": self.sandbox.options.password}

    def call(self, address: str, secret: str) -> None:
        """From now on Action Management calls this address when a major changes."""
        self.sandbox.webhook.receiver = Receiver(address, secret)

    async def settle(self) -> None:
        """Wait until its calls are made."""
        await self.sandbox.webhook.settle()

    def encore(self, address: str) -> str:
        """A command with which whoever watches adds a major of their own."""
        body = (
            '{"briefDescription": "Printers op de begane grond", "majorCall": true, '
            '"publishToSsd": true, "callerBranch": "Diemen"}'
        )
        return f"curl -X POST {address}/__sim/incidents -d '{body}'"
