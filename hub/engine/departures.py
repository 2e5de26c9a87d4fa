"""How many people may leave at once: of an instance, and of each of its groups."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from hub.events.base import Family
from hub.settings.models import Removals
from hub.store import waiting
from hub.store.store import Tx


def too_many(tx: Tx, instance_id: str, leaving: Sequence[Any], limits: Removals) -> bool:
    """Whether these subjects, of which some may be the same, are more than may leave at once."""
    rows = {row.id: row for row in leaving}.values()
    if not rows:
        return False
    people = Counter(row.family for row in rows if row.family != Family.MEMBERSHIP)
    groups = Counter(row.container for row in rows if row.family == Family.MEMBERSHIP)
    sizes = waiting.sizes(tx, instance_id, people)
    return any(_many(number, sizes[family], limits) for family, number in people.items()) or (
        bool(groups) and _emptied(groups, waiting.groups(tx, instance_id), limits)
    )


def _many(leaving: int, all_: int, limits: Removals) -> bool:
    """Of accounts, or of groups; all of two or more are always too many."""
    share = 100 * leaving
    return (
        (leaving > limits.number and share > limits.percent * all_)
        or (leaving >= limits.few and share > limits.few_percent * all_)
        or leaving == all_ >= 2
    )


def _emptied(leaving: Mapping[str, int], sizes: Mapping[str, int], limits: Removals) -> bool:
    """A large group that loses too many; or all groups together, where all are small."""
    pairs = [(number, sizes.get(one, 0)) for one, number in leaving.items()]
    pairs.append((sum(leaving.values()), sum(sizes.values())))
    return any(
        size > limits.group and 100 * number > limits.group_percent * size for number, size in pairs
    )
