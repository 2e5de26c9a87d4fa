"""A sandbox TOPdesk: a small, deterministic server that behaves like its REST API.

It serves the demo and the tests, knows the bad days too (`faults`), and tells one Dutch morning
(`story`). Start it with `hub sandbox topdesk --port 8801`, or use `TopdeskSandbox` in a test.
Where TOPdesk's behaviour is not documented, the module that had to choose says so.

Serve it with uvicorn's `date_header=False`: the Date header comes from the virtual clock.
"""

from collections.abc import Callable
from datetime import datetime

from pydantic import BaseModel
from starlette.types import ASGIApp

from connectors.topdesk.sandbox.access import Account
from connectors.topdesk.sandbox.core import TopdeskSandbox
from connectors.topdesk.sandbox.faults import FaultRule
from connectors.topdesk.sandbox.options import STORY_START, SandboxOptions, SandboxSettings
from connectors.topdesk.sandbox.serving import serving
from connectors.topdesk.sandbox.stage import Stage
from connectors.topdesk.sandbox.story import Step, Story
from connectors.topdesk.sandbox.wire import LoggedRequest

__all__ = [
    "STORY_START", "Account", "FaultRule", "LoggedRequest", "SandboxOptions", "SandboxSettings",
    "Stage", "Step", "Story", "TopdeskSandbox", "sandbox", "serving",
]  # fmt: skip


class _Sandbox:
    """What the command line starts."""

    name = "topdesk"
    description = "A service desk like TOPdesk's REST API, with one Dutch morning of incidents."
    settings: type[BaseModel] = SandboxSettings

    def build(self, settings: BaseModel) -> ASGIApp:
        """The ASGI application for these settings.

        Raises:
            TypeError: the settings are another sandbox's.
            ValueError: `start` is not a moment with an offset.
        """
        if not isinstance(settings, SandboxSettings):
            raise TypeError("the sandbox topdesk is built from SandboxSettings")
        return TopdeskSandbox(settings.to_options()).app

    def stage(self, start: datetime, now: Callable[[], datetime]) -> Stage:
        """The story for a demonstration, on the given clock."""
        return Stage(start, now)


sandbox = _Sandbox()
