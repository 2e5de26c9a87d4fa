"""What `HUB_...` variables come to, read by pydantic-settings."""

from collections.abc import Mapping
from typing import Any

from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict, SettingsError

from hub.settings.environment import BELOW, PREFIX
from hub.settings.models import HubSettings
from hub.settings.problems import ConfigProblems, Problem


class _Read(BaseSettings, HubSettings):
    """The keys of hub.yaml, as pydantic-settings wants them."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=BELOW, env_ignore_empty=True
    )


class _GivenEnvironment(EnvSettingsSource):
    """Reads an environment that is handed in, never the process's own."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._given = dict(env)
        super().__init__(_Read)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return dict(self._given)


def values(env: Mapping[str, str]) -> dict[str, Any]:
    """What variables with names in small letters say, by key of hub.yaml.

    Raises:
        ConfigProblems: a variable for a whole section is not JSON.
    """
    try:
        return _GivenEnvironment(env)()
    except SettingsError as error:
        name = PREFIX + str(error).split('"')[1].upper()
        advice = f"write JSON, or one variable per key such as `{name}{BELOW}KEY`"
        problem = Problem("environment", None, name, "is not JSON", advice)
        raise ConfigProblems([problem]) from None
