"""From nothing to a configuration that can be used; schemas and plug-ins."""

import json
import os

import jsonschema
import yaml

from hub.registry import Registry
from hub.settings import load, schema


def test_init_writes_a_configuration_in_watch_that_loads(hub, tmp_path):
    made = hub("init", str(tmp_path), "--organisation", 'Gemeente "X": #1', config=False)
    assert made.code == 0
    config = tmp_path / "config" / "hub.yaml"
    assert made.last == (
        f"Next: edit the files in {tmp_path / 'config' / 'connectors'}, "
        f"then run `hub check --config {config}`."
    )
    settings = load(config, Registry.discover(), {"TOPDESK_PASSWORD": "x"})
    assert settings.problems == ()
    assert settings.hub.organisation == 'Gemeente "X": #1'
    assert {one.id: str(one.settings.mode) for one in settings.instances} == {
        "topdesk": "watch",
        "manual": "live",  # nothing is read: what goes out was typed by a person
    }
    hub_schema, connector_schema = schema(Registry.discover())
    jsonschema.validate(yaml.safe_load(config.read_text()), hub_schema)
    for path in (tmp_path / "config" / "connectors").iterdir():
        assert "$schema=../connector.schema.json" in path.read_text()
        jsonschema.validate(yaml.safe_load(path.read_text()), connector_schema)


def test_init_keeps_secrets_and_the_store_out_of_version_control(hub, tmp_path):
    hub("init", str(tmp_path), config=False)
    ignored = (tmp_path / ".gitignore").read_text().split()
    assert {"*.db", "*.db-wal", "secrets/", ".env"} <= set(ignored)
    texts = [path.read_text() for path in (tmp_path / "config").rglob("*.yaml")]
    assert any("password: ${env:" in text for text in texts)


def test_init_never_overwrites_and_says_so(hub, tmp_path):
    mine = tmp_path / "config" / "hub.yaml"
    mine.parent.mkdir()
    mine.write_text("# mine\n")
    made = hub("init", str(tmp_path), "--json", config=False)
    assert mine.read_text() == "# mine\n"
    assert made.json["kept"] == [str(mine)]
    again = hub("init", str(tmp_path), config=False)
    assert again.out.count("kept ") == 6
    assert "left as they are" in again.out


def test_init_beside_a_config_that_is_named(hub):
    hub.config.unlink()
    assert hub("init").code == 0
    assert hub.config.exists()
    assert (hub.folder / "connectors" / "manual.yaml").exists()


def test_a_checked_first_configuration_names_the_missing_secret_with_its_line(hub, tmp_path):
    assert "TOPDESK_PASSWORD" not in os.environ
    hub("init", str(tmp_path), config=False)
    config = str(tmp_path / "config" / "hub.yaml")
    found = hub("check", "--offline", "--config", config, config=False)
    assert found.code == 78
    line = next(line for line in found.out.splitlines() if "TOPDESK_PASSWORD" in line)
    text = (tmp_path / "config" / "connectors" / "topdesk.yaml").read_text().splitlines()
    at = 1 + next(i for i, one in enumerate(text) if "password: ${env:" in one)
    assert f"connectors/topdesk.yaml:{at}:" in line


def test_schema_prints_or_writes_what_the_settings_say(hub, tmp_path):
    printed = hub("schema").json
    written = hub("schema", "--write", str(tmp_path / "new"))
    assert written.code == 0
    assert printed["hub"] == json.loads((tmp_path / "new" / "hub.schema.json").read_text())
    assert printed["connector"] == json.loads(
        (tmp_path / "new" / "connector.schema.json").read_text()
    )


def test_connectors_lists_every_plug_in_with_its_state(hub):
    rows = hub("connectors", "--json", config=False).json
    assert {(row["kind"], row["name"], row["state"]) for row in rows} >= {
        ("connector", "topdesk", "ready"),
        ("connector", "manual", "ready"),
        ("target", "openintranet", "ready"),
        ("target", "web", "ready"),
        ("sandbox", "intranet", "ready"),
        ("sandbox", "topdesk", "ready"),
    }
    shown = hub("connectors", config=False)
    assert shown.last.startswith("Next: `hub connectors show")


def test_the_settings_of_a_connector_as_a_table(hub):
    (one,) = hub("connectors", "show", "topdesk", "--json", config=False).json
    rows = {row["name"]: row for row in one["settings"]}
    assert rows["password"]["type"] == "secret, by reference"
    assert rows["password"]["required"]
    assert rows["publish"]["type"] == "major_and_published | major"
    shown = hub("connectors", "show", "topdesk", config=False).out
    assert max(map(len, shown.splitlines())) <= 80
