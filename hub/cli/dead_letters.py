"""`hub dead-letters`: what could not be used is looked at, sent again or dropped."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from hub.cli import exits
from hub.cli.options import ConfigOption, JsonOption, TimeoutOption, examples
from hub.cli.output import Output, local, shown
from hub.cli.permit import permit
from hub.cli.session import TIMEOUT, Session, actor, now, run, session
from hub.engine import dead_letters, deciding
from hub.settings.administrators import Role

Name = Annotated[str, typer.Argument(metavar="ID", help="As `hub dead-letters list` shows it.")]
Names = Annotated[list[str], typer.Argument(metavar="ID", help="One or more, such as u12 o34.")]
SomeNames = Annotated[
    list[str] | None, typer.Argument(metavar="ID", help="One or more, such as u12 o34.")
]
COLUMNS = ("id", "what", "where", "since", "reason")


def add(app: typer.Typer, name: str) -> None:
    """Add the group."""
    group = typer.Typer(
        no_args_is_help=True,
        help="See, send again or drop what could not be used.",
        epilog=examples("hub dead-letters list", "hub dead-letters replay o34"),
    )
    group.command("list", epilog=examples("hub dead-letters list --json"))(list_)
    group.command("show", epilog=examples("hub dead-letters show u12"))(show)
    replays = ("hub dead-letters replay o34 u12", "hub dead-letters replay --all")
    group.command("replay", epilog=examples(*replays))(replay)
    group.command("drop", epilog=examples("hub dead-letters drop u12"))(drop)
    app.add_typer(group, name=name)


def list_(
    *,
    dropped: Annotated[
        bool, typer.Option("--dropped", help="Also refused objects that were dropped.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List rows that could not be understood and objects that were refused for good."""
    run(_list(Output(json=json), config, dropped=dropped))


async def _list(out: Output, config: Any, *, dropped: bool) -> None:
    async with session(config, out, made=True) as one:
        found = await one.store.read(dead_letters.listed, dropped=dropped)
    out.document(found)
    out.table(COLUMNS, [_cells(one, row) for row in found])
    if not found:
        out.say("There are no dead letters.")
        out.next("nothing to do.")
        return
    name = found[0]["id"]
    out.next(f"`hub dead-letters show {name}`; mend the cause, then `hub dead-letters replay`.")


def _cells(one: Session, row: Mapping[str, Any]) -> list[Any]:
    return [local(row[name], one.zone) if name == "since" else row[name] for name in COLUMNS]


def show(name: Name, *, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show what is known of one dead letter. Its content is not shown."""
    run(_show(Output(json=json), config, name))


async def _show(out: Output, config: Any, name: str) -> None:
    async with session(config, out, made=True) as one:
        found = await one.store.read(dead_letters.details, name)
    out.document(found)
    for field, value in found.items():
        if field == "causes":
            for cause in value:
                out.say(f"{'because':<10} {_because(cause)}")
        else:
            out.say(f"{field:<10} {local(value, one.zone) if field == 'since' else shown(value)}")
    explain = f"`hub explain {found['key']}` shows more; " if found["id"][0] == "o" else ""
    out.next(f"{explain}`hub dead-letters replay {name}` or `hub dead-letters drop {name}`.")


def _because(cause: Mapping[str, Any]) -> str:
    where = f"{cause['instance']}.{cause['stream']}"
    return f"{cause['family']} {cause['subject']} of {where}, route {cause['route']}"


def replay(
    names: SomeNames = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All that are listed.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    timeout: TimeoutOption = TIMEOUT,
) -> None:
    """Send refused objects as they should look now; read streams of unreadable rows again."""
    if bool(names) is everything:
        raise typer.BadParameter("Name one or more, or say --all.")
    code = run(_replay(Output(json=json), config, names or None, timeout))
    if code:
        raise typer.Exit(code)


async def _replay(out: Output, config: Any, names: Sequence[str] | None, timeout: float) -> int:
    async with session(config, out, made=True) as one:
        body = await one.store.read(dead_letters.chosen, names)
        if not body["objects"] and not body["streams"]:
            out.document({"counts": {}, "refused": [], "unreadable": [], "runs": []})
            out.say("There are no dead letters.")
            out.next("nothing to do.")
            return exits.OK
        await permit(one, Role.OPERATOR, deciding.of_dead_letters, names)
        result = await one.ask("replay", {**body, "actor": actor()}, timeout)
    out.document(result)
    return _told(out, result)


def _told(out: Output, result: Mapping[str, Any]) -> int:
    for report in result["runs"]:
        level = "failed" if report["outcome"] == "failed" else "ok"
        name = f"{report['instance']}.{report['stream']}"
        out.finding(level, f"{name} was read again: {report['reason'] or report['outcome']}")
    for name in result["unreadable"]:
        out.finding("failed", f"{name} still can't be read")
    return say_sent(out, result, bad=bool(result["unreadable"]) or _failed(result))


def _failed(result: Mapping[str, Any]) -> bool:
    return any(report["outcome"] == "failed" for report in result["runs"])


def say_sent(
    out: Output,
    result: Mapping[str, Any],
    *,
    bad: bool = False,
    then: str = "`hub status` shows how it stands now.",
) -> int:
    """How objects stand that were sent again, and what to do next; the exit code.

    Args:
        bad: something else went wrong.
        then: what to do when all is well.
    """
    counts = result["counts"]
    if counts:
        out.say(f"Sent again: {shown(counts)}.")
    for row in result["refused"]:
        out.finding("failed", f"{row['id']} was refused again: {row['reason']}")
    if result["refused"] or bad:
        out.next("mend what is named above, then `hub dead-letters list`.")
        return exits.FAILED
    if counts.get("waiting"):
        out.next("`hub status` says why some wait; they are sent by themselves.")
        return exits.TRY_AGAIN
    out.next(then)
    return exits.OK


def drop(names: Names, *, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Stop counting it: a row until it comes back, an object until it should look otherwise.

    Nothing is sent, and nothing is taken away.
    """
    run(_drop(Output(json=json), config, names))


async def _drop(out: Output, config: Any, names: Sequence[str]) -> None:
    async with session(config, out, made=True) as one:
        await permit(one, Role.OPERATOR, deciding.of_dead_letters, names)
        found = await one.store.write(dead_letters.drop, names, actor=actor(), now=now())
    out.document({"dropped": sorted(set(names))} | found)
    out.say(f"Dropped: {shown(sorted(set(names)))}.")
    out.next("`hub dead-letters list` shows what is left.")
