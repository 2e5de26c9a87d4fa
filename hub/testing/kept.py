"""What a hub keeps for a connector that serves a protocol, in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from hub.contract import Batch, Record, Ref, Removal
from hub.events.base import Family


@dataclass
class MemoryKept:
    """Takes removals as done; a hub weighs them.

    Attributes:
        now: the moment of the next call, UTC.
        forgotten: aliases of those who asked to be forgotten.
        batches: how often something was stored.
    """

    now: datetime
    forgotten: set[Ref] = field(default_factory=set)
    batches: int = 0
    _there: dict[tuple[Family, str], Record] = field(default_factory=dict)
    _gone: dict[tuple[Family, str], Record] = field(default_factory=dict)

    def get(self, family: Family, keys: Collection[str]) -> Mapping[str, Record]:
        """Those of the subjects that are there, by key."""
        return {key: self._there[family, key] for key in keys if (family, key) in self._there}

    def find(self, family: Family, ref: Ref, *, gone: bool = False) -> Sequence[Record]:
        """Subjects with this very reference, in order of appearance."""
        rows = self._gone if gone else self._there
        return [one for (kind, _), one in rows.items() if kind == family and ref in one.refs]

    def page(self, family: Family, start: int, count: int) -> tuple[int, Sequence[Record]]:
        """How many subjects are there, and so many of them, in order of appearance."""
        rows = [one for (kind, _), one in self._there.items() if kind == family]
        return len(rows), rows[start : start + count]

    def is_forgotten(self, family: Family, ref: Ref) -> bool:
        """Whether somebody with this alias asked to be forgotten."""
        del family
        return ref in self.forgotten

    def store(self, batch: Batch) -> None:
        """Take records and removals in."""
        self.batches += 1
        for one in batch.records:
            if isinstance(one, Removal):
                self._remove(one)
            else:
                name = one.payload.family, one.key
                self._there[name] = replace(one, changed_at=self.now)
                self._gone.pop(name, None)

    def _remove(self, one: Removal) -> None:
        if record := self._there.pop((one.family, one.key), None):
            self._gone[one.family, one.key] = record
