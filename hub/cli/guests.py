"""`hub people add`, `extend`, `end` and `guests`: external staff, and who vouches for them."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from hub.cli.looking import MOST
from hub.cli.options import ConfigOption, JsonOption, TimeoutOption, examples
from hub.cli.output import Output
from hub.cli.permit import permit
from hub.cli.session import TIMEOUT, Session, actor, now, run, session
from hub.errors import BadConfigError
from hub.people import guests, policy
from hub.people.guests import Guest, Wanted
from hub.settings import Settings
from hub.settings.administrators import Role
from hub.store import ledger, persons, trail
from hub.store.store import Tx

Who = Annotated[
    str,
    typer.Argument(
        metavar="PERSON",
        help="A number or its beginning, INSTANCE/KEY, or words of the name.",
    ),
]
Instance = Annotated[
    str | None, typer.Option(help="Which instance takes it; needed when several can.")
]
Preview = Annotated[bool, typer.Option("--preview", help="Only show what would happen.")]
DAY = "the last day with access, such as 2027-03-31"

ADD = "hub people add --given Kim --family Bos --sponsor noor --until 2027-03-31"
EXTEND = "hub people extend kim --until 2027-06-30"


def add_to(group: typer.Typer) -> None:
    """Add the commands to `hub people`."""
    group.command("add", epilog=examples(ADD))(add)
    group.command("extend", epilog=examples(EXTEND, f"{EXTEND} --preview"))(extend)
    ends = ("hub people end kim", "hub people end kim --on 2026-12-31 --preview")
    group.command("end", epilog=examples(*ends))(end)
    lists = ("hub people guests", "hub people guests --without-sponsor --json")
    group.command("guests", epilog=examples(*lists))(guests_)


def add(
    *,
    given: Annotated[str, typer.Option(metavar="NAME", help="What the guest is called.")],
    family: Annotated[str, typer.Option(metavar="NAME", help="Family name, without the infix.")],
    infix: Annotated[str | None, typer.Option(metavar="WORDS", help="Such as `van den`.")] = None,
    mail: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Private address, for an invitation; never shown."),
    ] = None,
    employer: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whom the guest works for.")
    ] = None,
    title: Annotated[
        str | None, typer.Option(metavar="WORDS", help="What the guest does here.")
    ] = None,
    user_name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What the guest logs in with.")
    ] = None,
    sponsor: Annotated[
        str, typer.Option(metavar="PERSON", help="Who vouches: somebody who works here now.")
    ],
    begin: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First day; default: now.")
    ] = None,
    until: Annotated[str, typer.Option(metavar="DATE", help=f"{DAY.capitalize()}.")],
    instance: Instance = None,
    preview: Preview = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    timeout: TimeoutOption = TIMEOUT,
) -> None:
    """Add a guest: somebody whom nobody else knows, for whom a colleague vouches.

    The end may lie 12 months ahead at most (`people.sponsors.max_months`).
    """
    fields = {
        "given_name": given,
        "infix": infix,
        "family_name": family,
        "contact_mail": mail,
        "employer": employer,
        "title": title,
        "user_name": user_name,
    }

    def wanted(tx: Tx, zone: str) -> Wanted:
        days = {"ends": guests.after_day(_day(until), zone)}
        if begin:
            days["starts"] = datetime.combine(_day(begin), time(), ZoneInfo(zone)).astimezone(UTC)
        return guests.adding(tx, fields | days, sponsor, now())

    run(_change(Output(json=json), config, wanted, instance, timeout, preview=preview))


def extend(
    who: Who,
    *,
    until: Annotated[str, typer.Option(metavar="DATE", help=f"{DAY.capitalize()}.")],
    sponsor: Annotated[
        str | None, typer.Option(metavar="PERSON", help="Who vouches from now on.")
    ] = None,
    preview: Preview = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    timeout: TimeoutOption = TIMEOUT,
) -> None:
    """Give a guest another end, or another sponsor.

    Also after the end, until grace is over: everything is back.
    """

    def wanted(tx: Tx, zone: str) -> Wanted:
        day = guests.after_day(_day(until), zone)
        return guests.extending(tx, who, day, now(), sponsor=sponsor)

    run(_change(Output(json=json), config, wanted, None, timeout, preview=preview))


def end(
    who: Who,
    *,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help=f"{DAY.capitalize()}; default: now.")
    ] = None,
    preview: Preview = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    timeout: TimeoutOption = TIMEOUT,
) -> None:
    """End a guest, now or after a day. Until grace is over `hub people extend` undoes it."""

    def wanted(tx: Tx, zone: str) -> Wanted:
        moment = guests.after_day(_day(on), zone) if on else now()
        return guests.ending(tx, who, moment, now())

    run(_change(Output(json=json), config, wanted, None, timeout, preview=preview))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no day: write it as 2027-03-31.") from None


async def _change(
    out: Output,
    config: Any,
    work: Callable[[Tx, str], Wanted],
    instance: str | None,
    timeout: float,
    *,
    preview: bool,
) -> None:
    async with session(config, out, made=True) as one:
        await permit(one, Role.VIEWER)
        able = receivers(one.settings)
        wanted = await one.store.read(work, one.zone)
        name = wanted.guest.instance if wanted.guest else _receiver(able, instance)
        await permit(one, Role.VIEWER if preview else Role.OPERATOR, instances=[name])
        if not preview:
            data = {"stream": guests.STREAM, "data": wanted.order, "actor": actor()}
            await one.ask("receive", {"instance": name} | data, timeout)
        found = await one.store.read(_found, wanted, name)
        found |= {"mode": _mode(one.settings, name), "preview": preview}
    out.document(found)
    _say(one, wanted, found)


def _mode(settings: Settings, name: str) -> str | None:
    return next((str(i.settings.mode) for i in settings.instances if i.id == name), None)


def receivers(settings: Settings) -> list[str]:
    """The instances that take guests.

    Raises:
        BadConfigError: there is none.
    """
    able = sorted(i.id for i in settings.instances if i.settings.connector == guests.CONNECTOR)
    if not able:
        raise BadConfigError(
            "No instance takes guests: write a file `externen.yaml` with `connector: guests` and "
            "`mode: live` beside the other instances."
        )
    return able


def _receiver(able: list[str], name: str | None) -> str:
    if name is not None and name not in able:
        raise typer.BadParameter(f"{name} takes no guests; these do: {', '.join(able)}.")
    if name is None and len(able) > 1:
        raise typer.BadParameter(f"Several instances can take it: say --instance {'|'.join(able)}.")
    return name or able[0]


def _found(tx: Tx, wanted: Wanted, instance: str) -> dict[str, Any]:
    """What was done, or would be, as JSON values."""
    order, before = wanted.order, wanted.guest
    row = persons.named(tx, instance, order["id"])
    person = persons.by_ids(tx, [row.person]).get(row.person) if row and row.person else None
    sponsor = persons.by_ids(tx, [wanted.sponsor]).get(wanted.sponsor)
    said = {name: order[name] for name in ("given_name", "infix", "family_name") if name in order}
    return {
        "action": order["action"],
        "account": f"{instance}/{order['id']}" if row else None,
        "person": person.id if person else None,
        "name": before.name if before else " ".join(said.values()),
        "state": person.state if person else None,
        "before": before.ends.isoformat() if before else None,
        "ends": wanted.ends.isoformat(),
        "sponsor": {"id": wanted.sponsor, "name": sponsor.name if sponsor else None},
        "others_in_force": _others(tx, before) if before else 0,
        "grace_days": policy.current(tx).grace.days,
    }


def _others(tx: Tx, guest: Guest) -> int:
    """How many other accounts this person has that are there."""
    mine = (guest.instance, guest.key)
    rows = persons.of_persons(tx, [guest.person])
    return sum((row.instance, row.key) != mine and row.removed_at is None for row in rows)


def _say(one: Session, wanted: Wanted, found: Mapping[str, Any]) -> None:
    out, name = one.out, found["name"]
    would = "would last" if found["preview"] else "lasts"
    last = guests.last_day(wanted.ends, one.zone)
    over = wanted.ends <= now()
    if over:
        out.say(f"{name} {'would end' if found['preview'] else 'ended'} now.")
    else:
        vouches = found["sponsor"]["name"] or found["sponsor"]["id"][:8]
        out.say(f"{name} {would} until {last} inclusive; {vouches} vouches.")
    if wanted.order["action"] == "end":
        out.say(f"  suspended {'at once' if over else 'after that day'}, and everything is kept;")
        out.say(f"  {found['grace_days']} days later deactivated. Until then extending undoes it.")
    if found["others_in_force"]:
        out.say(
            f"  Other accounts of this person: {found['others_in_force']}; they stay as they are."
        )
    if found["mode"] not in ledger.SENDING:
        out.warn(f"its instance is in mode {found['mode']}: nothing is sent to a target.")
    out.next(_next(found))


def _next(found: Mapping[str, Any]) -> str:
    person = (found["person"] or "")[:8]
    if found["preview"]:
        return "the same without --preview does it."
    if not person:
        return "`hub people review list`: somebody like this is known already."
    if found["action"] == "end":
        return f"`hub people extend {person} --until DATE` undoes it."
    return f"`hub people show {person}`; `hub people guests` lists them all."


# --- the list ----------------------------------------------------------------------------------


def guests_(
    *,
    without_sponsor: Annotated[
        bool, typer.Option("--without-sponsor", help="Only those for whom nobody answers.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List guests, who answers for each, and until when. That you looked is recorded."""
    run(_guests(Output(json=json), config, only_alone=without_sponsor))


