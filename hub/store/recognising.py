"""Queries for telling who somebody is: accounts by what their sources say."""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from hub.events.base import Family
from hub.store.store import Tx
from hub.store.tables import account, subject

SOME = 50  # accounts that one value may lead to; more of them are no answer anyway

_COLUMNS = (
    account.c.subject,
    account.c.person,
    subject.c.instance,
    subject.c.key,
    subject.c.version,
    subject.c.state,
    subject.c.removed_at,
)
_ACCOUNTS = (
    sa.select(*_COLUMNS)
    .join(subject, subject.c.id == account.c.subject)
    .where(subject.c.family == str(Family.PERSON), subject.c.removed_at.is_(None))
)


def saying(tx: Tx, sources: Sequence[str], attribute: str, value: str) -> list[Any]:
    """Accounts of these instances that may say this; whoever asks compares exactly.

    Args:
        attribute: a field of the payload, or `key`.
    """
    query = _ACCOUNTS.where(subject.c.instance.in_(sources))
    if attribute == "key":
        query = query.where(subject.c.key == value)
    else:
        text = f"{json.dumps(attribute)}:{json.dumps(value, ensure_ascii=False)}"
        body = sa.type_coerce(subject.c.state, sa.Text)
        query = query.where(body.icontains(text, autoescape=True))
    return list(tx.execute(query.order_by(subject.c.id).limit(SOME)))


def accounts_of(tx: Tx, ident: str, sources: Sequence[str]) -> list[Any]:
    """The accounts of a person at these instances, with what their sources say."""
    query = _ACCOUNTS.where(account.c.person == ident, subject.c.instance.in_(sources))
    return list(tx.execute(query.order_by(subject.c.id)))
