"""Messages out of a stream of bytes, however they are cut on the way."""

from collections.abc import Callable, Iterator

from connectors.ldap.ber import DecodeError, long_length

CHUNK = 1_048_576  # bytes per call: usually all of a page that has come
Frame = tuple[bytes, int, int]


class TooLargeError(Exception):
    """A message announces more bytes than anybody should send."""


class EndedError(Exception):
    """The other side closed the connection before the answer was complete."""


class Frames:
    """Whole messages from a socket.

    Args:
        receive: gives at most so many bytes, none at the end of the stream.
        most: bytes that one message may have.
    """

    def __init__(self, receive: Callable[[int], bytes], most: int) -> None:
        self._receive = receive
        self._most = most

    def __iter__(self) -> Iterator[Frame]:
        """Each message as bytes, and where in them it starts and ends.

        Raises:
            DecodeError: what comes is not LDAP.
            TooLargeError: a message would be larger than allowed; it is not read.
            EndedError: the stream ended.
        """
        for some in self.at_hand():
            yield from some

    def at_hand(self) -> Iterator[list[Frame]]:
        """The same, all those together that can be had without waiting; none is left out."""
        data, at = b"", 0
        while True:
            found = []
            try:
                end = self._end(data, at)
                while end is not None and end <= len(data):
                    found.append((data, at, end))
                    at = end
                    end = self._end(data, at)
            finally:  # what stands before a broken one is whole
                if found:
                    yield found
            data, at = self._more(data[at:], 0 if end is None else end - at), 0

    def _end(self, data: bytes, at: int) -> int | None:
        """Where the message ends; None: its length is not there yet."""
        if len(data) - at < 2:
            return None
        if data[at] != 0x30:
            raise DecodeError("not LDAP")
        first, start = data[at + 1], at + 2
        if first < 128:
            return start + first
        if len(data) - start < first & 127 <= 8:
            return None
        start, size = long_length(data, start, first)
        if size > self._most:
            raise TooLargeError(f"a message of {size} bytes")
        return start + size

    def _more(self, rest: bytes, wanted: int) -> bytes:
        """What was left over and what comes, until a large message is whole."""
        found, have = [rest] if rest else [], len(rest)
        while True:
            data = self._receive(CHUNK)
            if not data:
                raise EndedError("closed in mid-answer")
            found.append(data)
            have += len(data)
            if have >= wanted:
                return b"".join(found)
