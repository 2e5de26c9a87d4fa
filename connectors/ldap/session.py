"""A session with a directory: one connection, opened when it is needed, and opened again.

Whatever breaks becomes one of our errors, and the connection is given up: what is half read can't
be told from what comes next.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import ldap3
from ldap3.core.exceptions import LDAPExceptionError

from connectors.ldap.access import Access, Address, Method, addresses
from connectors.ldap.ber import DecodeError
from connectors.ldap.decode import Done, Entry, Note
from connectors.ldap.dial import dial, hang_up
from connectors.ldap.faults import broke_off, garbled, too_large
from connectors.ldap.frames import EndedError, TooLargeError
from connectors.ldap.reader import Ahead, DirectoryReader, FastReader, PlainReader, Question
from hub.errors import HubError, RetryableError

T = TypeVar("T")
Then = Callable[[Done], Question | None]


class Session:
    """One account on one directory. No network before the first call.

    Args:
        access: how to get in.
        log: a bound structured logger; None: nobody listens.
        fast: False: read with ldap3's own reader only.
    """

    def __init__(self, access: Access, log: Any = None, *, fast: bool = True) -> None:
        self._access = access
        self._log = log
        self._addresses = addresses(access)
        self._plain = PlainReader()
        sealed = access.method is Method.NTLM  # with Kerberos, ldap3 agrees on no layer
        self._fast = FastReader(access.max_message)
        self._reader: DirectoryReader = self._fast if fast and not sealed else self._plain
        self._connection: ldap3.Connection | None = None
        self._ahead: Ahead | None = None
        self.address: Address = self._addresses[0]
        self._used = False

    def connect(self) -> None:
        """Open, encrypt and bind, unless that is done already.

        Raises:
            BadConfigError: the certificate is not trusted, or the way of logging in can't work.
            AuthFailedError: the account was refused; it was tried once, on one server.
            RetryableError: no server can be reached.
        """
        self._connected()

    def _connected(self) -> ldap3.Connection:
        if self._connection is None:
            self._connection, self.address = self._open()
            self._used = False
        return self._connection

    def _open(self) -> tuple[ldap3.Connection, Address]:
        missed: list[RetryableError] = []
        for address in self._addresses:
            try:
                return dial(self._access, address), address
            except RetryableError as error:
                missed.append(error)
        raise missed[-1]

    def close(self) -> None:
        """Hang up; the next call opens a connection again."""
        if self._connection is not None:
            hang_up(self._connection)
        self._connection, self._used, self._ahead = None, False, None

    def ask(self, question: Question, take: Callable[[Entry | Note], None]) -> Done:
        """Ask one question, whatever its controls; each answer is handed to `take` as it comes.

        Raises:
            RetryableError: the answer is incomplete.
        """
        return self._guarded(lambda reader: _drained(reader, self._connected(), question, take))

    def collect(
        self, question: Question, *, again: bool = True, then: Then | None = None
    ) -> tuple[list[Entry], Done]:
        """One whole answer. Nothing was handed over yet, so that it may be asked twice.

        A connection that slept may have been closed by the server meanwhile: a new one is tried
        once. What our reader can't read, ldap3's reads, now and from now on.

        Args:
            question: what to ask.
            again: whether it may be asked twice.
            then: what will be asked next, by how this one ended: the server begins with it while
                this answer is decoded and used. None: nothing, or not known yet.
        """
        for _ in range(2 if again else 0):
            slept, reader = self._used, self._reader
            try:
                return self._collected(question, then)
            except RetryableError as error:
                cause = error.__cause__
                if not slept and not (isinstance(cause, DecodeError) and reader is not self._plain):
                    raise
        return self._collected(question, then)

    def _collected(self, question: Question, then: Then | None) -> tuple[list[Entry], Done]:
        if isinstance(self._reader, FastReader) and then is not None:
            return self._guarded(lambda _: self._page(question, then))
        page: list[Entry] = []
        return page, self.ask(question, lambda found: _kept(page, found))

    def _page(self, question: Question, then: Then) -> tuple[list[Entry], Done]:
        """One answer, which may have been asked for already; and the next question sent."""
        page = self._taken(question)
        done = page.done()
        following = then(done)
        self._ahead = self._asked(following) if following is not None else None
        return page.entries(), done

    def _taken(self, question: Question) -> Ahead:
        page, self._ahead = self._ahead, None
        return page if page is not None and page.question == question else self._asked(question)

    def _asked(self, question: Question) -> Ahead:
        return self._fast.ahead(self._connected(), question)

    def _guarded(self, work: Callable[[DirectoryReader], T]) -> T:
        self.connect()
        try:
            if self._ahead is not None:
                self._ahead.done()  # its answer comes first, whatever is asked now
            found = work(self._reader)
        except HubError:
            self.close()
            raise
        except DecodeError as error:
            self._fall_back()
            raise garbled(self.address, error) from error
        except TooLargeError as error:
            self.close()
            raise too_large(self.address, error) from error
        except (EndedError, LDAPExceptionError, OSError) as error:
            self.close()
            raise broke_off(self.address, error) from error
        self._used = True
        return found

    def _fall_back(self) -> None:
        self.close()
        if self._reader is not self._plain and self._log is not None:
            self._log.warning("fast_reader_given_up", directory=str(self.address))
        self._reader = self._plain


def _drained(
    reader: DirectoryReader,
    connection: ldap3.Connection,
    question: Question,
    take: Callable[[Entry | Note], None],
) -> Done:
    found = reader.search(connection, question)
    while True:
        try:
            take(next(found))
        except StopIteration as end:
            done: Done = end.value
            return done


def _kept(page: list[Entry], found: Entry | Note) -> None:
    if isinstance(found, Entry):
        page.append(found)
