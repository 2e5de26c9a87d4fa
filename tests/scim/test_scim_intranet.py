"""The same contract on `/scim/v2` of the sandbox intranet, whose ids are no keys."""

from datetime import UTC, datetime

import pytest

from connectors.topdesk.sandbox import serving
from hub.sandbox.intranet import IntranetOptions, IntranetSandbox
from hub.testing.target_suite import TargetContract

TOKEN = "t0ken-of-the-scim-server"


@pytest.fixture(scope="session")
def scim_server():
    """The address of the sandbox intranet in the place of the server that others wrote."""
    sandbox = IntranetSandbox(IntranetOptions(token=TOKEN), lambda: datetime.now(UTC))
    with serving(sandbox.app) as base:
        yield f"{base}/scim/v2"


class TestOnTheIntranet(TargetContract):
    @pytest.fixture(autouse=True)
    def _world(self, scim_world):
        self.make = scim_world

    def world(self):
        return self.make()
