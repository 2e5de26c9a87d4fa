"""A one-time code is typed in: is it good, and whose is it?

A code that is wrong, over, used, taken back, or typed beside a wrong number does the same work and
gets the same answer. What was asked beside it is compared in constant time.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.errors import RejectedError
from hub.people import codes, inviting
from hub.people import policy as policies
from hub.people.profile import plain_number
from hub.store import invitations, persons, trail
from hub.store.sessions import MAY_LOOK
from hub.store.store import Tx

MOST = 5  # wrong numbers beside one code; afterwards it is good for nothing
HANDOVER = timedelta(hours=1)  # between the code and the login at the provider
ACTOR = "welcome page"


@dataclass(frozen=True, slots=True)
class Typed:
    """What a visitor typed."""

    code: str = field(repr=False)
    number: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Welcome:
    """Whose code it is.

    Attributes:
        invitation: its number.
        values: what a link of the intranet may hold.
    """

    person: str
    name: str
    invitation: int
    values: dict[str, str] = field(repr=False)


def look(tx: Tx, typed: Typed, *, number: bool, now: datetime) -> Welcome | None:
    """Whose code it is; None: it can't be used, and nobody learns why.

    Args:
        number: whether the employee number must agree.
    """
    digest = codes.digest(typed.code)
    row = invitations.behind(tx, digest)
    same = _agrees(row, typed.number) or not number
    invitations.count_attempt(tx, digest, 0 if same else 1)
    good = (
        row is not None
        and row.state == invitations.OPEN
        and row.until > now
        and row.attempts < MOST
        and row.standing in MAY_LOOK
    )
    if not (good and same):
        return None
    whose = persons.by_ids(tx, [row.person])[row.person]
    values = inviting.link_values(whose, policies.current(tx))
    return Welcome(row.person, row.name or "", row.id, values)


def _agrees(row: Any, typed: str) -> bool:
    """Whether the number is the person's; as much work where there is none."""
    known = ((row.attributes if row is not None else None) or {}).get(inviting.NUMBER)
    expected = plain_number(str(known["value"])) if known else secrets.token_hex(8)
    given = hashlib.sha256(plain_number(typed).encode()).digest()
    return hmac.compare_digest(given, hashlib.sha256(expected.encode()).digest())


def redeem(
    tx: Tx, typed: Typed, *, number: bool, then: str, now: datetime
) -> tuple[Welcome, str] | None:
    """Use the code up, for good.

    Args:
        number: as for `look`.
        then: what it leads to, for the audit trail.

    Returns:
        Whose it was, and what the visitor's browser takes along to the login: 256 bits of chance, of
        which only a digest is stored. None: it can't be used.
    """
    found = look(tx, typed, number=number, now=now)
    if found is None:
        return None
    token = secrets.token_urlsafe(32)
    over = {"handover": _digest(token), "handover_until": now + HANDOVER}
    values = {"state": invitations.REDEEMED, "ended_at": now}
    invitations.update(tx, found.invitation, **values, **(over if then == "provider" else {}))
    what = {"person": found.person, "invitation": found.invitation, "then": then}
    trail.note(tx, actor=ACTOR, action="people redeem", what=what, now=now)
    return found, token


def handed_over(tx: Tx, token: str, now: datetime) -> str | None:
    """Whose code let this browser come to the login; None: nobody's, or too long ago."""
    row = invitations.handed_over(tx, _digest(token), now)
    return str(row.person) if row is not None and row.standing in MAY_LOOK else None


def bind(tx: Tx, token: str, issuer: str, subject: str, now: datetime) -> None:
    """Note whose login this is, after the provider proved it in the same browser.

    Args:
        token: what the browser took along from the page where the code was typed; `handed_over`
            knows it.
        issuer: the provider, as its ID token says.
        subject: the login, as its ID token says.

    Raises:
        RejectedError: the login is known to be somebody else's, and stays theirs.
    """
    row = invitations.handed_over(tx, _digest(token), now)
    owner = invitations.login_of(tx, issuer, subject)
    if row is None or owner not in {None, row.person}:
        raise RejectedError("This login is known to be another person's: ask who invited you.")
    invitations.update(tx, row.id, handover=None, handover_until=None)
    if owner is None:
        invitations.put_login(tx, issuer, subject, row.person, now)
        what = {"person": row.person, "invitation": row.id}
        trail.note(tx, actor=ACTOR, action="people login noted", what=what, now=now)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
