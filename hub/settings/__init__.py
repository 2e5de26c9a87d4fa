"""YAML, environment and secret files become typed settings; mistakes are named by file and line.

`load` reads them, `schema` describes them for editors.
"""

from hub.settings.load import ConfiguredTarget, Instance, Settings, load
from hub.settings.models import CallSettings, HubSettings, InstanceSettings, Mode, Tile
from hub.settings.problems import ConfigProblems, Problem
from hub.settings.routing import stable
from hub.settings.schema import CONNECTOR_FILE, HUB_FILE, as_text, schema, write_schemas

__all__ = [
    "CONNECTOR_FILE",
    "HUB_FILE",
    "CallSettings",
    "ConfigProblems",
    "ConfiguredTarget",
    "HubSettings",
    "Instance",
    "InstanceSettings",
    "Mode",
    "Problem",
    "Settings",
    "Tile",
    "as_text",
    "load",
    "schema",
    "stable",
    "write_schemas",
]
