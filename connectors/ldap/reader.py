"""Two readers behind one small port: our own decoder, and ldap3's, which is the fallback.

Both ask the same question over the same bound connection of ldap3, and give the same entries, byte
for byte. Ours reads the socket itself: it must never be used where SASL may sign or seal what is on
the wire (`Method.NTLM`); with Kerberos ldap3 agrees on no such layer.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol

import ldap3
from ldap3.core.exceptions import LDAPInvalidFilterError, LDAPSocketOpenError

from connectors.ldap.asking import Control, asking, search
from connectors.ldap.ber import DecodeError, integer, octets, sequence
from connectors.ldap.decode import (
    DONE,
    Done,
    Entry,
    Names,
    Note,
    content,
    entries,
    message,
    operation,
)
from connectors.ldap.frames import EndedError, Frame, Frames
from connectors.ldap.root import DIRSYNC
from hub.errors import BadConfigError

PAGING = "1.2.840.113556.1.4.319"

NOBODY = integer(0)  # the number of no question

Found = Generator[Entry | Note, None, Done]


class Scope(StrEnum):
    """How far below its base a search looks."""

    BASE = "BASE"
    LEVEL = "LEVEL"
    SUBTREE = "SUBTREE"


@dataclass(frozen=True, slots=True)
class Question:
    """One search.

    Attributes:
        base: where it starts.
        condition: a filter (RFC 4515).
        attributes: what to hand over.
        scope: how far it looks.
        controls: OID, whether the server must know it, value in BER.
    """

    base: str
    condition: str
    attributes: tuple[str, ...]
    scope: Scope = Scope.SUBTREE
    controls: tuple[Control, ...] = ()


class DirectoryReader(Protocol):
    """Asks one question and hands over entries as they come."""

    def search(self, connection: ldap3.Connection, question: Question) -> Found:
        """Entries and notes one by one; returns how it ended.

        Raises:
            DecodeError: what came is no LDAP; the connection is of no more use.
            EndedError: the server closed the connection.
            TooLargeError: one message was larger than allowed.
            LDAPExceptionError: as ldap3 has it.
            OSError: the connection broke, or was silent for too long.
            BadConfigError: the filter is none.
        """
        ...


class FastReader:
    """Our own decoder on ldap3's socket.

    Args:
        max_message: bytes that one message may have.
    """

    def __init__(self, max_message: int) -> None:
        self._most = max_message
        self._names = Names(())
        self._asked: tuple[str, ...] = ()
        self._written: tuple[Question, bytes] | None = None

    def search(self, connection: ldap3.Connection, question: Question) -> Found:
        """See `DirectoryReader`."""
        number = self._send(connection, question)
        names = self._spelling(question.attributes)
        for data, start, end in Frames(connection.socket.recv, self._most):
            _hear([(data, start, end)])
            found = message(data, start, end, number, names)
            if isinstance(found, Done):
                return found
            if found is not None:
                yield found
        raise EndedError("no end")

    def ahead(self, connection: ldap3.Connection, question: Question) -> "Ahead":
        """Ask now, and take the answer later: the server works on it meanwhile."""
        number = self._send(connection, question)
        return Ahead(connection, question, number, self._most, self._spelling(question.attributes))

    def _send(self, connection: ldap3.Connection, question: Question) -> int:
        """Send a search over ldap3's connection; the number of its message."""
        if not connection.listening:
            raise LDAPSocketOpenError("the connection is closed")
        number: int = connection.server.next_message_id()
        message = asking(number, self._request(question), question.controls)
        connection.socket.sendall(message)
        return number

    def _request(self, question: Question) -> bytes:
        """The request without its controls, in which alone one page differs from the next."""
        asked = replace(question, controls=())
        if self._written is None or self._written[0] != asked:
            try:
                found = search(asked.base, asked.condition, asked.scope.value, asked.attributes)
            except LDAPInvalidFilterError as error:
                raise _no_filter(question) from error
            self._written = asked, found
        return self._written[1]

    def _spelling(self, attributes: tuple[str, ...]) -> Names:
        """What was learnt of these names by the pages before."""
        if attributes != self._asked:
            self._names, self._asked = Names(attributes), attributes
        return self._names


