"""Doubts: whoever left a group because their account left the source did not leave the group.

A source that loses sight of people (a branch was moved, a filter changed) says of the same people that they
are in no group. Their accounts wait in a hold; so their groups wait too. The groups may have been read
first: so somebody leaves a group on a target only when the account was read once more, later than the
membership ended, and was there.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from hub.contract import Stream
from hub.events.base import Family
from hub.store import holds, memberships, persons, streams
from hub.store.store import Tx


def held(tx: Tx) -> set[str]:
    """The persons of accounts whose removal waits for an administrator."""
    waiting = [row for row in holds.all_open(tx) if row.action == "removal"]
    subjects = {line["subject"] for row in waiting for line in row.content if "subject" in line}
    links = persons.links(tx, subjects).values()
    return {one.person for one in links if one.person}


def absent(accounts: Sequence[Any]) -> set[str]:
    """Whose accounts among these the last reading did not find, and nobody let go yet."""
    return {one.person for one in accounts if one.missing or one.staged}


def early(tx: Tx, accounts: Sequence[Any]) -> set[tuple[str, str, str]]:
    """Who of these left which group after they were read last: the group's instance and key, the person.

    Where one stream says both, it says both at one moment. Accounts that are received are never
    read, and of another instance's accounts a source says nothing.
    """
    mine = {(one.instance, one.key): one for one in accounts}
    read = _read(tx)
    found = set()
    for row in memberships.naming(tx, mine.keys()):
        one = mine[row.whose, row.member]
        apart = row.instance == one.instance and row.stream != one.stream
        last = read.get((one.instance, one.stream))
        if apart and last is not None and row.removed_at is not None and last < row.removed_at:
            found.add((row.instance, row.container, one.person))
    return found


def _read(tx: Tx) -> dict[tuple[str, str], datetime]:
    """When the last good reading of each stream began."""
    found: dict[tuple[str, str], datetime] = {}
    for row in streams.all_streams(tx):
        good = [one for one in (row.complete_at, row.delta_at) if one is not None]
        if good:
            key = (row.instance, row.stream)
            found[key] = min(found.get(key, max(good)), max(good))  # of its parts the oldest
    return found


def in_order(all_of_instance: Collection[Stream]) -> list[Stream]:
    """The streams of an instance that are read, as one pass takes them: accounts after groups.

    So that what a pass finds of groups is not in doubt at its end.
    """
    read = [one for one in all_of_instance if one.every is not None]
    return sorted(read, key=lambda one: Family.PERSON in one.families)
