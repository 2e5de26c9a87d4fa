"""One Dutch morning at a service desk, minute by minute.

Times are local (Europe/Amsterdam) on the day that the sandbox starts; with another start than
08:00 the whole morning moves along. The story holds what must never reach an intranet: a title
with a name and a telephone number, a script, an internal update about a supplier.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from connectors.topdesk.sandbox.script import BEATS, BRANCH_OF, DST_MAJOR, Beat, prepare
from connectors.topdesk.sandbox.state import TopdeskState

TileState = Literal["open", "solved"]

CANARIES = (
    "Petra Veenstra",
    "Veenstra, Petra",
    "06-12345678",
    "petra.veenstra@example.org",
    "sean.oconnor@example.org",
    "<script>alert(",
    "Noordlicht",
    "Ruben de Graaf",
    "Graaf, Ruben de",
    "een defecte schijvenkast",
)


@dataclass(frozen=True)
class Step:
    """Something that happens.

    Attributes:
        at: when, in virtual time.
        name: short and stable, for logs and tests.
        description: a Dutch sentence for whoever watches.
        apply: does it.
    """

    at: datetime
    name: str
    description: str
    apply: Callable[[], object]


class Story:
    """The steps of the morning, and which of them have happened.

    Args:
        state: what the steps change.
    """

    canaries: tuple[str, ...] = CANARIES

    def __init__(self, state: TopdeskState) -> None:
        self._state = state
        self._start = state.options.start
        beats = BEATS if state.options.story else ()
        self.steps: Sequence[Step] = tuple(self._step(beat) for beat in beats)
        self.reset()

    def reset(self) -> None:
        """Nothing has happened yet; what stood before 08:00 is put in place."""
        self._played = 0
        if self.steps:
            prepare(self._state, self._start)

    @property
    def upcoming(self) -> Step | None:
        """The next step; None at the end."""
        return self.steps[self._played] if self._played < len(self.steps) else None

    def play_next(self) -> Step | None:
        """Do the next step, whatever the clock says; None at the end."""
        step = self.upcoming
        if step is not None:
            self._played += 1
            step.apply()
        return step

    def play_until(self, moment: datetime) -> list[str]:
        """Do every step up to and including a moment; returns their names."""
        names = []
        while (step := self.upcoming) is not None and step.at <= moment:
            self.play_next()
            names.append(step.name)
        return names

    def expected(
        self,
        now: datetime,
        *,
        solved_for: timedelta = timedelta(hours=1),
        branch: str | None = None,
    ) -> dict[str, TileState]:
        """What a correct tile shows now, worked out from the script alone.

        Args:
            now: the moment.
            solved_for: how long a solved one stays.
            branch: whose tile; None: everyone's majors of all branches.
        """
        return {
            number: state
            for number, (state, at) in self._shown(now).items()
            if state is not None
            and (state == "open" or now - at < solved_for)
            and _concerns(number, branch)
        }

    def _shown(self, now: datetime) -> dict[str, tuple[TileState | None, datetime]]:
        shown: dict[str, tuple[TileState | None, datetime]] = {}
        for beat in BEATS if self.steps else ():
            at = self._start + beat.after
            if at <= now and beat.shows is not None:
                shown[beat.shows[0]] = (beat.shows[1], at)
        return shown

    def _step(self, beat: Beat) -> Step:
        at = self._start + beat.after
        return Step(at, beat.name, beat.description, lambda: beat.act(self._state, at))


def _concerns(number: str, branch: str | None) -> bool:
    only: Mapping[str, str] = BRANCH_OF
    return branch is None or only.get(number, branch) == branch


__all__ = ["CANARIES", "DST_MAJOR", "Step", "Story", "TileState"]
