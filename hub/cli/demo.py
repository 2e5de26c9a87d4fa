"""`hub demo`: the whole way from TOPdesk to tile, with practice servers."""

from typing import Annotated

import typer

from hub.cli.options import UnusedConfigOption, examples
from hub.sandbox import demo as story


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    lines = ("hub demo", "hub demo --port-base 8800", "hub demo --once --json")
    app.command(name, epilog=examples(*lines))(demo)


def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="At virtual speed, with a report, ending by itself.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="The report as JSON; with --once.")] = False,
    port_base: Annotated[
        int | None,
        typer.Option(min=1024, max=65500, help="The first of three ports; default: free ones."),
    ] = None,
    config: UnusedConfigOption = None,
) -> None:
    """Play a service desk's morning, from TOPdesk to tile.

    Everything runs on this machine: a practice TOPdesk, a practice intranet and the hub.
    """
    del config
    if json and not once:
        raise typer.BadParameter("--json is the report of --once.")
    code = story.run(once=once, json=json, port_base=port_base)
    if code:
        raise typer.Exit(code)