async def _guests(out: Output, config: Any, *, only_alone: bool) -> None:
    async with session(config, out, made=True) as one:
        await permit(one, Role.VIEWER)
        rows = await one.store.write(_listed, one.zone, only_alone=only_alone)
    out.document(rows)
    columns = ("person", "name", "employer", "state", "last day", "sponsor")
    out.table(columns, [_cells(row) for row in rows])
    if not rows:
        out.say("None.")
    alone = [row for row in rows if row["sponsor"] is None]
    if alone:
        person = alone[0]["person"][:8]
        last = f"--until {alone[0]['last_day']} --sponsor PERSON"
        out.next(f"`hub people extend {person} {last}` names another sponsor.")
    else:
        out.next("`hub people extend PERSON --until DATE` or `hub people end PERSON`.")


def _listed(tx: Tx, zone: str, *, only_alone: bool) -> list[dict[str, Any]]:
    found = guests.without_sponsor(tx) if only_alone else guests.everyone(tx)
    known = persons.by_ids(tx, {one for row in found for one in (row.sponsor, row.named) if one})
    rows = [_row(one, known, zone) for one in sorted(found, key=lambda one: (one.ends, one.name))]
    ids = [row["person"] for row in rows]
    what = {"persons": ids[:MOST], "number": len(ids)}
    if ids:
        trail.note(tx, actor=actor(), action="people guests", what=what, now=now())
    return rows


def _row(one: Guest, known: Mapping[str, Any], zone: str) -> dict[str, Any]:
    names = {ident: row.name for ident, row in known.items()}
    return {
        "person": one.person,
        "account": f"{one.instance}/{one.key}",
        "name": one.name,
        "employer": one.body.get("employer"),
        "state": one.state,
        "ends": one.ends.isoformat(),
        "last_day": guests.last_day(one.ends, zone).isoformat(),
        "sponsor": {"id": one.sponsor, "name": names.get(one.sponsor)} if one.sponsor else None,
        "instead_of": {"id": one.named, "name": names.get(one.named)} if one.inherited else None,
    }


def _cells(row: Mapping[str, Any]) -> list[Any]:
    sponsor = row["sponsor"]
    said = (sponsor["name"] or sponsor["id"][:8]) if sponsor else "nobody"
    if row["instead_of"]:
        said += f" (for {row['instead_of']['name'] or row['instead_of']['id'][:8]})"
    names = ("name", "employer", "state", "last_day")
    return [row["person"][:8], *(row[name] for name in names), said]
