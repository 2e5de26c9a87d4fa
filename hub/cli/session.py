"""What most commands begin with: the configuration, the store, and who may work on it."""

import asyncio
import getpass
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from hub.cli.options import ADMINISTRATOR, find_config
from hub.cli.output import Output
from hub.errors import HubError, RejectedError, RetryableError
from hub.registry import Group, Registry
from hub.settings import ConfigProblems, Settings, load
from hub.store import holds
from hub.store.store import Store, StoreInUseError
from hub.telemetry import Veil, logger

if TYPE_CHECKING:
    from hub.engine.runner import Runner

T = TypeVar("T")

POLL = 0.2  # seconds between looks for the running hub's answer
LOOK_AGAIN = 1.0  # seconds between looks whether there still is a hub that could answer
TIMEOUT = 120.0  # seconds


def now() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)


def actor() -> str:
    """Who types, for the audit trail: as `--as` says, else the operating system's name."""
    if given := os.environ.get(ADMINISTRATOR):
        return given
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a line in its list of users
        return f"uid {os.getuid()}"


SWITCH = 0.001  # seconds; at Python's 0.005 the writer thread waits as long for each statement


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do asynchronous work to its end, on uvloop where there is one: a call costs a third less."""
    sys.setswitchinterval(SWITCH)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(work)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415  there is none for every system
    except ImportError:
        return None
    return uvloop.new_event_loop


def settings_of(config: Path | None) -> Settings:
    """The configuration, with a list of what is wrong in files of instances.

    Raises:
        ConfigProblems: hub.yaml itself can't be used.
        BadConfigError: there is no file.
    """
    registry = Registry.discover(groups=(Group.CONNECTORS, Group.TARGETS))  # a cold start counts
    return load(find_config(config), registry, os.environ)


def log_of(settings: Settings, level: str = "warning") -> Any:
    """A logger on stderr: columns for people on a terminal, else JSON lines; no secret of these."""
    return logger(json=not sys.stderr.isatty(), level=level, veil=Veil(settings.secrets))


@contextmanager
def veiled(settings: Settings) -> Iterator[None]:
    """What ends the command says none of these secrets, whoever made the words."""
    try:
        yield
    except HubError as error:
        Veil(settings.secrets).cover(error)
        raise


@dataclass(frozen=True)
class Session:
    """One command at work.

    Attributes:
        store: open, so that it has its tables; not owned.
    """

    settings: Settings
    store: Store
    out: Output
    log: Any

    @property
    def zone(self) -> str:
        """The organisation's time zone."""
        return self.settings.hub.time_zone

    @property
    def language(self) -> str:
        """The organisation's language."""
        return self.settings.hub.language

    def known(self, names: list[str]) -> list[str]:
        """These names, all of them instances with a good file.

        Raises:
            typer.BadParameter: one is not.
        """
        ids = sorted(one.id for one in self.settings.instances)
        if unknown := sorted(set(names) - set(ids)):
            raise typer.BadParameter(
                f"No instance is called {', '.join(unknown)}; there are: {', '.join(ids) or 'none'}"
            )
        return names

    async def ask(self, action: str, body: Mapping[str, Any], timeout: float = TIMEOUT) -> Any:
        """Let the running hub do it, or do it here when none runs.

        Raises:
            HubError: it could not be done.
        """
        if self.store.is_served():
            request = await self.store.write(holds.ask, action, dict(body), now())
            row = await self._answered(request, timeout)
            if row is not None:
                return _answer(row)
        else:
            self._own()
        from hub.schedule.embedded import perform  # noqa: PLC0415  whoever only looks starts sooner

        async with working(self) as runner:
            return await perform(runner, action, body)

    def _own(self) -> None:
        self.store.own(self.settings.mark, guest=True)

    async def _answered(self, request: int, timeout: float) -> Any:
        """The answer; None: whoever had the store left without taking it, and now it is ours."""
        until = time.monotonic() + timeout
        while (began := time.monotonic()) < until:
            while time.monotonic() < began + LOOK_AGAIN:
                row = await self.store.read(holds.answered, request)
                if row is not None:
                    return row
                await asyncio.sleep(POLL)
            with suppress(StoreInUseError):
                self._own()
                if not await self.store.write(holds.take_back, request):
                    raise RetryableError("The hub that took it ended meanwhile: ask again.")
                return None
        raise RetryableError(
            f"The store is in use by {self.store.holder()}, and that hub did not answer within "
            f"{timeout:.0f} seconds. The request stays with it: look at `hub status` first."
        )


def _answer(row: Any) -> Any:
    if row.error is not None:
        raise RejectedError(row.error)
    return row.answer


@asynccontextmanager
async def session(
    config: Path | None, out: Output, *, level: str = "warning", made: bool = False
) -> AsyncIterator[Session]:
    """Load the configuration and open its store; instances with bad files are named on stderr.

    Args:
        made: refuse to make a store: nothing ever ran with this configuration.
    """
    settings = settings_of(config)
    if made:
        need_store(settings)
    complain(settings, out)
    with veiled(settings):
        store = await Store(settings.store, lease=settings.hub.lease.total_seconds()).open()
        try:
            yield Session(settings, store, out, log_of(settings, level))
        finally:
            await store.close()


def complain(settings: Settings, out: Output) -> None:
    """Name what is wrong; the good instances go on.

    Raises:
        ConfigProblems: no instance is good.
    """
    if settings.problems and not settings.instances:
        raise ConfigProblems(list(settings.problems))
    if not settings.instances:
        out.warn("No instance is configured: `hub init` writes a first one.")
    for problem in settings.problems:
        out.warn(f"{problem} (left out; the others go on)")


@asynccontextmanager
async def working(one: Session) -> "AsyncIterator[Runner]":
    """A started runner on this session's store, which must be owned."""
    from hub.engine.assemble import assemble  # noqa: PLC0415  whoever only looks starts sooner

    runner = await assemble(one.settings, one.store, now=now, log=one.log)
    try:
        await runner.start()
        yield runner
    finally:
        await runner.close()


def need_store(settings: Settings) -> None:
    """Refuse to look into a store that does not exist yet.

    Raises:
        HubError: nothing ever ran with this configuration.
    """
    store = Store(settings.store)
    if not store.exists():
        raise HubError(
            f"There is no store {store.name} yet: nothing was read with this "
            "configuration. Start with `hub plan`, then `hub sync` or `hub run`."
        )
