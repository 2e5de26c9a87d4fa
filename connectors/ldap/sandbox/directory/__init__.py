"""A sandbox directory: a small LDAP server on loopback that behaves like OpenLDAP.

It serves the demo and whoever wants to try the connector without a directory. Start it with
`hub sandbox directory --port 8803`; in a test `served(DirectorySandbox(...))`. What it knows: logins
with a password, searches by base, scope, filter and page, and changes by its manager. What it does
not: TLS, deltas, Active Directory. The real ones stand beside it: `Slapd` and `Samba`.
"""

import asyncio
import socket
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from connectors.ldap.sandbox.directory.options import DirectoryOptions, Fault

if TYPE_CHECKING:
    from connectors.ldap.sandbox.directory.office import Office

__all__ = ["DirectoryOptions", "Fault", "sandbox"]


class _Sandbox:
    """What the command line starts; ldap3 is slow to import, and most commands need none of it."""

    name = "directory"
    description = "A directory like OpenLDAP, with a made-up municipality in it."
    scheme = "ldap"
    settings: type[BaseModel] = DirectoryOptions

    def build(self, settings: BaseModel) -> Any:
        """The server for these settings.

        Raises:
            TypeError: the settings are another sandbox's.
        """
        from connectors.ldap.sandbox.directory.seed import grown, staff  # noqa: PLC0415 - see above
        from connectors.ldap.sandbox.directory.server import DirectorySandbox  # noqa: PLC0415 - see above

        if not isinstance(settings, DirectoryOptions):
            raise TypeError("the sandbox directory is built from DirectoryOptions")
        return DirectorySandbox(grown(staff(settings.people, settings.seed)), settings)

    async def serve(self, built: Any, listener: socket.socket, stop: asyncio.Event) -> None:
        """Serve what was built until `stop` is set."""
        async with built.serving(listener):
            await stop.wait()

    def office(self, kind: str, start: datetime, now: Callable[[], datetime]) -> "Office":
        """The municipality for a demonstration, on the given clock.

        Args:
            kind: `sandbox`, or `slapd` for a real OpenLDAP server.

        Raises:
            BadConfigError: there is no such kind, or it is not on this machine.
        """
        from connectors.ldap.sandbox.directory.office import Office  # noqa: PLC0415 - see above

        return Office(kind, start, now)


sandbox = _Sandbox()
