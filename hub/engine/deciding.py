"""What a decision is about, for whether an administrator may make it: instances and targets."""

from collections.abc import Collection, Iterable
from typing import Any

from hub.engine import dead_letters
from hub.people import finding
from hub.store import persons
from hub.store.store import Tx

OF_INSTANCE = frozenset({"removal", "configuration", "preview"})  # the others are a target's
About = dict[str, Collection[str]]


def of_hold(tx: Tx, row: Any) -> About:
    """A hold: its instance, or its target; of people on a target also the instances they come from."""
    if row.action in OF_INSTANCE:
        return {"instances": {row.instance}}
    ids = [line["person"] for line in row.content if line.get("person")]
    return {"instances": _of_persons(tx, ids), "targets": {row.instance}}


def of_people(tx: Tx, *words: str | int | Iterable[int]) -> About:
    """The instances of every account of these persons, accounts (INSTANCE/KEY) or questions.

    Raises:
        RejectedError: one of them does not exist.
    """
    instances: set[str] = set()
    for one in words:
        if not isinstance(one, int | str):
            instances |= set(of_people(tx, *one)["instances"])
        elif isinstance(one, int):
            asked = finding.question(tx, one)
            instances |= {asked.instance} | _of_persons(tx, [asked.person])
        else:
            instances |= _of_person(tx, one)
    return {"instances": instances}


def of_numbers(tx: Tx, ids: Collection[str]) -> About:
    """The instances of every account of the persons with these numbers."""
    return {"instances": _of_persons(tx, ids)}


def of_dead_letters(tx: Tx, names: Collection[str] | None) -> About:
    """The instances of these dead letters; None: of all."""
    rows = dead_letters.listed(tx, dropped=True)
    return {"instances": {row["instance"] for row in rows if names is None or row["id"] in names}}


def _of_person(tx: Tx, text: str) -> set[str]:
    instance, _, key = text.partition("/")
    row = persons.named(tx, instance, key)
    if row is not None:
        return {instance} | _of_persons(tx, [row.person] if row.person else [])
    return _of_persons(tx, [finding.person(tx, text).id])


def _of_persons(tx: Tx, ids: Collection[str]) -> set[str]:
    return {one.instance for one in persons.of_persons(tx, ids)}
