"""The README and the sample of `manual` keep their promises."""

import pytest
import yaml

from connectors.manual.models import ManualSettings, Order

HEADINGS = ["What it does", "Settings", "Events", "Rights it needs", "Known limits"]


@pytest.fixture(scope="module")
def folder(pytestconfig):
    return pytestconfig.rootpath / "connectors" / "manual"


def test_the_readme_has_its_headings_and_names_every_field(folder):
    text = (folder / "README.md").read_text()
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == HEADINGS
    assert all(f"| `{name}` |" in text for name in ManualSettings.model_fields)
    assert all(f"| `{name}` |" in text for name in Order.model_fields if name != "previous")


def test_the_sample_is_valid(folder):
    sample = yaml.safe_load((folder / "sample.yaml").read_text())
    assert sample["connector"] == "manual"
    ManualSettings.model_validate(sample.get("settings", {}))
