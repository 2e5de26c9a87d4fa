"""Writes employees to the sink: one by one with PUT, or in batches with an answer per record."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import ClassVar

from pydantic import BaseModel

from hub.contract import (
    Ability,
    Capabilities,
    Context,
    Delivery,
    Finding,
    Outcome,
    Remote,
    Target,
)
from hub.errors import RejectedError
from hub.events.objects import Kind
from intranet_hub_bench import mapping
from intranet_hub_bench.models import SinkSettings

TAKEN = (200, 207)
REFUSED = Outcome("rejected", "the sink refused this record")


class BenchSink(Target[SinkSettings]):
    """The sink of the benchmarks."""

    name: ClassVar[str] = "bench-sink"
    settings: ClassVar[type[BaseModel]] = SinkSettings

    def __init__(self, config: SinkSettings, context: Context) -> None:
        super().__init__(config, context)
        self._http = context.http(str(config.url))

    def address(self) -> str:
        """The sink's address."""
        return str(self.config.url)

    async def capabilities(self) -> Capabilities:
        """Rows in batches, freshness one by one; keyed by the employee's id."""
        rows = Ability(batch_max=self.config.batch)
        kinds = {Kind.TILE_ITEM: rows, Kind.FRESHNESS: Ability()}
        return Capabilities(kinds, at_once=self.config.at_once)

    async def check(self) -> Sequence[Finding]:
        """Nothing is asked."""
        return (Finding("ok", "the sink is taken for granted"),)

    async def publish(self, items: Sequence[Delivery]) -> Sequence[Outcome]:
        """One request; a refusal of a whole batch is raised, for the engine to find the culprit."""
        one = items[0]
        if one.kind is Kind.FRESHNESS:
            await self._http.send("PUT", f"freshness/{one.key}", body=one.body)
            return [Outcome("done", remote_id=one.key)]
        if self.config.batch == 1:
            return [await self._single(one)]
        return await self._bulk(items)

    async def _single(self, item: Delivery) -> Outcome:
        body = mapping.employee(item.body)
        try:
            await self._http.send("PUT", f"upsert/{body['id']}", body=body)
        except RejectedError as error:
            return Outcome("rejected", str(error))
        return Outcome("done", remote_id=body["id"])

    async def _bulk(self, items: Sequence[Delivery]) -> Sequence[Outcome]:
        bodies = [mapping.employee(item.body) for item in items]
        answer = await self._http.send("POST", "bulk", body=bodies, expect=TAKEN)
        good = [Outcome("done", remote_id=body["id"]) for body in bodies]
        if answer.status == 200:
            return good
        results = answer.json()["results"]
        return [
            done if result == 200 else REFUSED for done, result in zip(good, results, strict=True)
        ]

    async def find(self, kind: Kind, keys: Sequence[str]) -> Mapping[str, Remote]:
        """It tells nothing back."""
        del kind, keys
        await asyncio.sleep(0)
        return {}

    async def list_remote(self, kind: Kind) -> AsyncIterator[Remote]:
        """It has no list.

        Raises:
            RejectedError: always.
        """
        raise RejectedError(f"The sink has no list of {kind}.")
        yield  # what makes it an iterator

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()
