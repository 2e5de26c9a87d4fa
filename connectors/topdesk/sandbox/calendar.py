"""The change calendar: changes and activities in a period, as change API 1.4.0 describes it.

Which changes belong to a period is not said there; here those that overlap it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.topdesk.sandbox import rows
from connectors.topdesk.sandbox.access import Account, demand
from connectors.topdesk.sandbox.options import SandboxOptions
from connectors.topdesk.sandbox.paging import bad
from connectors.topdesk.sandbox.rows import Row
from connectors.topdesk.sandbox.state import TopdeskState

# parameter -> field of a change; each may be repeated, and takes an id or a name
CHOICES: Mapping[str, str] = {
    "cardType": "cardType",
    "currentState": "currentState",
    "branch": "branch",
    "category": "category",
    "subcategory": "subCategory",
    "status": "status",
    "type": "type",
}
_ENTRY = ("id", "number", "briefDescription", "cardType", "currentState")
_DETAILS = (
    *("number", "briefDescription", "status", "currentState", "startDate", "endDate", "request"),
    *("category", "subCategory"),
)


@dataclass(frozen=True)
class Calendar:
    """The calendar of one sandbox."""

    state: TopdeskState
    options: SandboxOptions
    whose: Callable[[Request], Account]

    async def listing(self, request: Request) -> Response:
        """GET /changeCalendar."""
        demand(self.whose(request), "changes.read")
        params = request.query_params
        begin, end = (_moment(params, name) for name in ("start", "end"))
        chosen = {
            field: set(params.getlist(name))
            for name, field in CHOICES.items()
            if name in params and name not in self.options.calendar_ignores
        }
        found = [
            _entry(row)
            for row in self.state.changes.values()
            if row["startDate"] < end and row["endDate"] > begin
            and all(_is(row.get(field), wanted) for field, wanted in chosen.items())
        ]  # fmt: skip
        return JSONResponse({"results": found})

    async def details(self, request: Request) -> Response:
        """GET /changeCalendar/{id}."""
        demand(self.whose(request), "changes.read")
        row = self.state.changes.get(request.path_params["id"])
        if row is None:
            raise HTTPException(404, "The change was not found")
        fields = [name for name in _DETAILS if name in row]
        return JSONResponse(rows.render(row, fields, iso=True))


def _is(value: Any, wanted: set[str]) -> bool:
    if isinstance(value, Mapping):
        return bool({value["id"], value["name"]} & wanted)
    return value in wanted


def _entry(row: Row) -> Row:
    times = {"start": row["startDate"], "end": row["endDate"]}
    return rows.render({**{name: row[name] for name in _ENTRY}, **times}, None, iso=True)


def _moment(params: Mapping[str, Any], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(params[name])
    except (KeyError, ValueError) as error:
        raise bad(f"'{name}' must be an ISO 8601 date") from error
    return moment if moment.tzinfo else moment.astimezone()
