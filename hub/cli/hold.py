"""`hub hold`: changes that wait for a person are looked at, released or dropped."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from hub.cli.looking import looked, removed
from hub.cli.options import ConfigOption, JsonOption, TimeoutOption, examples
from hub.cli.output import Output, local, shown, title_of
from hub.cli.permit import permit
from hub.cli.plan import show_holds
from hub.cli.session import TIMEOUT, Session, actor, now, run, session
from hub.engine import approving, crowds, deciding, reconcile
from hub.events.base import PERSONAL, Family
from hub.render import people_words
from hub.render.naming import with_key
from hub.render.people_words import WHY
from hub.settings.administrators import Role, allowed
from hub.store import holds, persons, subjects
from hub.store.store import Tx

Hash = Annotated[str, typer.Argument(metavar="HASH", help="As `hub hold list` shows it; a prefix.")]
ACTIONS = {
    "removal": "these would be taken away",
    "configuration": "the changed configuration would take away or alter these",
    "people": "these people would lose their account, or could not use it any more",
    "groups": "these people would leave a group",
    "attributes": "many people would get another value of the same field at once",
    "preview": "people are read otherwise now, and this is what that would change",
    "address": "the target's address changed; its ledger begins empty there",
}


def add(app: typer.Typer, name: str) -> None:
    """Add the group."""
    group = typer.Typer(
        no_args_is_help=True,
        help="See, release or drop changes that wait for a person.",
        epilog=examples("hub hold list", "hub hold show 4f2a", "hub hold release 4f2a"),
    )
    group.command("list", epilog=examples("hub hold list --json"))(list_)
    group.command("show", epilog=examples("hub hold show 4f2a"))(show)
    group.command("release", epilog=examples("hub hold release 4f2a91c07b3d"))(release)
    group.command("drop", epilog=examples("hub hold drop 4f2a91c07b3d"))(drop)
    app.add_typer(group, name=name)


def list_(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List what waits."""
    run(_list(Output(json=json), config))


async def _list(out: Output, config: Any) -> None:
    async with session(config, out, made=True) as one:
        rows = [reconcile.shown_hold(row) for row in await one.store.read(holds.all_open)]
        await looked(one.store, "hold", removed(rows) if out.json else ())
        out.document(rows)
        show_holds(out, rows, one.zone)
    if rows:
        out.next(f"`hub hold show {rows[0]['hash']}` lists what is in it.")
    else:
        out.say("Nothing waits.")
        out.next("nothing to do.")


