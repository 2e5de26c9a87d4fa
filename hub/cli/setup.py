"""`hub init` and `hub schema`: a first configuration, and schemas that editors complete by."""

import importlib.resources
import json as json_module
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.options import ConfigOption, JsonOption, UnusedConfigOption, examples
from hub.cli.output import Output
from hub.registry import Group, Plugin, Registry
from hub.settings import CONNECTOR_FILE, HUB_FILE, as_text, write_schemas
from hub.settings import schema as schemas

MANUAL = "manual"
EXAMPLES = examples(
    "hub init", 'hub init /etc/intranet-hub --organisation "Gemeente Voorbeeld"', "hub init --json"
)

HUB_YAML = """\
# yaml-language-server: $schema=hub.schema.json
# What the whole hub is told; every key is described in hub.schema.json.
store: sqlite:///hub.db # seen from this file's folder
organisation: {organisation}
language: nl # or: en
time_zone: Europe/Amsterdam

# Where people can ask; shown on tiles.
# service_desk:
#   hours: {{ nl: werkdagen van 8.00 tot 17.00 uur, en: working days from 8:00 to 17:00 }}
#   phone: "088 000 00 00"
#   url: https://servicedesk.example.org

web:
  host: 127.0.0.1
  port: 8090
  # public_url: https://hub.example.org # where a proxy stands in front
  frame_ancestors: [] # intranets that may show a tile in a frame, such as https://intranet.example.org

# The hub's own pages are the target `web`, which always exists. An intranet to send to:
# targets:
#   intranet:
#     target: openintranet
#     settings:
#       url: https://intranet.example.org
#       token: ${{env:INTRANET_TOKEN}} # or ${{file:../secrets/intranet-token}}
"""
GITIGNORE = "*.db\n*.db-shm\n*.db-wal\n*.lock\n*.holder\n.env\nsecrets/\n"


def add(app: typer.Typer, name: str) -> None:
    """Add the command of this name."""
    if name == "init":
        app.command(name, epilog=EXAMPLES)(init)
    else:
        lines = ("hub schema", "hub schema --write config")
        app.command(name, epilog=examples(*lines))(schema)


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where; the files go into DIR/config.")
    ] = Path(),
    *,
    organisation: Annotated[
        str, typer.Option(help="The name that pages show.")
    ] = "Our organisation",
    connector: Annotated[str, typer.Option(help="The first source.")] = "topdesk",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Write a first configuration; nothing is overwritten.

    One file for the hub, one for the first source in mode watch, one for disturbances by hand.
    Secrets stay outside: the files only refer to them.
    """
    out = Output(json=json)
    registry = Registry.discover()
    plugin = registry.find(Group.CONNECTORS, connector)
    if plugin is None or not plugin.ready:
        ready = ", ".join(one.name for one in registry.ready(Group.CONNECTORS))
        raise typer.BadParameter(f"No connector {connector} is ready; these are: {ready}.")
    hub_file = config or folder / "config" / "hub.yaml"
    wanted = _files(registry, plugin, hub_file, organisation)
    wanted[(folder if config is None else hub_file.parent) / ".gitignore"] = GITIGNORE
    written = [path for path, text in wanted.items() if _write(path, text)]
    _tell(out, wanted, written, hub_file)


def _files(
    registry: Registry, plugin: Plugin, hub_file: Path, organisation: str
) -> dict[Path, str]:
    below = hub_file.parent
    quoted = json_module.dumps(organisation, ensure_ascii=False)
    files = {hub_file: HUB_YAML.format(organisation=quoted)}
    manual = registry.find(Group.CONNECTORS, MANUAL)
    for one in (plugin, manual):
        if one is not None and one.ready:
            files[below / "connectors" / f"{one.name}.yaml"] = sample(one)
    hub, instance = schemas(registry)
    return files | {below / HUB_FILE: as_text(hub), below / CONNECTOR_FILE: as_text(instance)}


def sample(plugin: Plugin) -> str:
    """The sample that stands beside the connector's module, or one made of its settings."""
    head = f"# yaml-language-server: $schema=../{CONNECTOR_FILE}\n"
    package = plugin.cls.__module__.rpartition(".")[0] or plugin.cls.__module__
    try:
        text = importlib.resources.files(package).joinpath("sample.yaml").read_text("utf-8")
    except (OSError, TypeError, ModuleNotFoundError):
        fields = plugin.cls.settings.model_fields.items()
        required = [
            f"  {name}: # {info.description}" for name, info in fields if info.is_required()
        ]
        lines = [f"connector: {plugin.name}", "mode: watch", *(["settings:"] if required else [])]
        text = "\n".join(lines + required) + "\n"
    return head + "\n".join(_lines(text)) + "\n"


def _lines(text: str) -> list[str]:
    """The sample without a schema line of its own."""
    return [line for line in text.splitlines() if "yaml-language-server" not in line]


def _write(path: Path, text: str) -> bool:
    """Write a new file; False when there is one already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def _tell(out: Output, wanted: Mapping[Path, str], written: list[Path], hub_file: Path) -> None:
    kept = [path for path in wanted if path not in written]
    out.document({"written": list(map(str, written)), "kept": list(map(str, kept))})
    for path in wanted:
        out.say(f"{'wrote' if path in written else 'kept '} {path}")
    if kept:
        out.say("Files that were there already were left as they are.")
    default = hub_file in (Path("config/hub.yaml"), Path("hub.yaml"))
    check = "hub check" if default else f"hub check --config {hub_file}"
    out.next(f"edit the files in {hub_file.parent / 'connectors'}, then run `{check}`.")


def schema(
    *,
    write: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write two files there instead.")
    ] = None,
    config: UnusedConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Print or write the JSON Schemas of the YAML files.

    They know the settings of every connector that is installed, so that an editor completes them.
    Printed, the document has the two schemas under `hub` and `connector`.
    """
    del config
    registry = Registry.discover()
    if write is None:
        hub, connector = schemas(registry)
        Output(json=True).document({"hub": hub, "connector": connector})
        return
    write.mkdir(parents=True, exist_ok=True)
    written = write_schemas(write, registry)
    out = Output(json=json)
    out.document({"written": list(map(str, written))})
    for path in written:
        out.say(f"wrote {path}")
    out.next("the first line of each YAML file names its schema, as `hub init` writes it.")
