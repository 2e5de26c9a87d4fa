"""The pytest plug-in: it only makes the asserts of the suites explain themselves."""

import pytest

pytest.register_assert_rewrite("hub.testing.connector_suite", "hub.testing.target_suite")
