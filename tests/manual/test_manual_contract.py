"""The contract of a connector, for `manual`."""

from connectors.manual.connector import ManualConnector
from hub.contract import Received
from hub.testing.connector_suite import ConnectorContract
from hub.testing.worlds import SourceWorld

POST = {
    "action": "post",
    "id": "telefonie",
    "title": {"nl": "Telefonie ligt eruit"},
    "at": "2026-11-23T08:00:00+01:00",
}


class ManualWorld(SourceWorld):
    """Nothing to reach: requests only."""

    connector = ManualConnector
    received = (Received("disturbances", POST),)
    refused = (
        Received("disturbances", {}),
        Received("disturbances", POST | {"title": {}}),
        Received("disturbances", POST | {"action": "end"}),
        Received("majors", POST),
    )

    def populate(self, count):
        return []


class TestManual(ConnectorContract):
    def world(self):
        return ManualWorld()
