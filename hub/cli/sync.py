"""`hub sync`: read and deliver once, by the running hub or here."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from hub.cli import exits
from hub.cli.options import ConfigOption, JsonOption, TimeoutOption, examples
from hub.cli.output import Output
from hub.cli.session import TIMEOUT, Session, run, session

EXAMPLES = examples("hub sync", "hub sync servicedesk", "hub sync --json --timeout 60")


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    app.command(name, epilog=EXAMPLES)(sync)


def sync(
    instances: Annotated[
        list[str] | None, typer.Argument(metavar="INSTANCE", help="Which; default: all.")
    ] = None,
    *,
    config: ConfigOption = None,
    json: JsonOption = False,
    timeout: TimeoutOption = TIMEOUT,
) -> None:
    """Read and deliver once, now.

    A hub that runs on the same store is asked to do it; otherwise it is done here.
    """
    out = Output(json=json)
    code = run(_sync(out, config, instances or [], timeout))
    if code:
        raise typer.Exit(code)


async def _sync(out: Output, config: Any, names: list[str], timeout: float) -> int:
    async with session(config, out) as one:
        body = {"instances": one.known(names)}
        with out.progress("reading and delivering", 1):
            result = await one.ask("sync", body, timeout)
        return report(one, result)


def report(one: Session, result: Mapping[str, Any]) -> int:
    """Show what a sync came to; its exit code."""
    runs = result["runs"]
    one.out.document(result)
    columns = ("instance", "stream", "outcome", "health", "counts")
    one.out.table(columns, [[row[name] for name in columns] for row in runs])
    for row in runs:
        if row["reason"]:
            one.out.finding("failed", f"{row['instance']}.{row['stream']}: {row['reason']}")
    for target, counts in result["delivered"].items():
        one.out.say(f"delivered to {target}: {_delivered(counts)}")
    if letters := dead(result):
        one.out.finding(
            "warning",
            f"{letters} objects were refused, or are uncertain: `hub dead-letters list` says why.",
        )
    one.out.next(_next(one, result))
    return code_of(result)


def dead(result: Mapping[str, Any]) -> int:
    """How many objects were set aside; everything else was delivered."""
    found = result["delivered"].values()
    return sum(counts.get(one, 0) for counts in found for one in ("rejected", "uncertain"))


def _delivered(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {status}" for status, number in counts.items()) or "nothing new"


def code_of(result: Mapping[str, Any]) -> int:
    """0 when all is well, dead letters or not; 75 when only something unreachable failed; else 1."""
    failed = {row["health"] for row in result["runs"] if row["outcome"] == "failed"}
    statuses = {status for counts in result["delivered"].values() for status in counts}
    if failed - {"unreachable"}:
        return exits.FAILED
    return exits.TRY_AGAIN if failed or statuses & {"retry", "failed"} else exits.OK


def _next(one: Session, result: Mapping[str, Any]) -> str:
    if any(row["hold"] for row in result["runs"]):
        return "`hub hold list`: changes wait for you."
    if code_of(result):
        return "`hub check` says what to do about what failed."
    if any(instance.settings.mode == "watch" for instance in one.settings.instances):
        return "`hub plan --stored`; an instance in mode watch reads, but sends nothing."
    return "`hub status`, or `hub run` to go on by itself."
