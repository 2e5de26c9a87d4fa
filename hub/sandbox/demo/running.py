"""What `hub demo` does: the story live, or once and in numbers."""

import asyncio

from rich.console import Console
from rich.table import Table

from hub.sandbox.demo.live import live
from hub.sandbox.demo.report import FULL, DemoReport
from hub.sandbox.demo.scene import SANDBOX
from hub.sandbox.demo.telling import once as tell_once


def run(
    *,
    once: bool = False,
    json: bool = False,
    port_base: int | None = None,
    directory: str = SANDBOX,
) -> int:
    """Run the demo; the exit code: 0 when all is well, 1 when the story did not come out right.

    Args:
        once: at virtual speed, ending by itself; else live, until Ctrl-C.
        json: the report as one JSON object on standard output, and nothing else there.
        port_base: the first of five ports; None: free ones.
        directory: `sandbox`, or `slapd` for a real OpenLDAP server.

    Raises:
        BadConfigError: a port is taken, or a sandbox or the chosen directory is missing.
    """
    if once:
        return _once(json=json, port_base=port_base, directory=directory)
    try:
        asyncio.run(live(console=Console(), port_base=port_base, directory=directory))
    except KeyboardInterrupt:
        return 0
    return 0


def _once(*, json: bool, port_base: int | None, directory: str) -> int:
    with Console(stderr=True).status("A morning with the hub, at virtual speed ..."):
        report = asyncio.run(tell_once(port_base=port_base, directory=directory))
    if json:
        print(report.model_dump_json(indent=2))  # noqa: T201 - the report is the output
    else:
        show(report, Console())
    return report.exit_code


def show(report: DemoReport, console: Console) -> None:
    """The report for people; the last line says what to do next."""
    table = Table(title="One morning with the hub", show_header=False, title_justify="left")
    for name, field in DemoReport.model_fields.items():
        if name != "findings":
            value = getattr(report, name)
            table.add_row(name, f"{value:g}", field.description or "")
    console.print(table)
    for finding in report.findings:
        console.print(f"  {finding}", soft_wrap=True, highlight=False, markup=False)
    console.print(_next(report), soft_wrap=True)


def _next(report: DemoReport) -> str:
    if report.well:
        return "All is well. Look at it yourself: `hub demo`; then begin your own: `hub init`."
    if report.tile_items < FULL:
        return f"Fewer than {FULL} rows were shown: look at the warnings above; try `hub check`."
    return "The story did not come out right: the lines above say where."
