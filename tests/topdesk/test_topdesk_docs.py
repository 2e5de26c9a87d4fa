"""The README and the sample of `topdesk` keep their promises."""

import re

import pytest
import yaml

from connectors.topdesk.connector import TopdeskConnector
from connectors.topdesk.settings import TopdeskSettings

HEADINGS = ["What it does", "Settings", "Events", "Rights it needs", "Known limits"]


@pytest.fixture(scope="module")
def folder(pytestconfig):
    return pytestconfig.rootpath / "connectors" / "topdesk"


@pytest.fixture(scope="module")
def readme(folder):
    return (folder / "README.md").read_text()


def test_the_readme_has_its_headings(readme):
    assert [line[3:] for line in readme.splitlines() if line.startswith("## ")] == HEADINGS


def test_the_table_names_every_setting_with_its_default(readme):
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", readme, re.MULTILINE))
    settings = {name: row for name, row in rows.items() if name in TopdeskSettings.model_fields}
    assert settings.keys() == TopdeskSettings.model_fields.keys()
    for name, field in TopdeskSettings.model_fields.items():
        default = field.get_default()
        shown = "required" if field.is_required() else f"`{default}`" if default else "none"
        assert settings[name].strip() == shown, name


def test_the_readme_is_honest_about_names(readme):
    assert "bare name" in readme
    assert "`text: category`" in readme


def test_the_sample_is_valid_also_with_every_line_uncommented(folder, readme):
    text = (folder / "sample.yaml").read_text()
    uncommented = re.sub(r"^  # (?=\w+: )", "  ", text, flags=re.MULTILINE)
    for variant in (text, uncommented):
        sample = yaml.safe_load(variant)
        assert sample["connector"] == TopdeskConnector.name
        assert sample["settings"]["password"] == "${env:TOPDESK_PASSWORD}"
        TopdeskSettings.model_validate(sample["settings"])
    assert len(yaml.safe_load(uncommented)["settings"]) > len(yaml.safe_load(text)["settings"])
