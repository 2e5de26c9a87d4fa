"""`hub people`: one person behind many accounts is looked up, linked, merged and taken apart."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer

from hub.cli import guests, importing, invitations, invite, visits
from hub.cli.looking import MOST, STILL_READ
from hub.cli.options import ConfigOption, JsonOption, examples
from hub.cli.output import Output, local, shown
from hub.cli.permit import permit
from hub.cli.session import Session, actor, now, run, session
from hub.engine import deciding
from hub.events.person import ATTRIBUTES
from hub.people import decisions, erasing, finding
from hub.people.policy import UNDO
from hub.people.states import State
from hub.render import people_words
from hub.settings.administrators import Role
from hub.store import persons, reviews, trail

Who = Annotated[
    str,
    typer.Argument(
        metavar="PERSON",
        help="A number or its beginning, INSTANCE/KEY (of a UUID eight characters do), a work "
        "address, or words of the name.",
    ),
]
Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="INSTANCE/KEY.")]
Question = Annotated[
    int, typer.Argument(metavar="ID", help="As `hub people review list` shows it.")
]
PERSONS = {"person", "before", "merged", "from", "rejected"}  # details that are numbers of persons
Limit = Annotated[int, typer.Option(min=1, help="At most so many.")]


def add(app: typer.Typer, name: str) -> None:
    """Add the group."""
    group = typer.Typer(
        no_args_is_help=True,
        help="See persons and their accounts; decide who is one.",
        epilog=examples("hub people list", "hub people show noor", "hub people review list"),
    )
    lists = ("hub people list --name berg", "hub people list --state suspended --json")
    group.command("list", epilog=examples(*lists))(list_)
    shows = ("hub people show 0f3a91c2", "hub people show ad/5d2e --json")
    group.command("show", epilog=examples(*shows))(show)
    group.command("history", epilog=examples("hub people history 0f3a91c2"))(history)
    group.command("link", epilog=examples("hub people link ad/5d2e 0f3a91c2"))(link)
    group.command("unlink", epilog=examples("hub people unlink ad/5d2e"))(unlink)
    group.command("merge", epilog=examples("hub people merge 0f3a91c2 77b0d4e1"))(merge)
    group.command("unmerge", epilog=examples("hub people unmerge 77b0d4e1"))(unmerge)
    exports = ("hub people export 0f3a91c2 > noor.json",)
    group.command("export", epilog=examples(*exports))(export)
    forgets = ("hub people forget 0f3a91c2", "hub people forget 0f3a91c2 --yes")
    group.command("forget", epilog=examples(*forgets))(forget)
    guests.add_to(group)
    group.command("import", epilog=importing.EXAMPLES)(importing.import_)
    group.add_typer(_review(), name="review")
    invite.add(group)
    invitations.add(group)
    visits.add(group)
    app.add_typer(group, name=name)


def _review() -> typer.Typer:
    group = typer.Typer(
        no_args_is_help=True,
        help="See and answer what the hub does not decide by itself.",
        epilog=examples("hub people review list", "hub people review accept 12"),
    )
    group.command("list", epilog=examples("hub people review list --json"))(review_list)
    group.command("accept", epilog=examples("hub people review accept 12"))(review_accept)
    group.command("reject", epilog=examples("hub people review reject 12 13"))(review_reject)
    return group


async def _store(
    out: Output,
    config: Any,
    work: Callable[..., Any],
    *args: Any,
    needs: Role = Role.VIEWER,
    scrub: bool = False,
) -> Any:
    """One short transaction in the name of whoever types; what it came to, and the session.

    Args:
        needs: the role that it takes; more than looking takes it over all that `args` name.
    """
    async with session(config, out, made=True) as one:
        about = None if needs is Role.VIEWER else deciding.of_people
        await permit(one, needs, about, *args)
        made = await one.store.write(work, *args, actor=actor(), now=now())
        if scrub and not await one.store.scrub("audit_value"):
            out.warn(STILL_READ)
        return made, one


async def _looked(one: Session, action: str, ids: Sequence[str], **asked: str | None) -> None:
    """Note whose names somebody saw, by number; where there were none, nothing."""
    words = {name: text for name, text in asked.items() if text is not None}
    what = {"persons": ids[:MOST], "number": len(ids), "asked": words}
    if ids:
        await one.store.write(trail.note, actor=actor(), action=action, what=what, now=now())


# --- looking up --------------------------------------------------------------------------------


def list_(
    *,
    name: Annotated[str | None, typer.Option(metavar="WORD", help="Only with this name.")] = None,
    state: Annotated[State | None, typer.Option(help="Only in this state.")] = None,
    limit: Limit = 100,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List persons by name.

    Those that were merged or forgotten only where they are asked for. That you looked is recorded.
    """
    run(_list(Output(json=json), config, state, name, limit))


