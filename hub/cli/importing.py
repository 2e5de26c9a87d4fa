"""`hub people import`: a file of people is looked at, and stored when somebody says so."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.options import ConfigOption, JsonOption, TimeoutOption, examples
from hub.cli.output import Output, shown
from hub.cli.permit import permit
from hub.cli.session import TIMEOUT, actor, log_of, now, run, session, settings_of, veiled
from hub.engine import uploads
from hub.engine.assemble import assemble
from hub.events.base import Language
from hub.settings import Settings
from hub.store.store import Store

EXAMPLES = examples(
    "hub people import people.csv --preview",
    "hub people import people.csv --preview --html preview.html",
    "hub people import people.csv --yes",
    "hub people import people.csv --instance shops --yes",
)
Given = Annotated[
    Path,
    typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, help="The list."),
]
Instance = Annotated[
    str | None, typer.Option(help="Whose list it is; needed when it can be of several.")
]
Preview = Annotated[
    bool, typer.Option("--preview", help="Only show what it would do; that is also the default.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Store it; without this it is only shown.")]
Html = Annotated[
    Path | None,
    typer.Option(
        "--html", metavar="FILE", help="Write what it would do as one page.", show_default=False
    ),
]
PageLanguage = Annotated[
    Language | None,
    typer.Option(
        "--language", help="The page's language; hub.yaml's unless named.", show_default=False
    ),
]


@dataclass(frozen=True, slots=True)
class Bringing:
    """A file that somebody brings, and for which instance; None: the only one that it can be."""

    path: Path
    data: bytes
    instance: str | None


def import_(
    file: Given,
    *,
    preview: Preview = False,
    yes: Yes = False,
    instance: Instance = None,
    html: Html = None,
    language: PageLanguage = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    timeout: TimeoutOption = TIMEOUT,
) -> None:
    """Show what a list of people would do; with --yes store it.

    The file is the whole list of an instance with `by: upload`. Whoever is missing from it is only
    missing: a second, different file must agree before anybody counts as gone. What a file for a
    folder would do is shown too.
    """
    if yes and (preview or html):
        raise typer.BadParameter("--yes stores it, and --preview and --html only show it.")
    out = Output(json=json)
    given = Bringing(file, file.read_bytes(), instance)
    if yes:
        run(_store(out, config, given, timeout))
    else:
        from hub.cli.import_preview import preview as show  # noqa: PLC0415  pages take long to import

        run(show(out, config, given, html, language))


async def _store(out: Output, config: Any, given: Bringing, timeout: float) -> None:
    name, stream = await _whose(settings_of(config), given)
    async with session(config, out) as one:
        await permit(one, instances=[name])
        packed = base64.b64encode(given.data).decode()
        body = {"instance": name, "stream": stream, "file": packed, "actor": actor()}
        result = await one.ask("import", body, timeout)
    out.document({"instance": name} | result)
    if result["outcome"] == "previewed":
        out.warn(f"{name}: nothing is stored, because its settings changed since the last file.")
    elif result["outcome"] == "same":
        out.say(f"{name}: this is the file that was taken last. Nothing changed.")
    else:
        out.say(f"{name}: stored ({shown(result['counts']) or 'nobody in it'}).")
    for target, counts in result["delivered"].items():
        out.say(f"  delivered to {target}: {shown(counts) or 'nothing to do'}")
    if result["outcome"] == "previewed":
        out.next("`hub hold list`; once it is released, the same command within a day stores it.")
    elif result["hold"]:
        out.next(f"`hub hold show {result['hold']}`, then release or drop it.")
    else:
        out.next("`hub people list` shows everybody; `hub people review list` what is doubtful.")


async def _whose(settings: Settings, given: Bringing) -> tuple[str, str]:
    """The instance and stream of the file, which can be used; no store is opened or made.

    Raises:
        RejectedError, BadConfigError: it can't be used; nothing is stored.
    """
    with veiled(settings):
        runner = await assemble(settings, Store(settings.store), now=now, log=log_of(settings))
        try:
            name, stream = uploads.taker(runner.sources, given.instance, store=True)
            await uploads.understand(runner.sources[name], stream, given.data)
        finally:
            await runner.close()
    return name, stream
