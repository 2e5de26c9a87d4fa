"""Messages out of a stream of bytes, however they are cut on the way."""

from collections.abc import Callable, Iterator

from connectors.ldap.ber import DecodeError, long_length

CHUNK = 262_144  # bytes per call: fewer calls than a page has entries


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

    def __iter__(self) -> Iterator[tuple[bytes, int, int]]:
        """Each message as bytes, and where in them it starts and ends.

        Raises:
            DecodeError: what comes is not LDAP.
            TooLargeError: a message would be larger than allowed; it is not read.
            EndedError: the stream ended.
        """
        data, at = b"", 0
        while True:
            end = self._end(data, at)
            if end is None or end > len(data):
                data, at = self._more(data[at:], 0 if end is None else end - at), 0
                continue
            yield data, at, end
            at = end

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
