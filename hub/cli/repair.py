"""`hub repair`: what drifted is sent again, and nothing else."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from hub.cli import exits
from hub.cli.dead_letters import say_sent
from hub.cli.drift import code_of, look, tell_one
from hub.cli.options import ConfigOption, JsonOption, TimeoutOption, examples
from hub.cli.output import Output
from hub.cli.permit import permit
from hub.cli.session import TIMEOUT, Session, actor, run, session
from hub.engine.drift import Drifted, Looked
from hub.store import objects
from hub.store.store import Tx

EXAMPLES = examples(
    "hub repair --all               shows what would be sent again",
    "hub repair --all --yes         sends it",
    "hub repair telefonie --yes",
)


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    app.command(name, epilog=EXAMPLES)(repair)


def repair(
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="KEY", help="Keys, or their first words.")
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All that drifted.")] = False,
    target: Annotated[str | None, typer.Option(help="Only on this target.")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without this it is only shown.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    timeout: TimeoutOption = TIMEOUT,
) -> None:
    """Send again what drifted, and nothing else.

    Without --yes it only shows what would be sent. What others made is never touched.
    """
    if bool(keys) is everything:
        raise typer.BadParameter("Name one or more keys, or say --all.")
    code = run(_repair(Output(json=json), config, keys or [], target, yes=yes, timeout=timeout))
    if code:
        raise typer.Exit(code)


async def _repair(
    out: Output, config: Any, keys: Sequence[str], target: str | None, *, yes: bool, timeout: float
) -> int:
    async with session(config, out, made=True) as one:
        found = await look(one, target)
        wanted = await one.store.read(_chosen, found, keys)
        sendable = [each for each in wanted if not each.blocked]
        result: dict[str, Any] = {"objects": [each.shown() for each in wanted], "done": yes}
        if yes and sendable:
            mine = {each.row.instance for each in sendable}
            await permit(one, instances=mine)
            body = {"objects": [each.mark for each in sendable], "actor": actor()}
            result |= await one.ask("repair", body, timeout)
    out.document(result)
    _tell(one, found, wanted, keys)
    if "counts" in result:
        return _sent(out, result, len(sendable)) or code_of(found)
    out.next(_next(wanted, sendable, found))
    return exits.FAILED if keys and not wanted else code_of(found)


def _chosen(tx: Tx, found: Sequence[Looked], keys: Sequence[str]) -> list[Drifted]:
    """Those that drifted and are meant."""
    drifted = [each for looked in found for each in looked.drifted]
    meant = {row.id for key in keys for row in objects.named(tx, key)}
    return [each for each in drifted if not keys or each.row.id in meant]


def _tell(
    one: Session, found: Sequence[Looked], wanted: Sequence[Drifted], keys: Sequence[str]
) -> None:
    for looked in found:
        if looked.error is not None:
            one.out.finding("failed", f"{looked.target} was not asked to the end: {looked.error}")
    for each in wanted:
        tell_one(one, each)
    if not wanted:
        one.out.say("None of these drifted." if keys else "Nothing drifted.")


def _sent(out: Output, result: Mapping[str, Any], asked: int) -> int:
    if (moved := asked - sum(result["counts"].values())) > 0:
        out.say(f"{moved} changed meanwhile, and were left alone.")
    return say_sent(out, result, then="`hub drift` shows whether it stands there now.")


def _next(wanted: Sequence[Drifted], sendable: Sequence[Drifted], found: Sequence[Looked]) -> str:
    if sendable:
        return "the same command with --yes sends it; nothing was changed now."
    if wanted:
        return "nothing can be sent now, for the reason beside each: `hub status`."
    if any(looked.error for looked in found):
        return "`hub check` says what to do about what could not be asked."
    return "nothing to do."
