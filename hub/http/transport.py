"""What carries requests: two methods, so that a client can be replaced."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from hub.http.answer import Headers


class Reply(NamedTuple):
    """An answer as it came off the wire, unpacked and within the cap."""

    status: int
    headers: Headers
    content: bytes


class Transport(Protocol):
    """Carries one request at a time to one origin; many at once."""

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        """Send it once and give back whatever status came; redirects are answers.

        A connection that the other side closed while it was idle is replaced unseen; once a byte
        of the request may have been sent it is never sent again.

        Raises:
            RetryableError: no answer, half an answer, too large a one, too late.
            BadConfigError: a certificate that is not trusted, an address that is none.
        """

    async def aclose(self) -> None:
        """Close the connections."""
