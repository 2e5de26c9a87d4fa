"""The scripted source keeps the contract too, without HTTP."""

from hub.contract import Finding, Gone, Unknown
from hub.errors import (
    AuthFailedError,
    PermissionMissingError,
    RateLimitedError,
    RetryableError,
)
from hub.testing.connector_suite import ConnectorContract
from hub.testing.fakes import ScriptedSource
from hub.testing.worlds import SourceWorld

ERRORS = {
    "auth": AuthFailedError("The login was refused."),
    "forbidden": PermissionMissingError("A right is missing."),
    "server_error": RetryableError("It failed."),
    "rate_limited": RateLimitedError("Slow down.", 30),
    "reset": RetryableError("It broke off."),
}
FAILED = Finding("failed", "the source fails", "mend it")
FAULTS = {fault: type(error) for fault, error in ERRORS.items()}


class ScriptedWorld(SourceWorld):
    faults = FAULTS

    def __init__(self):
        self.source = ScriptedSource(batch_size=3, resumable=True, deltas=True)
        self.connector = self.source.plugin()
        self.titles = iter(range(1000))

    def populate(self, count):
        self.source.populate(count)
        return sorted(self.source.subjects)

    def calls(self):
        return len(self.source.requests) + len(self.source.look_ups)

    def edit(self, key):
        self.source.edit(key, title={"nl": f"Anders {next(self.titles)}"})

    def remove(self, key):
        self.source.remove(key)

    def retire(self, key):
        self.source.remove(key)
        self.source.answers[key] = Gone("demoted")

    def fail(self, fault, *, after=0):
        if fault == "not_found":
            self.source.answers = dict.fromkeys(self.source.subjects, Unknown())
        else:
            self.source.findings = [FAILED]
            self.source.fail(ERRORS[fault])

    def heal(self):
        self.source.heal()

    def before_each_call(self, action):
        """Batches are the calls here, and the suite edits after each of them."""


class TestScripted(ConnectorContract):
    def world(self):
        return ScriptedWorld()
