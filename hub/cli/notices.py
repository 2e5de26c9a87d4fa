"""`hub notices`: what people were told, what waits, and what may not have arrived."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from hub.cli.looking import MOST
from hub.cli.options import ConfigOption, JsonOption, examples
from hub.cli.output import Output, local
from hub.cli.permit import permit
from hub.cli.session import actor, now, run, session
from hub.engine import notices
from hub.settings.administrators import Role
from hub.store import trail
from hub.store.notices import Status
from hub.store.store import Tx

Numbers = Annotated[
    list[int], typer.Argument(metavar="ID", help="One or more, as the list shows them.")
]


def add(app: typer.Typer, name: str) -> None:
    """Add the group."""
    group = typer.Typer(
        no_args_is_help=True,
        help="See what people were told, and what may not have arrived.",
        epilog=examples("hub notices list", "hub notices again 12"),
    )
    group.command("list", epilog=examples("hub notices list --json"))(list_)
    group.command("again", epilog=examples("hub notices again 12"))(again)
    app.add_typer(group, name=name)


def list_(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the newest notice to each person about each topic. That you looked is recorded."""
    run(_list(Output(json=json), config))


async def _list(out: Output, config: Any) -> None:
    async with session(config, out, made=True) as one:
        await permit(one, Role.VIEWER)
        rows = await one.store.write(_listed)
        sends = one.settings.mail is not None
    out.document(rows)
    columns = ("id", "to", "about", "days before", "status", "when", "reason")
    out.table(columns, [_cells(row, one.zone) for row in rows])
    if not rows:
        out.say("None.")
    out.next(_next(rows, sends=sends))


def _cells(row: dict[str, Any], zone: str) -> list[Any]:
    names = ("id", "name", "guest", "days_before", "status")
    when = local(row["sent"] or row["due"], zone)
    return [*(row[name] for name in names), when, row["reason"]]


def _listed(tx: Tx) -> list[dict[str, Any]]:
    rows = notices.listed(tx)
    ids = sorted({one for row in rows for one in (row["person"], row["about"]) if one})
    what = {"persons": ids[:MOST], "number": len(ids)}
    if ids:
        trail.note(tx, actor=actor(), action="people notices", what=what, now=now())
    return rows


def _next(rows: Sequence[dict[str, Any]], *, sends: bool) -> str:
    doubtful = {str(Status.UNCERTAIN), str(Status.REFUSED)}
    if wrong := [row["id"] for row in rows if row["status"] in doubtful]:
        return f"ask whether it arrived; `hub notices again {wrong[0]}` sends it once more."
    if not sends and any(row["status"] == Status.WAITING for row in rows):
        return "`mail:` in hub.yaml says which server takes mail; until then tell them yourself."
    return "nothing to do: `hub run` tells people what is due."


def again(ids: Numbers, *, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Send once more what may not have arrived, or was refused."""
    run(_again(Output(json=json), config, ids))


async def _again(out: Output, config: Any, ids: Sequence[int]) -> None:
    async with session(config, out, made=True) as one:
        await permit(one, Role.OPERATOR)
        persons = await one.store.write(_repeat, ids)
    out.document({"notices": list(ids), "persons": persons})
    out.say(f"Notices that are sent once more: {len(persons)}.")
    out.next("the running hub sends them within a minute, or `hub sync` now.")


def _repeat(tx: Tx, ids: Sequence[int]) -> list[str]:
    persons = notices.repeat(tx, ids, now())
    what = {"persons": sorted(set(persons)), "number": len(ids)}
    trail.note(tx, actor=actor(), action="people notices again", what=what, now=now())
    return persons
