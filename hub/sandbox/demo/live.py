"""The story live: servers to look at, told step by step until somebody stops it."""

import asyncio
import signal
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console

from hub.sandbox.demo.clock import DemoClock
from hub.sandbox.demo.guide import ZONE, Guide, Told
from hub.sandbox.demo.people.telling import tell_people
from hub.sandbox.demo.scene import SANDBOX, Scene, opened
from hub.sandbox.demo.serving import address, serving
from hub.sandbox.demo.stage import Step
from hub.sandbox.demo.watch import GRACE
from hub.sandbox.intranet import report as seen
from hub.telemetry import logger

SPEED = 20.0  # a minute of the story takes three seconds: time to look at the fullest page
LEAD = timedelta(seconds=30)  # virtual time to open a page before the story begins
GLANCE = 0.2  # real seconds between two looks


async def live(
    *,
    console: Console,
    port_base: int | None = None,
    speed: float = SPEED,
    stop: asyncio.Event | None = None,
    directory: str = SANDBOX,
) -> None:
    """Start everything, tell where to look, play the story, and stay until stopped.

    Args:
        console: where the story is told.
        port_base: the first of five ports; None: free ones.
        speed: virtual seconds per real second while the story goes on; afterwards 1.
        stop: ends it; None: SIGINT or SIGTERM does.
        directory: `sandbox`, or `slapd` for a real OpenLDAP server.

    Raises:
        BadConfigError: a port is taken, or a sandbox or the chosen directory is missing.
    """
    ending = stop or _on_signals()
    clock = DemoClock(datetime.now(UTC).replace(microsecond=0))
    log = logger(json=False, level="warning")
    start = clock.now() + LEAD
    given: dict[str, Any] = {"port_base": port_base, "calls": True, "directory": directory}
    async with opened(clock, start, log=log, **given) as scene:
        guide = Guide(scene, scene.company) if scene.company else None
        async with _serving(guide):
            _introduce(scene, console, speed)
            clock.pace(speed)
            async with asyncio.TaskGroup() as group:
                group.create_task(scene.schedule.run(ending))
                group.create_task(_tell(scene, guide, console, ending))
                if guide is not None:
                    group.create_task(tell_people(guide, console, ending, log))
    console.print("Stopped; nothing is left behind.")


def _serving(guide: Guide | None) -> AbstractAsyncContextManager[None]:
    return serving(guide.app, guide.scene.guide) if guide else nullcontext()


def _on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: KeyboardInterrupt ends it there
            asyncio.get_running_loop().add_signal_handler(one, stop.set)
    return stop


def _introduce(scene: Scene, console: Console, speed: float) -> None:
    lines = (
        ("START HERE", f"{address(scene.guide)}/"),
        ("Intranet, dashboard", f"{scene.intranet_address}/"),
        ("  for Uithoorn", f"{scene.intranet_address}/?group=uithoorn"),
        ("Intranet, timeline", f"{scene.intranet_address}/timeline"),
        ("Intranet, colleagues", f"{scene.intranet_address}/people"),
        ("Intranet, requests", f"{scene.intranet_address}/requests"),
        ("The hub's own tile", scene.tiles["everyone"]),
        ("TOPdesk, control API", f"{scene.desk_address}/__sim/story"),
        ("Configuration", str(scene.config)),
    )
    console.print("A morning with the hub: people and disturbances.\n", style="bold")
    for name, where in lines:
        console.print(f"  {name:<22}{where}", soft_wrap=True, highlight=False)
    console.print(
        f"\nOne minute of the morning takes {60 / speed:.0f} seconds, so the times on the pages "
        "run ahead of your clock. Open the first address: it tells what happens, and leads to the "
        "rest. Ctrl-C ends it.\n"
    )


async def _tell(scene: Scene, guide: Guide | None, console: Console, stop: asyncio.Event) -> None:
    shown, last, played = -1, scene.stage.steps[-1], scene.clock.now()
    while not stop.is_set():
        done = scene.stage.play_until(scene.clock.now())
        for step in done:
            console.print(f"  {_clock(step)}  {step.description}", highlight=False)
            if guide is not None:
                guide.desk.append(Told(step.at, step.description, "nl"))
            played = scene.clock.now()
        now_shown = seen.tile_items(scene.intranet, "uithoorn")
        if now_shown != shown:
            after = "" if shown < 0 else later(scene.clock.now() - played)
            shown = now_shown
            line = f"         rows on the dashboard: {shown}{after}"
            console.print(line, style="dim", highlight=False)
        if last in done:
            _end(scene, console)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), GLANCE)


def later(passed: timedelta) -> str:
    """How long after the last step, where it can be the cause: later, time itself is."""
    return f", {passed.total_seconds():.0f} s later" if passed <= GRACE else ""


def _end(scene: Scene, console: Console) -> None:
    scene.clock.pace(1.0)
    console.print("\nThe morning is over; time runs as usual now. Add a major of your own:")
    console.print(f"  {scene.stage.encore(scene.desk_address)}", soft_wrap=True, highlight=False)


def _clock(step: Step) -> str:
    return f"{step.at.astimezone(ZONE):%H:%M}"
