"""`hub people sessions`: where somebody is logged in on the personal pages, and ending that."""

from typing import Annotated, Any

import typer

from hub.cli.options import ConfigOption, JsonOption, examples
from hub.cli.output import Output, local
from hub.cli.permit import permit
from hub.cli.session import actor, now, run, session
from hub.engine import deciding
from hub.people import visiting
from hub.settings.administrators import Role

Who = Annotated[str, typer.Argument(metavar="PERSON", help="As for `hub people show`.")]


def add(group: typer.Typer) -> None:
    """Add the command to `hub people`."""
    told = examples("hub people sessions noor", "hub people sessions noor --end")
    group.command("sessions", epilog=told)(sessions)


def sessions(
    who: Who,
    *,
    end: Annotated[
        bool, typer.Option("--end", help="End all of them: a telephone was lost, say.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show where somebody is logged in on the personal pages. That you looked is recorded."""
    run(_sessions(Output(json=json), config, who, end=end))


async def _sessions(out: Output, config: Any, who: str, *, end: bool) -> None:
    async with session(config, out, made=True) as one:
        if end:
            await permit(one, Role.OPERATOR, deciding.of_people, who)
        else:
            await permit(one, Role.VIEWER)
        work = visiting.ended if end else visiting.shown
        made = await one.store.write(work, who, actor=actor(), now=now())
    out.document(made)
    cells = [
        [row["how"], row["device"], *(local(row[name], one.zone) for name in _MOMENTS)]
        for row in made["sessions"]
    ]
    out.table(("rests on", "device", "since", "used", "until"), cells)
    named, number = made["name"] or made["person"][:8], len(made["sessions"])
    out.say(f"Sessions of {named}{', all ended' if end else ''}: {number}.")
    if number and not end:
        out.next(f"`hub people sessions {made['person'][:8]} --end` ends them all.")


_MOMENTS = ("opened_at", "used_at", "until")
