"""The works: what everybody is asked to do, and how many of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MANY = 20_000
AT_ONCE = 8  # requests in flight, for everybody who can be told


class Way(StrEnum):
    """How a work is done and measured."""

    FULL = "full"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    IMPORTS = "imports"
    KILLED = "killed"
    RECEIVED = "received"
    DAEMON = "daemon"


class Who(StrEnum):
    """Who takes part in a work."""

    ALL = "all"
    HUB = "hub"


@dataclass(frozen=True, slots=True)
class Work:
    """One work.

    Attributes:
        count: records of the source.
        peers_count: fewer for the peers, where they would take minutes.
        batch: records a request; 1: one by one.
        sink: how the sink behaves.
        times: how often it is done; the median counts.
        limit: seconds that a side may take: some try for ever.
    """

    name: str
    title: str
    way: Way = Way.FULL
    who: Who = Who.ALL
    count: int = MANY
    peers_count: int | None = None
    batch: int = 100
    at_once: int = AT_ONCE
    parts: int = 1
    times: int = 1
    limit: float = 180.0
    sink: Mapping[str, str] = field(default_factory=dict)

    @property
    def poison_every(self) -> int:
        """Each how-manyeth id is refused; 0: none."""
        return int(self.sink.get("poison_every", 0))


ONE_IN_A_THOUSAND = {"poison_every": "1000"}

WORKS = (
    Work("START", "a source without a record: what a start costs", count=0, times=3),
    Work("W1", "full sync in batches of 100", times=3),
    Work("W1-1", "full sync, one record a request", batch=1, times=2),
    Work("W2", "50 changed since the last sync, from a cold start", Way.CHANGED, times=3),
    Work("IMPORTS", "50 changed: the share of imports", Way.IMPORTS, Who.HUB, count=2_000),
    Work("UNCHANGED", "full sync of what did not change", Way.UNCHANGED, Who.HUB),
    Work("KILL", "killed when 40 % had arrived, and started again", Way.KILLED),
    Work("W3", "one record by request, until the sink has it", Way.RECEIVED, count=200, batch=1),
    Work(
        "LAT",
        "one record a request, a sink that takes 20 ms, 32 in flight",
        batch=1,
        at_once=32,
        peers_count=1_000,
        sink={"latency_ms": "20"},
    ),
    Work(
        "503", "1 % of the requests answered 503", count=2_000, batch=1, sink={"fail_every": "97"}
    ),
    Work(
        "POISON",
        "one record in a thousand refused, one record a request",
        count=5_000,
        batch=1,
        limit=60,
        sink=ONE_IN_A_THOUSAND,
    ),
    Work(
        "POISON-ITEMS",
        "one record in a thousand refused, batches with an answer per record",
        who=Who.HUB,
        sink={**ONE_IN_A_THOUSAND, "poison": "items"},
    ),
    Work(
        "POISON-WHOLE",
        "one record in a thousand makes its whole batch refused",
        limit=60,
        sink={**ONE_IN_A_THOUSAND, "poison": "whole"},
    ),
    Work("FIVE", "a daemon with five instances", Way.DAEMON, Who.HUB, parts=5),
    Work("FIFTY", "a daemon with fifty instances", Way.DAEMON, Who.HUB, parts=50),
    Work("MEM-200K", "200,000 records: memory", who=Who.HUB, count=200_000),
    Work("MEM-1M", "1,000,000 records: memory", who=Who.HUB, count=1_000_000, limit=900),
)