class Ahead:
    """The answer to a question that is on its way, or here and not decoded yet.

    Attributes:
        question: what was asked.
    """

    def __init__(
        self,
        connection: ldap3.Connection,
        question: Question,
        number: int,
        most: int,
        names: Names,
    ) -> None:
        self.question = question
        self._connection, self._number, self._most, self._names = connection, number, most, names
        self._found: list[Entry] = []
        self._rest: list[Frame] = []
        self._done: Done | None = None

    def done(self) -> Done:
        """Wait for the end of the answer; how it ended. Errors as `DirectoryReader.search`."""
        if self._done is None:
            self._done = self._gather()
        return self._done

    def entries(self) -> list[Entry]:
        """What was found.

        Raises:
            DecodeError: what came is no LDAP; the connection is of no more use.
        """
        rest, self._rest = self._rest, []
        self._decode(rest)
        return self._found

    def _gather(self) -> Done:
        """Decode while the server is at work; once it has said the end, that alone is decoded."""
        for some in Frames(self._connection.socket.recv, self._most).at_hand():
            *rest, last = some
            if operation(last[0], last[1]) == DONE:
                done = message(*last, self._number, self._names)
                if isinstance(done, Done):
                    self._rest = rest
                    return done
            self._decode(some)
        raise EndedError("no end")

    def _decode(self, some: Sequence[Frame]) -> None:
        try:
            self._found += entries(some, self._number, self._names)
        except DecodeError:
            _hear(some)
            raise


def _hear(some: Iterable[Frame]) -> None:
    """A server that closes says so, as the answer to no question."""
    if any(data.startswith(NOBODY, content(data, start)) for data, start, _ in some):
        raise EndedError("the server said goodbye")


class PlainReader:
    """ldap3's own reader."""

    def search(self, connection: ldap3.Connection, question: Question) -> Found:
        """See `DirectoryReader`; the whole answer is in memory first."""
        try:
            connection.search(
                question.base,
                question.condition,
                search_scope=question.scope.value,
                dereference_aliases=ldap3.DEREF_NEVER,
                attributes=list(question.attributes),
                controls=list(question.controls) or None,
            )
        except LDAPInvalidFilterError as error:
            raise _no_filter(question) from error
        names = Names(question.attributes)
        for each in connection.response or ():
            found = _taken(each, names)
            if found is not None:
                yield found
        result = connection.result
        return Done(int(result["result"]), str(result["message"]), _controls(result))


def _taken(answer: Mapping[str, Any], names: Names) -> Entry | Note | None:
    if answer["type"] == "searchResEntry":
        values = {
            names.spelled(name.encode()): list(found or ())
            for name, found in answer["raw_attributes"].items()
        }
        return Entry(answer["raw_dn"].decode(), values, _controls(answer))
    if answer["type"] == "intermediateResponse":
        return Note(str(answer["responseName"]), bytes(answer["responseValue"] or b""))
    return None


def _controls(answer: Mapping[str, Any]) -> dict[str, bytes]:
    """Values of controls in BER again, where ldap3 has taken them apart."""
    found = {}
    for name, control in answer.get("controls", {}).items():
        value = control["value"]
        if name == PAGING:
            value = sequence(integer(value["size"]), octets(value["cookie"]))
        elif name == DIRSYNC:
            value = sequence(integer(value["more_results"]), integer(0), octets(value["cookie"]))
        found[name] = bytes(value or b"")
    return found


def _no_filter(question: Question) -> BadConfigError:
    return BadConfigError(f"{question.condition!r} is no filter: check brackets and operators.")
