"""The tree of commands. Only the command that was typed is imported, so that help is quick."""

import importlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from hub.cli.options import ADMINISTRATOR


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: its name, the module that has it, what it does."""

    name: str
    module: str
    summary: str


ENTRIES = (
    Entry("init", "setup", "Write a first configuration; nothing is overwritten."),
    Entry("check", "check", "Check files, sources and targets, and say what to do."),
    Entry("connectors", "connectors", "List connectors, targets and sandboxes."),
    Entry("schema", "setup", "Print or write the JSON Schemas of the YAML files."),
    Entry("plan", "plan", "Show what would change on the intranet; change nothing."),
    Entry("status", "status", "Show how everything stands."),
    Entry("explain", "explain", "Lead an object back to its cause, run and route."),
    Entry("run", "run", "Read, deliver and serve tiles until stopped."),
    Entry("sync", "sync", "Read and deliver once, now."),
    Entry("disturbance", "disturbance", "Post, change or end a disturbance by hand."),
    Entry("pause", "pause", "Stop reading and sending for some instances or all."),
    Entry("resume", "pause", "End a pause, or a quarantine."),
    Entry("hold", "hold", "See, release or drop changes that wait for a person."),
    Entry("people", "people", "See persons and their accounts; decide who is one."),
    Entry("notices", "notices", "See what people were told, and what may not have arrived."),
    Entry("dead-letters", "dead_letters", "See, send again or drop what could not be used."),
    Entry("events", "events", "Show the newest accepted facts."),
    Entry("audit", "audit", "See who did what; verify, export or erase it."),
    Entry("drift", "drift", "Compare what stands on the intranet with what was sent."),
    Entry("repair", "repair", "Send again what drifted, and nothing else."),
    Entry("withdraw", "withdraw", "Take away what the hub made, and nothing else."),
    Entry("new-connector", "scaffold", "Begin a package for a connector of your own."),
    Entry("new-target", "scaffold", "Begin a package for a target of your own."),
    Entry("sandbox", "sandbox", "Start a practice server."),
    Entry("demo", "demo", "Play one morning: people and disturbances, to the intranet."),
)


def build(words: Sequence[str]) -> Callable[..., Any]:
    """The command line, complete for the command that these words name."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,  # plain help starts three times as fast, and fits in 80 columns
        pretty_exceptions_enable=False,
        help="Brings what people need from your systems to the intranet, once and quietly.",
        epilog="Begin with `hub demo`, or with `hub init` and then `hub check`.",
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback()(_root)
    rest = words[2:] if words[:1] == ["--as"] else words
    wanted = next((word for word in rest if not word.startswith("-")), None)
    for entry in ENTRIES:
        _add(app, entry, complete=entry.name == wanted)
    return typer.main.get_command(app)


def _root(
    context: typer.Context,
    *,
    name: Annotated[
        str | None,
        typer.Option(
            "--as",
            envvar=ADMINISTRATOR,
            metavar="NAME",
            help="Who decides, where that is not the account on this machine.",
            show_default=False,
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001  its callback does it
        bool,
        typer.Option(
            "--version",
            is_eager=True,
            callback=lambda asked: _version(asked=asked),
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    """Nothing by itself: every command does one thing."""
    _decide_as(context, name or "")


def _decide_as(context: typer.Context, name: str) -> None:
    """Until the command ends; what it starts does so in the same name."""
    before = os.environ.get(ADMINISTRATOR, "")
    if name != before:
        os.environ[ADMINISTRATOR] = name
        context.call_on_close(lambda: os.environ.update({ADMINISTRATOR: before}))


def _version(*, asked: bool) -> None:
    if asked:
        metadata = importlib.import_module("importlib.metadata")
        typer.echo(f"hub {metadata.version('intranet-hub')}")
        raise typer.Exit


def _add(app: typer.Typer, entry: Entry, *, complete: bool) -> None:
    """The command itself, or only its line in the help."""
    if not complete:
        app.command(entry.name, help=entry.summary)(_only_listed)
        return
    module = importlib.import_module(f"hub.cli.{entry.module}")
    module.add(app, entry.name)


def _only_listed() -> None:
    """Stands for a command that was not typed."""
