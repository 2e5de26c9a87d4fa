"""What stands on a page against what should stand there: pure, on virtual time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hub.sandbox.demo.stage import TileState

GRACE = timedelta(seconds=60)  # the promise: within a minute


@dataclass
class _Wish:
    """What one page should show of one subject, since when; None: nothing."""

    state: TileState | None
    since: datetime
    new: bool = False
    met: bool = False


@dataclass
class Watch:
    """Compares one page with what is expected of it.

    Attributes:
        began: the first moment; a row that nobody ever expected is wrong since then.
        delays: from publication to row, one per publication.
        lost: (subject, since) of what should have stood there, in this state, and did not.
        wrong: (subject, since) of rows that should have gone, or say another state.
    """

    began: datetime
    delays: list[timedelta] = field(default_factory=list)
    lost: set[tuple[str, datetime]] = field(default_factory=set)
    wrong: set[tuple[str, datetime]] = field(default_factory=set)
    _wishes: dict[str, _Wish] = field(default_factory=dict)

    def expect(self, wanted: Mapping[str, TileState], at: datetime) -> None:
        """From `at` on the page should show this."""
        for key in wanted.keys() | self._wishes.keys():
            state, old = wanted.get(key), self._wishes.get(key)
            before = old.state if old else None
            if old is None or before != state:
                fresh = before is None and state == "open"
                self._wishes[key] = _Wish(state, at, new=fresh)

    def look(self, shown: Mapping[str, TileState], now: datetime) -> None:
        """Judge what the page shows now."""
        for key in shown.keys() - self._wishes.keys():
            self._wishes[key] = _Wish(None, self.began)
        for key, wish in self._wishes.items():
            self._judge(key, wish, shown.get(key), now - wish.since)

    def _judge(self, key: str, wish: _Wish, seen: TileState | None, age: timedelta) -> None:
        if seen == wish.state:
            if wish.new and not wish.met:
                self.delays.append(age)
            wish.met = True
        elif seen is None and age >= GRACE:
            self.lost.add((key, wish.since))
        elif seen is not None and age > GRACE:
            self.wrong.add((key, wish.since))
