"""TOPdesk's REST API: addresses, login, version, filter, pages. Knows no events.

Facts: incident API 4.2.6 (200 all rows, 206 more rows, 204 none, 400 malformed). Incidents can be
filtered from REST API 3.4 on; an older server ignores the filter and sends everyone's tickets.
"""

import email.utils
import hashlib
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from connectors.topdesk.models import moment
from hub.contract import Context
from hub.errors import BadConfigError, RejectedError, RetryableError
from hub.http import Answer, Http

OLDEST = (3, 4)
MAX_PAGES = 60
CHASE = 5  # pages behind people who edit faster than we read
LIST = "incidents"
MOST_ROWS = 10_000  # in one page, says TOPdesk's documentation
MOST_OBJECTS = MOST_ROWS * 20  # a row has a few objects in it: category, branch, ...
CALENDAR = "changeCalendar"
FILTERS = ("branch", "category", "operator")
PERSONS = "application/x.topdesk-collection-person-v2+json"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page starts: at rows changed at or after `stamp`, leaving out `offset` of them."""

    stamp: datetime | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Rows that were not seen before, as JSON values; `last`: there are no more."""

    rows: Sequence[Any]
    last: bool


class TopdeskClient:
    """One account on one TOPdesk.

    Args:
        context: where its HTTP client comes from.
        base: address of the API, ending in `/tas/api`.
        auth: login name and application password.
        page_size: incidents per request.
    """

    def __init__(
        self, context: Context, base: str, auth: tuple[str, str], page_size: int = 1000
    ) -> None:
        self._context = context
        self._http: Http = context.http(base, auth=auth)
        self._page_size = page_size
        self._accepted: tuple[str, ...] | None = None

    async def close(self) -> None:
        """Release the connections."""
        await self._http.aclose()

    async def version(self) -> tuple[str, datetime | None]:
        """The version of the REST API, and the server's clock (UTC) where it tells it.

        Raises:
            BadConfigError: no TOPdesk there, or one that is too old to filter.
        """
        answer = await self._get("version", expect=(200, 404))
        if answer.status == 404:
            raise BadConfigError(f"There is no TOPdesk at {answer.url} (404): check `url`.")
        body = answer.json()
        found = str(body.get("version", "")) if isinstance(body, dict) else ""
        numbers = re.match(r"(\d{1,6})\.(\d{1,6})", found)
        if numbers is None:
            raise RetryableError(f"{answer.url} does not tell the version: is it a TOPdesk?")
        if (int(numbers[1]), int(numbers[2])) < OLDEST:
            raise BadConfigError(
                f"This TOPdesk has REST API {found}, which ignores filters and would send "
                "everyone's tickets: update TOPdesk to one with REST API 3.4 or later."
            )
        return found, _server_clock(answer)

    async def accepted(self, clauses: Sequence[str]) -> tuple[str, ...]:
        """Those of the clauses that this server understands; asked once per connector."""
        if self._accepted is None:
            await self.version()
            self._accepted = tuple([each for each in clauses if await self.accepts(each)])
            for each in sorted(set(clauses) - set(self._accepted)):
                self._context.log.warning("clause_refused", clause=each)
        return self._accepted

    async def accepts(self, clause: str) -> bool:
        """Whether the server understands this condition."""
        return await self._understands({"query": clause, "fields": "id"})

    async def accepts_fields(self, fields: Sequence[str]) -> bool:
        """Whether the server can send these fields."""
        return await self._understands({"fields": ",".join(fields)})

    async def pages(self, clauses: Sequence[str], fields: Sequence[str]) -> AsyncIterator[Page]:
        """The rows that were not seen before, page by page, in order of their last change.

        Pages are found by key: the next one asks for rows changed at or after the last row seen,
        because an offset loses rows while people work. Rows are JSON values as they came.

        Raises:
            RetryableError: the list can't be read completely; nothing may be concluded.
        """
        here, seen = Position(), Seen()
        for _ in range(MAX_PAGES):
            answer = await self._page(here, clauses, fields)
            rows = _rows(answer)
            fresh = seen.sort_out(rows)
            last = answer.status != 206 or (bool(fresh) and seen.caught_up())
            if not last:
                here = _next(here, rows, fresh, answer.url)
            yield Page(fresh, last=last)
            if last:
                return
        raise RetryableError(
            f"TOPdesk has more than {MAX_PAGES} pages of incidents for the filter: nothing was "
            "concluded. Run `hub check`: does the server accept every condition?"
        )

    async def incident(self, key: str) -> Json | None:
        """One incident, whole: the API knows no `fields` here. None: 404, whatever that means."""
        return await self._one(f"{LIST}/id/{key}", "an incident")

    async def _one(self, path: str, what: str) -> Json | None:
        answer = await self._get(path, expect=(200, 404))
        if answer.status == 404:
            return None
        body = answer.json()
        if not isinstance(body, dict):
            raise RetryableError(f"{answer.url} did not send {what}: nothing was concluded.")
        return body

    async def changes(self, params: Mapping[str, str | Sequence[str]]) -> list[Any]:
        """The entries of the change calendar, all of them: it has no pages. JSON values."""
        answer = await self._get(CALENDAR, params=params)
        body = answer.json()
        rows = body.get("results") if isinstance(body, dict) else None
        if not isinstance(rows, list):
            raise RetryableError(f"{answer.url} did not send a calendar: nothing was concluded.")
        return rows

    async def change(self, key: str) -> Json | None:
        """What the calendar says about one change. None: 404, whatever that means."""
        return await self._one(f"{CALENDAR}/{key}", "a change")

    async def persons(self, clauses: Sequence[str], fields: Sequence[str]) -> list[Any]:
        """The first few persons that meet these conditions, as JSON values.

        Raises:
            BadConfigError: this TOPdesk is too old to be asked so.
            RetryableError: the answer is no list of persons.
        """
        params = {"query": ";".join(clauses), "fields": ",".join(fields), "pageSize": "3"}
        expect, accept = (200, 204, 206, 404, 406), {"Accept": PERSONS}
        answer = await self._get("persons", expect=expect, params=params, headers=accept)
        if answer.status in {404, 406}:
            raise BadConfigError(
                "This TOPdesk does not know version 2 of its list of persons, so nobody's own "
                "tickets can be found: update TOPdesk, or remove `own_tickets`."
            )
        body = {"item": []} if answer.status == 204 else answer.json()
        rows = body.get("item") if isinstance(body, dict) else None
        if not isinstance(rows, list):
            raise RetryableError(f"{answer.url} did not send a list of persons.")
        return rows

    async def newest(
        self, clauses: Sequence[str], fields: Sequence[str], most: int
    ) -> tuple[list[Any], bool]:
        """The incidents that changed last, as JSON values, and whether there are more."""
        params = {"query": ";".join(clauses), "fields": ",".join(fields), "pageSize": str(most)}
        params |= {"sort": "modificationDate:desc", "dateFormat": "iso8601"}
        answer = await self._get(LIST, expect=(200, 204, 206), params=params)
        return _rows(answer), answer.status == 206

    async def operator(self) -> str:
        """The id of the operator behind the login; needs no permission."""
        answer = await self._get("operators/current", params={"fields": "id"})
        body = answer.json()
        found = body.get("id") if isinstance(body, dict) else None
        if not isinstance(found, str) or not re.fullmatch(r"[\w-]+", found):
            raise RetryableError(f"{answer.url} did not send an operator.")
        return found

    async def filters(self, operator: str, kind: str) -> list[str]:
        """The names to which this operator's view is limited; empty: it sees everything."""
        path = f"operators/id/{operator}/filters/{kind}"
        answer = await self._get(path, expect=(200, 204))
        rows = [] if answer.status == 204 else answer.json()
        if not isinstance(rows, list):
            raise RetryableError(f"{answer.url} did not send a list.")
        return [_name(row) for row in rows]

    async def _get(
        self,
        path: str,
        *,
        expect: tuple[int, ...] = (200,),
        params: Mapping[str, str | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A refusal is never about one item here: it says that the question does not fit."""
        try:
            return await self._http.get(path, expect=expect, params=params, headers=headers)
        except RejectedError as error:
            self._accepted = None  # the server may have changed its mind: ask again next time
            raise RetryableError(
                f"{error} Run `hub check`: it tries each condition and each field."
            ) from error

    async def _understands(self, params: dict[str, str]) -> bool:
        asked = {**params, "pageSize": "1"}
        answer = await self._get(LIST, expect=(200, 204, 206, 400), params=asked)
        if answer.status == 400:
            return False
        _rows(answer)  # a login page has status 200 too
        return True

    async def _page(self, here: Position, clauses: Sequence[str], fields: Sequence[str]) -> Answer:
        conditions = list(clauses)
        if here.stamp is not None:
            conditions.append(since(here.stamp))
        params = {
            "query": ";".join(conditions),
            "fields": ",".join(fields),
            "sort": "modificationDate:asc",
            "dateFormat": "iso8601",
            "pageSize": str(self._page_size),
        }
        params = {name: value for name, value in params.items() if value}  # an empty query is 400
        if here.offset:
            params["pageStart"] = str(here.offset)
        answer = await self._get(LIST, expect=(200, 204, 206), params=params)
        if "x-next-page-url" in answer.headers:
            self._http.url(answer.headers["x-next-page-url"])  # not followed, but it must be ours
        return answer


def since(stamp: datetime) -> str:
    """The condition that selects rows changed at or after this moment."""
    return f"modificationDate=ge={stamp:%Y-%m-%dT%H:%M:%SZ}"


def _rows(answer: Answer) -> list[Any]:
    if answer.content.count(b"{") > MOST_OBJECTS:  # counted unread: rows cost ten times their text
        raise RetryableError(
            f"{answer.url} sent more than {MOST_ROWS} incidents in one page, which TOPdesk never "
            "does: refused unread. Is it a TOPdesk, without anything in between?"
        )
    rows = [] if answer.status == 204 else answer.json()
    if not isinstance(rows, list):
        raise RetryableError(
            f"{answer.url} answered {answer.status} without a list of incidents: nothing was taken."
        )
    return rows


def _next(here: Position, rows: list[Any], fresh: list[Any], url: str) -> Position:
    """Where the next page starts; within one crowded second only an offset leads on."""
    stamps = [stamp for row in rows if (stamp := _stamp(row)) is not None]
    if not fresh or not stamps:
        raise RetryableError(f"{url} sends the same page again: nothing was concluded.")
    if stamps != sorted(stamps):
        raise RetryableError(f"{url} does not sort by modificationDate: nothing was concluded.")
    if stamps[0] == stamps[-1]:
        return _within(here, stamps[-1], len(rows))
    return Position(stamps[-1])


def _within(here: Position, stamp: datetime, count: int) -> Position:
    """A tenth of overlap, because rows may leave this second while we read."""
    step = max(1, count * 9 // 10)
    before = here.offset if here.stamp == stamp else 0
    return replace(here, stamp=stamp, offset=before + step)


def _stamp(row: Any) -> datetime | None:
    try:
        return moment(row["modificationDate"])
    except (KeyError, TypeError, ValueError):
        return None


class Seen:
    """What one reading saw: rows, and the incidents that they were versions of."""

    def __init__(self) -> None:
        self._rows: set[str] = set()
        self._ids: set[str] = set()
        self._idle = 0

    def sort_out(self, rows: list[Any]) -> list[Any]:
        """The rows of a page that were not seen before."""
        fresh = {mark: row for row in rows if (mark := _mark(row)) not in self._rows}
        ids = {_mark(row.get("id") if isinstance(row, dict) else row) for row in fresh.values()}
        self._idle = self._idle + 1 if ids <= self._ids else 0
        self._rows.update(fresh)
        self._ids |= ids
        return list(fresh.values())

    def caught_up(self) -> bool:
        """Whether several pages brought nothing but newer versions of incidents seen before.

        Then all that could follow changed after the reading began: waiting until people stop
        working could take for ever. What is missed so is looked up, not lost.
        """
        return self._idle >= CHASE


def _mark(row: Any) -> str:
    return hashlib.blake2b(json.dumps(row, sort_keys=True).encode(), digest_size=16).hexdigest()


def _name(row: Any) -> str:
    return str(row.get("name", "")) if isinstance(row, dict) else ""


def _server_clock(answer: Answer) -> datetime | None:
    try:
        return email.utils.parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, OverflowError):
        return None
