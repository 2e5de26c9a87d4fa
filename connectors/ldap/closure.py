"""Who is in a group, also by a group within it; cycles do no harm. Pure."""

from collections.abc import Mapping


def everybody(group: str, links: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """All that a group holds, itself or by a group within it; groups are not among them.

    Args:
        group: one of the links.
        links: each group to what it names itself, groups and others.
    """
    found: set[str] = set()
    seen, waiting = {group}, [group]
    while waiting:
        named = links[waiting.pop()]
        within = named & links.keys()
        found |= named - within
        waiting += within - seen
        seen |= within
    return frozenset(found)
