"""The README and the sample of `csv` keep their promises."""

import pytest
import yaml

from connectors.csv.settings import CsvSettings

HEADINGS = ["What it does", "Settings", "Events", "Rights it needs", "Known limits"]


@pytest.fixture(scope="module")
def folder(pytestconfig):
    return pytestconfig.rootpath / "connectors" / "csv"


def test_the_readme_has_its_headings_and_names_every_setting(folder):
    text = (folder / "README.md").read_text()
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == HEADINGS
    assert all(f"| `{name}` |" in text for name in CsvSettings.model_fields)


def test_the_sample_is_valid(folder):
    sample = yaml.safe_load((folder / "sample.yaml").read_text())
    assert sample["connector"] == "csv"
    CsvSettings.model_validate(sample["settings"])
