"""What waits for a call: rows in groups that may share one, each lane in one call at a time."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

Group = tuple[str, str, bool]


class Lanes:
    """Rows that were read from the outbox and are not in a call yet.

    Rows of one call have the same kind and state; those that failed before are kept apart, so that
    they don't spoil others. What has to go away is sent first, kinds take turns.
    """

    def __init__(self) -> None:
        self._groups: dict[Group, deque[Any]] = {}
        self._parked: dict[str, deque[Any]] = {}
        self._busy: set[str] = set()
        self.size = 0

    def add(self, rows: Iterable[Any]) -> None:
        """More rows, in the order in which they are to be sent."""
        for row in rows:
            self._group(row).append(row)
            self.size += 1

    def _group(self, row: Any) -> deque[Any]:
        return self._groups.setdefault((row.state, row.kind, row.attempts > 0), deque())

    def take(self, most: Callable[[str], int]) -> list[Any]:
        """The rows of the next call, at most so many of a kind; none: all lanes are busy."""
        for group in sorted(self._groups, key=lambda one: one[0] != "absent"):
            rows = self._groups[group]
            if taken := self._gather(rows, most(group[1])):
                self._groups[group] = self._groups.pop(group)  # others have their turn first
                return taken
        return []

    def _gather(self, rows: deque[Any], most: int) -> list[Any]:
        taken: list[Any] = []
        lanes = set()
        while rows and len(taken) < most:
            row = rows.popleft()
            if row.lane in self._busy:
                self._parked.setdefault(row.lane, deque()).append(row)
            else:
                taken.append(row)
                lanes.add(row.lane)
        self._busy |= lanes
        self.size -= len(taken)
        return taken

    def free(self, rows: Sequence[Any]) -> None:
        """A call ended: its lanes are free for what waited for them."""
        for row in rows:
            self._busy.discard(row.lane)
            if self._parked and (parked := self._parked.pop(row.lane, None)):
                self._unpark(parked)

    def _unpark(self, parked: deque[Any]) -> None:
        """To the front of their groups, in their order."""
        while parked:
            row = parked.pop()
            self._group(row).appendleft(row)

    def rest(self) -> list[Any]:
        """What is left when a pass ends early."""
        waiting = [*self._groups.values(), *self._parked.values()]
        return [row for rows in waiting for row in rows]
