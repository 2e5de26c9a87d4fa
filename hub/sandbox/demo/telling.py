"""The story at virtual speed: played, scheduled, looked at, and put into numbers."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.sandbox.demo.clock import DemoClock
from hub.sandbox.demo.pages import canaries_in, rows
from hub.sandbox.demo.people.watch import Figures, figures, go_on
from hub.sandbox.demo.report import DemoReport, in_seconds
from hub.sandbox.demo.scene import FILE, SANDBOX, Scene, opened
from hub.sandbox.demo.stage import Stage, TileState
from hub.sandbox.demo.watch import GRACE, Watch
from hub.sandbox.demo.writing import KEEP_SOLVED, PAGES, TARGET
from hub.sandbox.intranet import report as seen
from hub.store import outbox
from hub.telemetry import logger

START = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)  # eight o'clock in Amsterdam
STEP = 30.0  # virtual seconds between two looks: the rhythm of the readings
PHASE = 7.0  # virtual seconds by which the hub's rhythm stands apart from the story's minutes


async def once(
    *,
    prepare: Callable[[Scene], None] = lambda _scene: None,
    log: Any = None,
    port_base: int | None = None,
    phase: float = PHASE,
    lasting: timedelta | None = None,
    store: str = FILE,
    directory: str | None = SANDBOX,
) -> DemoReport:
    """Tell the whole story at virtual speed over loopback HTTP, and report what was seen.

    Args:
        prepare: called before the story begins; tests plant their faults here.
        log: where the hub logs to; None: warnings to standard error.
        port_base: the first of five ports; None: free ones.
        phase: virtual seconds by which the hub starts before the story.
        lasting: how much of the story, in virtual time; None: until the last row has left.
        store: the address of an empty database; by default a file that goes with the demo.
        directory: `sandbox`, `slapd`, or None: nobody but the service desk.

    Raises:
        BadConfigError: a port is taken, or a sandbox or the chosen directory is missing.
    """
    began = time.perf_counter()
    clock = DemoClock(START - timedelta(seconds=phase))
    chosen = log or logger(json=False, level="warning")
    given: dict[str, Any] = {"port_base": port_base, "store": store, "directory": directory}
    async with opened(clock, START, log=chosen, **given) as scene:
        prepare(scene)
        telling = _Telling(scene, chosen)
        await telling.tell(lasting)
        return await telling.report(began)


class _Telling:
    """One telling of the story."""

    def __init__(self, scene: Scene, log: Any) -> None:
        self._scene = scene
        self._log = log
        self._began = scene.clock.now()
        self._told = self._began
        self._changes = _changes(scene.stage)
        self._watches = {page: Watch(self._began) for page in PAGES}
        self._leaks: set[str] = set()
        self._read: dict[str, dict[str, TileState]] = {}
        self._fullest = (0, 0)

    async def tell(self, lasting: timedelta | None) -> None:
        """From before the first step until the last row has left, or for so long."""
        last = max(self._changes[-1], self._scene.stage.steps[-1].at) + 2 * GRACE
        end = last if lasting is None else self._began + lasting
        while (now := self._scene.clock.now()) <= end:
            self._play(now)
            if self._scene.company is not None:
                await go_on(self._scene, self._scene.company, self._log)
            await self._work()
            await self._look(now)
            self._scene.clock.advance(STEP)

    async def report(self, began: float) -> DemoReport:
        """What was seen; `began` is the real moment at which the demo was started."""
        intranet, watches = self._scene.intranet, self._watches
        doubled = seen.duplicates(intranet)
        company = self._scene.company
        people = await figures(self._scene, company) if company else Figures()
        leaks = self._leaks | _leaked(self._scene) | people.leaks
        tile_items, majors_open = self._fullest
        return DemoReport(
            majors_open=majors_open,
            tile_items=tile_items,
            timeline_posts=seen.timeline_posts(intranet),
            events=seen.changes(intranet),
            calls_to_intranet=seen.calls(intranet),
            leaks=len(leaks),
            lost=sum(len(watch.lost) for watch in watches.values()),
            duplicates=len(doubled),
            wrongly_shown=sum(len(watch.wrong) for watch in watches.values()),
            max_delay_seconds=in_seconds([d for w in watches.values() for d in w.delays]),
            persons=people.persons,
            accounts_made=people.accounts_made,
            linked=people.linked,
            leavers=people.leavers,
            held=people.held,
            invited=people.invited,
            people_wrong=len(people.wrong),
            virtual_seconds=(self._scene.clock.now() - self._began).total_seconds(),
            seconds=round(time.perf_counter() - began, 1),
            findings=(*sorted(leaks), *doubled, *self._misses(), *people.wrong),
        )

    def _play(self, now: datetime) -> None:
        stage = self._scene.stage
        for moment in (one for one in self._changes if self._told < one <= now):
            for page, branch in PAGES.items():
                wanted = stage.expected(moment, solved_for=KEEP_SOLVED, branch=branch)
                self._watches[page].expect(wanted, moment)
        self._told = now
        stage.play_until(now)

    async def _work(self) -> None:
        """Read what is due, and send what came of it: in real life the tick a second later."""
        schedule, store = self._scene.schedule, self._scene.store
        await schedule.tick()
        await schedule.settle()
        if await store.read(outbox.count_ahead, TARGET):
            await schedule.tick()
            await schedule.settle()

    async def _look(self, now: datetime) -> None:
        for page, watch in self._watches.items():
            shown = self._rows(await self._page(f"{self._scene.intranet_address}/?group={page}"))
            watch.look(shown, now)
            if len(shown) > self._fullest[0]:
                self._fullest = (len(shown), self._majors_open(now))
                await self._look_at_tiles()

    def _rows(self, page: str) -> dict[str, TileState]:
        """The rows of a page; one that is letter for letter known is not read again."""
        if page not in self._read:
            self._leaks.update(canaries_in(page, self._scene.stage.canaries))
            self._read[page] = rows(page)
        return self._read[page]

    async def _look_at_tiles(self) -> None:
        for tile in self._scene.tiles.values():
            for url in (tile, f"{tile}.json"):
                found = canaries_in(await self._page(url), self._scene.stage.canaries)
                self._leaks.update(found)

    async def _page(self, url: str) -> str:
        answer = await self._scene.browser.get(url)
        answer.raise_for_status()
        return answer.text

    def _majors_open(self, now: datetime) -> int:
        expected = self._scene.stage.expected(now, solved_for=KEEP_SOLVED)
        return sum(state == "open" for state in expected.values())

    def _misses(self) -> list[str]:
        return [
            f"{what}: {key}, due at {since.astimezone(UTC):%H:%M:%S} UTC, for {page or 'everyone'}"
            for page, watch in self._watches.items()
            for what, found in (("lost", watch.lost), ("wrongly shown", watch.wrong))
            for key, since in sorted(found)
        ]


def _changes(stage: Stage) -> list[datetime]:
    """The moments at which a correct tile changes."""
    moments = sorted(
        {step.at + wait for step in stage.steps for wait in (timedelta(), KEEP_SOLVED)}
    )
    before: dict[str, TileState] = {}
    changes = []
    for moment in moments:
        wanted = dict(stage.expected(moment, solved_for=KEEP_SOLVED))
        if wanted != before:
            changes.append(moment)
            before = wanted
    return changes


def _leaked(scene: Scene) -> set[str]:
    canaries = scene.stage.canaries
    found = seen.leaks(scene.intranet, canaries)
    return {one for one in canaries if any(line.startswith(f"{one!r} in ") for line in found)}
