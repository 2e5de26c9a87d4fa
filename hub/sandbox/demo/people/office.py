"""Who plays the directory: a sandbox that other rooms bring, found by its entry point."""

import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol, runtime_checkable

from hub.errors import BadConfigError
from hub.events.base import Language
from hub.registry import Group, Registry

DIRECTORY = "directory"


class Employee(Protocol):
    """Somebody whom the directory knows."""

    @property
    def number(self) -> str:
        """The organisation's employee number."""

    @property
    def given_name(self) -> str:
        """The first name."""

    @property
    def family_name(self) -> str:
        """The last name, whole."""

    @property
    def name(self) -> str:
        """The whole name."""


class Step(Protocol):
    """Something that happens in the directory."""

    @property
    def name(self) -> str:
        """`leaver` or `moved`."""

    @property
    def at(self) -> datetime:
        """When, in virtual time."""

    @property
    def says(self) -> Mapping[Language, str]:
        """A sentence for whoever watches."""


class Office(Protocol):
    """A directory with a story."""

    @property
    def connector(self) -> str:
        """The name of the connector that reads it."""

    @property
    def staff(self) -> Sequence[Employee]:
        """Everybody in it."""

    @property
    def leaver(self) -> Employee:
        """Who leaves."""

    @property
    def moved(self) -> Sequence[Employee]:
        """Who would leave, if a mistake were believed."""

    @property
    def canaries(self) -> Sequence[str]:
        """Texts that must never reach an intranet."""

    @property
    def steps(self) -> Sequence[Step]:
        """The story in order."""

    def opened(self, listener: socket.socket) -> AbstractAsyncContextManager[str]:
        """The directory at work on this socket; yields its address."""

    def play_until(self, moment: datetime) -> Sequence[Step]:
        """Do every step up to and including a moment; what was done."""

    def settings(self, address: str) -> Mapping[str, object]:
        """The connector's settings, without secrets."""

    def secrets(self) -> Mapping[str, str]:
        """The connector's secret settings."""


@runtime_checkable
class OfficeEntry(Protocol):
    """A sandbox that can play the directory."""

    def office(self, kind: str, start: datetime, now: Callable[[], datetime]) -> Office:
        """The story, beginning at `start`, on the given clock."""


def find_office(registry: Registry) -> OfficeEntry:
    """The sandbox that plays the directory.

    Raises:
        BadConfigError: it is not installed, or broken.
    """
    found = registry.find(Group.SANDBOXES, DIRECTORY)
    if found is None or not isinstance(found.cls, OfficeEntry):
        why = f" ({found.reason})" if found is not None and found.reason else ""
        raise BadConfigError(
            f"The demo needs the sandbox `{DIRECTORY}`, which is missing or broken{why}: install "
            "intranet-hub again, with its bundled connectors."
        )
    return found.cls
