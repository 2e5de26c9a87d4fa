"""The contract suite over real directories; faults are planted between connector and client."""

import itertools
from uuid import UUID

import pytest

from connectors.ldap.client import DirectoryClient
from connectors.ldap.connector import LdapConnector
from connectors.ldap.escape import raw
from hub.errors import AuthFailedError, PermissionMissingError, RetryableError
from hub.testing.connector_suite import ConnectorContract, SourceWorld

NAMES = itertools.count(1)
ERRORS = {
    "auth": AuthFailedError("The directory refused the account."),
    "forbidden": PermissionMissingError("The account may not read it."),
    "truncated": RetryableError("The directory hung up."),
    "reset": RetryableError("The directory can't be reached."),
    "server_error": RetryableError("The directory is busy."),
    "not_found": RetryableError("There is no such server."),
}


class LdapWorld(SourceWorld):
    """A branch of its own in a directory that really runs."""

    secrets = ("canary-of-the-suite",)
    faults = {  # noqa: RUF012  as the base class has it
        name: type(error) for name, error in ERRORS.items() if name != "not_found"
    }
    page_size = 3

    def __init__(self, desk, faulty):
        self.desk, self.faults_of = desk, desk.faults
        world = self

        class Bound(LdapConnector):
            def __init__(self, config, context):
                def make(access, log):
                    return faulty(DirectoryClient(world.desk.directory.access(), log), desk.faults)

                super().__init__(config, context, make)

        self.connector = Bound

    @property
    def settings(self):
        given = {"attributes": {"birth_date": "description"}, "password": self.secrets[0]}
        return self.desk.settings | given

    def populate(self, count):
        return [self.desk.person(f"Persoon {one}") for one in range(count)]

    def edit(self, key):
        self.desk.directory.modify(self._dn(key), title=f"Titel {next(NAMES)}")

    def remove(self, key):
        self.desk.directory.delete(self._dn(key))

    def retire(self, key):
        self.desk.directory.move(self._dn(key), parent=self.desk.directory.ou())

    def spoil(self):
        self.desk.person("Bedorven", description="in mei")

    def calls(self):
        return self.faults_of.calls

    def fail(self, fault, *, after=0):
        self.faults_of.error, self.faults_of.after = ERRORS[fault], after

    def heal(self):
        self.faults_of.error = None

    def before_each_call(self, action):
        self.faults_of.before = action

    def _dn(self, key):
        (dn,) = self.desk.directory.search(self.desk.ou, f"({self._named(key)})", ["1.1"])
        return dn

    def _named(self, key):
        if not self.desk.directory.is_ad:
            return f"entryUUID={key}"
        return f"objectGUID={raw(UUID(key).bytes_le)}"


class TestOpenLdap(ConnectorContract):
    @pytest.fixture(autouse=True)
    def _on(self, ldap_desk, faulty):
        self.make = lambda: LdapWorld(ldap_desk, faulty)

    def world(self):
        return self.make()


class TestActiveDirectory(ConnectorContract):
    @pytest.fixture(autouse=True)
    def _on(self, ad_desk, faulty):
        self.desk = ad_desk
        self.make = lambda: LdapWorld(ad_desk, faulty)

    def world(self):
        return self.make()

    @pytest.mark.skip(
        reason="a deleted entry of Active Directory leaves a tombstone: that is proof"
    )
    async def test_a_bare_not_found_is_no_proof(self):
        """Shown on OpenLDAP."""

    async def test_two_readings_are_equal(self):
        """Without deltas: a domain counts logins as changes, so that its position moves on."""
        self.desk.settings["deltas"] = "off"
        await super().test_two_readings_are_equal()
