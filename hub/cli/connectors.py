"""`hub connectors`: which plug-ins are installed, how they stand, which settings they take."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from hub.cli.options import JsonOption, UnusedConfigOption, examples
from hub.cli.output import Output, shown
from hub.registry import Group, Plugin, Registry

KINDS = {
    Group.CONNECTORS: "connector",
    Group.TARGETS: "target",
    Group.SANDBOXES: "sandbox",
}


def add(app: typer.Typer, name: str) -> None:
    """Add the group; without a sub-command it lists."""
    group = typer.Typer(
        invoke_without_command=True,
        help="List connectors, targets and sandboxes.",
        epilog=examples("hub connectors", "hub connectors --json", "hub connectors show topdesk"),
    )
    group.callback()(list_)
    group.command("show", epilog=examples("hub connectors show topdesk"))(show)
    app.add_typer(group, name=name)


def list_(
    context: typer.Context, *, config: UnusedConfigOption = None, json: JsonOption = False
) -> None:
    """List connectors, targets and sandboxes."""
    del config
    if context.invoked_subcommand is not None:
        return
    out = Output(json=json)
    found = Registry.discover().plugins
    out.document([_record(plugin) for plugin in found])
    rows = [[KINDS[one.group], one.name, one.state.value, one.dist] for one in found]
    out.table(("kind", "name", "state", "from"), rows)
    for plugin in found:
        if not plugin.ready:
            fault = f"{KINDS[plugin.group]} {plugin.name}: {plugin.reason}"
            out.finding("failed", fault, f"reinstall or remove {plugin.dist or 'its package'}")
    out.next("`hub connectors show NAME` lists the settings of one.")


def _record(plugin: Plugin) -> dict[str, Any]:
    return {
        "kind": KINDS[plugin.group],
        "name": plugin.name,
        "state": plugin.state.value,
        "reason": plugin.reason,
        "distribution": plugin.dist,
    }


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of a connector or a target.")],
    *,
    config: UnusedConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show the settings of one connector or target."""
    del config
    out = Output(json=json)
    registry = Registry.discover()
    found = [
        p for group in (Group.CONNECTORS, Group.TARGETS) for p in _named(registry, group, name)
    ]
    if not found:
        known = registry.names(Group.CONNECTORS) + registry.names(Group.TARGETS)
        raise typer.BadParameter(f"Nothing is called {name}; there are: {', '.join(known)}.")
    tables = [_record(plugin) | {"settings": settings_of(plugin)} for plugin in found]
    out.document(tables)
    for one in tables:
        _show(out, one)
    out.next("write them under `settings:` in the YAML, then run `hub check`.")


def _named(registry: Registry, group: Group, name: str) -> list[Plugin]:
    plugin = registry.find(group, name)
    return [plugin] if plugin else []


def settings_of(plugin: Plugin) -> list[dict[str, Any]]:
    """One row per setting: name, type, whether it is required, default, description."""
    if not plugin.ready:
        return []
    schema = plugin.cls.settings.model_json_schema()
    return [
        {
            "name": name,
            "type": _type(one, schema.get("$defs", {})),
            "required": name in schema.get("required", ()),
            "default": one.get("default"),
            "description": one.get("description", ""),
        }
        for name, one in schema.get("properties", {}).items()
    ]


def _type(schema: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return _type(shared[schema["$ref"].rsplit("/", 1)[-1]], shared)
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " | ".join(_type(one, shared) for one in schema["anyOf"])
    if schema.get("format") == "password":
        return "secret, by reference"
    kind = str(schema.get("format") or schema.get("type", "any"))
    return {"null": "none", "array": "list", "uri": "address", "string": "text"}.get(kind, kind)


def _show(out: Output, one: Mapping[str, Any]) -> None:
    out.heading(f"{one['kind']} {one['name']} ({one['state']})")
    if one["reason"]:
        out.finding("failed", one["reason"])
    for row in one["settings"]:
        need = "required" if row["required"] else f"default {shown(row['default']) or 'none'}"
        out.paragraph(f"{row['name']}: {row['type']}, {need}", 2)
        out.paragraph(row["description"], 6)
    if not one["settings"]:
        out.say("  It takes no settings.")
