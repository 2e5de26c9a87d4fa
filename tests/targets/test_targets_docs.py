"""READMEs and samples of targets keep their promises."""

import pytest
import yaml

from hub.targets.openintranet import OpenIntranetSettings

HEADINGS = ["What it does", "Settings", "Rights it needs", "Known limits"]


@pytest.fixture
def folder(pytestconfig):
    return pytestconfig.rootpath / "hub" / "targets"


@pytest.mark.parametrize("name", ["openintranet", "scim", "web"])
def test_a_readme_has_its_headings(folder, name):
    text = (folder / name / "README.md").read_text()
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == HEADINGS


def test_every_target_has_a_readme(folder):
    targets = {path.parent.name for path in folder.glob("*/__init__.py")}
    assert targets == {path.parent.name for path in folder.glob("*/README.md")}


def test_the_readme_names_every_setting_and_the_sample_is_valid(folder):
    text = (folder / "openintranet" / "README.md").read_text()
    assert all(f"| `{name}` |" in text for name in OpenIntranetSettings.model_fields)
    sample = yaml.safe_load((folder / "openintranet" / "sample.yaml").read_text())["intranet"]
    assert sample["target"] == "openintranet"
    OpenIntranetSettings.model_validate(sample["settings"])
    assert sample["settings"]["token"] == "${env:INTRANET_TOKEN}"
