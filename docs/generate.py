"""Writes what can be generated: `python -m docs.generate [--check]`.

Reference pages, JSON Schemas and the OpenAPI document come from the code. `--check` writes
nothing: it names the files that differ and ends with 1.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from docs import benchmarks, commands, pages, quality
from hub.registry import Group, Plugin, Registry
from hub.sandbox.intranet import openapi
from hub.settings import CONNECTOR_FILE, HUB_FILE, as_text, schema

ROOT = Path(__file__).parents[1]
REFERENCE = Path("docs/reference")
IMAGES = Path("docs/images")


def bundled() -> Registry:
    """The plug-ins that come with the hub: what else is installed here is no part of the docs."""
    found = Registry.discover().plugins
    return Registry(tuple(one for one in found if _ours(one)))


def _ours(plugin: Plugin) -> bool:
    return plugin.dist == "intranet-hub"


def files() -> dict[Path, str]:
    """Every generated file, seen from the project's folder, with its text."""
    registry = bundled()
    hub, connector = schema(registry)
    made = {
        "settings.md": pages.settings(),
        "connectors.md": pages.plugins(registry, Group.CONNECTORS),
        "targets.md": pages.plugins(registry, Group.TARGETS),
        "command-line.md": commands.page(),
        "events.md": pages.events(),
        "objects.md": pages.objects(),
        "errors.md": pages.error_page(),
        "quality.md": quality.page(registry),
        "benchmarks.md": benchmarks.page(),
        "openintranet.json": openapi.text(),
        **pages.payload_schemas(),
    }
    tidy = {REFERENCE / name: text.rstrip() + "\n" for name, text in made.items()}
    drawn = {IMAGES / name: text + "\n" for name, text in benchmarks.pictures().items()}
    return (
        tidy
        | drawn
        | {
            Path("config") / HUB_FILE: as_text(hub),
            Path("config") / CONNECTOR_FILE: as_text(connector),
        }
    )


def stale(wanted: dict[Path, str]) -> list[Path]:
    """The files that are missing or differ."""
    return [path for path, text in wanted.items() if _read(ROOT / path) != text]


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.is_file() else None


def main(arguments: Sequence[str]) -> int:
    """Write or check; 1 when `--check` finds a stale file."""
    wanted = files()
    different = stale(wanted)
    if "--check" in arguments:
        for path in different:
            sys.stderr.write(f"{path} is stale: run `make docs` and commit it\n")
        return 1 if different else 0
    for path in different:
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(wanted[path], "utf-8")
        sys.stdout.write(f"wrote {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