async def _list(out: Output, config: Any, state: Any, name: str | None, limit: int) -> None:
    async with session(config, out, made=True) as one:
        await permit(one, Role.VIEWER)
        rows = await one.store.read(finding.listed, state, name, limit)
        ids = [row["id"] for row in rows]
        await _looked(one, "people list", ids, name=name, state=state and str(state))
        counts = await one.store.read(persons.count_states)
        waiting = await one.store.read(reviews.count_open)
    out.document({"persons": rows, "counts": counts, "waiting": waiting})
    columns = ("person", "name", "state", "since", "accounts")
    out.table(columns, [_cells(one, row) for row in rows])
    out.say(f"Persons: {shown(counts) or 'none'}; accounts that wait: {waiting}.")
    out.next(_next(rows, waiting))


def _cells(one: Session, row: Mapping[str, Any]) -> list[Any]:
    since = local(row["since"], one.zone)
    return [row["id"][:8], row["name"], row["state"], since, row["accounts"]]


def _next(rows: Sequence[Mapping[str, Any]], waiting: int) -> str:
    if waiting:
        return "`hub people review list` shows what waits for your word."
    if rows:
        return f"`hub people show {rows[0]['id'][:8]}` shows all that is known of one."
    return "`hub status` shows whether a source of people is read."


