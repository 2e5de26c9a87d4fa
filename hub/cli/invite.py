"""`hub people invite` and `hub people invitations`: one-time codes for who can't log in yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.inviting import Channel, address_of_hub, channel_of, invitations_of
from hub.cli.options import ConfigOption, JsonOption, examples
from hub.cli.output import Output, local
from hub.cli.session import Session, actor, need_store, now, run, session, settings_of
from hub.mail import MaybeSentError
from hub.people import codes, invited, inviting
from hub.people.inviting import Guest, Terms
from hub.store import trail

MOST = 500  # persons whose names a line of the audit trail says were seen
STATES = {"open": "good", "redeemed": "used", "replaced": "replaced", "revoked": "taken back"}


class Language(StrEnum):
    """Of the text that goes with a code."""

    NL = "nl"
    EN = "en"


Person = Annotated[
    str | None,
    typer.Argument(
        metavar="PERSON",
        help="One person, as for `hub people show`; without it many, by the options.",
    ),
]
Persons = Annotated[
    list[str], typer.Argument(metavar="PERSON", help="One or more, as for `hub people show`.")
]
Mail = Annotated[bool, typer.Option("--mail", help="Mail the codes.")]
Paper = Annotated[
    Path | None,
    typer.Option(
        "--paper", metavar="FILE", help="Write one A4 page a person into a new .pdf or .html file."
    ),
]
Days = Annotated[
    int | None, typer.Option(min=1, max=365, help="How long it is good; as hub.yaml says.")
]
Instance = Annotated[
    str | None, typer.Option(metavar="ID", help="Everybody with an account of this instance.")
]
WithoutLogin = Annotated[
    bool, typer.Option("--without-login", help="Everybody who never got in yet.")
]
Again = Annotated[
    bool, typer.Option("--again", help="Of many: also those with a good code, which ends.")
]


def add(group: typer.Typer) -> None:
    """Add the commands to `hub people`."""
    shown = (
        "hub people invite 0f3a91c2 --mail",
        "hub people invite --instance winkels --paper codes.pdf --preview",
    )
    group.command("invite", epilog=examples(*shown))(invite)
    below = typer.Typer(
        no_args_is_help=True,
        help="See and take back one-time codes.",
        epilog=examples("hub people invitations list", "hub people invitations revoke 0f3a91c2"),
    )
    below.command("list", epilog=examples("hub people invitations list --all --json"))(list_)
    below.command("revoke", epilog=examples("hub people invitations revoke 0f3a91c2"))(revoke)
    group.add_typer(below, name="invitations")


@dataclass(frozen=True)
class _Wanted:
    """What was typed."""

    who: str | None
    instance: str | None
    again: bool
    preview: bool
    days: int | None
    language: str | None


def invite(
    who: Person = None,
    *,
    mail: Mail = False,
    paper: Paper = None,
    days: Days = None,
    instance: Instance = None,
    without_login: WithoutLogin = False,
    again: Again = False,
    language: Annotated[
        Language | None, typer.Option(help="Of mail and paper; as hub.yaml says.")
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Only show who would get one.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Give a one-time code to somebody who can't log in yet, or to many at once.

    A new code ends the one before. Without `--mail` and `--paper` it is shown here, once; of many
    it can't be. Many are those who never got in yet.
    """
    many = instance is not None or without_login
    if many == (who is not None):
        raise typer.BadParameter("Name one PERSON, or use `--instance` or `--without-login`.")
    if mail and paper:
        raise typer.BadParameter("Use one of `--mail` and `--paper`.")
    if many and not (mail or paper or preview):
        raise typer.BadParameter("Of many add `--mail`, or `--paper FILE`, or `--preview`.")
    wanted = _Wanted(who, instance, again, preview, days, language)
    run(_invite(Output(json=json), config, wanted, mail=mail, paper=paper))


async def _invite(
    out: Output, config: Any, wanted: _Wanted, *, mail: bool, paper: Path | None
) -> None:
    settings = settings_of(config)
    channel = channel_of(
        settings, mail=mail, paper=paper, language=wanted.language, preview=wanted.preview
    )
    need_store(settings)
    async with session(config, out) as one:
        guests = await _guests(one, wanted, channel.terms)
        if wanted.preview:
            await _preview(one, guests, channel)
            return
        until = now() + _lasting(wanted.days, channel)
        await _hand_out(one, guests, channel, until)


async def _guests(one: Session, wanted: _Wanted, terms: Terms) -> list[Guest]:
    if wanted.instance is not None:
        one.known([wanted.instance])
    if wanted.who is not None:
        return [await one.store.read(inviting.one, wanted.who, terms, now())]
    given = (terms, wanted.instance, now())
    return list(await one.store.read(inviting.many, *given, again=wanted.again))


