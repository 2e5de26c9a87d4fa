"""JSON Schemas of hub.yaml and of an instance's file, for editors; made from the models."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from hub.registry import Group, Plugin, Registry
from hub.settings.kinds import NAME
from hub.settings.models import WEB, HubSettings, InstanceSettings

HUB_FILE = "hub.schema.json"
CONNECTOR_FILE = "connector.schema.json"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = {
    "type": "string",
    "pattern": r"\$\{(env|file):[^}]+\}",
    "title": "Reference",
    "description": "`${env:NAME}` or `${file:path}`, seen from this file.",
}
_ABOUT = ("title", "description", "default", "examples", "deprecated")
_MAPS = ("properties", "patternProperties", "$defs")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "if", "then", "else", "not", "contains")


def schema(registry: Registry) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schemas of hub.yaml and of an instance's file, for the plug-ins that are ready."""
    hub = _base(HubSettings, "hub.yaml")
    target = hub["$defs"]["TargetSettings"]
    _choose(hub, target, "target", registry.ready(Group.TARGETS))
    for named in ("audiences", "tiles", "targets"):
        hub["properties"][named]["propertyNames"] = {"pattern": NAME}
    hub["properties"]["targets"]["propertyNames"]["not"] = {"const": WEB}
    instance = _base(InstanceSettings, "One instance: a file in connectors/")
    _choose(instance, instance, "connector", registry.ready(Group.CONNECTORS))
    return _finished(hub), _finished(instance)


def as_text(document: Mapping[str, Any]) -> str:
    """A schema as it stands in its file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def write_schemas(folder: Path, registry: Registry) -> tuple[Path, Path]:
    """Write both schemas into this folder; their paths."""
    paths = folder / HUB_FILE, folder / CONNECTOR_FILE
    for path, document in zip(paths, schema(registry), strict=True):
        path.write_text(as_text(document), "utf-8")
    return paths


def _base(model: type[BaseModel], title: str) -> dict[str, Any]:
    made = model.model_json_schema()
    return {"$schema": _DIALECT, **made, "title": title, "$defs": made.get("$defs", {})}


def _choose(
    document: dict[str, Any], node: dict[str, Any], key: str, plugins: list[Plugin]
) -> None:
    """Make `settings` of `node` what the plug-in that `key` names says."""
    node["properties"][key]["enum"] = [plugin.name for plugin in plugins]
    node["allOf"] = [_case(document, key, plugin) for plugin in plugins]


def _case(document: dict[str, Any], key: str, plugin: Plugin) -> dict[str, Any]:
    prefix = f"{key}-{plugin.name}"
    template = f"#/$defs/{prefix}-{{model}}"
    made = plugin.cls.settings.model_json_schema(ref_template=template)
    for name, below in made.pop("$defs", {}).items():
        document["$defs"][f"{prefix}-{name}"] = below
    document["$defs"][prefix] = made
    then: dict[str, Any] = {"properties": {"settings": {"$ref": f"#/$defs/{prefix}"}}}
    if made.get("required"):
        then["required"] = ["settings"]
    return {"if": {"properties": {key: {"const": plugin.name}}, "required": [key]}, "then": then}


def _finished(document: dict[str, Any]) -> dict[str, Any]:
    done = _node(document)
    done["$defs"]["Reference"] = _REFERENCE
    return done


def _node(node: dict[str, Any]) -> dict[str, Any]:
    """The schema with references allowed, secrets only by reference, and closed maps."""
    done = {word: _word(word, value) for word, value in node.items()}
    if "patternProperties" in done:
        done.setdefault("additionalProperties", False)
    if done.get("type") != "string":
        return done
    return _string(done)


def _word(word: str, value: Any) -> Any:
    if word in _MAPS:
        return {name: _node(below) for name, below in value.items()}
    if word in _LISTS:
        return [_node(below) for below in value]
    if word in _SINGLE and isinstance(value, dict):
        return _node(value)
    return value


def _string(node: dict[str, Any]) -> dict[str, Any]:
    about = {word: node[word] for word in _ABOUT if word in node}
    form = {word: value for word, value in node.items() if word not in _ABOUT}
    reference = {"$ref": "#/$defs/Reference"}
    if form.get("format") == "password":
        return {**about, **reference}
    if form.keys() & {"format", "pattern", "maxLength"}:
        return {**about, "anyOf": [form, reference]}
    return node
