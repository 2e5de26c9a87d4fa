"""The storage of `/scim/v2` under the contract of the server that it is built upon."""

import functools

import pytest
from scim2_server.testing import AsyncScimStorageContract
from scim2_server.utils import load_default_provider

from hub.sandbox.intranet import IntranetOptions
from hub.sandbox.intranet.directory import Directory
from hub.sandbox.intranet.scim.app import provider as own_provider
from hub.sandbox.intranet.scim.storage import IntranetStorage
from hub.sandbox.intranet.state import ObjectStore

# half a second where much else is loaded: making a model looks through all modules for its source
foreign_models = functools.cache(load_default_provider)


class TestStorage(AsyncScimStorageContract):
    @pytest.fixture
    def provider(self):
        return own_provider()

    @pytest.fixture
    def async_storage(self, clock, provider):
        store = ObjectStore(clock)
        return IntranetStorage(store, Directory(IntranetOptions(), store), provider)


class TestStorageOfForeignModels(TestStorage):
    """With models that were made from published schemas."""

    @pytest.fixture
    def provider(self):
        return foreign_models()
