"""The contract of a connector, for `topdesk` on its sandbox."""

from connectors.topdesk.connector import TopdeskConnector
from connectors.topdesk.sandbox import SandboxOptions, TopdeskSandbox
from connectors.topdesk.sandbox.options import PASSWORD
from hub.testing.clock import FakeClock
from hub.testing.connector_suite import ConnectorContract
from hub.testing.worlds import SourceWorld


class TopdeskWorld(SourceWorld):
    """A sandbox TOPdesk whose clock is the world's."""

    connector = TopdeskConnector
    page_size = 3
    secrets = (PASSWORD,)

    def __init__(self):
        self.sandbox = TopdeskSandbox(SandboxOptions(story=False, closed_tickets=20))
        self.edits = 0

    @property
    def settings(self):
        return {
            "url": "https://desk.example.org",
            "username": "hub",
            "password": PASSWORD,
            "page_size": self.page_size,
            "own_tickets": {"match": "employeeNumber", "categories": ["Hardware", "Software"]},
        }

    @property
    def clock(self):
        return FakeClock(self.sandbox.clock.now())

    def transport(self):
        return self.sandbox.transport()

    def populate(self, count):
        return [self._major(f"Storing {number}") for number in range(count)]

    def edit(self, key):
        self.edits += 1
        self.sandbox.clock.advance(1)
        self.sandbox.state.edit(key, briefDescription=f"Gewijzigd, keer {self.edits}")

    def remove(self, key):
        self.sandbox.state.delete(key)

    def retire(self, key):
        self.sandbox.clock.advance(1)
        self.sandbox.state.edit(key, majorCall=False, publishToSsd=False)

    def spoil(self):
        key = self._major("Zonder begin")
        self.sandbox.state.incidents[key] |= {"callDate": None, "creationDate": None}

    def own(self, count):
        person = self.sandbox.state.catalogue.person("Petra")
        for caller in (person["id"], "Sean"):
            for number in range(count):
                self.sandbox.clock.advance(1)
                title = f"Eigen melding {number}"
                row = {"caller": caller, "category": "Software", "briefDescription": title}
                self.sandbox.state.add_incident(**row)
        mine = [
            row["number"]
            for row in self.sandbox.state.incidents.values()
            if row["caller"]["id"] == person["id"] and not row["closed"]
        ]
        return person["employeeNumber"], mine

    def answer_unasked(self):
        self.sandbox.faults.add("ignore_filter", path="/incidents$", times=None)

    def _major(self, title):
        self.sandbox.clock.advance(1)
        row = self.sandbox.state.add_incident(
            briefDescription=title, majorCall=True, publishToSsd=True, category="Software"
        )
        return row["id"]


class TestTopdesk(ConnectorContract):
    def world(self):
        return TopdeskWorld()
