"""`hub people invite`: one-time codes for who can't log in yet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.invitations import looked
from hub.cli.inviting import Channel, address_of_hub, channel_of
from hub.cli.options import ConfigOption, JsonOption, examples
from hub.cli.output import Output, local
from hub.cli.permit import permit
from hub.cli.session import Session, need_store, now, run, session, settings_of
from hub.engine import deciding
from hub.mail import MaybeSentError
from hub.people import codes, inviting
from hub.people.inviting import Invitee, Terms
from hub.settings.administrators import Role


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
    """Add the command to `hub people`."""
    shown = (
        "hub people invite 0f3a91c2 --mail",
        "hub people invite --instance winkels --paper codes.pdf --preview",
    )
    group.command("invite", epilog=examples(*shown))(invite)


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
        await permit(one, Role.VIEWER)  # before a name is seen
        invitees = await _invitees(one, wanted, channel.terms)
        if wanted.preview:
            await _preview(one, invitees, channel)
            return
        ready = [invitee.person for invitee in invitees if not invitee.why]
        await permit(one, Role.OPERATOR, deciding.of_numbers, ready)
        until = now() + _lasting(wanted.days, channel)
        await _hand_out(one, invitees, channel, until)


async def _invitees(one: Session, wanted: _Wanted, terms: Terms) -> list[Invitee]:
    if wanted.instance is not None:
        one.known([wanted.instance])
    if wanted.who is not None:
        return [await one.store.read(inviting.one, wanted.who, terms, now())]
    given = (terms, wanted.instance, now())
    return list(await one.store.read(inviting.many, *given, again=wanted.again))


def _lasting(days: int | None, channel: Channel) -> timedelta:
    return channel.lasting if days is None else timedelta(days=days)


async def _preview(one: Session, invitees: Sequence[Invitee], channel: Channel) -> None:
    if invitees:
        await looked(one, [invitee.person for invitee in invitees])
    ready = [invitee for invitee in invitees if not invitee.why]
    one.out.document(
        {"would_invite": [_values(invitee) for invitee in ready]} | _left_out(invitees)
    )
    _say_left_out(one.out, invitees)
    rows = [
        [invitee.person[:8], invitee.name, invitee.address or channel.name] for invitee in ready
    ]
    one.out.table(("person", "name", "where to"), rows)
    one.out.say(f"Would get a code: {len(ready)}; nothing was changed.")
    one.out.next("the same without `--preview`." if ready else "nobody is left to invite.")


async def _hand_out(
    one: Session, invitees: Sequence[Invitee], channel: Channel, until: datetime
) -> None:
    ready = [replace(invitee, code=codes.make()) for invitee in invitees if not invitee.why]
    faults = await channel.hand_out(one.store, ready, until) if ready else {}
    unsure = {name for name, error in faults.items() if isinstance(error, MaybeSentError)}
    done = [invitee for invitee in ready if invitee.person not in faults.keys() - unsure]
    failed = [
        _values(invitee) | {"reason": str(faults[invitee.person]), "good": invitee.person in unsure}
        for invitee in ready
        if invitee.person in faults
    ]
    document = {
        "invited": [_values(invitee) | _shown(invitee, channel) for invitee in done],
        "by": channel.name,
        "until": until.isoformat(),
        "at": address_of_hub(one.settings),
    }
    one.out.document(document | {"failed": failed} | _left_out(invitees))
    _say(one, done, channel, until)
    for row in failed:
        what = "may have no mail" if row["good"] else "has no code now"
        one.out.warn(f"{row['name'] or row['person'][:8]} {what}: {row['reason']}")
    _say_left_out(one.out, invitees)
    one.out.next("`hub people invitations list` shows which codes are good.")
    if failed:
        raise typer.Exit(1)


def _values(invitee: Invitee) -> dict[str, Any]:
    where = {"address": invitee.address} if invitee.address else {}
    return {"person": invitee.person, "name": invitee.name} | where


def _shown(invitee: Invitee, channel: Channel) -> dict[str, Any]:
    return {"code": invitee.code} if channel.name == inviting.SHOWN else {}


def _left_out(invitees: Sequence[Invitee]) -> dict[str, Any]:
    left = [invitee for invitee in invitees if invitee.why]
    return {"left_out": [_values(invitee) | {"reason": invitee.why} for invitee in left]}


def _say(one: Session, done: Sequence[Invitee], channel: Channel, until: datetime) -> None:
    when = local(until, one.zone)
    if channel.name == inviting.SHOWN:
        for invitee in done:
            one.out.say(f"{invitee.name or invitee.person[:8]}: {invitee.code}", "bold")
            one.out.say(f"  good once, until {when}, at {address_of_hub(one.settings)}")
        return
    where = f"in {channel.paper}" if channel.paper else "mailed"
    one.out.say(f"Codes {where}: {len(done)}, good until {when}.")


def _say_left_out(out: Output, invitees: Sequence[Invitee]) -> None:
    """Counted by reason; whoever got in before is no news."""
    for why, words in inviting.WHY.items():
        number = sum(invitee.why == why for invitee in invitees)
        if number and why in {"begun", "open"}:
            out.say(f"Left out, {words}: {number}.")
    for invitee in invitees:
        if invitee.why and invitee.why not in {"begun", "open"}:
            out.warn(f"{invitee.name or invitee.person[:8]} {inviting.WHY[invitee.why]}.")
