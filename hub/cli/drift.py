"""`hub drift`: what stands on the intranet beside what was sent; nothing is changed."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from hub.cli import exits
from hub.cli.options import ConfigOption, JsonOption, examples
from hub.cli.output import Output, title_of
from hub.cli.session import Session, now, run, session
from hub.engine.assemble import assemble
from hub.engine.drift import Drifted, Look, Looked
from hub.store import objects
from hub.store.store import Tx

EXAMPLES = examples("hub drift", "hub drift --target intranet", "hub drift --json | jq .targets")
WORDS = {
    "missing": "is not there",
    "changed": "was changed there",
    "moved": "stands as it was sent, under another version",
    "left": "was taken away, and still stands there",
}
NEITHER = "Nothing is sent to another system: the hub's own pages read the store."


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    app.command(name, epilog=EXAMPLES)(drift)


def drift(
    *,
    target: Annotated[str | None, typer.Option(help="Only this target.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Compare what stands on the intranet with what was sent.

    Nothing is changed. Exit code 1 when something differs.
    """
    code = run(_drift(Output(json=json), config, target))
    if code:
        raise typer.Exit(code)


async def _drift(out: Output, config: Any, target: str | None) -> int:
    async with session(config, out, made=True) as one:
        found = await look(one, target)
    drifted = sum(len(each.drifted) for each in found)
    out.document({"drifted": drifted, "targets": [each.shown() for each in found]})
    for each in found:
        tell(one, each)
    if not found:
        out.say(NEITHER)
    out.next(_next(found))
    return exits.FAILED if drifted else code_of(found)


def code_of(found: Sequence[Looked]) -> int:
    """0 when every target was asked; else by what went wrong first."""
    errors = [each.error for each in found if each.error is not None]
    return exits.code_of(errors[0]) if errors else exits.OK


async def look(one: Session, target: str | None = None) -> list[Looked]:
    """Ask every target that keeps something, or this one.

    Raises:
        typer.BadParameter: no target has this name.
    """
    runner = await assemble(one.settings, one.store, now=now, log=one.log)
    try:
        if target is not None and target not in runner.targets:
            known = ", ".join(runner.targets)
            raise typer.BadParameter(f"No target is called {target}; there are: {known}.")
        sizes = await one.store.read(_sizes)
        remote = {
            name: made
            for name, made in runner.targets.items()
            if made.remote and target in (None, name)
        }
        return [await _look(one, name, made, sizes.get(name, 0)) for name, made in remote.items()]
    finally:
        await runner.close()


def _sizes(tx: Tx) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for row in objects.counts(tx):
        sizes[row.target] = sizes.get(row.target, 0) + row.number
    return sizes


async def _look(one: Session, name: str, target: Any, size: int) -> Looked:
    with one.out.progress(f"asking {name}", size) as steps:
        return await Look(name, target, one.store, steps.end).look()


def tell(one: Session, looked: Looked) -> None:
    """One target's part, for people."""
    out = one.out
    out.heading(f"{looked.target}: {_counts(looked)}")
    if looked.error is not None:
        out.finding("failed", f"it was not asked to the end: {looked.error}")
    for note in looked.notes:
        out.finding("warning", note)
    for each in looked.drifted:
        tell_one(one, each)


def tell_one(one: Session, each: Drifted) -> None:
    """One object that differs."""
    row = each.row
    title = title_of(row.done_body or row.body, one.language) or row.kind
    fields = f": {', '.join(each.fields)}" if each.fields else ""
    one.out.say(f'  {each.what:<8} {row.kind} "{title}" {WORDS[each.what]}{fields}')
    one.out.say(f"           {row.key}" + (f", not now: {each.blocked}" if each.blocked else ""))


def _counts(looked: Looked) -> str:
    numbers: Mapping[str, int] = {
        "compared": looked.compared,
        "drifted": len(looked.drifted),
        "not ours": looked.not_ours,
    }
    parts = [f"{number} {name}" for name, number in numbers.items()]
    return ", ".join([*parts, f"{looked.waiting} still being sent"] if looked.waiting else parts)


def _next(found: Sequence[Looked]) -> str:
    if any(each.drifted for each in found):
        return "`hub repair --all` shows what would be sent again; nothing was changed now."
    if any(each.error for each in found):
        return "`hub check` says what to do about what could not be asked."
    return "nothing to do."
