"""The majors are read as a whole every 30 seconds."""

from datetime import UTC, datetime, timedelta

from connectors.topdesk.connector import TopdeskConnector
from connectors.topdesk.settings import TopdeskSettings
from hub.contract import Context
from hub.http import HttpFactory, HttpOptions
from hub.testing.fakes import FakeLog


def test_majors_are_a_sweep_every_thirty_seconds():
    settings = TopdeskSettings.model_validate(
        {"url": "https://servicedesk.example.org", "username": "hub", "password": "practice"}
    )

    def now():
        return datetime(2026, 11, 23, tzinfo=UTC)

    context = Context("desk", HttpFactory(HttpOptions(), now), FakeLog(), now)
    [stream] = TopdeskConnector(settings, context).streams()
    assert (stream.name, stream.every) == ("majors", timedelta(seconds=30))
    assert stream.sweep_every is None, "every reading is a sweep"
