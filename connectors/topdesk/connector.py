"""TOPdesk: published major incidents, every 30 seconds; planned changes, where they are chosen."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, ValidationError

from connectors.topdesk import calendar, mapping, own
from connectors.topdesk.check import findings
from connectors.topdesk.client import Page, TopdeskClient
from connectors.topdesk.models import Row, is_key
from connectors.topdesk.settings import TopdeskSettings
from hub.contract import (
    Answered,
    Batch,
    Connector,
    Context,
    Finding,
    Gone,
    Present,
    ReadRequest,
    Record,
    Slice,
    Stream,
    Unknown,
    Unreadable,
)
from hub.errors import BadConfigError, RetryableError
from hub.events.base import Family

MAJORS = "majors"
MAINTENANCE = "maintenance"
OPEN = "open"
ENOUGH_TO_JUDGE = 50
TOLERATED = 0.2
STREAMS = (
    Stream(
        name=MAJORS,
        families=frozenset({Family.INCIDENT}),
        every=timedelta(seconds=30),
        confirm=2,
        recheck=timedelta(minutes=5),
    ),
    Stream(
        name=MAINTENANCE,
        families=frozenset({Family.MAINTENANCE}),
        every=timedelta(minutes=2),  # well within the five minutes that a tile is believed
        confirm=2,
        recheck=timedelta(hours=1),  # work that runs over leaves the period that is read
    ),
)


class TopdeskConnector(Connector[TopdeskSettings]):
    """Reads the whole set of open majors each time, and looks up those that left it."""

    name: ClassVar[str] = "topdesk"
    settings: ClassVar[type[BaseModel]] = TopdeskSettings

    def __init__(self, config: TopdeskSettings, context: Context) -> None:
        super().__init__(config, context)
        auth = (config.username, config.password.get_secret_value())
        self._client = TopdeskClient(context, config.api(), auth, config.page_size)

    def streams(self) -> Sequence[Stream]:
        """The open majors; and the change calendar, where it is chosen."""
        return STREAMS if self.config.maintenance is not None else STREAMS[:1]

    async def check(self) -> Sequence[Finding]:
        """Address, version, login, rights, each condition and field, view, clock, link."""
        return await findings(self.config, self._client, self.context.now())

    async def read(self, request: ReadRequest) -> AsyncIterator[Batch]:
        """The open majors, a batch per page; the container `open` is finished with the last.

        Of the change calendar: one batch, which finishes the planned beginnings of its period.

        Raises:
            BadConfigError, AuthFailedError, PermissionMissingError, RetryableError: the set could
                not be read completely, so nothing may be concluded from what is missing.
        """
        if request.stream == MAINTENANCE:
            yield await calendar.read(self._client, self.config, self.context.now())
            return
        if request.stream != MAJORS:
            names = f"`{MAJORS}` and `{MAINTENANCE}`"
            raise BadConfigError(f"TOPdesk has no stream {request.stream}: only {names}.")
        tally = _Tally()
        sent = await self._client.accepted(mapping.clauses(self.config))
        async for page in self._client.pages(sent, mapping.fields(self.config)):
            yield self._batch(page, sent, tally)

    def hinted(self) -> Sequence[str]:
        """Every stream: Action Management says that something changed, not what it was."""
        return [stream.name for stream in self.streams()]

    async def look_up(self, family: Family, key: str) -> Present | Gone | Unknown:
        """What TOPdesk says about one incident or change now.

        Raises:
            PermissionMissingError: the account may not see it, which says nothing about it.
            RetryableError: the answer is not an incident that can be understood.
        """
        if not is_key(key):
            return Unknown()
        if family == Family.MAINTENANCE:
            return await calendar.look_up(self._client, self.config, key)
        body = await self._client.incident(key)
        if body is None:
            return Unknown()
        row = _row(body)
        if isinstance(row, Unreadable) or row.id != key:
            raise RetryableError(f"TOPdesk's answer about incident {key} can't be understood.")
        try:
            return mapping.judge(row, self.config)
        except mapping.NoBeginningError as error:
            raise RetryableError(f"Incident {key} can't be shown: {error}.") from error

    async def answer(self, asker: str) -> Answered:
        """The tickets of the one caller with exactly this value, as `own_tickets` allows.

        Raises:
            RejectedError: TOPdesk knows nobody by it, or more than one.
            BadConfigError, AuthFailedError, PermissionMissingError, RetryableError: it can't be
                asked now, or sent what is not this person's: then nothing is shown.
        """
        return await own.answer(self._client, self.config, asker, self.context.now())

    async def close(self) -> None:
        """Release the connections."""
        await self._client.close()

    def _batch(self, page: Page, sent: Sequence[str], tally: "_Tally") -> Batch:
        records: list[Record] = []
        unreadable: list[Unreadable] = []
        ignored = 0
        for found in map(_row, page.rows):
            if isinstance(found, Unreadable):
                unreadable.append(found)
                continue
            broken = mapping.broken_clauses(found, self.config)
            if not broken:
                _add(found, self.config, records, unreadable)
            ignored += not broken.isdisjoint(sent)
        tally.count(len(page.rows), ignored)
        finished = (Slice(container=OPEN),) if page.last else ()
        return Batch(tuple(records), tuple(unreadable), finished, ignored=ignored)


class _Tally:
    """Counts over the pages of one reading how many rows the filter should have kept out."""

    def __init__(self) -> None:
        self._rows = 0
        self._ignored = 0

    def count(self, rows: int, ignored: int) -> None:
        """Add one page.

        Raises:
            RetryableError: so many that the server can't be filtering.
        """
        self._rows += rows
        self._ignored += ignored
        if self._rows > ENOUGH_TO_JUDGE and self._ignored > TOLERATED * self._rows:
            raise RetryableError(
                f"TOPdesk ignores the filter: {self._ignored} of {self._rows} incidents should "
                "not have come. Nothing was concluded; ask TOPdesk's support about FIQL."
            )


def _row(raw: Any) -> Row | Unreadable:
    key = raw.get("id") if isinstance(raw, dict) else None
    try:
        return Row.model_validate(raw)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        where = sorted({".".join(map(str, fault["loc"])) or "row" for fault in faults})
        known = key if is_key(key) else None
        return Unreadable(f"not as expected: {', '.join(where)}", key=known, container=OPEN)


def _add(
    row: Row, config: TopdeskSettings, records: list[Record], unreadable: list[Unreadable]
) -> None:
    try:
        records.append(mapping.record(row, config))
    except mapping.NoBeginningError as error:
        unreadable.append(Unreadable(str(error), key=row.id, container=OPEN))
