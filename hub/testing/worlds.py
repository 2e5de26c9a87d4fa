"""What an author supplies: a world with a fake source, or a fake intranet, that can be changed."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import httpx
import pytest

from hub.contract import Connector, Context, Received, Target
from hub.errors import (
    AuthFailedError,
    HubError,
    PermissionMissingError,
    RateLimitedError,
    RetryableError,
)
from hub.events.objects import Kind
from hub.testing.clock import FakeClock, FakeLog, fake_context
from hub.testing.wire import Fault, FaultTransport

FAULTS: Mapping[Fault, type[HubError]] = {
    "auth": AuthFailedError,
    "forbidden": PermissionMissingError,
    "server_error": RetryableError,
    "html": RetryableError,
    "truncated": RetryableError,
    "rate_limited": RateLimitedError,
    "reset": RetryableError,
}


class World:
    """What both worlds share: a clock, a log and a wire that breaks on demand.

    Attributes:
        secrets: values in the settings that must never be seen in a message, a log or a repr.
        faults: the faults that this world can have, and the error that each must become.
    """

    secrets: ClassVar[Sequence[str]] = ()
    faults: ClassVar[Mapping[Fault, type[HubError]]] = FAULTS

    @property
    def settings(self) -> Mapping[str, Any]:
        """The plug-in's `settings:` as YAML would give them."""
        return {}

    def transport(self) -> httpx.AsyncBaseTransport:
        """The way to the other side: by default the network, for a server on 127.0.0.1."""
        return httpx.AsyncHTTPTransport()

    async def start(self) -> None:
        """Start what must run; before anything else."""

    async def stop(self) -> None:
        """Stop what `start` started."""

    @cached_property
    def clock(self) -> FakeClock:
        """The time of this world."""
        return FakeClock()

    @cached_property
    def log(self) -> FakeLog:
        """Where the plug-in's log lines go."""
        return FakeLog()

    @cached_property
    def wire(self) -> FaultTransport:
        """The transport as the plug-in gets it."""
        return FaultTransport(self.transport())

    def context(self) -> Context:
        """The context of a plug-in in this world."""
        return fake_context(clock=self.clock, transport=self.wire, log=self.log)

    def calls(self) -> int:
        """How often the other side was called."""
        return len(self.wire.requests)

    def fail(self, fault: Fault, *, after: int = 0) -> None:
        """Break the other side after so many more calls; override it where there is no HTTP."""
        self.wire.fail(fault, after=after)

    def heal(self) -> None:
        """Mend it."""
        self.wire.heal()


class SourceWorld(World, ABC):
    """A fake source. What a world can't do it leaves out; those tests are skipped with a reason.

    Attributes:
        connector: the class under test.
        stream: the stream to read; None: the first one that is read at all.
        page_size: subjects on a page; the suite puts more than two pages.
        received: requests that a connector with `Receives` must take.
        refused: requests that it must refuse.
        file: a list with somebody in it, which a connector with `TakesFiles` must understand.
    """

    connector: ClassVar[type[Connector[Any]]]
    stream: ClassVar[str | None] = None
    page_size: ClassVar[int] = 3
    received: ClassVar[Sequence[Received]] = ()
    refused: ClassVar[Sequence[Received]] = ()
    file: bytes | None = None

    @abstractmethod
    def populate(self, count: int) -> Sequence[str]:
        """Put so many readable subjects in; their keys as the connector must give them."""

    def edit(self, key: str) -> None:
        """Change something that shows in the record, as a person would; it stays in the stream."""
        pytest.skip(f"{type(self).__name__} has no edit(): {key} can't be changed")

    def remove(self, key: str) -> None:
        """Take a subject away so that the source answers a bare "not found"."""
        pytest.skip(f"{type(self).__name__} has no remove(): {key} can't be taken away")

    def retire(self, key: str) -> None:
        """Take a subject out of the stream so that the source proves it (demoted, archived)."""
        pytest.skip(f"{type(self).__name__} has no retire(): the source gives no proof for {key}")

    def spoil(self) -> None:
        """Slip one row in that can't be understood."""
        pytest.skip(f"{type(self).__name__} has no spoil(): no row can be unreadable")

    def own(self, count: int) -> tuple[str, Sequence[str]]:
        """Put so many tickets of one person in, and some of others.

        Returns:
            What that person is asked by, and the numbers of the tickets.
        """
        return pytest.skip(f"{type(self).__name__} has no own(): nobody has {count} tickets")

    def answer_unasked(self) -> None:
        """From now on the source sends everybody's tickets, whoever is asked about."""
        pytest.skip(f"{type(self).__name__} has no answer_unasked(): its source always filters")

    def before_each_call(self, action: Callable[[], None] | None) -> None:
        """Act ahead of every call to the source; None: no longer."""
        self.wire.before = action


class TargetWorld(World, ABC):
    """A fake intranet.

    Attributes:
        target: the class under test.
        remote: false where nothing is ever sent (the hub's own pages): those tests are skipped.
        calls_of_create: requests that a new target makes until its first object stands there.
    """

    target: ClassVar[type[Target[Any]]]
    remote: ClassVar[bool] = True
    calls_of_create: ClassVar[int] = 1

    @abstractmethod
    def body(self, kind: Kind, title: str) -> Mapping[str, Any]:
        """A body that the intranet accepts; another title is another body."""

    def body_of(self, kind: Kind, key: str, title: str) -> Mapping[str, Any]:  # noqa: ARG002 - for worlds that need it
        """The body of one object; override it where a value is of one object only (a user name)."""
        return self.body(kind, title)

    def content(self, kind: Kind, title: str) -> bytes | None:  # noqa: ARG002 - for worlds with pictures
        """The bytes beside such a body: of a picture those that it tells of."""
        return None

    @abstractmethod
    def stored(self, kind: Kind) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Key and body of every object on the other side, duplicates included."""

    def meddle(self, kind: Kind, key: str) -> None:
        """Somebody else edits the object on the intranet."""
        pytest.skip(f"{type(self).__name__} has no meddle(): nobody else edits {kind} {key}")

    def vanish(self, kind: Kind, key: str) -> None:
        """Somebody else deletes the object on the intranet."""
        pytest.skip(f"{type(self).__name__} has no vanish(): nobody else deletes {kind} {key}")

    def bad_body(self, kind: Kind) -> Mapping[str, Any]:
        """A body that the intranet refuses for good."""
        return pytest.skip(f"{type(self).__name__} has no bad_body(): no {kind} is refused")

    def exists_as_fault(self) -> None:
        """From now on a create is stored, and answered with 500 "already exists"."""
        pytest.skip(f"{type(self).__name__} has no exists_as_fault()")
