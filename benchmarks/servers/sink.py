"""The sink: takes records one by one or in batches, counts, and fails as it is told."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from benchmarks.servers.http import Reply, json_reply

MAX_BATCH = 100


@dataclass(frozen=True, slots=True)
class Faults:
    """How the sink misbehaves; nothing unless told.

    Attributes:
        latency: seconds until it answers.
        fail_every: each how-manyeth request answers 503; 0: none.
        poison_every: of the ids, each how-manyeth is refused with 422; 0: none.
        poison: `whole` refuses the batch that holds one, `items` only the item, by a 207.
        times: whether the first moment of each id is kept.
    """

    latency: float = 0.0
    fail_every: int = 0
    poison_every: int = 0
    poison: str = "whole"
    times: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Faults":
        """As a query says it."""
        return cls(
            float(query.get("latency_ms", 0)) / 1000,
            int(query.get("fail_every", 0)),
            int(query.get("poison_every", 0)),
            query.get("poison", "whole"),
            "times" in query,
        )

    def refuses(self, record: Mapping[str, Any]) -> bool:
        """Whether this record is poison."""
        if not self.poison_every:
            return False
        return int(record["id"][-6:]) % self.poison_every == self.poison_every // 2


@dataclass(slots=True)
class Counts:
    """What came in since the last reset; moments are nanoseconds of the machine's own clock."""

    requests: int = 0
    freshness: int = 0
    records: int = 0
    duplicates: int = 0
    regressions: int = 0
    failed: int = 0
    refused: int = 0
    bytes: int = 0
    first: int = 0
    last: int = 0
    versions: dict[str, int] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        """As the statistics show it."""
        names = [name for name in self.__slots__ if name not in {"versions", "times"}]
        said = {name: getattr(self, name) for name in names}
        versions = sum(self.versions.values())
        return said | {"unique": len(self.versions), "version_sum": versions}


class Sink:
    """PUT /upsert/ID, POST /upsert, POST /bulk, PUT /freshness/KEY; POST /_reset; GET /_stats."""

    def __init__(self) -> None:
        self._faults = Faults()
        self._counts = Counts()

    def handle(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> Reply:
        """Answer a request."""
        del method
        first = path.split("/", 2)[1]
        if first in {"upsert", "bulk"}:
            return self._upsert(first, body)
        if first == "freshness":
            self._counts.freshness += 1
            return Reply()
        if first == "_reset":
            self._faults, self._counts = Faults.of(query), Counts()
            return Reply()
        if first == "_seen":
            one = path.rpartition("/")[2]
            times, versions = self._counts.times, self._counts.versions
            return json_reply({"at": times.get(one, 0), "version": versions.get(one, 0)})
        return json_reply(self._counts.shown()) if first == "_stats" else Reply(404)

    def _upsert(self, way: str, body: bytes) -> Reply:
        counts, faults = self._counts, self._faults
        counts.requests += 1
        counts.bytes += len(body)
        counts.last = time.monotonic_ns()
        counts.first = counts.first or counts.last
        if faults.fail_every and counts.requests % faults.fail_every == 0:
            counts.failed += 1
            return Reply(503, b"{}", faults.latency)
        given = orjson.loads(body)
        reply = self._bulk(given) if way == "bulk" else self._single(given)
        return Reply(reply.status, reply.body, faults.latency) if faults.latency else reply

    def _single(self, record: Mapping[str, Any]) -> Reply:
        if self._faults.refuses(record):
            self._counts.refused += 1
            return Reply(422)
        self._take(record)
        return Reply()

    def _bulk(self, records: list[dict[str, Any]]) -> Reply:
        if len(records) > MAX_BATCH:
            return Reply(413)
        if not self._faults.poison_every:
            for record in records:
                self._take(record)
            return Reply()
        return self._poisoned(records)

    def _poisoned(self, records: list[dict[str, Any]]) -> Reply:
        bad = [self._faults.refuses(record) for record in records]
        self._counts.refused += sum(bad)
        if any(bad) and self._faults.poison == "whole":
            return Reply(422)
        for record, refused in zip(records, bad, strict=True):
            if not refused:
                self._take(record)
        return json_reply({"results": [422 if one else 200 for one in bad]}, 207)

    def _take(self, record: Mapping[str, Any]) -> None:
        counts, name, version = self._counts, record["id"], record["version"]
        counts.records += 1
        before = counts.versions.get(name, 0)
        counts.duplicates += version == before
        counts.regressions += version < before
        if version > before:
            counts.versions[name] = version
            if self._faults.times:
                counts.times[name] = time.monotonic_ns()
