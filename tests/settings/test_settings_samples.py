"""The samples under config/ load and validate; the schemas beside them are fresh."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from hub.registry import Registry
from hub.settings import CONNECTOR_FILE, HUB_FILE, as_text, load, schema

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
INSTANCES = [*sorted(CONFIG.glob("connectors/*.yaml")), *ROOT.glob("connectors/*/sample.yaml")]
ENV = {"INTRANET_TOKEN": "token-of-a-sample", "TOPDESK_PASSWORD": "password-of-a-sample"}


@pytest.fixture(scope="module")
def bundled():
    found = Registry.discover()
    return Registry(tuple(one for one in found.plugins if one.dist == "intranet-hub"))


def faults(document, path):
    validator = Draft202012Validator(document, format_checker=Draft202012Validator.FORMAT_CHECKER)
    data = YAML(typ="safe").load(path.read_text("utf-8"))
    return [error.message for error in validator.iter_errors(data)]


def test_sample_of_the_hub_fits_its_schema(bundled):
    assert faults(schema(bundled)[0], CONFIG / "hub.yaml") == []


@pytest.mark.parametrize("path", INSTANCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_samples_of_instances_fit_their_schema(bundled, path):
    assert faults(schema(bundled)[1], path) == []


def test_samples_load(bundled):
    settings = load(CONFIG / "hub.yaml", bundled, ENV)
    assert [str(problem) for problem in settings.problems] == []
    assert {one.id for one in settings.instances} == {"servicedesk", "disturbances"}
    assert [one.id for one in settings.targets] == ["web", "intranet"]


def test_schemas_in_config_are_fresh(bundled):
    for name, document in zip((HUB_FILE, CONNECTOR_FILE), schema(bundled), strict=True):
        stale = f"config/{name} is stale: write it again with hub.settings.write_schemas"
        assert (CONFIG / name).read_text("utf-8") == as_text(document), stale


def test_editors_get_a_description_for_every_key(bundled):
    for document in schema(bundled):
        bare = [key for key, below in document["properties"].items() if "description" not in below]
        assert bare == []


def test_settings_of_a_connector_are_chosen_by_its_name(bundled):
    _, document = schema(bundled)
    wrong = {"connector": "topdesk", "settings": {"url": "https://x.example.org", "usrname": "a"}}
    messages = [error.message for error in Draft202012Validator(document).iter_errors(wrong)]
    assert any("usrname" in message for message in messages)
    assert any("password" in message for message in messages)
