"""The command `hub`: what an administrator types."""

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import NoReturn

from hub.errors import HubError

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run one command and leave with its exit code: 0 ok, 1, 2, 75 or 78 (`hub.cli.exits`).

    Args:
        argv: the words after `hub`; by default those of this process.

    Raises:
        SystemExit: always.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if argv is None:  # a process of its own: nobody looks in on what is validated
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    if argv is None and words[:1] == ["run"] and "--once" not in words:
        # nothing runs yet that would have to end first: a service that is stopped now ends well
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    try:
        with _importing(alone=argv is None):
            from hub.cli.app import build  # noqa: PLC0415  a broken import ends in plain words too

            command = build(words)
        command(words, prog_name="hub")
    except HubError as error:
        raise SystemExit(_failed(error)) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as error:  # noqa: BLE001  whatever it is, it ends in plain words
        # its text may hold anything, a row's values among them
        kind = type(error).__name__
        if os.environ.get("HUB_DEBUG"):
            tell_where(error)
        _tell(f"the hub failed with {kind}", "report it; HUB_DEBUG=1 shows where it happened.")
        raise SystemExit(1) from None
    raise SystemExit(0)


# Rows on their way are no garbage either: Python's own 700 looked through them so often that it
# took a quarter of the processor's time (measured: 130 us against 100 us an object).
COLLECT = (20_000, 20, 50)


@contextlib.contextmanager
def _importing(*, alone: bool) -> Iterator[None]:
    """Of what imports make nothing is garbage, and looking for it is a tenth of a cold start.

    Args:
        alone: the process is the command's own; of another's, what is garbage by now would stay.
    """
    looked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if alone:
            gc.freeze()  # nor is it garbage later on
            gc.set_threshold(*COLLECT)
        if looked:
            gc.enable()


def tell_where(error: BaseException | None) -> None:
    """The lines that it and its causes passed: these may be sent to others."""
    from hub.telemetry import passed  # noqa: PLC0415  only a fault needs it

    while error is not None:
        for line in [*passed(error), type(error).__name__]:
            print(f"  {line}", file=sys.stderr)  # noqa: T201  a command line speaks
        error = error.__cause__ or error.__context__


def _failed(error: HubError) -> int:
    """Say what went wrong and what to do; its exit code."""
    from hub.cli.exits import advice, code_of  # noqa: PLC0415  only a fault needs it

    _tell(str(error), advice(error))
    return code_of(error)


def _tell(message: str, what_to_do: str) -> None:
    for line in message.splitlines() or [""]:
        print(f"error: {line}", file=sys.stderr)  # noqa: T201  a command line speaks
    print(f"what to do: {what_to_do}", file=sys.stderr)  # noqa: T201  a command line speaks
