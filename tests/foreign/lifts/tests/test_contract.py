from lifts_for_the_hub.worlds import KioskWorld, LiftsWorld

from hub.testing.connector_suite import ConnectorContract
from hub.testing.target_suite import TargetContract


class TestLifts(ConnectorContract):
    def world(self):
        return LiftsWorld()


class TestKiosk(TargetContract):
    def world(self):
        return KioskWorld()
