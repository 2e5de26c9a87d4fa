"""Who tells people what they should hear: made when there is somebody, because a start counts."""

from collections import Counter
from collections.abc import Callable
from typing import Protocol

from hub.store import notices
from hub.store.store import Store


class Tells(Protocol):
    """Tells people what is due."""

    async def tell(self) -> Counter[str]:
        """Work out what is to be told, and tell what is due; what became of it, counted."""


class Later:
    """Asks `make` for who tells as soon as there is anything that could be told."""

    def __init__(self, store: Store, make: Callable[[], Tells]) -> None:
        self._store = store
        self._make = make
        self._made: Tells | None = None

    async def tell(self) -> Counter[str]:
        """As `Tells` says; nothing is told, and nothing is loaded for it, where nobody vouches."""
        if self._made is None and await self._store.read(notices.needless):
            return Counter()
        self._made = self._made or self._make()
        return await self._made.tell()
