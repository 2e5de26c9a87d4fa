"""`hub explain`: from an object back to cause, subject, run and route."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from hub.cli import exits
from hub.cli.looking import looked
from hub.cli.options import ConfigOption, JsonOption, examples
from hub.cli.output import Output, local, standing, title_of
from hub.cli.session import Session, run, session
from hub.engine import reconcile
from hub.store import objects
from hub.store.store import Tx

EXAMPLES = examples("hub explain telefonie", "hub explain 0d1b2c3a --json")
EVENTS = 5  # the newest ones; --json has more


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    app.command(name, epilog=EXAMPLES)(explain)


def explain(
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="A key or a part of one, or words of a title.")
    ],
    *,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Lead an object back to its cause, run and route.

    The name of an instance shows all that it made.
    """
    code = run(_explain(Output(json=json), config, text))
    if code:
        raise typer.Exit(code)


async def _explain(out: Output, config: Any, text: str) -> int:
    async with session(config, out, made=True) as one:
        found = await one.store.read(_found, text)
        causes = [cause for row in found for cause in row["causes"]]
        seen = [(one["instance"], one["family"], one["subject"]) for one in causes]
        await looked(one.store, "explain", seen, text=text)
        out.document(found)
        for row in found:
            _show(one, row)
        if not found:
            out.say(f"No object has {text} in its key or title, and no subject has this key.")
            out.next("`hub explain INSTANCE` shows all that one instance made.")
            return exits.FAILED
        out.next(f"`hub withdraw {_first(found)['key']}` shows what taking it away would do.")
        return exits.OK


def _found(tx: Tx, text: str) -> list[dict[str, Any]]:
    """By key; else by title."""
    if found := reconcile.explain(tx, text):
        return found
    keys = dict.fromkeys(row.key for row in objects.all_rows(tx) if _titled(row.body, text))
    return [one for key in keys for one in reconcile.explain(tx, key)]


def _titled(body: Mapping[str, Any] | None, text: str) -> bool:
    title = (body or {}).get("title") or {}
    words = title.values() if isinstance(title, Mapping) else [title]
    return any(text.casefold() in str(one).casefold() for one in words)


def _first(found: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The first one that people see as a row."""
    return next((one for one in found if one["causes"]), found[0])


def _show(one: Session, row: Mapping[str, Any]) -> None:
    title = title_of(row["body"], one.language)
    one.out.heading(f"{row['kind']} {title or row['key']}")
    one.out.say(f"  key       {row['key']} on {row['target']}")
    published = local(row["published_at"], one.zone) if row["published"] else "not published"
    one.out.say(f"  published {published}, version {row['versions']['done']}")
    kept = ", outside the pilot" if row["desired"] == "withheld" else ""
    one.out.say(f"  wanted    {row['desired']}{kept}, version {row['versions']['desired']}")
    mode = None if row["withdrawn"] else row["mode"]  # what was withdrawn goes in any mode
    one.out.say(f"  status    {standing(row['status'], mode)}{_why(row)}")
    for cause in row["causes"]:
        _show_cause(one, cause)


def _why(row: Mapping[str, Any]) -> str:
    words = ["withdrawn"] if row["withdrawn"] else []
    words += [str(row["reason"])] if row["reason"] else []
    return "".join(f", {word}" for word in words)


def _show_cause(one: Session, cause: Mapping[str, Any]) -> None:
    where = f"{cause['instance']}.{cause['stream']}"
    one.out.say(f"  because   {cause['family']} {cause['subject']} of {where}")
    one.out.say(f"            through route {cause['route']}")
    for event in cause["events"][:EVENTS]:
        when = local(event["at"], one.zone)
        one.out.say(f"            {when} run {event['run']} {event['type']} #{event['seq']}")
