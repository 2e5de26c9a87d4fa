"""How often something may go wrong: per address, and for everybody together."""

import ipaddress
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from starlette.requests import Request

WINDOW = timedelta(minutes=15)
PER_ADDRESS, ALTOGETHER = 10, 300
MOST = 5000  # addresses that are remembered; the one that was quiet longest is forgotten first


@dataclass(slots=True)
class Limits:
    """What went wrong within the last quarter of an hour.

    A try counts when it begins, so that many at once are no way round, and is given back when it
    went well.
    """

    per_address: int = PER_ADDRESS
    altogether: int = ALTOGETHER
    _by: "OrderedDict[str, deque[datetime]]" = field(default_factory=OrderedDict)
    _all: "deque[datetime]" = field(default_factory=deque)

    def begin(self, address: str, now: datetime) -> float:
        """Count a try; 0, or the seconds to wait before another one is looked at."""
        mine = self._by.setdefault(address, deque())
        self._by.move_to_end(address)
        while len(self._by) > MOST:
            self._by.popitem(last=False)
        waits = [_wait(mine, self.per_address, now), _wait(self._all, self.altogether, now)]
        if not any(waits):
            mine.append(now)
            self._all.append(now)
        return max(waits)

    def went_well(self, address: str) -> None:
        """The last try of this address does not count."""
        for tries in (self._by.get(address), self._all):
            if tries:
                tries.pop()


def _wait(tries: "deque[datetime]", most: int, now: datetime) -> float:
    while tries and now - tries[0] >= WINDOW:
        tries.popleft()
    return 0.0 if len(tries) < most else (tries[0] + WINDOW - now).total_seconds()


def address(request: Request) -> str:
    """Where a request comes from: of IPv6 the network that one household has.

    A proxy on this machine itself says it in the last entry of `X-Forwarded-For`, which it wrote;
    what others write there is not believed.
    """
    host = request.client.host if request.client else ""
    found = _parsed(host)
    if found is not None and found.is_loopback:
        given = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        found = _parsed(given) or found
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found or host)


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
