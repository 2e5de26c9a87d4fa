"""The part of the suite for what comes by request, with its own seeded mistakes."""

from uuid import uuid4

import pytest

from hub.contract import Batch, Connector, Finding, Received, Record, Stream
from hub.errors import RejectedError
from hub.events.base import Family, Model
from hub.testing.connector_suite import ConnectorContract
from hub.testing.example_connector import BoardConnector
from hub.testing.fakes import incident
from hub.testing.worlds import SourceWorld


class NoSettings(Model):
    """Nothing to set."""


class Typed(Connector):
    name = "typed"
    settings = NoSettings

    def streams(self):
        return [Stream("typed", frozenset({Family.INCIDENT}), every=None)]

    async def check(self):
        return [Finding("ok", "it is only received")]

    async def read(self, request):
        raise RejectedError("This is never read.")
        yield Batch()

    def receive(self, received):
        if not received.data.get("title"):
            raise RejectedError("Give a title.")
        return Batch([Record(str(received.data["id"]), incident(received.data["title"]))])


class ChanceInTheKey(Typed):
    def receive(self, received):
        super().receive(received)
        return Batch([Record(str(uuid4()), incident("x"))])


class TakesAnything(Typed):
    def receive(self, received):
        return Batch()


class ForeignException(Typed):
    def receive(self, received):
        return Batch([Record(received.data["id"], incident(received.data["title"]))])


class TypedWorld(SourceWorld):
    connector = Typed
    received = (Received("typed", {"id": "a", "title": "Telefonie ligt eruit"}),)
    refused = (Received("typed", {"id": "a"}),)

    def populate(self, count):
        return []


class TestTyped(ConnectorContract):
    def world(self):
        return TypedWorld()


def suite(connector):
    world = type("World", (TypedWorld,), {"connector": connector})
    return type("Suite", (ConnectorContract,), {"world": lambda _: world()})()


MISTAKES = [
    (ChanceInTheKey, "what_is_received_becomes_the_same_batch_each_time", AssertionError),
    (TakesAnything, "what_can_not_be_understood_is_rejected", pytest.fail.Exception),
    (ForeignException, "what_can_not_be_understood_is_rejected", KeyError),
]


@pytest.mark.parametrize(("mistake", "check", "expected"), MISTAKES)
async def test_a_seeded_mistake_in_receiving_is_caught(mistake, check, expected):
    with pytest.raises(expected):
        await getattr(suite(mistake), f"test_{check}")()


async def test_what_is_never_read_is_skipped_with_a_reason():
    with pytest.raises(pytest.skip.Exception, match="is never read, it only receives"):
        await suite(Typed).test_a_reading_gives_every_subject()


async def test_what_never_receives_is_skipped_with_a_reason():
    world = type("World", (TypedWorld,), {"connector": BoardConnector, "settings": BOARD})
    contract = type("Suite", (ConnectorContract,), {"world": lambda _: world()})()
    with pytest.raises(pytest.skip.Exception, match="board receives nothing"):
        await contract.test_what_can_not_be_understood_is_rejected()


BOARD = {"url": "https://board.test", "token": "t"}
