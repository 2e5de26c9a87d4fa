"""Who it is that an identity provider vouches for: exactly one person, or nobody.

Only what an account of a named source says counts, never what a person typed anywhere. A rule whose
claim the provider did not send says nothing; all others together must lead to one and the same person.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.people import policy as policies
from hub.people import states
from hub.people.policy import Policy
from hub.people.standing import account_of
from hub.people.states import Event
from hub.settings.personal import Recognise
from hub.store import recognising
from hub.store.store import Tx

ANY_CASE = {"mail", "user_name"}  # as directories compare them
VERIFIED = {"email": "email_verified"}


def persons(
    tx: Tx, claims: Mapping[str, Any], rules: Sequence[Recognise], now: datetime
) -> set[str]:
    """The persons whom these claims mean, over all rules; only exactly one is an answer.

    An account that waits for a human to say whose it is counts as somebody else, whom nobody knows.
    """
    policy = policies.current(tx)
    found: set[str] = set()
    for rule in rules:
        value = _value(claims, rule, policy)
        if value is not None:
            found |= _with(tx, rule, value, now)
    return found


def known(tx: Tx, ident: str, attribute: str, sources: Sequence[str], now: datetime) -> str | None:
    """What the named sources say of a person; None where they say nothing, or not the same.

    Args:
        attribute: `mail`, `user_name` or `employee_number`.
    """
    rows = recognising.accounts_of(tx, ident, sources)
    values = {row.state.get(attribute) for row in rows if _is_there(row, now)} - {None}
    return str(values.pop()) if len(values) == 1 else None


def _value(claims: Mapping[str, Any], rule: Recognise, policy: Policy) -> str | None:
    """What the claim says, if it may count."""
    value = claims.get(rule.claim)
    if not isinstance(value, str) or not value.strip():
        return None
    verified = VERIFIED.get(rule.claim)
    if verified is not None and claims.get(verified) is not True:
        return None
    if rule.attribute == "mail" and not policy.is_ours(value.rpartition("@")[2].casefold()):
        return None
    return value


def _with(tx: Tx, rule: Recognise, value: str, now: datetime) -> set[str]:
    rows = recognising.saying(tx, rule.sources, rule.attribute, value)
    said = [row for row in rows if _is_there(row, now) and _says(row, rule, value)]
    return {row.person or f"account {row.subject}" for row in said}


def _says(row: Any, rule: Recognise, value: str) -> bool:
    said = row.key if rule.attribute == "key" else row.state.get(rule.attribute)
    if not isinstance(said, str):
        return False
    if rule.attribute in ANY_CASE:
        return said.casefold() == value.casefold()
    return said == value


def _is_there(row: Any, now: datetime) -> bool:
    """An account that its source still has, and that may be used now or later."""
    if row.removed_at is not None or not row.state:
        return False
    return states.event_of(account_of(row).payload, now) is not Event.GONE
