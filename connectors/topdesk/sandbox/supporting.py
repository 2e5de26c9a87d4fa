"""Everything around incidents: version, login, operators, lists, persons, changes, the portal."""

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from connectors.topdesk.sandbox import fiql, rows
from connectors.topdesk.sandbox import seed as seeds
from connectors.topdesk.sandbox.access import Account, Accounts, demand
from connectors.topdesk.sandbox.options import SandboxOptions
from connectors.topdesk.sandbox.paging import bad, listed, number, only, page, window
from connectors.topdesk.sandbox.rows import Row
from connectors.topdesk.sandbox.state import TopdeskState

V2 = "application/x.topdesk-collection-person-v2+json"
_DEFAULT_V2 = ("id", "firstName", "surName", "dynamicName", "archived")
LISTS: Mapping[str, str] = {
    "/incidents/statuses": "processingStatus",
    "/incidents/categories": "category",
    "/incidents/subcategories": "subcategory",
    "/incidents/priorities": "priority",
    "/incidents/impacts": "impact",
    "/incidents/urgencies": "urgency",
    "/incidents/durations": "duration",
    "/incidents/call_types": "callType",
    "/incidents/entry_types": "entryType",
    "/incidents/closure_codes": "closureCode",
    "/branches": "branch",
    "/services": "service",
    "/archiving-reasons": "archivingReason",
}
_PORTAL = """<!DOCTYPE html>
<html lang="nl"><head><meta charset="utf-8"><title>{title} - Selfservice (zandbak)</title></head>
<body><h1>{title}</h1><p>{number} - {status}</p>
<p>Dit is de zandbak van TOPdesk. Een echt portaal vraagt u eerst om in te loggen.</p></body></html>
"""


