"""The pytest plug-in: it only makes the asserts of the suites explain themselves."""

import pytest

pytest.register_assert_rewrite(
    "hub.testing.bench",
    "hub.testing.shape",
    "hub.testing.suite_faults",
    "hub.testing.suite_reading",
    "hub.testing.suite_shape",
    "hub.testing.suite_target_faults",
    "hub.testing.suite_target_shape",
    "hub.testing.suite_target_state",
    "hub.testing.target_bench",
)
