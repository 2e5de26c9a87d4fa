"""Writing incidents: create, change, archive. Refuses what TOPdesk refuses."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.topdesk.sandbox import rows
from connectors.topdesk.sandbox.access import Account, demand
from connectors.topdesk.sandbox.incidents import Incidents
from connectors.topdesk.sandbox.paging import bad
from connectors.topdesk.sandbox.rows import Row, words

_PLAIN = words("briefDescription externalNumber feedbackMessage feedbackRating costs")
_FLAGS = words("completed closed onHold responded majorCall publishToSsd")
_DATES = words("targetDate responseDate completedDate closedDate callDate")
_LISTS = words(
    "category subcategory callType entryType impact urgency priority duration operatorGroup"
    " supplier processingStatus closureCode branch operator"
)
_OTHER = words(
    "caller callerLookup status request action actionInvisibleForCaller majorCallObject"
    " optionalFields1 optionalFields2"
)
_LONGEST = {"briefDescription": 80, "externalNumber": 60}


@dataclass(frozen=True)
class Writes:
    """The writing half of the incident API."""

    incidents: Incidents

    async def create(self, request: Request) -> Response:
        """POST /incidents: 201 with the new incident."""
        account = self._writer(request)
        body = await _body(request)
        changes = self._changes(body, current=None)
        row = self.incidents.state.add_incident(**changes)
        self._memos(row, body, account)
        return self._answer(row["id"], 201)

    async def change(self, request: Request) -> Response:
        """PUT and PATCH /incidents/id/{id} and /incidents/number/{number}."""
        account = self._writer(request)
        row = self.incidents.find(request, account)
        body = await _body(request)
        if "status" in body:
            raise bad("The field 'status' can't be changed here")
        changes = self._changes(body, current=row)
        self.incidents.state.edit(row["id"], **changes)
        self._memos(row, body, account)
        return self._answer(row["id"], 200)

    async def archive(self, request: Request) -> Response:
        """PUT and PATCH .../archive and .../unarchive."""
        row = self.incidents.find(request, self._writer(request))
        back = request.url.path.rstrip("/").endswith("/unarchive")
        if back != row["status"].endswith("Archived"):
            raise bad("The incident is archived already" if not back else "It is not archived")
        base = row["status"].removesuffix("Archived")
        status = base if back else f"{base}Archived"
        reason = None if back else "Afgehandeld"
        self.incidents.state.edit(row["id"], status=status, archivingReason=reason)
        return self._answer(row["id"], 200)

    def _writer(self, request: Request) -> Account:
        account = self.incidents.reader(request)
        demand(account, "incidents.write")
        return account

    def _answer(self, ident: str, status: int) -> Response:
        row = self.incidents.state.incidents[ident]
        return JSONResponse(rows.render(row, None, iso=False), status)

    def _memos(self, row: Row, body: Mapping[str, Any], account: Account) -> None:
        state = self.incidents.state
        if body.get("request"):
            caller = (row["caller"] or {}).get("dynamicName") or account.operator["name"]
            state.add_progress(row["id"], body["request"], author=caller, request=True)
        if body.get("action"):
            internal = bool(body.get("actionInvisibleForCaller", False))
            name = account.operator["name"]
            state.add_progress(row["id"], body["action"], internal=internal, author=name)

    def _changes(self, body: Mapping[str, Any], current: Row | None) -> Row:
        unknown = sorted(body.keys() - (_PLAIN | _FLAGS | _DATES | _LISTS | _OTHER))
        if unknown:
            raise bad(f"The field '{unknown[0]}' does not exist or can't be set")
        changes: Row = {}
        for name, value in body.items():
            changes |= self._change(name, value)
        _published_only_if_major(changes, current)
        return changes

    def _change(self, name: str, value: Any) -> Row:
        if name in _PLAIN:
            return {name: _short(name, value)}
        if name in _FLAGS:
            return {name: _flag(name, value)}
        if name in _DATES:
            return {name: None if value is None else _moment(name, value)}
        if name in _LISTS:
            return {name: self._entry(name, value)}
        special = {
            "callerLookup": self._caller_lookup, "caller": self._unregistered,
            "majorCallObject": self._major, "status": _status,
        }.get(name)  # fmt: skip
        if special is not None:
            return special(value)
        return {name: value} if name.startswith("optionalFields") else {}

    def _entry(self, name: str, value: Any) -> Row | None:
        if value is None:
            return None
        wanted = value.get("id") or value.get("name") if isinstance(value, Mapping) else None
        try:
            return self.incidents.state.catalogue.ref(name, str(wanted))
        except KeyError as error:
            raise bad(f"The value for the field '{name}' cannot be found") from error

    def _caller_lookup(self, value: Any) -> Row:
        if not isinstance(value, Mapping) or len(value) != 1:
            raise bad("'callerLookup' takes exactly one value")
        ((key, wanted),) = value.items()
        persons = [p for p in self.incidents.state.catalogue.persons if p.get(key) == wanted]
        if len(persons) != 1:
            raise bad(f"'callerLookup' matches {len(persons)} persons")
        if not persons[0]["isCaller"] or persons[0]["archived"]:
            raise bad("This person can't be used as a caller")
        caller = self.incidents.state.catalogue.caller(persons[0]["id"])
        return {"caller": caller, "callerBranch": caller["branch"]}

    def _unregistered(self, value: Any) -> Row:
        names = ("dynamicName", "email", "mobileNumber", "phoneNumber", "branch")
        given = value if isinstance(value, Mapping) else {}
        branch = self._entry("branch", given["branch"]) if given.get("branch") else None
        caller: Row = {"id": None} | {name: given.get(name) for name in names}
        return {"caller": caller | {"branch": branch}, "callerBranch": branch}

    def _major(self, value: Any) -> Row:
        if value is None:
            return {"majorCallObject": None}
        state, wanted = self.incidents.state, value if isinstance(value, Mapping) else {}
        row = state.incidents.get(str(wanted.get("id"))) or state.by_number(str(wanted.get("name")))
        if row is None or not row["majorCall"]:
            raise bad("The value for the field 'majorCallObject' is not a major incident")
        pointer = {"id": row["id"], "name": row["number"], "status": 1, "majorIncident": True}
        return {"majorCallObject": pointer}


def _published_only_if_major(changes: Row, current: Row | None) -> None:
    after = {"majorCall": False, "publishToSsd": False} | (current or {}) | changes
    if after["publishToSsd"] and not after["majorCall"]:
        raise bad("Only major incidents can be published")


async def _body(request: Request) -> Mapping[str, Any]:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise bad("The body is not JSON") from error
    if not isinstance(body, dict):
        raise bad("The body is not a JSON object")
    return body


def _short(name: str, value: Any) -> Any:
    longest = _LONGEST.get(name)
    if longest is not None and (not isinstance(value, str) or len(value) > longest):
        raise bad(f"The value for the field '{name}' can only be {longest} characters long")
    return value


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise bad(f"The value for the field '{name}' cannot be parsed")
    return value


def _moment(name: str, value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise bad(f"The value for the field '{name}' cannot be parsed") from error
    if moment.tzinfo is None:
        raise bad(f"The value for the field '{name}' has no time zone")
    return moment


def _status(value: Any) -> Row:
    if value not in {"firstLine", "secondLine", "partial"}:
        raise HTTPException(400, "The value for the field 'status' cannot be parsed")
    return {"status": value}
