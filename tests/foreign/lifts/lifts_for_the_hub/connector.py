"""Reads the outages that a lift company lists.

- `GET outages?after=ID&limit=N`: `{"outages": [{"id", "lift", "since"}, ...]}`, in order of id
- `GET outages/ID`: one outage; 404; or `{"id", "false_alarm": true}`
"""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr, ValidationError

from hub.contract import (
    Batch,
    Checkpoint,
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
from hub.errors import HubError, RetryableError
from hub.events.base import Family, Model, Moment
from hub.events.incident import Incident, IncidentState
from hub.http import Answer


class LiftsSettings(Model):
    """How the lift company is reached."""

    url: HttpUrl = Field(description="Address of the lift company.")
    api_key: SecretStr = Field(description="Key of the building.")
    page_size: int = Field(100, ge=1, description="Outages on a page.")


class Row(BaseModel):
    """A row of which only the number is known to be good."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    id: str = Field(min_length=1)


class Page(BaseModel):
    """Some rows."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    outages: tuple[Row, ...]


class Outage(Row):
    """A row that can be understood."""

    lift: str = Field(min_length=1)
    since: Moment


ReadT = TypeVar("ReadT", bound=BaseModel)


class LiftsConnector(Connector[LiftsSettings]):
    """Every outage is an incident."""

    name = "lifts"
    settings = LiftsSettings

    def __init__(self, config: LiftsSettings, context: Context) -> None:
        super().__init__(config, context)
        key = {"X-Api-Key": config.api_key.get_secret_value()}
        self.http = context.http(str(config.url), headers=key)

    def streams(self) -> Sequence[Stream]:
        return [Stream("outages", frozenset({Family.INCIDENT}), timedelta(minutes=1))]

    async def check(self) -> Sequence[Finding]:
        try:
            await self._page("")
        except HubError as error:
            return [Finding("failed", "the outages can't be read", str(error))]
        return [Finding("ok", "the outages can be read")]

    async def read(self, request: ReadRequest) -> AsyncIterator[Batch]:
        after = request.since.value if request.since else ""
        last = False
        while not last:
            rows = await self._page(after)
            last = len(rows) < self.config.page_size
            after = rows[-1].id if rows else after
            yield batch(rows, Checkpoint(after) if after else None, last=last)

    async def look_up(self, family: Family, key: str) -> Present | Gone | Unknown:
        answer = await self.http.get(f"outages/{key}", expect=(200, 404))
        if answer.status == 404:
            return Unknown()
        if read_as(Row, answer).model_extra == {"false_alarm": True}:
            return Gone("false alarm")
        return Present(record(read_as(Outage, answer)))

    async def close(self) -> None:
        await self.http.aclose()

    async def _page(self, after: str) -> Sequence[Row]:
        params = {"after": after, "limit": str(self.config.page_size)}
        return read_as(Page, await self.http.get("outages", params=params)).outages


def read_as(model: type[ReadT], answer: Answer) -> ReadT:
    """The answer as a model; what does not fit says nothing about any outage."""
    try:
        return model.model_validate(answer.json())
    except ValidationError as error:
        raise RetryableError(f"{answer.url} answered something else than outages.") from error


def record(outage: Outage) -> Record:
    title = f"Lift {outage.lift} is defect"
    payload = Incident(title={"nl": title}, state=IncidentState.OPEN, since=outage.since)
    return Record(outage.id, payload)


def batch(rows: Sequence[Row], resume: Checkpoint | None, *, last: bool) -> Batch:
    records, unreadable = [], []
    for row in rows:
        try:
            records.append(record(Outage.model_validate(row.model_dump())))
        except ValidationError as error:
            unreadable.append(Unreadable(str(error), row.id))
    return Batch(records, unreadable, [Slice()] if last else [], resume)
