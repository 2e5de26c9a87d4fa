"""Invitations: who can get a one-time code, making codes, and taking them back.

The hub writes to an address only where it may trust who gave it: a source that `mail_from` names, or
a work address in a domain that the organisation gives out itself. A link to a stranger's mailbox would
be a way in.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.errors import RejectedError
from hub.people import codes, finding
from hub.people import policy as policies
from hub.people.policy import Policy
from hub.people.standing import account_of
from hub.people.states import Event, event_of
from hub.store import invitations, persons, trail
from hub.store.sessions import MAY_LOOK
from hub.store.store import Tx

MAIL, PAPER, SHOWN = "mail", "paper", "shown"
NUMBER = "employee_number"
WHY: Mapping[str, str] = {
    "state": "is not active: nobody else gets in",
    "number": "has no employee number, which `people.invitations.ask` wants to be typed",
    "address": "has no address that the hub may write to: name the source that knows it in "
    "`people.invitations.mail_from`, or put the code on paper",
    "link": "has no user name or address, which `people.invitations.link` needs",
    "begun": "got in before",
    "open": "has a code that is still good",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What an invitation needs.

    Attributes:
        channel: `mail`, `paper` or `shown`.
        number: whether an employee number is asked beside the code.
        mail_from: instances whose addresses may be written to.
        blanks: what the link of the intranet needs to know of a person.
    """

    channel: str
    number: bool = False
    mail_from: frozenset[str] = frozenset()
    blanks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Invitee:
    """A person who gets a code, or does not.

    Attributes:
        why: why not, a key of `WHY`; empty: nothing is in the way.
        address: where the code is mailed to; empty on other ways.
        code: the code itself, which is stored nowhere.
    """

    person: str
    name: str
    why: str = ""
    address: str = field(default="", repr=False)
    code: str = field(default="", repr=False)


def one(tx: Tx, who: str, terms: Terms, now: datetime) -> Invitee:
    """One person who is asked for.

    Raises:
        RejectedError: nobody, more than one, or something is in the way.
    """
    row = finding.person(tx, who)
    [found] = _invitees(tx, [row], terms, now)
    if found.why:
        raise RejectedError(f"{found.name or found.person} {WHY[found.why]}.")
    return found


def many(
    tx: Tx, terms: Terms, instance: str | None, now: datetime, *, again: bool
) -> list[Invitee]:
    """Everybody who may begin and has not yet, by name.

    Args:
        instance: only those with an account of this one.
        again: also those who have a good code, which a new one would replace.
    """
    rows = invitations.persons_with(tx, instance)
    known = invitations.of_persons(tx, [row.id for row in rows])
    good = {row.person for row in known if _is_out(row, now)}
    begun = invitations.begun(tx)
    invitees = []
    for invitee in _invitees(tx, rows, terms, now):
        left_out = "begun" if invitee.person in begun else ""
        if not left_out and not again and invitee.person in good:
            left_out = "open"
        invitees.append(
            invitee if not left_out else Invitee(invitee.person, invitee.name, left_out)
        )
    return invitees


def _is_out(row: Any, now: datetime) -> bool:
    """Whether somebody may hold a good code; one that no server took never reached anybody."""
    sent = row.channel != MAIL or row.sent_at is not None
    return bool(row.state == invitations.OPEN and row.until > now and sent)


def _invitees(tx: Tx, rows: Sequence[Any], terms: Terms, now: datetime) -> list[Invitee]:
    policy = policies.current(tx)
    accounts: dict[str, list[Any]] = {row.id: [] for row in rows}
    for row in persons.of_persons(tx, list(accounts)):
        if event_of(account_of(row).payload, now) is not Event.GONE:
            accounts[row.person].append(row)
    return [_invitee(row, accounts[row.id], policy, terms) for row in rows]


def _invitee(row: Any, accounts: Iterable[Any], policy: Policy, terms: Terms) -> Invitee:
    known, name = row.attributes or {}, row.name or ""
    address = address_of(accounts, policy, terms.mail_from) if terms.channel == MAIL else ""
    faults = {
        "state": row.state not in MAY_LOOK,
        "number": terms.number and NUMBER not in known,
        "address": terms.channel == MAIL and not address,
        "link": not terms.blanks <= link_values(row, policy).keys(),
    }
    why = next((why for why, wrong in faults.items() if wrong), "")
    return Invitee(row.id, name, why, "" if why else address)


def address_of(accounts: Iterable[Any], policy: Policy, mail_from: Collection[str]) -> str:
    """Where a code may be mailed to: a private address first, because nobody reads the other yet.

    The most trusted instance first. Empty: nowhere.

    Args:
        accounts: those that are in force or to come.
    """
    ranks = {name: at for at, name in enumerate(policy.authority)}
    private, work = [], []
    for row in sorted(accounts, key=lambda row: ranks.get(row.instance, len(ranks))):
        trusted, mail = row.instance in mail_from, row.state.get("mail") or ""
        if trusted and row.state.get("contact_mail"):
            private.append(row.state["contact_mail"])
        if mail and (trusted or policy.is_ours(mail.rpartition("@")[2].casefold())):
            work.append(mail)
    return str(next(iter([*private, *work]), "")).strip()


def link_values(row: Any, policy: Policy) -> dict[str, str]:
    """What a link of the intranet may hold of a person, as far as it is known."""
    known = {name: one["value"] for name, one in (row.attributes or {}).items()}
    found = {"person": row.id, "language": "", "mail": known.get("mail")}
    found["user_name"] = next((known[one] for one in policy.user_name if known.get(one)), None)
    return {name: str(value) for name, value in found.items() if value is not None}


def issue(
    tx: Tx, invitees: Sequence[Invitee], channel: str, until: datetime, *, actor: str, now: datetime
) -> None:
    """Note the codes of these; what they had until now is good for nothing from now on.

    Args:
        invitees: with their codes.
        until: when these end, UTC.
    """
    ready = [one for one in invitees if one.code and not one.why]
    if not ready:
        return
    values = {"channel": channel, "made_at": now, "until": until}
    rows = [{"person": one.person, "digest": codes.digest(one.code)} | values for one in ready]
    invitations.put(tx, rows)
    what = {"by": channel, "until": until.isoformat()}
    for invitee in ready:
        trail.note(
            tx, actor=actor, action="people invite", what={"person": invitee.person} | what, now=now
        )


def sent(tx: Tx, code: str, now: datetime) -> None:
    """A mail server took it."""
    row = invitations.behind(tx, codes.digest(code))
    if row is not None:
        invitations.update(tx, row.id, sent_at=now)


def revoke(tx: Tx, who: str, *, actor: str, now: datetime) -> dict[str, Any]:
    """Take a person's code back.

    Raises:
        RejectedError: nobody, more than one, or there is no good code.
    """
    row = finding.person(tx, who)
    good = [
        one.id
        for one in invitations.of_persons(tx, [row.id])
        if one.state == invitations.OPEN and one.until > now
    ]
    if not good:
        raise RejectedError(f"{row.name or row.id} has no code that is good: nothing was changed.")
    invitations.end(tx, [row.id], invitations.REVOKED, now)
    what = {"person": row.id, "invitations": good}
    trail.note(tx, actor=actor, action="people revoke", what=what, now=now)
    return {"person": row.id, "name": row.name, "revoked": good}


def take_back(tx: Tx, ident: str, *, actor: str, now: datetime) -> None:
    """A code that could not be mailed is good for nothing."""
    invitations.end(tx, [ident], invitations.REVOKED, now)
    what = {"person": ident, "reason": "not sent"}
    trail.note(tx, actor=actor, action="people revoke", what=what, now=now)
