"""`hub demo`: people and disturbances, the whole way to the intranet, with practice servers."""

from typing import Annotated, Literal

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
        typer.Option(min=1024, max=65500, help="The first of five ports; default: free ones."),
    ] = None,
    directory: Annotated[
        Literal["sandbox", "slapd"],
        typer.Option(help="A practice directory, or a real OpenLDAP server of this machine."),
    ] = "sandbox",
    config: UnusedConfigOption = None,
) -> None:
    """Play one morning: people and disturbances, to the intranet.

    Everything runs on this machine: a practice TOPdesk, directory and intranet, and the hub.
    """
    del config
    if json and not once:
        raise typer.BadParameter("--json is the report of --once.")
    code = story.run(once=once, json=json, port_base=port_base, directory=directory)
    if code:
        raise typer.Exit(code)
