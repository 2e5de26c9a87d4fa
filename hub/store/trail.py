"""Queries on the audit trail: who did what, each row chained to the one before it."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.events.base import JsonText, canonical
from hub.store import chain
from hub.store.chain import Head
from hub.store.erasing import Names
from hub.store.store import Tx
from hub.store.tables import audit, audit_value, moment_out

PART = 5000  # rows in one transaction, so that nobody waits

_BESIDE = audit.outerjoin(audit_value, audit_value.c.seq == audit.c.seq)
_ROWS = sa.select(audit, audit_value.c.nonce, audit_value.c.what, audit_value.c.erased).select_from(
    _BESIDE
)
_AS_STORED = sa.select(
    *(audit.c[name] for name in ("seq", "prev", "digest", "actor", "action", "body")),
    sa.type_coerce(audit.c.at, sa.Text).label("at"),
    sa.type_coerce(audit_value.c.what, sa.Text).label("what"),
    *(audit_value.c[name] for name in ("nonce", "erased")),
).select_from(_BESIDE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are looked for; None: whatever it is.

    Attributes:
        actor: who did it.
        action: what was done, or how it begins.
        about: stands somewhere in the values.
        since: at or after this moment.
        until: before this moment.
        limit: the newest so many.
    """

    actor: str | None = None
    action: str | None = None
    about: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50


def note(tx: Tx, *, actor: str, action: str, what: Any, now: datetime) -> int:
    """Add a row to the trail; its number.

    Args:
        tx: the transaction that also holds what was done.
        actor: the administrator's account on this machine, or `hub`.
        action: what was done.
        what: about what, as JSON values. What may have to be erased with a person stands below a
            key `fields` or `asked`, in a mapping that also names the person; subjects are named
            `instance/key`.
        now: when, UTC.
    """
    last = sa.select(audit.c.digest).order_by(audit.c.seq.desc()).limit(1)
    prev = tx.execute(last).scalar() or chain.GENESIS
    text, who = _plain(canonical(what)), _plain(actor)
    nonce, body = chain.sealed(text)
    digest = chain.row_digest(prev, str(moment_out(now)), who, action, body)
    values = {"prev": prev, "digest": digest, "at": now, "actor": who, "action": action}
    made = tx.execute(audit.insert().values(values | {"body": body}))
    seq = int(made.inserted_primary_key[0])  # type: ignore[index]  # an insert has one
    tx.execute(audit_value.insert().values(seq=seq, nonce=nonce, what=JsonText(text)))
    return seq


def _plain(text: str) -> str:
    """What can be written as UTF-8: half a character pair can't, and may come from anywhere."""
    return text.encode(errors="replace").decode()


