"""The README and the sample of `guests` keep their promises."""

import pytest
import yaml

from connectors.guests.models import GuestsSettings, Order

HEADINGS = ["What it does", "Settings", "Events", "Rights it needs", "Known limits"]


@pytest.fixture(scope="module")
def folder(pytestconfig):
    return pytestconfig.rootpath / "connectors" / "guests"


def test_the_readme_has_its_headings_and_names_every_field(folder):
    text = (folder / "README.md").read_text()
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == HEADINGS
    assert all(f"| `{name}` |" in text for name in Order.model_fields if name != "previous")


def test_the_sample_is_valid(folder):
    sample = yaml.safe_load((folder / "sample.yaml").read_text())
    assert sample["connector"] == "guests"
    GuestsSettings.model_validate(sample.get("settings", {}))
