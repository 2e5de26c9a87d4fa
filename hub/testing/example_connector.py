"""The smallest whole connector, with its world: to read first, and to copy.

It reads a notice board with two addresses:

- `GET rows?after=ID&limit=N` and `GET rows?changed_since=N&after=ID&limit=N`: a page in order of
  id, `{"revision": N, "rows": [{"id", "title", "since", "revision"}, ...]}`
- `GET rows/ID`: one row; 404; or 410 with `{"reason": "..."}` when it was taken down
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx
from pydantic import Field, HttpUrl, SecretStr, ValidationError

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
from hub.testing.worlds import SourceWorld


class BoardSettings(Model):
    """How the notice board is reached."""

    url: HttpUrl = Field(description="Address of the notice board.")
    token: SecretStr = Field(description="Token that may read.")
    page_size: int = Field(100, ge=1, description="Rows on a page.")


class Row(Model):
    """A row as the board sends it: only the fields that are used."""

    id: str = Field(min_length=1)
    title: str = Field(min_length=1)
    since: Moment
    revision: int


def to_record(row: Row) -> Record:
    """The whole state of one row; pure."""
    payload = Incident(title={"nl": row.title}, state=IncidentState.OPEN, since=row.since)
    return Record(row.id, payload, revision=row.revision)


class BoardConnector(Connector[BoardSettings]):
    """Reads every row as an incident."""

    name = "board"
    settings = BoardSettings

    def __init__(self, config: BoardSettings, context: Context) -> None:
        super().__init__(config, context)
        bearer = {"Authorization": f"Bearer {config.token.get_secret_value()}"}
        self.http = context.http(str(config.url), headers=bearer)

    def streams(self) -> Sequence[Stream]:
        """One stream, once a minute."""
        return [Stream("rows", frozenset({Family.INCIDENT}), timedelta(minutes=1))]

    async def check(self) -> Sequence[Finding]:
        """One row is asked for."""
        try:
            await self.page("", {"limit": "1"})
        except HubError as error:
            return [Finding("failed", "the board can't be read", str(error))]
        return [Finding("ok", "the board can be read")]

    async def read(self, request: ReadRequest) -> AsyncIterator[Batch]:
        """Page by page, in order of id; the revision at the beginning starts the next delta."""
        sweep = request.reading == "sweep"
        filters = {} if sweep or not request.since else {"changed_since": request.since.value}
        begun, after = "", ""
        if sweep and request.since:  # a resumed sweep began when it began
            begun, after = request.since.value.split(":", 1)
        begun = begun or str((await self.page("", {"limit": "1"}))["revision"])
        next_delta = Checkpoint(begun)
        while True:
            rows = (await self.page(after, filters))["rows"]
            last = len(rows) < self.config.page_size
            after = str(rows[-1]["id"]) if rows else after
            resume = Checkpoint(f"{begun}:{after}") if sweep and rows else None
            yield self.batch(rows, resume, sweep=sweep, next_delta=next_delta if last else None)
            if last:
                return

    async def look_up(self, family: Family, key: str) -> Present | Gone | Unknown:  # noqa: ARG002 - the door's signature
        """410 proves that it left; 404 proves nothing."""
        answer = await self.http.get(f"rows/{key}", expect=(200, 404, 410))
        if answer.status == 404:
            return Unknown()
        if answer.status == 410:
            return Gone(str(answer.json()["reason"]))
        return Present(to_record(Row.model_validate(answer.json())))

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def page(self, after: str, filters: Mapping[str, str]) -> dict[str, Any]:
        """One page, as JSON values."""
        params = {"after": after, "limit": str(self.config.page_size), **filters}
        page: Any = (await self.http.get("rows", params=params)).json()
        rows = page.get("rows") if isinstance(page, dict) else None
        if not isinstance(rows, list) or not all(row.get("id") for row in rows):
            raise RetryableError("The board answered something that is no page of rows.")
        return dict(page)

    def batch(
        self,
        rows: Sequence[Mapping[str, Any]],
        resume: Checkpoint | None,
        *,
        sweep: bool,
        next_delta: Checkpoint | None,
    ) -> Batch:
        """What one page says; the last page of a sweep finishes it."""
        records, unreadable = [], []
        for row in rows:
            try:
                records.append(to_record(Row.model_validate(row)))
            except ValidationError as error:
                unreadable.append(Unreadable(str(error), str(row["id"])))
        finished = [Slice()] if next_delta and sweep else []
        return Batch(records, unreadable, finished, resume, next_delta)


class BoardWorld(SourceWorld):
    """A notice board in memory."""

    connector = BoardConnector
    secrets = ("s3cret-of-the-board",)

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.taken_down: set[str] = set()
        self.revision = 0

    @property
    def settings(self) -> Mapping[str, Any]:
        """As YAML would give them."""
        return {"url": "https://board.test/api", "token": self.secrets[0], "page_size": 3}

    def transport(self) -> httpx.AsyncBaseTransport:
        """The board itself."""
        return httpx.MockTransport(self._answer)

    def populate(self, count: int) -> Sequence[str]:
        """Rows `row-01` and on."""
        keys = [f"row-{number:02}" for number in range(1, count + 1)]
        for key in keys:
            self._put({"id": key, "title": f"Storing {key}", "since": "2026-11-02T08:30:00+01:00"})
        return keys

    def edit(self, key: str) -> None:
        """Another title."""
        self._put(self.rows[key] | {"title": f"Storing {key}, versie {self.revision}"})

    def remove(self, key: str) -> None:
        """404 from now on."""
        del self.rows[key]

    def retire(self, key: str) -> None:
        """410 from now on."""
        del self.rows[key]
        self.taken_down.add(key)

    def spoil(self) -> None:
        """A row without a title."""
        self._put({"id": "row-02x", "title": "", "since": "2026-11-02T08:30:00+01:00"})

    def _put(self, row: dict[str, Any]) -> None:
        self.revision += 1
        self.rows[row["id"]] = row | {"revision": self.revision}

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("authorization") != f"Bearer {self.secrets[0]}":
            return httpx.Response(401)
        name = request.url.path.rpartition("/")[2]
        if name == "rows":
            return httpx.Response(200, json=self._page(dict(request.url.params)))
        if name in self.taken_down:
            return httpx.Response(410, json={"reason": "taken down"})
        found = self.rows.get(name)
        return httpx.Response(200, json=found) if found else httpx.Response(404)

    def _page(self, params: Mapping[str, str]) -> dict[str, Any]:
        since, limit = int(params.get("changed_since", "0")), int(params["limit"])
        keys = sorted(key for key in self.rows if key > params["after"])
        rows = [self.rows[key] for key in keys if self.rows[key]["revision"] > since]
        return {"revision": self.revision, "rows": json.loads(json.dumps(rows[:limit]))}