def show(hold: Hash, *, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show what is in one hold, line by line."""
    run(_show(Output(json=json), config, hold))


async def _show(out: Output, config: Any, prefix: str) -> None:
    async with session(config, out, made=True) as one:
        row, titles = await one.store.read(_with_titles, prefix, one.language)
        approved = await one.store.read(approving.given, row, now())
        found = reconcile.shown_hold(row) | {"approved": sorted(approved)}
        known, about = one.settings.hub.administrators, await one.store.read(deciding.of_hold, row)
        found["may"] = allowed(known, Role.OPERATOR, **about)
        found["together"] = await one.store.read(crowds.said, row, now())
        await looked(one.store, "hold", removed([found]), hold=row.hash)
        out.document(found)
        out.say(f"{found['instance']}: {ACTIONS.get(found['action'], found['action'])}.")
        out.say(f"Since {local(found['opened_at'], one.zone)}.")
        if known:
            out.say(f"These may decide: {', '.join(found['may']) or 'nobody in the list'}.")
        for name, at in approved.items():
            until = local(at + approving.VALID, one.zone)
            out.say(f"Approved by {name}; that counts until {until}, for exactly this content.")
        for asked in found["together"]:
            out.say(people_words.together(asked, one.settings.hub.language), "bold")
        for text in (*_together(found["content"]), *_lines(one, found, titles)):
            out.say(f"  {text}")
    out.next(_next(found))


def _together(content: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What people leave for, where many do for the same; which fields change, and how many are new."""
    people = [one for one in content if one.get("family") in PERSONAL]
    told = Counter((one["family"], one["reason"]) for one in people if "reason" in one)
    told.update((one["family"], f"{name} changes") for one in people for name in _fields(one))
    told.update((one["family"], "new") for one in people if one.get("change") == "new")
    told.update(("person", f"{name} changes") for one in content for name in _of_person(one))
    for (family, reason), number in told.most_common():
        if number > 1:
            yield f"{number} x {family}: {reason}"


def _fields(line: Mapping[str, Any]) -> Sequence[str]:
    found: Sequence[str] = line.get("fields", ()) if line.get("change") == "changed" else ()
    return found


def _of_person(line: Mapping[str, Any]) -> Sequence[str]:
    found: Sequence[str] = line.get("fields", ()) if "person" in line else ()
    return found


def _lines(
    one: Session, found: Mapping[str, Any], titles: Mapping[int | str, str]
) -> Iterator[str]:
    """One by one; a membership has no name of its own, and is only counted."""
    for line in found["content"]:
        if line.get("family") != Family.MEMBERSHIP:
            yield _line(one, found["instance"], line, titles)


def _with_titles(tx: Tx, prefix: str, language: str) -> tuple[Any, dict[int | str, str]]:
    row = reconcile.held(tx, prefix)
    ids = [line["subject"] for line in row.content if "subject" in line]
    rows = subjects.by_ids(tx, ids)
    people = persons.by_ids(tx, [line["person"] for line in row.content if line.get("person")])
    named: dict[int | str, str] = {name: one.name for name, one in people.items() if one.name}
    return row, named | {one.id: title_of(one.state, language) or one.key for one in rows}


def _line(
    one: Session, instance: str, line: Mapping[str, Any], titles: Mapping[int | str, str]
) -> str:
    if "group" in line:
        return _leaving(one, line, titles)
    if "person" in line:
        name = _whom(line, titles)
        if "fields" in line:
            return f"~ {name}: {', '.join(line['fields'])}"
        return f"- {name}, {line['state']}"
    if "subject" not in line and "change" not in line:
        return f"{line['from']} -> {line['to']}"
    title = titles.get(line.get("subject", 0), "")
    return _of_object(one, line, title) if "to" in line else _of_account(instance, line, title)


def _whom(line: Mapping[str, Any], titles: Mapping[int | str, str]) -> str:
    """A person by name, with the beginning of the number."""
    return with_key(line["person"], titles.get(line["person"], "somebody who was forgotten"))


def _of_account(instance: str, line: Mapping[str, Any], title: str) -> str:
    """An account that goes, changes or is new."""
    sign = {"changed": "~", "new": "+"}.get(line.get("change", ""), "-")
    fields = ", ".join(line.get("fields", ()))
    key = str(line.get("key", ""))
    name = with_key(f"{instance}/{key}", title if title != key else "")
    words = ", ".join(one for one in (name, line.get("reason")) if one)
    return f"{sign} {words}" + (f": {fields}" if fields else "")


def _of_object(one: Session, line: Mapping[str, Any], title: str) -> str:
    """A published object that a changed route takes away or alters."""
    if line["to"] is None:
        return f"- {title} leaves {line['target']}"
    before, after = line["from"] or {}, line["to"]
    names = [name for name in after if before.get(name) != after[name]]
    what = "; ".join(f"{name}: {shown(before.get(name))} -> {shown(after[name])}" for name in names)
    return f"~ {title_of(after, one.language) or title} on {line['target']}: {what}"


def _leaving(one: Session, line: Mapping[str, Any], titles: Mapping[int | str, str]) -> str:
    reason = WHY[line["reason"]][one.settings.hub.language]
    if line["person"] is None:
        return f"- the group {line['name']}: {reason}"
    return f"- {_whom(line, titles)} leaves {line['name']}: {reason}"


def _next(found: Mapping[str, Any]) -> str:
    mark = found["hash"]
    if found["action"] in {"removal", "people", "groups"}:
        return f"`hub hold release {mark}` applies it, `hub hold drop {mark}` keeps everything."
    if found["action"] == "attributes":
        return (
            f"`hub hold release {mark}` applies it; to refuse it, mend the source or the mapping."
        )
    return f"`hub hold release {mark}` applies it; to refuse it, put the old YAML back."


def release(
    hold: Hash,
    *,
    config: ConfigOption = None,
    json: JsonOption = False,
    timeout: TimeoutOption = TIMEOUT,
) -> None:
    """Apply what a hold contains, as far as it is still true."""
    run(_release(Output(json=json), config, hold, timeout))


async def _release(out: Output, config: Any, prefix: str, timeout: float) -> None:
    async with session(config, out, made=True) as one:
        row = await one.store.read(reconcile.held, prefix)
        await permit(one, Role.OPERATOR, deciding.of_hold, row)
        result = await one.ask("release", {"hash": row.hash, "actor": actor()}, timeout)
    out.document({"hash": row.hash} | result)
    if missing := result["counts"].get("missing"):
        out.say(f"Approved {row.hash} of {row.instance}; nothing is changed yet.")
        out.next(f"{missing} more must run `hub hold release {row.hash}`, within 24 hours.")
        return
    out.say(f"Released {row.hash} of {row.instance}: {shown(result['counts'])}.")
    out.next("`hub status` shows how it stands now.")


def drop(hold: Hash, *, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Keep what a hold of removals would take away.

    It is not asked again unless more go missing.
    """
    run(_drop(Output(json=json), config, hold))


async def _drop(out: Output, config: Any, prefix: str) -> None:
    async with session(config, out, made=True) as one:
        row = await one.store.read(reconcile.held, prefix)
        await permit(one, Role.OPERATOR, deciding.of_hold, row)
        row = await one.store.write(reconcile.drop, row.hash, actor=actor(), now=now())
    out.document({"hash": row.hash, "kept": len(row.content)})
    out.say(f"Dropped {row.hash} of {row.instance}: {len(row.content)} kept.")
    out.next("`hub status` shows how it stands now.")
