"""Reads employees page by page; a delta asks for what changed since the last one seen."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import ClassVar

from pydantic import BaseModel, ValidationError

from hub.contract import (
    Batch,
    Checkpoint,
    Connector,
    Context,
    Finding,
    ReadRequest,
    Received,
    Slice,
    Stream,
)
from hub.errors import HubError, RejectedError, RetryableError
from hub.events.base import Family
from intranet_hub_bench import mapping
from intranet_hub_bench.models import Employee, Page, SourceSettings

RECORDS, INBOX = "records", "inbox"


class BenchSource(Connector[SourceSettings]):
    """The source of the benchmarks."""

    name: ClassVar[str] = "bench-source"
    settings: ClassVar[type[BaseModel]] = SourceSettings

    def __init__(self, config: SourceSettings, context: Context) -> None:
        super().__init__(config, context)
        self._http = context.http(str(config.url))

    def streams(self) -> Sequence[Stream]:
        """What is read, and beside it what comes by request."""
        sweeps = timedelta(days=1) if self.config.deltas else None
        families = frozenset({Family.INCIDENT})
        read = Stream(RECORDS, families, every=timedelta(seconds=30), sweep_every=sweeps)
        inbox = Stream(INBOX, families, every=None)
        return (read, inbox) if self.config.inbox else (read,)

    async def check(self) -> Sequence[Finding]:
        """Whether it answers."""
        try:
            await self._page(1, "")
        except HubError as error:
            return (Finding("failed", str(error)),)
        return (Finding("ok", "the source answers"),)

    async def read(self, request: ReadRequest) -> AsyncIterator[Batch]:
        """A batch a page. A sweep resumes after the last employee that was stored."""
        since = request.since.value if request.since else ""
        number: int | None = 1
        last = since
        while number is not None:
            page = await self._page(number, since)
            number = page.next_page
            last = page.items[-1].updated_at if page.items else last
            yield self._batch(page, request, last, over=number is None)

    def _batch(self, page: Page, request: ReadRequest, last: str, *, over: bool) -> Batch:
        here = Checkpoint(last) if last else None
        swept = over and request.reading == "sweep"
        delta = here if over or request.reading == "delta" else None
        return Batch(
            records=[mapping.record(one) for one in page.items],
            finished=(Slice(),) if swept else (),
            resume=here,
            next_delta=delta if self.config.deltas else None,
        )

    async def _page(self, number: int, since: str) -> Page:
        asked = {"page": str(number), "per_page": "100", "since": since}
        answer = await self._http.get("records", params=asked)
        try:
            return Page.model_validate_json(answer.content)
        except ValidationError as error:
            raise RetryableError("The source answered something else than a page.") from error

    def receive(self, received: Received) -> Batch:
        """One employee by request.

        Raises:
            RejectedError: it is none.
        """
        given = {name: value for name, value in received.data.items() if name != "previous"}
        try:
            employee = Employee.model_validate(given)
        except ValidationError as error:
            raise RejectedError("This is not an employee.") from error
        return Batch(records=(mapping.record(employee),))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()