def _lasting(days: int | None, channel: Channel) -> timedelta:
    return channel.lasting if days is None else timedelta(days=days)


async def _preview(one: Session, guests: Sequence[Guest], channel: Channel) -> None:
    what = {"persons": [guest.person for guest in guests][:MOST], "number": len(guests)}
    if guests:
        await _looked(one, what)
    ready = [guest for guest in guests if not guest.why]
    one.out.document({"would_invite": [_values(guest) for guest in ready]} | _left_out(guests))
    _say_left_out(one.out, guests)
    rows = [[guest.person[:8], guest.name, guest.address or channel.name] for guest in ready]
    one.out.table(("person", "name", "where to"), rows)
    one.out.say(f"Would get a code: {len(ready)}; nothing was changed.")
    one.out.next("the same without `--preview`." if ready else "nobody is left to invite.")


async def _looked(one: Session, what: Mapping[str, Any]) -> None:
    """Note whose names somebody saw."""
    await one.store.write(trail.note, actor=actor(), action="people list", what=what, now=now())


async def _hand_out(
    one: Session, guests: Sequence[Guest], channel: Channel, until: datetime
) -> None:
    ready = [replace(guest, code=codes.make()) for guest in guests if not guest.why]
    faults = await channel.hand_out(one.store, ready, until) if ready else {}
    unsure = {name for name, error in faults.items() if isinstance(error, MaybeSentError)}
    done = [guest for guest in ready if guest.person not in faults.keys() - unsure]
    failed = [
        _values(guest) | {"reason": str(faults[guest.person]), "good": guest.person in unsure}
        for guest in ready
        if guest.person in faults
    ]
    document = {
        "invited": [_values(guest) | _shown(guest, channel) for guest in done],
        "by": channel.name,
        "until": until.isoformat(),
        "at": address_of_hub(one.settings),
    }
    one.out.document(document | {"failed": failed} | _left_out(guests))
    _say(one, done, channel, until)
    for row in failed:
        what = "may have no mail" if row["good"] else "has no code now"
        one.out.warn(f"{row['name'] or row['person'][:8]} {what}: {row['reason']}")
    _say_left_out(one.out, guests)
    one.out.next("`hub people invitations list` shows which codes are good.")
    if failed:
        raise typer.Exit(1)


def _values(guest: Guest) -> dict[str, Any]:
    where = {"address": guest.address} if guest.address else {}
    return {"person": guest.person, "name": guest.name} | where


def _shown(guest: Guest, channel: Channel) -> dict[str, Any]:
    return {"code": guest.code} if channel.name == inviting.SHOWN else {}


def _left_out(guests: Sequence[Guest]) -> dict[str, Any]:
    left = [guest for guest in guests if guest.why]
    return {"left_out": [_values(guest) | {"reason": guest.why} for guest in left]}


def _say(one: Session, done: Sequence[Guest], channel: Channel, until: datetime) -> None:
    when = local(until, one.zone)
    if channel.name == inviting.SHOWN:
        for guest in done:
            one.out.say(f"{guest.name or guest.person[:8]}: {guest.code}", "bold")
            one.out.say(f"  good once, until {when}, at {address_of_hub(one.settings)}")
        return
    where = f"in {channel.paper}" if channel.paper else "mailed"
    one.out.say(f"Codes {where}: {len(done)}, good until {when}.")


def _say_left_out(out: Output, guests: Sequence[Guest]) -> None:
    """Counted by reason; whoever got in before is no news."""
    for why, words in inviting.WHY.items():
        number = sum(guest.why == why for guest in guests)
        if number and why in {"begun", "open"}:
            out.say(f"Left out, {words}: {number}.")
    for guest in guests:
        if guest.why and guest.why not in {"begun", "open"}:
            out.warn(f"{guest.name or guest.person[:8]} {inviting.WHY[guest.why]}.")


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
    invitations_of(settings_of(config))
    need_store(settings_of(config))
    async with session(config, out) as one:
        rows = await one.store.read(invited.listed, now(), limit, all_of_them=all_of_them)
        what = {"persons": [row["person"] for row in rows][:MOST], "number": len(rows)}
        if rows:
            await _looked(one, what)
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
    need_store(settings_of(config))
    async with session(config, out) as one:
        made = await one.store.write(_revoke_all, who)
    out.document(made)
    for row in made:
        out.say(f"The code of {row['name'] or row['person'][:8]} is good for nothing now.")
    out.next("`hub people invite PERSON` makes a new one.")


def _revoke_all(tx: Any, who: Sequence[str]) -> list[dict[str, Any]]:
    return [inviting.revoke(tx, text, actor=actor(), now=now()) for text in who]
