"""What workers that kill themselves share; found beside `nursery.py`, which has them imported."""

import os
import signal
from collections.abc import Callable

import sqlalchemy as sa

from hub.store.sqlite import set_up
from hub.store.store import Store


class TornStore(Store):
    """The control: no BEGIN is ever said, so every statement is a transaction of its own."""

    def __init__(self, url: str):
        super().__init__(url)
        self._engine = sa.create_engine(url)
        sa.event.listen(self._engine, "connect", set_up)


def killer(point: str, hit: int) -> Callable[[str], None]:
    """Told of each named point that is passed: at that hit of that one the process is killed."""
    seen = {"count": 0}

    def at(name: str) -> None:
        if name == point:
            seen["count"] += 1
            if seen["count"] == hit:
                os.kill(os.getpid(), signal.SIGKILL)

    return at
