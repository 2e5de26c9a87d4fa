"""Every bundled connector and target, by its folder."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONNECTORS = sorted(path.parent for path in (ROOT / "connectors").glob("*/connector.py"))
TARGETS = sorted(path.parent for path in (ROOT / "hub" / "targets").glob("*/target.py"))


@pytest.fixture(params=[*CONNECTORS, *TARGETS], ids=lambda folder: folder.name)
def plugin(request):
    return request.param


@pytest.fixture
def kind(plugin):
    return "connector" if plugin in CONNECTORS else "target"


@pytest.fixture
def root():
    return ROOT
