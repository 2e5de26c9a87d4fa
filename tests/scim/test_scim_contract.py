"""The contract of a target, for `scim` on a server that others wrote, with Bulk and without."""

import pytest

from hub.testing.target_suite import TargetContract


class TestScim(TargetContract):
    @pytest.fixture(autouse=True)
    def _worlds(self, scim_world):
        self.world = scim_world


class TestScimOneByOne(TargetContract):
    @pytest.fixture(autouse=True)
    def _worlds(self, scim_world):
        self.world = lambda: scim_world(bulk=False)
