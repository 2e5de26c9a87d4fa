"""Managers on targets that name a person by an id of their own, known from when that one stands there.

Until then the manager is left out: nothing waits, so that people who manage each other hold up nobody.
What was left out is noted as not delivered, and sent again once the manager stands there.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.contract import Capabilities
from hub.events.objects import Kind
from hub.store import managers
from hub.store.managers import FIELD
from hub.store.outbox import Sent
from hub.store.store import Tx

Named = dict[int, Mapping[tuple[Kind, str], str]]


def apply(abilities: Capabilities) -> bool:
    """Whether the target is one of these."""
    person = abilities.kinds.get(Kind.PERSON)
    return person is not None and person.own_ids


def named(tx: Tx, target_id: str, rows: Sequence[Any]) -> tuple[list[Any], Named]:
    """These rows, without managers who do not stand there yet; and by row how those who do are called."""
    ids = managers.remote_ids(tx, target_id, {one for row in rows if (one := _manager(row))})
    found: Named = {
        row.id: {(Kind.PERSON, who): ids[who]} for row in rows if (who := _manager(row)) in ids
    }
    return [row if _manager(row) is None or row.id in found else _bare(row) for row in rows], found


def _manager(row: Any) -> Any:
    is_person = row.kind == Kind.PERSON and row.state == "present"
    return row.body.get(FIELD) if is_person else None


def _bare(row: Any) -> Any:
    return row._replace(body={name: one for name, one in row.body.items() if name != FIELD})


def note(tx: Tx, sent: Sequence[Sent]) -> None:
    """What was delivered without a manager stands there without one, whatever is desired."""
    rows = [one.row for one in sent if one.row.kind == Kind.PERSON and one.row.state == "present"]
    managers.stand_without(tx, [row for row in rows if _manager(row) is None])


def send_again(tx: Tx, target_id: str, now: datetime) -> bool:
    """Whether there are persons whose manager was left out and stands there now; they are sent."""
    return managers.send_again(tx, target_id, now)
