"""`hub audit`: who did what is looked up, verified, exported, and erased where it must be."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from hub.cli.audit_proof import export, head, verify
from hub.cli.disturbance import moment
from hub.cli.looking import STILL_READ
from hub.cli.options import ConfigOption, JsonOption, examples
from hub.cli.output import Output, local, shown
from hub.cli.permit import permit
from hub.cli.session import Session, actor, now, run, session
from hub.settings.administrators import Role
from hub.store import trail
from hub.store.chain import ERASE
from hub.store.erasing import FIELDS, Names
from hub.store.store import Tx
from hub.store.trail import Wanted

SEARCHES = (
    "hub audit search",
    "hub audit search --actor anna --since 08:00",
    "hub audit search --action release --about telefonie --json",
)
ERASES = (
    'hub audit erase "J. de Vries"        shows which rows',
    'hub audit erase "J. de Vries" --yes  erases it',
)
COLUMNS = ("row", "when", "who", "did", "about")
FEW = 5  # things of one kind in a cell; --json has all

When = Annotated[str | None, typer.Option(metavar="WHEN", help="From 14:30 today, or a moment.")]
Before = Annotated[str | None, typer.Option(metavar="WHEN", help="Before this moment.")]
Texts = Annotated[
    list[str] | None,
    typer.Argument(metavar="TEXT", help="A name, an address, a key: as whole words."),
]


def add(app: typer.Typer, name: str) -> None:
    """Add the group."""
    group = typer.Typer(
        no_args_is_help=True,
        help="See who did what; verify, export or erase it.",
        epilog=examples(SEARCHES[1], "hub audit verify", "hub audit export trail.jsonl"),
    )
    group.command("search", epilog=examples(*SEARCHES))(search)
    copy = "hub audit verify --head /mnt/elsewhere/hub.db.heads"
    group.command("verify", epilog=examples("hub audit verify", copy))(verify)
    group.command("head", epilog=examples("hub audit head", "hub audit head --json"))(head)
    group.command("export", epilog=examples("hub audit export trail.jsonl"))(export)
    group.command("erase", epilog=examples(*ERASES))(erase)
    app.add_typer(group, name=name)


# --- search ---------------------------------------------------------------------------------------


def search(
    *,
    who: Annotated[
        str | None, typer.Option("--actor", help="Who did it; `hub` is the hub.")
    ] = None,
    action: Annotated[
        str | None, typer.Option(help="What was done, or how it begins, such as `look`.")
    ] = None,
    about: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Stands in what it was about.")
    ] = None,
    since: When = None,
    until: Before = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show who did what, the newest first. That you looked is written down too."""
    asked = {"actor": who, "action": action, "about": about, "since": since, "until": until}
    run(_search(Output(json=json), config, asked, limit))


async def _search(out: Output, config: Any, asked: Mapping[str, str | None], limit: int) -> None:
    async with session(config, out, made=True) as one:
        await permit(one, Role.VIEWER)
        given = {name: text for name, text in asked.items() if text is not None}
        since, until = (_moment(asked[name], one.zone) for name in ("since", "until"))
        wanted = Wanted(asked["actor"], asked["action"], asked["about"], since, until, limit)
        rows = await one.store.write(_searched, wanted, given)
        out.document([_row(row) for row in rows])
        out.table(COLUMNS, [_cells(one, row) for row in rows])
    if not rows:
        out.say("Nobody did such a thing.")
    out.next("`hub audit verify` shows whether anybody changed the trail.")


def _moment(text: str | None, zone: str) -> datetime | None:
    return datetime.fromisoformat(moment(text, zone)) if text else None


def _searched(tx: Tx, wanted: Wanted, asked: Mapping[str, str]) -> Sequence[Any]:
    rows = trail.search(tx, wanted)
    trail.note(tx, actor=actor(), action="look audit", what={"asked": dict(asked)}, now=now())
    return rows


def _row(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("seq", "at", "actor", "action", "what", "erased")}


def _cells(one: Session, row: Any) -> list[Any]:
    what = row.what if isinstance(row.what, Mapping) else {"": row.what}
    if row.action == ERASE:
        what = {"rows": list(what["rows"])}
    about = "; ".join(_said(what))
    return [row.seq, local(row.at, one.zone), row.actor, row.action, about]


def _said(what: Mapping[str, Any]) -> list[str]:
    """What a row is about, one text for each part."""
    said = []
    for name, value in what.items():
        if name == FIELDS and isinstance(value, Mapping):
            said += [f"{field}: {_change(pair)}" for field, pair in value.items()]
        elif isinstance(value, list) and len(value) > FEW:
            said.append(f"{name} {_all(value[:FEW])} and {len(value) - FEW} more")
        elif value not in (None, [], {}):
            said.append(f"{name} {_all(value)}")
    return said


def _all(value: Any) -> str:
    """A value; of things with fields each with its own."""
    if isinstance(value, list) and all(isinstance(one, Mapping) for one in value):
        return ", ".join(f"({'; '.join(_said(one))})" for one in value)
    return shown(value)


def _change(pair: Any) -> str:
    return " -> ".join(map(shown, pair)) if isinstance(pair, list) else shown(pair)


# --- erase ----------------------------------------------------------------------------------------


def erase(
    texts: Texts = None,
    *,
    person: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="All fields of this person as well.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without this it is only shown.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Erase what the trail says about somebody; the chain holds, and that it was done is a row.

    Without --yes it only shows which rows. What is in backups and exports stays there.
    """
    if not (texts or person):
        raise typer.BadParameter("Name a text or --person ID.")
    run(_erase(Output(json=json), config, person or [], texts or [], yes=yes))


async def _erase(
    out: Output, config: Any, persons: Sequence[str], texts: Sequence[str], *, yes: bool
) -> None:
    async with session(config, out, made=True) as one:
        found = await one.store.read(trail.naming, Names(persons, texts))
        if yes:
            await permit(one, Role.ADMIN)
            await one.store.write(
                trail.erase, persons=persons, texts=texts, actor=actor(), now=now()
            )
            if not await one.store.scrub("audit_value"):
                out.warn(STILL_READ)
    out.document({"rows": sorted(found), "done": yes})
    verb = "were erased from" if yes else "would be erased from"
    out.say(f"These words {verb} {len(found)} rows: {shown(sorted(found)) or 'none'}.")
    out.next("`hub audit verify`." if yes else "the same with --yes does it; it can't be undone.")
