"""Reading incidents: list, one by id or number, progress trail, actions, requests."""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.topdesk.sandbox import fiql, rows
from connectors.topdesk.sandbox import seed as seeds
from connectors.topdesk.sandbox.access import Account, demand
from connectors.topdesk.sandbox.options import SandboxOptions
from connectors.topdesk.sandbox.paging import bad, listed, only, page, window
from connectors.topdesk.sandbox.rows import Row
from connectors.topdesk.sandbox.state import Entry, TopdeskState

LIST = ("pageStart", "pageSize", "sort", "query", "fields", "dateFormat", "all")
ONE = ("fields", "dateFormat")
TRAIL = ("start", "page_size", "inlineimages", "force_images_as_data", "non_api_attachment_urls")
_PAGES = {"pageStart": "pageSize"}
_OLD_PAGES = {"start": "page_size"}
_MAJOR = frozenset({"majorCall", "publishToSsd", "majorCallObject"})


@dataclass(frozen=True)
class Incidents:
    """The reading half of the incident API."""

    state: TopdeskState
    options: SandboxOptions
    whose: Callable[[Request], Account]

    async def listing(self, request: Request) -> Response:
        """GET /incidents."""
        account = self.reader(request)
        params = self._params(request, LIST, old=True)
        part = window(params, _PAGES if self._strict else _PAGES | _OLD_PAGES, 10, 10_000)
        fields, iso = _fields(params), _iso(params)
        found = self._found(account, params, unfiltered="sandbox.ignore_filter" in request.scope)
        rows_here, following = page(request, _sorted(found, params.get("sort")), part)
        return listed([rows.render(row, fields, iso=iso) for row in rows_here], following)

    async def one(self, request: Request) -> Response:
        """GET /incidents/id/{id} and /incidents/number/{number}: no parameter is specified."""
        row = self.find(request, self.reader(request))
        params = self._params(request, ONE, spec=())
        return JSONResponse(rows.render(row, _fields(params), iso=_iso(params)))

    async def trail(self, request: Request) -> Response:
        """GET .../progresstrail, .../actions and .../requests: newest first."""
        row = self.find(request, self.reader(request))
        entries = self._entries(row["id"], request.url.path.rstrip("/").rpartition("/")[2])
        params = self._params(request, (*TRAIL, "pageStart", "pageSize"), spec=TRAIL)
        rows_here, following = page(request, entries, window(params, _OLD_PAGES, 10, 100))
        return listed([self._entry(entry) for entry in rows_here], following)

    async def count(self, request: Request) -> Response:
        """GET .../progresstrail/count."""
        row = self.find(request, self.reader(request))
        self._params(request, ())
        return JSONResponse({"count": len(self._entries(row["id"], "progresstrail"))})

    def reader(self, request: Request) -> Account:
        """The account, with the right to read incidents."""
        account = self.whose(request)
        demand(account, "incidents.read")
        return account

    def find(self, request: Request, account: Account) -> Row:
        """The incident that the path names; a filtered one does not exist.

        Raises:
            HTTPException: 404.
        """
        ident, number = request.path_params.get("id"), request.path_params.get("number")
        row = self.state.by_number(number) if number else self.state.incidents.get(ident or "")
        if row is None or not account.sees(row):
            raise HTTPException(404, "The incident doesn't exist")
        return row

    @property
    def _strict(self) -> bool:
        return self.options.params == "strict"

    def _params(
        self, request: Request, names: tuple[str, ...], *, old: bool = False,
        spec: tuple[str, ...] | None = None,
    ) -> Mapping[str, str]:  # fmt: skip
        if self._strict:
            return only(request, names if spec is None else spec, strict=True)
        return only(request, (*names, "start", "page_size") if old else names, strict=False)

    def _found(self, account: Account, params: Mapping[str, str], *, unfiltered: bool) -> list[Row]:
        query = self._filter(params)
        everything = params.get("all") in {"", "true"}
        if query is None or unfiltered:
            matches: Callable[[Row], bool] = lambda _: True  # noqa: E731 - beside its twin
        else:
            matches = query.matches
        return [
            row
            for row in self.state.incidents.values()
            if matches(row)
            and (everything or row["status"] in {"firstLine", "secondLine"})
            and account.sees(row)
        ]

    def _filter(self, params: Mapping[str, str]) -> fiql.Filter | None:
        if "query" not in params or not self.options.knows_fiql:
            return None
        if not params["query"].strip():
            raise bad("The query is empty")
        try:
            query = fiql.parse(params["query"], rows.kind_of)
        except fiql.FiqlError as error:
            raise bad(f"The query could not be parsed: {error}") from error
        named = {name.partition(".")[0] for name in query.fields}
        if not self.options.major_filter and named & _MAJOR:
            raise bad(f"The query names fields that can't be filtered: {sorted(named & _MAJOR)}")
        return query

    def _entries(self, ident: str, which: str) -> list[Entry]:
        wanted = {"actions": (False,), "requests": (True,)}.get(which, (True, False))
        entries = [e for e in self.state.trail.get(ident, []) if e.request in wanted]
        return sorted(entries, key=lambda entry: entry.at, reverse=True)

    def _entry(self, entry: Entry) -> Row:
        author = seeds.identifier(self.options.seed, "author", entry.author)
        who = {"id": author, "name": entry.author}
        stamp = rows.date_text(entry.at, iso=False)
        row: dict[str, Any] = {
            "id": entry.id, "memoText": entry.text, "flag": 0,
            "plainText": html.unescape(re.sub(r"<[^>]+>", "", entry.text)),
            "entryDate": stamp, "creationDate": stamp,
            "operator": None if entry.request else who, "person": who if entry.request else None,
        }  # fmt: skip
        return row if entry.request else row | {"invisibleForCaller": entry.internal}


def _fields(params: Mapping[str, str]) -> tuple[str, ...] | None:
    if "fields" not in params:
        return None
    names = [name.strip() for name in params["fields"].split(",")]
    for name in names:
        if not rows.known_field(name):
            raise bad(f"The field '{name}' does not exist")
    return tuple(dict.fromkeys(name.partition(".")[0] for name in names))


def _iso(params: Mapping[str, str]) -> bool:
    if params.get("dateFormat", "iso8601") != "iso8601":
        raise bad("'dateFormat' can only be iso8601")
    return "dateFormat" in params


def _sorted(found: list[Row], order: str | None) -> list[Row]:
    if order is None:
        return found
    for term in reversed(order.split(",")):
        name, _, direction = term.strip().partition(":")
        first = name.partition(".")[0]
        if not rows.known_field(name) or first in rows.UNSORTABLE or direction not in _DIRECTIONS:
            raise bad(f"'{term}' can't be sorted on")
        found = sorted(found, key=lambda r: rows.sort_key(r, name), reverse=direction == "desc")
    return found


_DIRECTIONS = frozenset({"", "asc", "desc"})
