"""Linking: accounts that an intranet's own synchronisation made are referenced, and never written.

Each person's account is looked for on the target, at most once an hour until it is found and once a day
afterwards. Only exactly one exact match counts, whatever the target's search gives: by the hub's own
number, the user name or the work address. What requires such an account waits until it is known.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from hub.contract import Account, Links, Sought, Target
from hub.errors import HubError
from hub.store import links
from hub.store.desire import LINKED
from hub.store.store import Store, Tx

LINK = "link"
PART = 200  # persons in one question
SOON, SOMETIME = timedelta(hours=1), timedelta(days=1)
AFTER_FAULT = timedelta(minutes=5)
NOBODY = "No account there has this user name or work address."
SEVERAL = (
    "More than one account there has this user name or work address, or one has both and another "
    "person has it already: nobody was linked. Make them differ there."
)


def settle(tx: Tx, target_id: str, wishes: Sequence[Any], now: datetime) -> None:
    """Look for the accounts of these persons; whoever has left is looked for no more.

    Args:
        tx, target_id, now: the transaction, the target and the moment.
        wishes: as provisioning has them: `row`, `instance`, `entry` and `there`.
    """
    fresh, gone = [], []
    for one in wishes:
        if one.there is None:
            fresh += [(one.row.id, one.instance, _body(one.entry))] if one.entry else []
        elif one.there.ownership != LINKED:
            _other(tx, one)
        elif one.entry is None:
            gone.append(one.there.id)
        elif (one.there.body, one.there.instance) != (_body(one.entry), one.instance):
            links.describe(tx, one.there.id, one.instance, _body(one.entry))
    links.seek(tx, target_id, fresh, now)
    links.forget(tx, gone)


def _other(tx: Tx, one: Any) -> None:
    """What the hub made while it kept accounts there, or was about to make."""
    if one.there.done_state == "present":
        links.leave_alone(tx, one.there.id, "present" if one.entry else "absent")
    elif one.entry is not None:
        links.turn_into(tx, one.there.id, _body(one.entry))
    elif one.there.state == "present":
        links.leave_alone(tx, one.there.id, "absent")


def _body(entry: Any) -> dict[str, Any]:
    """What an account is looked for by, and no more; `active` counts whoever could lose it."""
    body = {"user_name": entry.user_name, "display_name": entry.display_name, "active": True}
    return body | ({"mail": entry.mail} if entry.mail else {})


def take_over(tx: Tx, target_id: str, wishes: Sequence[Any]) -> None:
    """The hub keeps accounts there from now on; a reference to whoever has left is dropped."""
    others = [one for one in wishes if one.there is not None and one.there.ownership == LINKED]
    links.forget(tx, [one.there.id for one in others if one.entry is None])
    links.take_over(tx, target_id, [one.there.id for one in others if one.entry is not None])


def match(people: Iterable[Sought], accounts: Iterable[Account]) -> dict[str, set[str]]:
    """Per person the accounts that match exactly in anything, by the target's name for them. Pure."""
    by_key: dict[str, set[str]] = {}
    by_name: dict[str, set[str]] = {}
    by_mail: dict[str, set[str]] = {}
    for one in accounts:
        for value, found in ((one.key, by_key), (one.user_name, by_name), (one.mail, by_mail)):
            if value:
                name = value if found is by_key else value.casefold()
                found.setdefault(name, set()).add(one.remote_id)
    return {
        one.key: by_key.get(one.key, set())
        | by_name.get(one.user_name.casefold(), set())
        | (by_mail.get(one.mail.casefold(), set()) if one.mail else set())
        for one in people
    }


async def look(store: Store, target_id: str, target: Target[Any], now: datetime) -> None:
    """Ask the target for the accounts that are due; one that fails is asked again soon."""
    while isinstance(target, Links) and (rows := await store.read(links.due, target_id, now, PART)):
        people = [_sought(row) for row in rows]
        try:
            accounts = await target.accounts(people)
        except HubError:  # delivery, which comes next, says what is wrong with the target
            await store.write(links.later, [row.id for row in rows], now + AFTER_FAULT)
            return
        await store.write(_note, target_id, rows, match(people, accounts), now)


def _sought(row: Any) -> Sought:
    return Sought(row.key, row.body.get("user_name", ""), row.body.get("mail"))


def _note(
    tx: Tx, target_id: str, rows: Sequence[Any], found: Mapping[str, set[str]], now: datetime
) -> None:
    claims: dict[str, set[str]] = {}
    for key, accounts in found.items():
        for one in accounts:
            claims.setdefault(one, set()).add(key)
    for one, owners in links.taken(tx, target_id, list(claims)).items():
        claims[one] |= owners
    sure, unsure = {}, {}
    for row in rows:
        mine = found[row.key]
        only = next(iter(mine)) if len(mine) == 1 else None
        if only is not None and claims[only] == {row.key}:
            sure[row.id] = only
        else:
            unsure[row.id] = SEVERAL if mine else NOBODY
    links.found(tx, target_id, sure, now, SOMETIME)
    links.not_found(tx, unsure, now, SOON)
    links.park(tx, target_id)