def fields(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The fields that differ: from what, to what."""
    old = before or {}
    names = [name for name in {**old, **after} if old.get(name) != after.get(name)]
    return {name: [old.get(name), after.get(name)] for name in names}


def rows(tx: Tx) -> Sequence[Any]:
    """The whole trail with its values, oldest first."""
    return tx.execute(_ROWS.order_by(audit.c.seq)).all()


def search(tx: Tx, wanted: Wanted) -> Sequence[Any]:
    """Rows with their values, the newest first."""
    query = _ROWS.where(*_conditions(wanted)).order_by(audit.c.seq.desc())
    return tx.execute(query.limit(wanted.limit)).all()


def about(tx: Tx, action: str, text: str) -> Sequence[Any]:
    """Rows whose action begins so and whose values say this, oldest first."""
    asked = _conditions(Wanted(action=action, about=text))
    return tx.execute(_ROWS.where(*asked).order_by(audit.c.seq)).all()


def _conditions(wanted: Wanted) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.actor is not None:
        yield audit.c.actor == wanted.actor
    if wanted.action is not None:
        yield audit.c.action.startswith(wanted.action, autoescape=True)
    if wanted.about is not None:
        text = sa.type_coerce(audit_value.c.what, sa.Text)
        yield text.icontains(json.dumps(wanted.about, ensure_ascii=False)[1:-1], autoescape=True)
    if wanted.since is not None:
        yield audit.c.at >= wanted.since
    if wanted.until is not None:
        yield audit.c.at < wanted.until


def count(tx: Tx) -> int:
    """How many rows there are."""
    return tx.execute(sa.select(sa.func.count()).select_from(audit)).scalar_one()


def part(tx: Tx, after: int | None, limit: int = PART) -> Sequence[Any]:
    """Rows after this one with their values, as they are stored, oldest first; None: the first."""
    query = _AS_STORED.order_by(audit.c.seq).limit(limit)
    return tx.execute(query if after is None else query.where(audit.c.seq > after)).all()


def strays(tx: Tx) -> Sequence[int]:
    """Values whose row is not there."""
    beside = audit_value.outerjoin(audit, audit.c.seq == audit_value.c.seq)
    query = sa.select(audit_value.c.seq).select_from(beside).where(audit.c.seq.is_(None))
    return tx.execute(query).scalars().all()


def head(tx: Tx, now: datetime) -> Head | None:
    """The newest row; None while there is none."""
    row = tx.execute(_head().limit(1)).first()
    return None if row is None else Head(now, row.seq, row.digest)


def stands(tx: Tx, earlier: Head) -> bool:
    """Whether the row that was the head then is still in the trail."""
    row = tx.execute(_head().where(audit.c.seq == earlier.seq)).first()
    return row is not None and row.digest == earlier.digest


def _head() -> sa.Select[tuple[int, str]]:
    return sa.select(audit.c.seq, audit.c.digest).order_by(audit.c.seq.desc())


def is_whole(tx: Tx) -> bool:
    """Whether nothing of the trail was altered or taken away, as far as it can say itself."""
    verifier = chain.Verifier()
    while found := part(tx, verifier.seq):
        for row in found:
            verifier.take(row)
    return not verifier.faults(strays(tx))


def naming(tx: Tx, names: Names) -> dict[int, Any]:
    """Values that name one of these, by number of the row."""
    text = sa.type_coerce(audit_value.c.what, sa.Text)
    query = sa.select(audit_value.c.seq, text, audit.c.action).select_from(_BESIDE)
    stored = tx.execute(query.where(audit.c.action != chain.ERASE).order_by(audit.c.seq))
    found = ((row.seq, names.erased(row[1])) for row in stored)
    return {seq: what for seq, what in found if what is not None}


def erase(
    tx: Tx,
    *,
    persons: Collection[str] = (),
    texts: Collection[str] = (),
    actor: str,
    now: datetime,
) -> list[int]:
    """Erase what the trail holds of somebody; that it was done is a row, without saying of whom.

    In a mapping that names one of them all below `fields` and `asked` is erased, and every text
    with one of `texts` in it is. The rest of a row stays as it is, and the chain holds.

    Args:
        tx: the transaction.
        persons: numbers of persons by which the hub knows them; they stay, and mean nobody then.
        texts: names, addresses, keys: whatever must not be found again, as whole words.
        actor: who erases.
        now: when, UTC.

    Returns:
        The numbers of the rows. None: nothing was found, and nothing is noted.
    """
    found = naming(tx, Names(persons, texts))
    if not found:
        return []
    written = {seq: _plain(canonical(what)) for seq, what in found.items()}
    seals = {seq: chain.sealed(text) for seq, text in written.items()}
    what = {"rows": {str(seq): digest for seq, (_, digest) in seals.items()}}
    done = note(tx, actor=actor, action=chain.ERASE, what=what, now=now)
    for seq, (nonce, _) in seals.items():
        values = {"nonce": nonce, "what": JsonText(written[seq]), "erased": done}
        tx.execute(audit_value.update().where(audit_value.c.seq == seq).values(values))
    return list(found)
