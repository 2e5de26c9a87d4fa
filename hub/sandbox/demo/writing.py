"""The demo's configuration: real YAML in a folder of its own, loaded as any other."""

from collections.abc import Mapping
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

KEEP_SOLVED = timedelta(minutes=30)
INSTANCE = "servicedesk"
TARGET = "intranet"
TILE = "disturbances"
PAGES: Mapping[str, str] = {"": "Diemen", "uithoorn": "Uithoorn"}
"""Whose dashboard is watched: the viewer's group ("" is none), and the branch that they are of."""


def hub_yaml(
    *, store: str, port: int, intranet: str, token: str, people: Mapping[str, Any]
) -> dict[str, Any]:
    """What hub.yaml holds."""
    return {
        "store": store,
        "organisation": "Duo+",
        "language": "nl",
        "service_desk": {
            "hours": {"nl": "Maandag tot vrijdag, 8 tot 17 uur", "en": "Monday to Friday, 8 to 17"},
            "phone": "1234",
        },
        "web": {"host": "127.0.0.1", "port": port, "frame_ancestors": [intranet]},
        **({"people": dict(people)} if people else {}),
        "audiences": {"uithoorn": {"groups": ["uithoorn"]}},
        "targets": {
            TARGET: {
                "target": "openintranet",
                "settings": {"url": intranet, "token": token},
            }
        },
    }


def instance_yaml(connector: str, settings: Mapping[str, str], secret: str) -> dict[str, Any]:
    """What connectors/servicedesk.yaml holds: Uithoorn's own majors are for Uithoorn alone.

    Args:
        secret: the reference to what the service desk shows when it calls.
    """
    route = {"family": "incident", "tile": TILE, "keep_solved": "30m"}
    shared = ["Ouder-Amstel", "Diemen", "Uitvoeringsorganisatie"]
    return {
        "connector": connector,
        "name": "Servicedesk Duo+",
        "mode": "live",
        "routes": [
            {**route, "audience": "everyone", "when": {"branch": shared}},
            {**route, "audience": "uithoorn", "when": {"branch": ["Uithoorn"]}},
        ],
        "webhook": {"secret": secret},
        "settings": dict(settings),
    }


def write(folder: Path, hub: Mapping[str, Any], instances: Mapping[str, Mapping[str, Any]]) -> Path:
    """Write the files, those of the instances by name; returns the path of hub.yaml."""
    path = folder / "hub.yaml"
    _dump(path, hub)
    for name, instance in instances.items():
        _dump(folder / "connectors" / f"{name}.yaml", instance)
    return path


def write_secret(folder: Path, name: str, value: str) -> str:
    """Put a secret into a file that only this user reads; returns the reference to it."""
    path = folder / name
    path.touch(mode=0o600)
    path.write_text(value, encoding="utf-8")
    return "${file:" + str(path) + "}"


def _dump(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = StringIO()
    YAML(typ="safe", pure=True).dump(dict(content), text)
    path.write_text(text.getvalue(), encoding="utf-8")
