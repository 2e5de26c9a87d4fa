"""How an instance reaches the network, and the limits that hold for all."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

MAX_WAIT = 10.0  # seconds that a page waits for Retry-After itself; longer goes to the scheduler
MAX_BYTES = 32 * 1024 * 1024
TOTAL = 90.0  # seconds for one request, however the bytes drip

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """How an instance reaches the network; from its YAML file.

    Attributes:
        ca_file: PEM file of the organisation's own CA, trusted beside the system's store.
        proxy: http://host:port; None: no proxy, and the environment is not asked.
        timeout: seconds for connecting, and for each read.
        pace: requests a second at most, of all clients of the instance; None: as fast as goes.
        max_connections: for httpx, whose pool gets slow above ten.
    """

    ca_file: Path | None = None
    proxy: str | None = field(default=None, repr=False)
    pace: float | None = None
    timeout: float = 15.0
    max_connections: int = 10
