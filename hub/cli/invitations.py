"""`hub people invitations`: one-time codes are seen, without the codes, and taken back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from hub.cli.options import ConfigOption, JsonOption, examples
from hub.cli.output import Output, local
from hub.cli.permit import permit
from hub.cli.session import Session, actor, now, run, session
from hub.engine import deciding
from hub.people import invited, inviting
from hub.settings.administrators import Role
from hub.store import trail

MOST = 500  # persons whose names a line of the audit trail says were seen
STATES = {"open": "good", "redeemed": "used", "replaced": "replaced", "revoked": "taken back"}
Persons = Annotated[
    list[str], typer.Argument(metavar="PERSON", help="One or more, as for `hub people show`.")
]


def add(group: typer.Typer) -> None:
    """Add the commands to `hub people`."""
    below = typer.Typer(
        no_args_is_help=True,
        help="See and take back one-time codes.",
        epilog=examples("hub people invitations list", "hub people invitations revoke 0f3a91c2"),
    )
    below.command("list", epilog=examples("hub people invitations list --all --json"))(list_)
    below.command("revoke", epilog=examples("hub people invitations revoke 0f3a91c2"))(revoke)
    group.add_typer(below, name="invitations")


async def looked(one: Session, ids: Sequence[str]) -> None:
    """Note whose names somebody saw."""
    what = {"persons": ids[:MOST], "number": len(ids)}
    await one.store.write(trail.note, actor=actor(), action="people list", what=what, now=now())


def list_(
    *,
    all_of_them: Annotated[
        bool, typer.Option("--all", help="Also those that are used, ended or over.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List codes that are good, without the codes: nobody keeps them. That you looked is recorded."""
    run(_list(Output(json=json), config, limit, all_of_them=all_of_them))


async def _list(out: Output, config: Any, limit: int, *, all_of_them: bool) -> None:
    async with session(config, out, made=True) as one:
        await permit(one, Role.VIEWER)
        rows = await one.store.read(invited.listed, now(), limit, all_of_them=all_of_them)
        if rows:
            await looked(one, [row["person"] for row in rows])
    out.document(rows)
    columns = ("person", "name", "by", "how it stands", "made", "until")
    cells = [
        [
            row["person"][:8], row["name"], row["by"], _standing(row),
            local(row["made_at"], one.zone), local(row["until"], one.zone),
        ]
        for row in rows
    ]  # fmt: skip
    out.table(columns, cells)
    out.say(f"Codes: {len(rows)}.")
    out.next(
        "`hub people invitations revoke PERSON` takes one back; `hub people invite` makes one."
    )


def _standing(row: Mapping[str, Any]) -> str:
    if row["state"] != "open":
        return STATES[row["state"]]
    if datetime.fromisoformat(row["until"]) <= now():
        return "over"
    return "not sent" if row["by"] == inviting.MAIL and row["sent_at"] is None else "good"


def told(one: Session, row: Mapping[str, Any]) -> str:
    """A person's newest invitation, as `hub people show` tells it."""
    made, until = local(row["made_at"], one.zone), local(row["until"], one.zone)
    ended = f" {local(row['ended_at'], one.zone)}" if row["ended_at"] else ""
    return f"Invited {made} ({row['by']}), until {until}: {_standing(row)}{ended}"


def revoke(who: Persons, *, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Take codes back: they are good for nothing from then on."""
    run(_revoke(Output(json=json), config, who))


async def _revoke(out: Output, config: Any, who: Sequence[str]) -> None:
    async with session(config, out, made=True) as one:
        await permit(one, Role.OPERATOR, deciding.of_people, *who)
        made = await one.store.write(_revoke_all, who)
    out.document(made)
    for row in made:
        out.say(f"The code of {row['name'] or row['person'][:8]} is good for nothing now.")
    out.next("`hub people invite PERSON` makes a new one.")


def _revoke_all(tx: Any, who: Sequence[str]) -> list[dict[str, Any]]:
    return [inviting.revoke(tx, text, actor=actor(), now=now()) for text in who]
