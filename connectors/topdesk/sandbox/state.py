"""What the sandbox TOPdesk knows, and the ways to change it. Nothing here speaks HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.topdesk.sandbox import seed as seeds
from connectors.topdesk.sandbox.options import AMSTERDAM, SandboxOptions
from connectors.topdesk.sandbox.rows import BLOCKS, KINDS, OBJECTS, Row, empty, words

_LISTED = words(
    "processingStatus priority impact urgency duration operatorGroup entryType callType closureCode"
    " supplier category subcategory branch operator archivingReason"
)
_PENDING = 40  # ordinary open tickets


@dataclass(frozen=True)
class Entry:
    """One entry of a progress trail: a request (from a person) or an action (from an operator)."""

    id: str
    text: str
    author: str
    at: datetime
    internal: bool
    request: bool


class TopdeskState:
    """Incidents, persons, lists and changes of one sandbox.

    Args:
        options: seed, sizes, whether majors exist.
        now: the clock; aware.

    Attributes:
        changed: told each incident as it was and as it is now.
    """

    def __init__(self, options: SandboxOptions, now: Callable[[], datetime]) -> None:
        self.options = options
        self._now = now
        self.catalogue = seeds.catalogue(options.seed)
        self.incidents: dict[str, Row] = {}
        self.trail: dict[str, list[Entry]] = {}
        self.changes: dict[str, Row] = {}
        self._made = 0
        self.changed: Callable[[Row, Row], None] = lambda _before, _after: None
        self.reset()

    def reset(self) -> None:
        """Back to the first moment: closed and ordinary tickets only."""
        options, start = self.options, self.options.start
        self.trail, self.changes, self._made = {}, {}, 0
        old = seeds.past(
            self.catalogue, options.seed, options.closed_tickets, start, majors=options.story
        )
        self.incidents = {row["id"]: row for row in old}
        for n in range(min(_PENDING, options.closed_tickets)):
            title = ("Tweede scherm gevraagd", "Laptop traag", "Badge werkt niet")[n % 3]
            self.add_incident(briefDescription=title, at=start - timedelta(hours=n + 1))

    def new_id(self, kind: str) -> str:
        """The next identifier that the seed decides."""
        self._made += 1
        return seeds.identifier(self.options.seed, kind, self._made)

    def add_change(
        self,
        number: str,
        title: str,
        start: datetime,
        end: datetime,
        *,
        sub: str = "Zaaksysteem",
        status: str = "Goedgekeurd",
        **fields: Any,
    ) -> Row:
        """A planned change; what it is about stands in a request with a name in it."""
        cat, ident = self.catalogue, seeds.identifier(self.options.seed, "change", number)
        person = "Brouwer, Daniël"
        row: Row = {
            "id": ident, "number": number, "briefDescription": title,
            "cardType": "change_simple", "changeType": "simple", "currentState": "planned",
            "requester": {"id": seeds.identifier(self.options.seed, "requester", number),
                          "name": person},
            "request": f"20-11-2026 09:00 [GMT +1:00] {person}: \nGraag inplannen.",
            "status": cat.ref("changeStatus", status),
            "type": cat.ref("changeType", "Gepland onderhoud"),
            "category": cat.ref("category", cat.parents[sub]),
            "subCategory": cat.ref("subcategory", sub),
            "branch": cat.ref("branch", "Uitvoeringsorganisatie"),
            "startDate": start, "endDate": end,
        }  # fmt: skip
        self.changes[ident] = row | fields
        return self.changes[ident]

    def add_incident(self, *, at: datetime | None = None, **fields: Any) -> Row:
        """A new incident, open in the first line unless told otherwise.

        Args:
            at: when; None: now.
            fields: as in TOPdesk's answers. Entries of lists may be given by name or id, callers
                by id, mail address or first name.

        Raises:
            KeyError: a list has no such entry.
        """
        moment = at or self._now()
        ident = fields.get("id") or self.new_id("incident")
        number = (
            fields.get("number") or f"I {moment.astimezone(AMSTERDAM):%y%m} {10_000 + self._made}"
        )
        row = empty() | seeds.reference_fields(self.catalogue, "Werkplek", "Geregistreerd", "P3")
        row |= {"id": ident, "number": number, "caller": self.catalogue.caller("Sean")}
        row |= {"callerBranch": row["caller"]["branch"], **seeds.stamps(moment, None)}
        row |= {"creator": self.operator(1), "modifier": self.operator(1), **seeds.links(ident)}
        self.incidents[ident] = row
        return self.edit(ident, at=moment, **fields)

    def edit(self, ident: str, *, at: datetime | None = None, **fields: Any) -> Row:
        """Change fields; modificationDate moves to that whole second, never backwards.

        Raises:
            KeyError: no such incident, or a list has no such entry.
        """
        moment = at or self._now()
        before = row = self.incidents[ident]
        changes = {name: self._value(name, value, row) for name, value in fields.items()}
        stamp = max(moment.replace(microsecond=0), row["modificationDate"])
        row = row | {"modificationDate": stamp} | _dated(row, changes, moment) | changes
        self.incidents[ident] = row
        self.changed(before, row)
        return row

    def delete(self, ident: str) -> None:
        """Remove an incident for good, as an operator with that right does.

        Raises:
            KeyError: no such incident.
        """
        row = self.incidents.pop(ident)
        self.trail.pop(ident, None)
        self.changed(row, row)

    def link_minor(self, minor: str, major: str, *, at: datetime | None = None) -> Row:
        """Point an ordinary incident to its major one; both are ids."""
        row = self.incidents[major]
        pointer = {"id": major, "name": row["number"], "status": 1, "majorIncident": True}
        return self.edit(minor, at=at, majorCallObject=pointer)

    def add_progress(
        self,
        ident: str,
        text: str,
        *,
        internal: bool = False,
        author: str = "Servicedesk, Sanne",
        at: datetime | None = None,
        request: bool = False,
    ) -> Entry:
        """Add an entry to the trail; modificationDate moves too (an assumption).

        Args:
            ident: the incident's id.
            text: HTML that TOPdesk allows, or plain text.
            internal: `invisibleForCaller`.
            author: an operator's name; with `request` a person's.
            request: a request, which also joins the incident's `request` text.
        """
        moment = (at or self._now()).replace(microsecond=0)
        entry = Entry(self.new_id("entry"), text, author, moment, internal, request)
        self.trail.setdefault(ident, []).append(entry)
        fields = {"request": self.request_text(ident)} if request else {}
        self.edit(ident, at=moment, **fields)
        return entry

    def request_text(self, ident: str) -> str:
        """All requests as TOPdesk writes them: a head line with time and name, newest first."""
        entries = [entry for entry in self.trail.get(ident, []) if entry.request]
        return "\n\n".join(_memo(entry) for entry in reversed(entries))

    def by_number(self, number: str) -> Row | None:
        """The incident with this number, spaces and all."""
        return next((r for r in self.incidents.values() if r["number"] == number), None)

    def operator(self, n: int) -> Row:
        """An operator as `{id, name}`; 0 is the hub's own account."""
        return self.catalogue.ref("operator", seeds.OPERATORS[n])

    def _value(self, name: str, value: Any, row: Mapping[str, Any]) -> Any:
        if name not in row:
            raise KeyError(f"incidents have no field {name!r}")
        if name == "caller" and isinstance(value, str):
            return self.catalogue.caller(value)
        kind = "branch" if name == "callerBranch" else name
        if kind in _LISTED and isinstance(value, str):
            return self.catalogue.ref(kind, value)
        if name in BLOCKS:
            return {**row[name], **value}
        if KINDS.get(name) == "date" and isinstance(value, str):
            return datetime.fromisoformat(value)
        if name in OBJECTS and isinstance(value, str):
            return {"id": self.new_id(name), "name": value}
        return value


def _dated(row: Mapping[str, Any], changes: Mapping[str, Any], at: datetime) -> Row:
    """The dates that follow from a changed flag, as TOPdesk fills them in itself."""
    dates: Row = {}
    for flag in ("completed", "closed", "onHold"):
        if flag in changes and changes[flag] != row[flag]:
            dates[f"{flag}Date"] = at if changes[flag] else None
    return dates


def _memo(entry: Entry) -> str:
    local = entry.at.astimezone(AMSTERDAM)
    hours = int((local.utcoffset() or timedelta()).total_seconds() // 3600)
    return f"{local:%d-%m-%Y %H:%M} [GMT +{hours}:00] {entry.author}: \n{entry.text}"
