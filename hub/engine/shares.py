"""Which instances and targets this process works for, where several share a store."""

import contextlib
from collections import Counter
from collections.abc import Collection, Iterator

from hub.store.database import Share
from hub.store.store import Store, Tx


class Shares:
    """The leases that this process can work under, holds, and works under at this moment.

    Args:
        able: leases, `instance:ID` and `target:ID`.
    """

    def __init__(self, able: Collection[str]) -> None:
        self._able = frozenset(able)
        self._held = self._able
        self._busy: Counter[str] = Counter()

    def owns(self, name: str) -> bool:
        """Whether this process may begin work under this lease."""
        return name in self._held

    def lend(self, names: Collection[str]) -> None:
        """These are ours until `drop`, beside what a share gives."""
        self._held |= frozenset(names)

    def drop(self, names: Collection[str]) -> None:
        """These are ours no more."""
        self._held -= frozenset(names)

    @contextlib.contextmanager
    def at_work(self, name: str) -> Iterator[None]:
        """While this lasts the lease is not given away."""
        self._busy[name] += 1
        try:
            yield
        finally:
            self._busy[name] -= 1

    def is_busy(self, name: str) -> bool:
        """Whether somebody works under this lease, or waits to."""
        return bool(self._busy[name])

    def balance(self, store: Store, tx: Tx) -> Share:
        """Take what is free, up to a fair share; `note` what came of it."""
        return store.balance(
            tx, self._able, [name for name, number in self._busy.items() if number]
        )

    def note(self, share: Share) -> tuple[str, ...]:
        """This is held from now on; what is to be given back now, as others have less."""
        away = tuple(name for name in share.surplus if not self._busy[name])
        self._held = share.held - frozenset(away)
        return away
