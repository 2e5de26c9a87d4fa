"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from hub.errors import BadConfigError

ADMINISTRATOR = "HUB_ADMINISTRATOR"
PLACES = (Path("config/hub.yaml"), Path("hub.yaml"))

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="HUB_CONFIG",
        metavar="FILE",
        help="The hub's YAML file. Default: config/hub.yaml, else hub.yaml.",
        show_default=False,
    ),
]

UnusedConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="HUB_CONFIG",
        metavar="FILE",
        help="Accepted by every command; this one reads no configuration.",
        show_default=False,
    ),
]

JsonOption = Annotated[
    bool, typer.Option("--json", help="One JSON document on stdout, and nothing else.")
]

TimeoutOption = Annotated[
    float,
    typer.Option("--timeout", min=1, metavar="SECONDS", help="How long to wait for a running hub."),
]


def find_config(given: Path | None) -> Path:
    """The configuration file to use.

    Raises:
        BadConfigError: there is none.
    """
    if given is not None:
        if not given.is_file():
            raise BadConfigError(f"There is no file {given}: check `--config` and HUB_CONFIG.")
        return given
    found = next((place for place in PLACES if place.is_file()), None)
    if found is None:
        raise BadConfigError(
            f"There is no {PLACES[0]} and no {PLACES[1]} here: run `hub init`, go to the folder "
            "that has one, or name it with `--config FILE`."
        )
    return found


def examples(*lines: str) -> str:
    """The last part of a help text."""
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))
