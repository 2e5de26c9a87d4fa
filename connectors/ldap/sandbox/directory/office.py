"""The directory as a stage: what a demonstration needs of it, and what happens there one morning."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from connectors.ldap.sandbox.directory import seed
from connectors.ldap.sandbox.directory.options import PASSWORD, READER, SUFFIX
from connectors.ldap.sandbox.directory.real import RealDirectory
from connectors.ldap.sandbox.directory.server import DirectorySandbox
from hub.errors import BadConfigError

ELSEWHERE = f"ou=Reorganisatie,{SUFFIX}"
LEAVES, MOVES = timedelta(minutes=2), timedelta(minutes=11)


class Directory(Protocol):
    """A directory that can be changed, whoever wrote it."""

    def change(self, dn: str, attribute: str, values: Sequence[bytes]) -> None:
        """Replace the values of one attribute."""

    def add_branch(self, dn: str) -> None:
        """A new branch."""

    def move(self, dn: str, rdn: str, above: str) -> None:
        """Put an entry, and what is below it, below another one."""


@dataclass(frozen=True)
class Step:
    """Something that happens in the directory."""

    name: str
    at: datetime
    says: Mapping[str, str]
    act: Callable[[Directory], None]


class Office:
    """A directory of 120 people, of whom one leaves, and one department is moved by mistake.

    Args:
        kind: `sandbox`, or `slapd` for a real OpenLDAP server.
        start: the story's first moment.
        now: the clock that everybody shares.

    Raises:
        BadConfigError: there is no such kind.
    """

    connector = "ldap"

    def __init__(self, kind: str, start: datetime, now: Callable[[], datetime]) -> None:
        if kind not in {"sandbox", "slapd"}:
            raise BadConfigError(f"There is no directory `{kind}`: choose `sandbox` or `slapd`.")
        self._kind, self._now = kind, now
        self.staff = seed.staff()
        self.moved = [one for one in self.staff if one.department == seed.MOVES]
        self.leaver = next(one for one in self.staff if one.department == seed.LEAVES)
        self.steps = (
            Step("leaver", start + LEAVES, _leaver_says(self.leaver.name), self._disable),
            Step("moved", start + MOVES, _moved_says(len(self.moved)), _move),
        )
        self._done = 0
        self.directory: Directory | None = None

    @property
    def canaries(self) -> Sequence[str]:
        """Texts that must never leave the directory: home addresses and private numbers."""
        return (seed.HOME_STREET, seed.HOME_PHONE)

    @asynccontextmanager
    async def opened(self, listener: socket.socket) -> AsyncIterator[str]:
        """The directory at work; yields its address.

        Raises:
            BadConfigError: the server that was chosen is not on this machine.
        """
        if self._kind == "slapd":
            async with _slapd(listener, self.staff) as real:
                self.directory = real
                yield real.address
            return
        sandbox = DirectorySandbox(seed.grown(self.staff))
        self.directory = _Ours(sandbox)
        async with sandbox.serving(listener):
            yield f"ldap://127.0.0.1:{listener.getsockname()[1]}"

    def play_until(self, moment: datetime) -> list[Step]:
        """Do every step up to and including a moment; returns what was done."""
        due = [one for one in self.steps[self._done :] if one.at <= moment]
        for one in due:
            if self.directory is not None:
                one.act(self.directory)
        self._done += len(due)
        return due

    def settings(self, address: str) -> Mapping[str, object]:
        """What the connector needs to be told, without the secret."""
        return {
            "urls": [address],
            "protection": "none",  # it never leaves this machine
            "bind": READER,
            "bases": [seed.STAFF],
            "groups": {"bases": [seed.GROUPS]},
            "deltas": "off",
        }

    def secrets(self) -> Mapping[str, str]:
        """The secret settings of the connector, in clear: they open nothing but this sandbox."""
        return {"password": PASSWORD}

    def _disable(self, directory: Directory) -> None:
        """Expired since midnight: what every directory understands without an overlay."""
        today = (self._now().astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
        directory.change(self.leaver.dn, "shadowExpire", [str(today).encode()])


def _move(directory: Directory) -> None:
    directory.add_branch(ELSEWHERE)
    directory.move(seed.branch(seed.MOVES), f"ou={seed.MOVES}", ELSEWHERE)


def _leaver_says(name: str) -> Mapping[str, str]:
    return {
        "nl": f"{name} is uit dienst: het account in de directory is verlopen.",
        "en": f"{name} has left: the account in the directory has expired.",
    }


def _moved_says(many: int) -> Mapping[str, str]:
    return {
        "nl": f"Iemand verplaatst de map {seed.MOVES}, met {many} mensen, uit de map Medewerkers.",
        "en": f"Somebody moves the branch {seed.MOVES}, with {many} people, out of Medewerkers.",
    }


class _Ours:
    """Our own server, changed from within."""

    def __init__(self, sandbox: DirectorySandbox) -> None:
        self._tree = sandbox.tree

    def change(self, dn: str, attribute: str, values: Sequence[bytes]) -> None:
        """Replace the values of one attribute."""
        self._tree.change(dn, attribute, values)

    def add_branch(self, dn: str) -> None:
        """A new branch."""
        self._tree.add(dn, {"objectClass": ["top", "organizationalUnit"]})

    def move(self, dn: str, rdn: str, above: str) -> None:
        """Put an entry, and what is below it, below another one."""
        self._tree.move(dn, rdn, above)


@asynccontextmanager
async def _slapd(
    listener: socket.socket, people: Sequence[seed.Employee]
) -> AsyncIterator[RealDirectory]:
    port = listener.getsockname()[1]
    listener.close()  # it opens its own there
    with TemporaryDirectory(prefix="hub-slapd-") as folder:
        real = RealDirectory(Path(folder), port, seed.entries(people))
        try:
            yield real
        finally:
            await asyncio.to_thread(real.close)
