"""`HUB_...` variables in place of what hub.yaml says."""

from collections.abc import Mapping
from typing import Any

from hub.settings.document import Document, Referenced
from hub.settings.models import HubSettings
from hub.settings.problems import Place

PREFIX = "HUB_"
BELOW = "__"  # between the keys of a place


def override(document: Document, env: Mapping[str, str]) -> None:
    """Put what the environment says over what the document says.

    Raises:
        ConfigProblems: a variable for a whole section is not JSON.
    """
    given = {name.lower(): value for name, value in env.items() if value and _known(name)}
    if not given:
        return
    from hub.settings.variables import values  # noqa: PLC0415  most have none, and it takes long

    for key, value in values(given).items():
        _lay(document, document.data, (key,), value)


def _known(name: str) -> bool:
    """Whether a key of hub.yaml is meant."""
    prefix, _, place = name.upper().partition(PREFIX)
    return not prefix and place.partition(BELOW)[0].lower() in HubSettings.model_fields


def _lay(document: Document, into: dict[str, Any], place: Place, value: Any) -> None:
    key = str(place[-1])
    if isinstance(value, dict):
        if not isinstance(into.get(key), dict):
            into[key] = {}
        for name, below in value.items():
            _lay(document, into[key], (*place, name), below)
        return
    document.variables[place] = PREFIX + BELOW.join(str(part) for part in place).upper()
    into[key] = value
    if isinstance(value, str):
        into[key] = Referenced(value)
        document.secrets.add(value)
