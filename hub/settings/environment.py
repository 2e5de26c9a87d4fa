"""`HUB_...` variables in place of what hub.yaml says, read by pydantic-settings."""

from collections.abc import Mapping
from typing import Any

from pydantic_settings import EnvSettingsSource, SettingsError

from hub.settings.document import Document, Referenced
from hub.settings.models import HubSettings
from hub.settings.problems import ConfigProblems, Place, Problem

PREFIX = "HUB_"


class GivenEnvironment(EnvSettingsSource):
    """Reads an environment that is handed in, never the process's own."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._given = {name.lower(): value for name, value in env.items() if value}
        super().__init__(HubSettings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return dict(self._given)


def override(document: Document, env: Mapping[str, str]) -> None:
    """Put what the environment says over what the document says.

    Raises:
        ConfigProblems: a variable for a whole section is not JSON.
    """
    try:
        values = GivenEnvironment(env)()
    except SettingsError as error:
        name = PREFIX + str(error).split('"')[1].upper()
        advice = f"write JSON, or one variable per key such as `{name}__KEY`"
        problem = Problem("environment", None, name, "is not JSON", advice)
        raise ConfigProblems([problem]) from None
    for key, value in values.items():
        _lay(document, document.data, (key,), value)


def _lay(document: Document, into: dict[str, Any], place: Place, value: Any) -> None:
    key = str(place[-1])
    if isinstance(value, dict):
        if not isinstance(into.get(key), dict):
            into[key] = {}
        for name, below in value.items():
            _lay(document, into[key], (*place, name), below)
        return
    document.variables[place] = PREFIX + "__".join(str(part) for part in place).upper()
    into[key] = value
    if isinstance(value, str):
        into[key] = Referenced(value)
        document.secrets.add(value)
