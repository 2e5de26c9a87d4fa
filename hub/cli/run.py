"""`hub run`: own the store or a part in it, read, deliver and serve tiles until stopped."""

import asyncio
import contextlib
import os
from collections.abc import Coroutine, Iterator
from typing import Annotated, Any

import typer

from hub.cli.options import ConfigOption, JsonOption, examples
from hub.cli.output import Output
from hub.cli.serving import guarded, serve, stop_on_signals
from hub.cli.session import Session, now, session, working
from hub.cli.session import run as run_async
from hub.cli.status import call_addresses, tile_url
from hub.cli.sync import report
from hub.engine.runner import Runner
from hub.metrics import Metrics
from hub.schedule.embedded import Embedded, perform
from hub.store import streams
from hub.web.listening import listen
from hub.web.site import site

EXAMPLES = examples("hub run", "hub run --no-web", "hub run --once --json")


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    app.command(name, epilog=EXAMPLES)(run)


def run(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Read and deliver once, and end; for a timer.")
    ] = False,
    web: Annotated[bool, typer.Option("--web/--no-web", help="Serve the tiles.")] = True,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Read, deliver and serve tiles until stopped.

    On SQLite one hub owns a store: a second one is refused with exit code 75. On PostgreSQL
    several share it; `hub status` shows who owns what. SIGTERM and Ctrl-C let running work end, for
    at most 20 seconds; a second one ends it at once.
    """
    code = run_async(_run(Output(json=json), config, once=once, web=web))
    if code:
        raise typer.Exit(code)


async def _run(out: Output, config: Any, *, once: bool, web: bool) -> int:
    stop = asyncio.Event() if once else stop_on_signals()  # a migration may take its time
    async with session(config, out, level="warning" if once else "info") as one:
        one.store.own(one.settings.mark, guest=once)
        with contextlib.ExitStack() as stack:
            listener = None
            if web and not once:
                listener = stack.enter_context(_listener(one))
            async with working(one) as runner:
                if once:
                    return report(one, await perform(runner, "sync", {}))
                await _begin(one, runner, web=web)
                await _go_on(one, runner, listener, stop)
    out.say("Stopped.")
    return 0


@contextlib.contextmanager
def _listener(one: Session) -> Iterator[Any]:
    settings = one.settings.hub.web
    advice = "stop what uses it, choose another `web.port`, or give --no-web."
    with listen(settings.host, settings.port, advice) as found:
        yield found


async def _begin(one: Session, runner: Runner, *, web: bool) -> None:
    """Say what runs and where the tiles are."""
    tiles = [row._asdict() for row in await one.store.read(streams.tile_tokens)]
    instances = [{"id": s.id, "mode": s.mode} for s in runner.sources.values()]
    shown = [{**row, "url": tile_url(one.settings, row)} for row in tiles] if web else []
    doors = call_addresses(one.settings) if web else []
    personal = f"{one.settings.address}/me" if web and one.settings.hub.personal.login else None
    document = {"pid": os.getpid(), "instances": instances, "tiles": shown, "calls": doors}
    document["personal"] = personal
    one.out.document(document)
    one.out.say(f"hub runs with pid {os.getpid()}.")
    for row in instances:
        one.out.say(f"  {row['id']}: mode {row['mode']}")
    for row in shown:
        one.out.say(f"  tile {row['tile']} for {row['audience']}, {row['view']}: {row['url']}")
    if personal:
        one.out.say(f"  personal pages: {personal}")
    for row in doors:
        one.out.say(f"  {row['kind']} of {row['instance']}: {row['shown']}")
    one.out.next("Ctrl-C stops it; `hub status` in another window shows how it stands.")
    one.out.flush()


async def _go_on(one: Session, runner: Runner, listener: Any, stop: asyncio.Event) -> None:
    metrics = Metrics()
    schedule = Embedded(runner, who=one.store.process or f"pid {os.getpid()}", metrics=metrics)
    work = [_ending(schedule.run(stop), stop)]
    if listener is not None:
        work.append(_ending(serve(_pages(one, runner, metrics), listener, stop), stop))
    ended = await asyncio.gather(*work, return_exceptions=True)
    for error in filter(None, ended):
        raise error


def _pages(one: Session, runner: Runner, metrics: Metrics) -> Any:
    return guarded(site(one.settings, runner, metrics, now), one.log)


async def _ending(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Whichever part ends, the others end too."""
    try:
        await work
    finally:
        stop.set()
