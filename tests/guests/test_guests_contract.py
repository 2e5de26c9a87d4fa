"""The contract of a connector, for `guests`."""

from connectors.guests.connector import GuestsConnector
from hub.contract import Received
from hub.testing.connector_suite import ConnectorContract
from hub.testing.worlds import SourceWorld

ADD = {
    "action": "add",
    "id": "4f1c2d9e-0001",
    "at": "2026-11-23T08:00:00+01:00",
    "given_name": "Kim",
    "family_name": "Bos",
    "sponsor": "0f3a91c2-77b0-4d4e-9a51-0123456789ab",
    "ends": "2027-03-31T22:00:00Z",
}


class GuestsWorld(SourceWorld):
    """Nothing to reach: requests only."""

    connector = GuestsConnector
    received = (Received("guests", ADD),)
    refused = (
        Received("guests", {}),
        Received("guests", ADD | {"ends": None}),
        Received("guests", ADD | {"id": "kim@example.org"}),
        Received("guests", ADD | {"sponsor": "noor@example.org"}),
        Received("guests", ADD | {"action": "extend"}),
        Received("others", ADD),
    )

    def populate(self, count):
        return []


class TestGuests(ConnectorContract):
    def world(self):
        return GuestsWorld()
