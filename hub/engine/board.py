"""What a change board asks beside the plan: why each object changes, and what stays as it is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.engine import group_reasons
from hub.events.objects import Kind, member_ends
from hub.store import objects, persons, subjects
from hub.store.store import Tx

Name = tuple[str, str, str]  # target, kind, key


@dataclass(frozen=True, slots=True)
class Cause:
    """One subject behind an object, through a route.

    Attributes:
        seen_at: when its newest change was accepted, UTC; None where there is none yet.
        name: of somebody or a group, as the source says it; empty: it has none.
        removed: why it is gone; empty while it is there.
    """

    instance: str
    stream: str
    subject: str
    name: str
    route: str
    seen_at: datetime | None
    removed: str


@dataclass(frozen=True, slots=True)
class Board:
    """Causes by object, what stays, the tile and audience (by name) of each object.

    `held`: the state of subjects that stand in holds, by id; `people`: the names of persons there;
    `titles`: what people call memberships and pictures that stay, which have no name of their own.
    """

    causes: dict[Name, tuple[Cause, ...]]
    staying: list[Any]
    places: dict[Name, tuple[str, str]]
    held: dict[int, Any]
    people: dict[str, str]
    titles: dict[Name, str] = field(default_factory=dict)


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
    stay = {
        name: row for name, row in named.items()
        if row.done_state == "present" and name not in moving
    }  # fmt: skip
    return Board(
        causes={name: _causes(tx, named[name]) for name in (*moving, *withheld)},
        staying=list(stay.values()),
        places={name: (row.tile or "", row.audience or "") for name, row in named.items()},
        held={row.id: row.state for row in subjects.by_ids(tx, held)},
        people=_names(tx, people),
        titles=_titles(tx, stay, named),
    )


def _names(tx: Tx, people: Collection[str]) -> dict[str, str]:
    return {one: row.name for one, row in persons.by_ids(tx, people).items() if row.name}


def _titles(tx: Tx, stay: Collection[Name], named: Mapping[Name, Any]) -> dict[Name, str]:
    """Of memberships whose, and in which group; of pictures whose."""
    whose = {name: member_ends(name[2]) for name in stay if name[1] == Kind.MEMBERSHIP}
    whose |= {name: ("", name[2]) for name in stay if name[1] == Kind.PHOTO}
    people = _names(tx, {person for _, person in whose.values()})
    found = {}
    for name, (group, person) in whose.items():
        there = named.get((name[0], str(Kind.GROUP), group))
        who = people.get(person, person)
        body = there.done_body or there.body if there is not None else None
        found[name] = group_reasons.title_of_member(who, body, group) if group else who
    return found


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
        name=str((one.state or {}).get("display_name") or (one.state or {}).get("name") or ""),
        route=one.route,
        seen_at=newest.at if newest is not None else None,
        removed=removed,
    )
