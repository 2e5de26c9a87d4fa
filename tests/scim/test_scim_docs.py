"""The README and the sample of `scim` keep their promises."""

import yaml

from hub.targets.scim import ScimSettings


def test_the_readme_names_every_setting_and_the_sample_is_valid(pytestconfig):
    folder = pytestconfig.rootpath / "hub" / "targets" / "scim"
    text = (folder / "README.md").read_text()
    assert all(f"| `{name}` |" in text for name in ScimSettings.model_fields)
    sample = yaml.safe_load((folder / "sample.yaml").read_text())["accounts"]
    assert sample["target"] == "scim"
    ScimSettings.model_validate(sample["settings"])
    assert sample["settings"]["token"] == "${env:SCIM_TOKEN}"
