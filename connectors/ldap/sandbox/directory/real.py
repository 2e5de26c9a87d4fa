"""A real OpenLDAP server with the same people in it."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import ldap3

from connectors.ldap.access import Access, addresses
from connectors.ldap.dial import dial, hang_up
from connectors.ldap.sandbox.directory.tree import Written
from connectors.ldap.sandbox.ldif import ldif
from connectors.ldap.sandbox.process import MissingError
from connectors.ldap.sandbox.slapd import MANAGER, PASSWORD, Slapd
from hub.errors import BadConfigError, RejectedError


class RealDirectory:
    """slapd in a folder, on loopback; it ends with `close`, and with whoever started it.

    Args:
        folder: its own, empty.
        port: where it listens, on loopback.
        entries: what stands in it: name, attributes, key.
        make: the server, in that folder.

    Raises:
        BadConfigError: slapd is not on this machine, or it did not start.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        entries: Iterable[tuple[str, Written, uuid.UUID]],
        make: Callable[[Path], Slapd] = Slapd,
    ) -> None:
        try:
            self._server = make(folder)
            self._server.port = port
            self._server.seed()
            self._server.load("".join(_written(*one) for one in entries))
            self._server.start()
        except MissingError as error:
            raise BadConfigError(
                f"The demo can't use a real OpenLDAP server: {error}. "
                "Its own practice directory needs none: start it without `--directory slapd`."
            ) from error
        access = Access(urls=(self.address,), bind=MANAGER, password=PASSWORD, clear_text=True)
        self._writer: Any = dial(access, addresses(access)[0])

    @property
    def address(self) -> str:
        """Where it is found."""
        return self._server.ldap

    def close(self) -> None:
        """Stop it."""
        hang_up(self._writer)
        self._server.stop()

    def change(self, dn: str, attribute: str, values: Sequence[bytes]) -> None:
        """Replace the values of one attribute."""
        self._writer.modify(dn, {attribute: [(ldap3.MODIFY_REPLACE, list(values))]})
        self._check()

    def add_branch(self, dn: str) -> None:
        """A new branch."""
        self._writer.add(dn, "organizationalUnit")
        self._check()

    def move(self, dn: str, rdn: str, above: str) -> None:
        """Put an entry, and what is below it, below another one."""
        self._writer.modify_dn(dn, rdn, new_superior=above)
        self._check()

    def _check(self) -> None:
        if self._writer.result["result"] != 0:
            raise RejectedError(f"slapd refused a change: {self._writer.result['description']}.")


def _written(dn: str, values: Written, key: uuid.UUID) -> str:
    return ldif(dn, {**values, "entryUUID": str(key)})
