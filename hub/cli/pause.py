"""`hub pause` and `hub resume`: neither reading nor sending for a while."""

from typing import Annotated, Any

import typer

from hub.cli.options import ConfigOption, JsonOption, examples
from hub.cli.output import Output
from hub.cli.permit import permit
from hub.cli.session import actor, now, run, session
from hub.engine import reconcile
from hub.store import streams

Names = Annotated[list[str] | None, typer.Argument(metavar="INSTANCE", help="Which; or --all.")]
All = Annotated[bool, typer.Option("--all", help="Every instance.")]


def add(app: typer.Typer, name: str) -> None:
    """Add the command of this name."""
    lines = (f"hub {name} servicedesk", f"hub {name} --all")
    app.command(name, epilog=examples(*lines))({"pause": pause, "resume": resume}[name])


def pause(
    instances: Names = None,
    *,
    everything: All = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Stop reading and sending for some instances or all.

    Nothing is taken away: tiles say by themselves that they are no longer fresh.
    """
    _check(instances, everything=everything)
    run(_set(Output(json=json), config, instances, paused=True))


def resume(
    instances: Names = None,
    *,
    everything: All = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """End a pause, or a quarantine.

    What is resumed is read at once.
    """
    _check(instances, everything=everything)
    run(_set(Output(json=json), config, instances, paused=False))


def _check(names: list[str] | None, *, everything: bool) -> None:
    if bool(names) == everything:
        raise typer.BadParameter("Name one or more instances, or give --all.")


async def _set(out: Output, config: Any, names: list[str] | None, *, paused: bool) -> None:
    async with session(config, out, made=True) as one:
        known = sorted(await one.store.read(streams.instances))
        if unknown := sorted(set(names or ()) - set(known)):
            raise typer.BadParameter(
                f"No instance is called {', '.join(unknown)}; there are: {', '.join(known)}."
            )
        chosen = names or known
        await permit(one, instances=chosen)
        changed = await one.store.write(
            reconcile.pause, chosen, paused=paused, actor=actor(), now=now()
        )
    out.document({"paused": paused, "changed": changed, "instances": chosen})
    word = "paused" if paused else "resumed"
    for name in chosen:
        out.say(f"{name}: {word if name in changed else f'was {word} already'}")
    if paused:
        out.next(f"`hub resume {' '.join(chosen)}` when it may go on.")
    else:
        out.next("`hub sync` reads now; a running hub goes on by itself.")
