"""What a change board asks beside the plan: why each object changes, and what stays as it is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.engine import group_reasons
from hub.store import objects, persons, subjects
from hub.store.store import Tx

Name = tuple[str, str, str]  # target, kind, key


@dataclass(frozen=True, slots=True)
class Cause:
    """One subject behind an object, through a route.

    Attributes:
        seen_at: when its newest change was accepted, UTC; None where there is none yet.
        removed: why it is gone; empty while it is there.
    """

    instance: str
    stream: str
    subject: str
    route: str
    seen_at: datetime | None
    removed: str


@dataclass(frozen=True, slots=True)
class Board:
    """Causes by object, what stays, the tile and audience (by name) of each object.

    `held`: the state of subjects that stand in holds, by id; `people`: the names of persons there.
    """

    causes: dict[Name, tuple[Cause, ...]]
    staying: list[Any]
    places: dict[Name, tuple[str, str]]
    held: dict[int, Any]
    people: dict[str, str]


def board(
    tx: Tx,
    moving: Collection[Name],
    withheld: Collection[Name],
    held: Collection[int],
    people: Collection[str] = (),
) -> Board:
    """The facts about these objects and subjects, and about all that stands and does not move."""
    rows = [row for row in objects.all_rows(tx) if row.kind != "freshness"]
    named = {(row.target, row.kind, row.key): row for row in rows}
    return Board(
        causes={name: _causes(tx, named[name]) for name in (*moving, *withheld)},
        staying=[
            row for name, row in named.items() if row.done_state == "present" and name not in moving
        ],
        places={name: (row.tile or "", row.audience or "") for name, row in named.items()},
        held={row.id: row.state for row in subjects.by_ids(tx, held)},
        people={one: row.name for one, row in persons.by_ids(tx, people).items() if row.name},
    )


def _causes(tx: Tx, row: Any) -> tuple[Cause, ...]:
    return tuple(_cause(tx, one) for one in group_reasons.causes(tx, row))


def _cause(tx: Tx, one: Any) -> Cause:
    newest = next(iter(subjects.events_of(tx, one.id)), None)
    removed = ""
    if one.removed_at is not None and newest is not None:
        removed = str(newest.body["data"].get("reason", ""))
    return Cause(
        instance=one.instance,
        stream=one.stream,
        subject=one.key,
        route=one.route,
        seen_at=newest.at if newest is not None else None,
        removed=removed,
    )
