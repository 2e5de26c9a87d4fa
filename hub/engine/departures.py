"""How many people may leave at once: of an instance, and of each of its groups."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from hub.events.base import Family
from hub.settings.removals import Removals
from hub.store import waiting
from hub.store.store import Tx

AT_LEAST = 2  # all of so many are always too many, as with disturbances


def too_many(tx: Tx, instance_id: str, leaving: Sequence[Any], limits: Removals) -> bool:
    """Whether these subjects, of which some may be the same, are more than may leave at once.

    Those that left already count as if they were still there.
    """
    rows = {row.id: row for row in leaving}.values()
    if not rows:
        return False
    families = Counter(row.family for row in rows)
    left = [row for row in rows if row.removed_at is not None]
    sizes = Counter(waiting.sizes(tx, instance_id, families))
    sizes.update(row.family for row in left)
    if any(number == sizes[family] >= AT_LEAST for family, number in families.items()):
        return True
    groups = Counter(row.container for row in rows if row.family == Family.MEMBERSHIP)
    full = Counter(row.container for row in left if row.family == Family.MEMBERSHIP)
    if groups and emptied(groups, full + Counter(waiting.groups(tx, instance_id)), limits):
        return True
    del families[Family.MEMBERSHIP]
    return any(many(number, sizes[family], limits) for family, number in families.items())


def many(leaving: int, all_: int, limits: Removals) -> bool:
    """Of accounts, or of groups."""
    share = 100 * leaving
    return (leaving > limits.number and share > limits.percent * all_) or (
        leaving >= limits.few and share > limits.few_percent * all_
    )


def emptied(leaving: Mapping[str, int], sizes: Mapping[str, int], limits: Removals) -> bool:
    """A large group that loses too many; or all groups together, where all are small."""
    if not leaving:
        return False
    pairs = [(number, sizes.get(one, 0)) for one, number in leaving.items()]
    pairs.append((sum(leaving.values()), sum(sizes.values())))
    return any(
        size > limits.group and 100 * number > limits.group_percent * size for number, size in pairs
    )
