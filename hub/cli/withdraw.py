"""`hub withdraw`: take away what the hub made, and nothing else; and bring it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from hub.cli.options import ConfigOption, JsonOption, TimeoutOption, examples
from hub.cli.output import Output, title_of
from hub.cli.permit import permit
from hub.cli.session import TIMEOUT, Session, actor, now, run, session
from hub.engine import reconcile
from hub.store import ledger, objects, streams
from hub.store.store import Tx

EXAMPLES = examples(
    "hub withdraw telefonie            shows what would go",
    "hub withdraw telefonie --yes      takes it away",
    "hub withdraw --instance servicedesk --yes",
    "hub withdraw --all --target intranet --yes",
    "hub withdraw telefonie --undo --yes",
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which objects, in the administrator's words."""

    text: str | None
    instance: str | None
    target: str | None
    everything: bool


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    app.command(name, epilog=EXAMPLES)(withdraw)


def withdraw(
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="A key, or its first words.")
    ] = None,
    *,
    instance: Annotated[str | None, typer.Option(help="All objects of one instance.")] = None,
    target: Annotated[str | None, typer.Option(help="Only on this target.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every object.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Bring back what was withdrawn.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without this it is only shown.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    timeout: TimeoutOption = TIMEOUT,
) -> None:
    """Take away what the hub made, and nothing else.

    Without --yes it only shows what would go. What was withdrawn stays away until --undo.
    """
    choice = Choice(text, instance, target, everything)
    if sum((text is not None, instance is not None, everything)) != 1:
        raise typer.BadParameter("Name one thing: a text, --instance X or --all.")
    if undo and target is not None:
        raise typer.BadParameter("--undo brings back on every target: leave --target out.")
    out = Output(json=json)
    run(_withdraw(out, config, choice, undo=undo, yes=yes, timeout=timeout))


async def _withdraw(
    out: Output, config: Any, choice: Choice, *, undo: bool, yes: bool, timeout: float
) -> None:
    async with session(config, out, made=True) as one:
        rows = await one.store.read(_withdrawn if undo else _to_withdraw, choice)
        _list(one, rows)
        result: dict[str, Any] = {"objects": [_shown(row) for row in rows], "done": yes}
        if yes and (rows or not choice.text):
            about = _about(choice, rows)
            await permit(one, instances=about[0], targets=about[1])
            await one.store.write(_undo if undo else _take_away, choice, rows)
            result |= await one.ask("deliver", {}, timeout)
    out.document(result)
    out.next(_next(rows, undo=undo, yes=yes))


def _about(choice: Choice, rows: Sequence[Any]) -> tuple[set[str], set[str]]:
    """The instances or the target whose objects go or come back; neither: everything."""
    if choice.everything:
        return set(), set() if choice.target is None else {choice.target}
    return {choice.instance} if choice.instance else {row.instance for row in rows}, set()


def _to_withdraw(tx: Tx, choice: Choice) -> list[Any]:
    _check_names(tx, choice)
    return reconcile.to_withdraw(
        tx, instance=choice.instance, target=choice.target, text=choice.text
    )


def _withdrawn(tx: Tx, choice: Choice) -> list[Any]:
    _check_names(tx, choice)
    rows = objects.named(tx, choice.text) if choice.text else objects.all_rows(tx)
    return [row for row in rows if row.withdrawn and choice.instance in (None, row.instance)]


def _check_names(tx: Tx, choice: Choice) -> None:
    for what, name, known in (
        ("instance", choice.instance, streams.instances(tx)),
        ("target", choice.target, ledger.targets(tx)),
    ):
        if name is not None and name not in known:
            raise typer.BadParameter(f"No {what} is called {name}; there are: {', '.join(known)}.")


def _whole(tx: Tx, choice: Choice) -> list[str]:
    """Instances that are meant as a whole: what they find later stays away too."""
    if choice.everything and choice.target is None:
        return sorted(streams.instances(tx))
    return [choice.instance] if choice.instance and choice.target is None else []


def _take_away(tx: Tx, choice: Choice, rows: Sequence[Any]) -> None:
    whole, moment = _whole(tx, choice), now()
    for name in whole:
        mine = [row for row in rows if row.instance == name]
        reconcile.withdraw(tx, mine, instance=name, actor=actor(), now=moment)
    if not whole:
        reconcile.withdraw(tx, rows, instance=None, actor=actor(), now=moment)


def _undo(tx: Tx, choice: Choice, _rows: Sequence[Any]) -> None:
    names: list[str | None] = [*_whole(tx, choice)]
    for name in names or [None]:
        reconcile.undo_withdrawal(tx, instance=name, text=choice.text, actor=actor(), now=now())


def _list(one: Session, rows: Sequence[Any]) -> None:
    for row in rows:
        there = "published" if _is_there(row) else "not published"
        title = title_of(row.body, one.language) or row.kind
        one.out.say(f"{title} ({row.kind} on {row.target}, {there})")
        one.out.say(f"    {row.key}")
    if not rows:
        one.out.say("Nothing matches.")


def _is_there(row: Any) -> bool:
    return bool(row.done_state == "present")


def _shown(row: Any) -> dict[str, Any]:
    return {
        "target": row.target,
        "instance": row.instance,
        "kind": row.kind,
        "key": row.key,
        "published": _is_there(row),
    }


def _next(rows: Sequence[Any], *, undo: bool, yes: bool) -> str:
    if not rows:
        return "`hub explain TEXT` finds a row by words of its title, and shows its key."
    if not yes:
        return "the same command with --yes does it; nothing was changed now."
    if undo:
        return "`hub status`; what should be there comes back with the next reading."
    return "`hub status`; the same command with --undo brings it back."
