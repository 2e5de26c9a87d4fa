"""`hub events`: the newest accepted facts, as CloudEvents for scripts."""

import json as codec
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from hub.cli.disturbance import moment
from hub.cli.looking import looked
from hub.cli.options import ConfigOption, JsonOption, examples
from hub.cli.output import Output, local
from hub.cli.session import Session, run, session
from hub.events.base import Family
from hub.store import streams, subjects
from hub.store.store import Tx

EXAMPLES = examples(
    "hub events",
    "hub events --instance servicedesk --since 07:00 --limit 10",
    "hub events --subject telefonie-ligt-eruit --json",
    "hub events --limit 1000 --jsonl > events.jsonl",
)


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    app.command(name, epilog=EXAMPLES)(events)


def events(
    *,
    instance: Annotated[str | None, typer.Option(help="Only of this instance.")] = None,
    subject: Annotated[
        str | None, typer.Option(metavar="KEY", help="Only of the subject with this key.")
    ] = None,
    family: Annotated[Family | None, typer.Option(help="Only of this family.")] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Accepted at or after 14:30 today, or a full moment."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    config: ConfigOption = None,
    json: JsonOption = False,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="One CloudEvent per line, and nothing else.")
    ] = False,
) -> None:
    """Show the newest accepted facts.

    Newest first. With --json or --jsonl each is a whole CloudEvent as it is stored.
    """
    if json and jsonl:
        raise typer.BadParameter("Say --json or --jsonl, not both.")
    given = {"instance_id": instance, "key": subject, "family": family, "limit": limit}
    run(_events(Output(json=json or jsonl), config, given, since, lines=jsonl))


async def _events(
    out: Output, config: Any, given: Mapping[str, Any], since: str | None, *, lines: bool
) -> None:
    async with session(config, out, made=True) as one:
        start = datetime.fromisoformat(moment(since, one.zone)) if since else None
        rows = await one.store.read(_newest, since=start, **given)
        subject = given["key"]
        shown = [(row.instance, row.family, row.key) for row in rows]
        await looked(one.store, "events", shown, subject=subject, since=since)
    if lines:
        for row in rows:
            sys.stdout.write(codec.dumps(row.body, ensure_ascii=False) + "\n")
    else:
        out.document([row.body for row in rows])
    _show(one, rows)


def _newest(tx: Tx, /, **given: Any) -> Sequence[Any]:
    name, known = given["instance_id"], streams.instances(tx)
    if name is not None and name not in known:
        raise typer.BadParameter(f"No instance is called {name}; there are: {', '.join(known)}.")
    return subjects.newest_events(tx, **given)


def _show(one: Session, rows: Sequence[Any]) -> None:
    columns = ("accepted", "instance", "family", "what", "seq", "subject")
    one.out.table(columns, [_cells(one, row) for row in rows])
    if not rows:
        one.out.say("No such fact was accepted.")
        one.out.next("`hub status` shows whether the streams are read.")
        return
    newest = rows[0]
    if newest.family == Family.PERSON:
        one.out.next(f"`hub people show {newest.instance}/{newest.key}` shows the newest's person.")
        return
    one.out.next(f"`hub explain {newest.key}` shows what came of the newest.")


def _cells(one: Session, row: Any) -> list[Any]:
    verb = row.type.split(".")[-2]
    seq = row.body.get("seq")
    return [local(row.at, one.zone), row.instance, row.family, verb, seq, row.key]