@dataclass(frozen=True)
class Supporting:
    """The rest of the API."""

    state: TopdeskState
    options: SandboxOptions
    accounts: Accounts
    whose: Callable[[Request], Account]

    async def version(self, request: Request) -> Response:
        """GET /version and /productVersion."""
        self.whose(request)
        if request.url.path.rstrip("/").endswith("/productVersion"):
            return JSONResponse({"major": 14, "minor": 8, "patch": 21})
        return JSONResponse({"version": self.options.api_version})

    async def login(self, request: Request) -> Response:
        """GET /login/operator: a token as plain text."""
        return PlainTextResponse(self.accounts.log_in(self.whose(request)))

    async def logout(self, request: Request) -> Response:
        """GET /logout: the token is worth nothing from now on."""
        self.whose(request)
        self.accounts.log_out(request)
        return Response(status_code=200)

    async def operator(self, request: Request) -> Response:
        """GET /operators/current."""
        card = self.whose(request).operator
        surname, _, first = str(card["name"]).partition(", ")
        about = {"status": "operator", "accountType": "regular", "apiAccount": True}
        row = {**card, "dynamicName": card["name"], "surName": surname, "firstName": first, **about}
        del row["name"]
        asked = only(request, ("fields",), strict=self.options.params == "strict").get("fields")
        return JSONResponse(rows.render(row, asked.split(",") if asked else None, iso=True))

    async def filters(self, request: Request) -> Response:
        """GET /operators/id/{id}/filters/{branch,category,operator}."""
        account = self.whose(request)
        demand(account, "filters.read")
        if request.path_params["id"] != account.operator["id"]:
            raise HTTPException(404, "The operator could not be found")
        names = sorted(account.branches) if request.path_params["kind"] == "branch" else []
        seed = self.options.seed
        found = [{"id": seeds.identifier(seed, "filter", n), "name": n} for n in names]
        return listed(found, None)

    async def listing(self, request: Request) -> Response:
        """GET of a plain list of `{id, name}`."""
        self.whose(request)
        path = request.url.path.rstrip("/").removeprefix("/tas/api")
        return JSONResponse(list(self.state.catalogue.lists[LISTS[path]].values()))

    async def categories(self, request: Request) -> Response:
        """GET /categories: both levels, with translations on request."""
        self.whose(request)
        asked = request.query_params.get("fields", "")
        items = [
            self._category(name, parent, translated={"all", "translations"} & set(asked.split(",")))
            for name, parent in [*((c, None) for c in seeds.CATEGORIES), *self._subcategories()]
        ]
        return JSONResponse({"item": items, "size": len(items), "next": None})

    async def persons(self, request: Request) -> Response:
        """GET /persons: v2 by its media type, else the old array."""
        demand(self.whose(request), "persons.read")
        accept = request.headers.get("accept", "")
        if V2 not in accept:
            return self._persons_v1(request)
        if self.options.persons == "v1":
            raise HTTPException(406, "Incorrect 'Accept' header used for the endpoint")
        return self._persons_v2(request)

    async def lookup(self, request: Request) -> Response:
        """GET /persons/lookup: names that start so."""
        demand(self.whose(request), "persons.read")
        params = only(request, ("name", "archived", "isCaller", "$top", "$all"), strict=True)
        prefix = params.get("name", "").casefold()
        flags = {n: params[n] == "true" for n in ("archived", "isCaller") if n in params}
        found = [
            {"id": row["id"], "name": row["dynamicName"]}
            for row in self.state.catalogue.persons
            if row["dynamicName"].casefold().startswith(prefix)
            and all(row[name] is wanted for name, wanted in flags.items())
        ]
        return JSONResponse({"results": found[: number(params, "$top", 100, 1, 10_000)]})

    async def change(self, request: Request) -> Response:
        """GET /operatorChanges/{id}."""
        demand(self.whose(request), "changes.read")
        row = self.state.changes.get(request.path_params["id"])
        if row is None:
            raise HTTPException(404, "The change was not found")
        return JSONResponse(rows.render(row, None, iso=True))

    async def changes(self, request: Request) -> Response:
        """GET /operatorChanges, in its simplest form."""
        demand(self.whose(request), "changes.read")
        found = [rows.render(row, None, iso=True) for row in self.state.changes.values()]
        return JSONResponse({"results": found})

    async def portal(self, request: Request) -> Response:
        """A page of the self-service portal, where deep links end."""
        row = self.state.incidents.get(request.query_params.get("unid", ""))
        if row is None or not row["publishToSsd"]:
            return HTMLResponse("<!DOCTYPE html><html lang='nl'><title>Niet gevonden</title>", 404)
        texts = {"title": row["briefDescription"], "number": row["number"]}
        texts["status"] = (row["processingStatus"] or {}).get("name", "")
        return HTMLResponse(_PORTAL.format(**{k: html.escape(v) for k, v in texts.items()}))

    def _persons_v1(self, request: Request) -> Response:
        strict = self.options.params == "strict"
        params = only(request, ("start", "page_size", "query"), strict=strict)
        found = self._people(params.get("query"), request)
        part = window(params, {"start": "page_size"}, 10, 100)
        return listed(*page(request, found, part))

    def _persons_v2(self, request: Request) -> Response:
        names = ("pageStart", "pageSize", "fields", "sort", "query")
        params = only(request, names, strict=self.options.params == "strict")
        found = self._people(params.get("query"), request)
        found.sort(key=lambda row: str(row["dynamicName"]))
        part, following = page(request, found, window(params, {"pageStart": "pageSize"}, 50, 5000))
        asked = params.get("fields", ",".join(_DEFAULT_V2))
        fields = None if asked in {"*", "all"} else asked.split(",")
        items = [rows.render(row, fields, iso=True) for row in part]
        body = {"item": items, "size": len(items), "next": following}
        return JSONResponse(body, 206 if following else 200, media_type=V2)

    def _people(self, query: str | None, request: Request) -> list[Row]:
        everyone = self.state.catalogue.persons
        if query is None or "sandbox.ignore_filter" in request.scope:
            return list(everyone)
        try:
            wanted = fiql.parse(query, _person_kind)
        except fiql.FiqlError as error:
            raise bad(f"The query could not be parsed: {error}") from error
        return [row for row in everyone if wanted.matches(row)]

    def _subcategories(self) -> list[tuple[str, str | None]]:
        return [(sub, main) for sub, main in self.state.catalogue.parents.items()]

    def _category(self, name: str, parent: str | None, *, translated: object) -> Row:
        cat = self.state.catalogue
        row = cat.ref("subcategory" if parent else "category", name) | {"archived": False}
        row["parent"] = cat.ref("category", parent) if parent else None
        if translated:
            english = {"locale": "en", "name": seeds.ENGLISH.get(name, name)}
            row["translations"] = [{"locale": "nl", "name": name}, english]
        return row


def _person_kind(path: str) -> fiql.Kind | None:
    if path in {"archived", "isCaller"}:
        return "bool"
    texts = "id firstName surName dynamicName email phoneNumber networkLoginName tasLoginName"
    return "text" if path in f"{texts} employeeNumber branch.id branch.name".split() else None