def show(who: Who, *, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show all that is known of one person. That you looked is recorded."""
    run(_show(Output(json=json), config, who))


async def _show(out: Output, config: Any, who: str) -> None:
    found, one = await _store(out, config, finding.shown, who)
    out.document(found)
    out.say(f"{found['name'] or 'no name'} ({found['id']})", "bold")
    until = f", until {local(found['until'], one.zone)}" if found["until"] else ""
    out.say(f"  {found['state']} since {local(found['since'], one.zone)}{until}")
    for field in (name for name in ATTRIBUTES if name in found["attributes"]):
        known = found["attributes"][field]
        when = local(known["at"], one.zone)
        out.say(f"  {field:<16}{_value(known['value'])}  ({known['instance']}, {when})")
    for row in found["accounts"]:
        _show_account(one, row)
    for row in found["invitations"][:1]:
        out.say(invitations.told(one, row))
    for row in found["merged"]:
        out.say(f"Merged into this one: {row['id'][:8]} {row['name']}, {_until(one, row)}")
    for row in found["questions"]:
        out.say(f"Asked ({row['id']}): is {row['account']} of this person? {_why(one, row)}")
    out.next(f"`hub people history {found['id'][:8]}` shows what happened, and by whom.")


def _value(value: Any) -> str:
    """A value in words; of a picture what it is, and the beginning of its digest."""
    if isinstance(value, Mapping) and "sha256" in value:
        return f"{value['media_type']}, {value['size'] / 1000:.0f} kB ({value['sha256'][:8]})"
    return shown(value)


def _until(one: Session, row: Mapping[str, Any]) -> str:
    return f"can be undone until {local(row['until'], one.zone)}"


def _show_account(one: Session, row: Mapping[str, Any]) -> None:
    term = [f"from {local(row['starts'], one.zone)}"] if row["starts"] else []
    term += [f"until {local(row['ends'], one.zone)}"] if row["ends"] else []
    term += ["disabled"] if row["enabled"] is False else []
    term += [f"gone since {local(row['gone'], one.zone)}"] if row["gone"] else []
    one.out.heading(f"Account {row['account']}")
    one.out.say(f"  {row['name'] or 'nothing is known any more'}{''.join(f', {t}' for t in term)}")
    one.out.say(f"  linked {local(row['since'], one.zone)}: {_why(one, row)}")


def _why(one: Session, row: Mapping[str, Any]) -> str:
    language = one.settings.hub.language
    signs = people_words.signs(row["evidence"], language)
    return people_words.tier(row["tier"], language) + (f" ({signs})" if signs else "")


def history(who: Who, *, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show what happened to one person, and by whom. That you looked is recorded."""
    run(_history(Output(json=json), config, who))


async def _history(out: Output, config: Any, who: str) -> None:
    lines, one = await _store(out, config, finding.history, who)
    out.document(lines)
    columns = ("when", "by", "what", "details")
    rows = [
        [local(line["at"], one.zone), line["by"], line["what"], _details(one, line["details"])]
        for line in lines
    ]
    out.table(columns, rows)
    out.next(f"`hub people show {who}` shows how it stands now.")


def _details(one: Session, details: Mapping[str, Any]) -> str:
    """Changed fields as `title: Kok -> Chef`, the rest as it is, numbers of persons short."""
    changes = [
        f"{name}: {_value(old)} -> {_value(new)}" if old is not None else f"{name}: {_value(new)}"
        for name, (old, new) in details.get("fields", {}).items()
    ]
    rest = [
        f"{name} {str(value)[:8] if name in PERSONS else shown(value)}"
        for name, value in details.items()
        if name not in {"fields", "tier"} and value is not None
    ]
    if "tier" in details:
        rest.append(people_words.tier(details["tier"], one.settings.hub.language))
    return "; ".join([*rest, *changes])


# --- deciding ----------------------------------------------------------------------------------


def link(
    account: Account, who: Who, *, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Say that this account is of that person."""
    run(_decide(Output(json=json), config, decisions.link, account, who))


def unlink(account: Account, *, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Say that this account is of somebody else: it becomes a person of its own."""
    run(_decide(Output(json=json), config, decisions.unlink, account))


def merge(one: Who, other: Who, *, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Say that two persons are one. The older number stays; for 30 days it can be undone."""
    run(_decide(Output(json=json), config, decisions.merge, one, other))


def unmerge(who: Who, *, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Undo a merge: give the number of the person that was merged into another one."""
    run(_decide(Output(json=json), config, decisions.unmerge, who))


async def _decide(out: Output, config: Any, work: Callable[..., Any], *args: Any) -> None:
    made, _ = await _store(out, config, work, *args, needs=Role.OPERATOR)
    out.document(made)
    out.say(_told(made))
    out.next(f"`hub people show {made['person'][:8]}` shows how it stands now.")


def _told(made: Mapping[str, Any]) -> str:
    person = made["person"][:8]
    if "merged" in made:
        days, undo = UNDO.days, f"hub people unmerge {made['merged'][:8]}"
        return f"{made['merged'][:8]} is {person} from now on; for {days} days `{undo}` undoes it."
    if "from" in made:
        return f"{person} and {made['from'][:8]} are two persons again."
    return f"{made['account']} is of {person} from now on."


# --- on paper, and forgotten -------------------------------------------------------------------


def export(who: Who, *, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Write all that the hub holds of one person as JSON, birth date included.

    For whoever asks what is known of them. That you asked is recorded.
    """
    del json  # it is nothing else
    run(_export(Output(json=True), config, who))


async def _export(out: Output, config: Any, who: str) -> None:
    found, _ = await _store(out, config, erasing.export, who, needs=Role.OPERATOR)
    out.document(found)


def forget(
    who: Who,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without this it is only shown.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Forget one person for good: accounts, facts and attributes. Only the number stays.

    Can't be undone. Accounts that a source still has are left out from then on.
    """
    run(_forget(Output(json=json), config, who, yes=yes))


async def _forget(out: Output, config: Any, who: str, *, yes: bool) -> None:
    work = erasing.forget if yes else erasing.forgettable
    needs = Role.ADMIN if yes else Role.VIEWER
    made, one = await _store(out, config, work, who, needs=needs, scrub=yes)
    out.document(made | {"store": one.store.name})
    verb = "Forgotten" if yes else "Would be forgotten"
    out.say(f"{verb}: {made['person']} with {len(made['accounts'])} accounts.")
    for name in made["present"]:
        out.warn(f"{name} is still in its source: the hub leaves it out, erase it there too.")
    if yes:
        out.next("backups of the store still hold this person: see to them too.")
    else:
        out.next(f"`hub people forget {made['person'][:8]} --yes` does it; it can't be undone.")


def review_list(
    *, limit: Limit = 50, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """List what waits for a human, with what speaks for it and against it."""
    run(_review_list(Output(json=json), config, limit))


async def _review_list(out: Output, config: Any, limit: int) -> None:
    async with session(config, out, made=True) as one:
        await permit(one, Role.VIEWER)
        rows = await one.store.read(finding.questions, limit)
        await _looked(one, "people review", [row["person"] for row in rows])
        waiting = await one.store.read(reviews.count_open)
    out.document(rows)
    for row in rows:
        both = " (both have been persons so far)" if row["has_person"] else ""
        out.heading(f"{row['id']}  {row['account']} {row['account_name']}")
        out.say(f"    is it {row['person'][:8]} {row['person_name']}?{both}")
        out.say(f"    {_why(one, row)}")
    if not rows:
        out.say("Nothing waits.")
        out.next("nothing to do.")
        return
    out.say()
    out.say(f"Accounts that wait: {waiting}.")
    out.next(f"`hub people review accept {rows[0]['id']}`, or `reject {rows[0]['id']}`.")


def review_accept(
    question: Question, *, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Say yes: the account is of that person."""
    run(_decide(Output(json=json), config, decisions.accept, question))


def review_reject(
    questions: Annotated[
        list[int], typer.Argument(metavar="ID", help="One or more, as the list shows them.")
    ],
    *,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Say no: with nobody left to be, the account is a person of its own. Nobody asks again."""
    run(_review_reject(Output(json=json), config, questions))


async def _review_reject(out: Output, config: Any, questions: Sequence[int]) -> None:
    made, _ = await _store(out, config, decisions.reject_all, questions, needs=Role.OPERATOR)
    out.document(made)
    for row in made:
        then = f"is {row['person'][:8]} now" if row["person"] else "waits for the other answers"
        out.say(f"{row['account']} {then}.")
    out.next("`hub people review list` shows what is left.")
