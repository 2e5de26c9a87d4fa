"""The contract of a connector as a test class; an author subclasses it.

    class TestMine(ConnectorContract):
        def world(self) -> SourceWorld:
            return MyWorld()

Needs pytest-asyncio. `hub.testing.example_connector` is a whole connector with its world.
"""

from hub.testing.suite_answers import AnsweringTests
from hub.testing.suite_faults import FaultTests, LookUpTests, ReceivingTests, ServingTests
from hub.testing.suite_files import BroughtTests
from hub.testing.suite_reading import ReadingTests
from hub.testing.suite_shape import ShapeTests
from hub.testing.worlds import SourceWorld

__all__ = ["ConnectorContract", "SourceWorld"]


class ConnectorContract(
    ShapeTests,
    ReadingTests,
    FaultTests,
    LookUpTests,
    ReceivingTests,
    ServingTests,
    AnsweringTests,
    BroughtTests,
):
    """Everything that the hub relies on; override `world`."""
