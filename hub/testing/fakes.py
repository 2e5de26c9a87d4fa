"""Fakes that the product ships, so that nobody patches: clock, log, context, source, intranet."""

from hub.testing.clock import FakeClock, FakeLog, LogLine, fake_context
from hub.testing.memory import Call, MemorySettings, MemoryTarget, Stored
from hub.testing.scripted import (
    MAJORS,
    ScriptedConnector,
    ScriptedSettings,
    ScriptedSource,
    incident,
)

__all__ = [
    "MAJORS",
    "Call",
    "FakeClock",
    "FakeLog",
    "LogLine",
    "MemorySettings",
    "MemoryTarget",
    "ScriptedConnector",
    "ScriptedSettings",
    "ScriptedSource",
    "Stored",
    "fake_context",
    "incident",
]
