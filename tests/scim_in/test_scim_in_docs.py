"""The README and the sample of `scim_in` keep their promises."""

import pytest
import yaml

from connectors.scim_in.models import Group, User
from connectors.scim_in.settings import ScimInSettings

HEADINGS = ["What it does", "Settings", "Events", "Rights it needs", "Known limits"]
BASE = {"id", "schemas", "meta", "externalId"}


@pytest.fixture(scope="module")
def folder(pytestconfig):
    return pytestconfig.rootpath / "connectors" / "scim_in"


def test_the_readme_has_its_headings_and_names_every_setting(folder):
    text = (folder / "README.md").read_text()
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == HEADINGS
    assert all(f"| `{name}` |" in text for name in ScimInSettings.model_fields)


def test_the_readme_names_every_attribute_that_is_kept(folder):
    text = (folder / "README.md").read_text()
    names = {info.serialization_alias or name for name, info in User.model_fields.items()}
    names |= {info.serialization_alias or name for name, info in Group.model_fields.items()}
    assert all(f"`{name}" in text for name in names - BASE), names


def test_the_sample_is_valid(folder):
    sample = yaml.safe_load((folder / "sample.yaml").read_text())
    assert sample["connector"] == "scim_in"
    ScimInSettings.model_validate(sample["settings"])
    assert sample["receive"]["secret"].startswith("${env:")
