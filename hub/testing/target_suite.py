"""The contract of a target as a test class; an author subclasses it.

    class TestMine(TargetContract):
        def world(self) -> TargetWorld:
            return MyWorld()

Needs pytest-asyncio.
"""

from hub.testing.suite_target_batch import TargetBatchTests
from hub.testing.suite_target_faults import TargetFaultTests
from hub.testing.suite_target_shape import TargetShapeTests
from hub.testing.suite_target_state import TargetStateTests
from hub.testing.worlds import TargetWorld

__all__ = ["TargetContract", "TargetWorld"]


class TargetContract(TargetShapeTests, TargetStateTests, TargetFaultTests, TargetBatchTests):
    """Everything that the hub relies on; override `world`."""
