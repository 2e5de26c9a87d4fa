"""The contract of a connector, and that of a storage of the SCIM server, for `scim_in`."""

from datetime import UTC, datetime

import pytest
from scim2_models import TooManyException
from scim2_server.testing import ScimStorageContract

from connectors.scim_in import mapping, service
from connectors.scim_in.connector import ScimInConnector
from connectors.scim_in.settings import ScimInSettings
from connectors.scim_in.storage import KeptStorage
from hub.testing.connector_suite import ConnectorContract
from hub.testing.kept import MemoryKept
from hub.testing.worlds import SourceWorld

NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)


class ScimInWorld(SourceWorld):
    """Nothing to reach: calls only."""

    connector = ScimInConnector

    def populate(self, count):
        return []


class TestScimIn(ConnectorContract):
    def world(self):
        return ScimInWorld()


class TestStorage(ScimStorageContract):
    @pytest.fixture
    def provider(self):
        return service.provider()

    @pytest.fixture(autouse=True)
    def tolerant(self, provider):
        with provider.policy:
            yield

    @pytest.fixture
    def storage(self, provider):
        return KeptStorage(MemoryKept(NOW), provider, ScimInSettings(), "entra", at=NOW)

    def test_a_filter_without_an_index_over_too_many_is_refused(self, provider, user_type):
        made = MemoryKept(NOW)
        storage = KeptStorage(made, provider, ScimInSettings(), "entra", at=NOW, most=2)
        model = provider.model_for(user_type)
        for name in ("noor", "sem", "lotte"):
            storage.create(user_type, model(user_name=name))
        asked = self.search_request([model], filter='title eq "x"')
        with pytest.raises(TooManyException, match="Filter by id"):
            storage.search([user_type], asked)
        asked = self.search_request([model], filter='userName eq "SEM"')
        assert storage.search([user_type], asked).total == 1


def test_what_the_settings_say_is_no_word_of_the_provider():
    """An employer from YAML is not given back, and follows YAML at the next push."""
    doc = {"userName": "noor", "externalId": "x", "name": {"givenName": "Noor"}}
    old, new = (ScimInSettings(employer=name) for name in ("Oud", "Nieuw"))
    first = mapping.person("k", doc, old, "entra", NOW)
    assert first.payload.employer == "Oud"
    said = mapping.user_doc(first)
    assert set(said) == {"schemas", "userName", "externalId", "name"}
    assert mapping.person("k", said, new, "entra", NOW).payload.employer == "Nieuw"
    told = mapping.person("k", doc | {mapping.ENTERPRISE: {"organization": "Oud"}}, old, "e", NOW)
    assert mapping.user_doc(told)[mapping.ENTERPRISE] == {"organization": "Oud"}
