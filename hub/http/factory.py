"""Makes clients, and chooses what carries them."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from hub.http.client import Http
from hub.http.options import HttpOptions, Sleep
from hub.http.pace import Pace
from hub.http.transport import Transport

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class HttpFactory:
    """Makes clients for one instance.

    Attributes:
        transport: an own httpx transport, for tests; None: the network.
        pace: what `options.pace` makes of it.
        delivery: for a target, where the cost of a call counts: own connections instead of httpx.
    """

    options: HttpOptions
    now: Callable[[], datetime]
    sleep: Sleep = asyncio.sleep
    transport: "httpx.AsyncBaseTransport | None" = None
    delivery: bool = False
    pace: Pace | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """One pace for every client that this makes."""
        if self.options.pace is not None:
            shared = Pace(self.options.pace, self.now, self.sleep)
            object.__setattr__(self, "pace", shared)  # frozen for everybody else

    def __call__(
        self,
        base_url: str,
        *,
        auth: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Http:
        """A client for this origin, with HTTP Basic `auth` or own headers."""
        return Http(
            base_url,
            carry=self._carry,
            now=self.now,
            sleep=self.sleep,
            auth=auth,
            headers=headers,
            pace=self.pace,
        )

    def _carry(self, origin: str) -> Transport:
        """What carries it; imported only when it is wanted, because a cold start counts."""
        proxy = self.options.proxy
        if self.delivery and self.transport is None and (not proxy or proxy.startswith("http:")):
            from hub.http.wire import WireTransport  # noqa: PLC0415 - a cold start counts

            return WireTransport(origin, self.options)
        from hub.http.over_httpx import HttpxTransport  # noqa: PLC0415 - a cold start counts

        return HttpxTransport(origin, self.options, self.transport)
