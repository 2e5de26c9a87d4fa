"""The README and the sample of `ldap` keep their promises."""

import re

import pytest
import yaml

from connectors.ldap.settings import LdapSettings

HEADINGS = ["What it does", "Settings", "Events", "Rights it needs", "Known limits"]


@pytest.fixture(scope="module")
def folder(pytestconfig):
    return pytestconfig.rootpath / "connectors" / "ldap"


def test_the_readme_has_its_headings_and_names_every_setting(folder):
    text = (folder / "README.md").read_text("utf-8")
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == HEADINGS
    rows = re.findall(
        r"^\| `(\w+)` \| .* \| .* \|$", text.partition("The usual attributes")[0], re.MULTILINE
    )
    assert rows == list(LdapSettings.model_fields)


def test_the_sample_is_valid_also_with_every_line_uncommented(folder):
    text = (folder / "sample.yaml").read_text("utf-8")
    for given in (text, re.sub(r"^( *)# (\w+:)", r"\1\2", text, flags=re.MULTILINE)):
        sample = yaml.safe_load(given)
        assert sample["connector"] == "ldap"
        LdapSettings.model_validate(sample["settings"])
    assert "groups" in sample["settings"]
    assert sample["removals"] == {"number": 25, "percent": 5}
