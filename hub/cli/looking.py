"""Whoever looks at what is known of people is written into the audit trail."""

from collections.abc import Iterable, Mapping
from typing import Any

from hub.cli.session import actor, now
from hub.events.base import PERSONAL
from hub.store import trail
from hub.store.store import Store

STILL_READ = (
    "Another process reads the store at this moment, so its log still holds what was erased: it is "
    "emptied when that process ends, or by running `hub audit erase` again."
)
MOST = 100  # keys in one row of the trail; of more it says how many


async def looked(
    store: Store, command: str, subjects: Iterable[tuple[str, str, str]], **asked: Any
) -> None:
    """Note that this was shown, where any of it is about people; nothing else is noted.

    Args:
        store: open.
        command: what showed it.
        subjects: instance, family and key of each.
        asked: with what words; None: without.
    """
    keys = sorted({f"{where}/{key}" for where, family, key in subjects if family in PERSONAL})
    if not keys:
        return
    words = {name: value for name, value in asked.items() if value is not None}
    what = {"subjects": keys[:MOST], "number": len(keys), "asked": words}
    await store.write(trail.note, actor=actor(), action=f"look {command}", what=what, now=now())


def removed(found: Iterable[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Instance, family and key of the subjects that these holds would take away."""
    return [
        (row["instance"], line["family"], line["key"])
        for row in found
        for line in row["content"]
        if "family" in line
    ]
