"""The shape of an incident: fields, their kinds, and how a row is written as JSON.

Field names and nulls follow TOPdesk's incident specification 4.2.6 and recorded answers: a real
answer carries every field and is full of nulls.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.topdesk.sandbox.fiql import Kind

Row = dict[str, Any]


def words(text: str) -> frozenset[str]:
    """The words of a line, as a set."""
    return frozenset(text.split())


_KINDS: Mapping[Kind, str] = {
    "text": "id status number briefDescription externalNumber escalationStatus feedbackMessage",
    "memo": "request",
    "date": "targetDate onHoldDate responseDate completedDate closedDate callDate creationDate"
    " modificationDate",
    "bool": "onHold responded completed closed majorCall publishToSsd monitored",
    "number": "actualDuration onHoldDuration feedbackRating timeSpent timeSpentFirstLine"
    " timeSpentSecondLineAndPartials costs expectedTimeSpent",
}
KINDS: Mapping[str, Kind] = {name: kind for kind, names in _KINDS.items() for name in names.split()}
OBJECTS = words(
    "caller callerBranch callerLocation branchExtraFieldA branchExtraFieldB category subcategory"
    " callType entryType object asset branch location impact urgency priority duration sla"
    " operator operatorGroup supplier processingStatus closureCode escalationReason"
    " escalationOperator creator modifier archivingReason majorCallObject mainIncident"
)
LINKS = ("requests", "action", "attachments")
BLOCKS = ("optionalFields1", "optionalFields2")
UNSORTABLE = words("externalLinks escalationStatus action attachments partialIncidents")
_PARTS = words("id name dynamicName email mobileNumber phoneNumber number status")


def _block() -> Row:
    defaults: Mapping[str, Any] = {
        "boolean": False, "number": 0.0, "date": None, "text": "", "memo": None, "searchlist": None
    }  # fmt: skip
    return {f"{name}{n}": value for name, value in defaults.items() for n in range(1, 6)}


def empty() -> Row:
    """A row with every field that an answer carries, and no value yet."""
    row: Row = dict.fromkeys([*KINDS, *sorted(OBJECTS), *LINKS])
    row |= {name: False for name, kind in KINDS.items() if kind == "bool"}
    row |= {name: 0 for name in _KINDS["number"].split() if name != "feedbackRating"}
    row |= {"briefDescription": "", "externalNumber": "", "status": "firstLine", "costs": 0.0}
    row |= {"partialIncidents": [], "externalLinks": []}
    return row | {name: _block() for name in BLOCKS}


def kind_of(path: str) -> Kind | None:
    """The kind of a field path in a query; None where incidents have no such field."""
    first, _, rest = path.partition(".")
    if not rest:
        return KINDS.get(first)
    if first in BLOCKS:
        kinds: Mapping[str, Kind] = {
            "boolean": "bool", "number": "number", "date": "date", "text": "text", "memo": "memo"
        }  # fmt: skip
        return kinds.get(rest.rstrip("12345"), "text" if rest.startswith("searchlist") else None)
    known = first in OBJECTS and rest.removeprefix("branch.") in _PARTS
    return "text" if known else None


def known_field(name: str) -> bool:
    """Whether `fields=` and `sort=` may name it."""
    return (
        name.partition(".")[0] in {*KINDS, *OBJECTS, *LINKS, *BLOCKS, "partialIncidents"}
        or name == "externalLinks"
    )


def sort_key(row: Mapping[str, Any], path: str) -> tuple[bool, Any]:
    """A key that puts nulls first and objects in the order of their names."""
    found: Any = row
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, Mapping):
        found = found.get("name")
    return (found is not None, found)


def render(row: Mapping[str, Any], fields: Iterable[str] | None, *, iso: bool) -> Row:
    """A row as an answer carries it.

    Args:
        row: with aware datetimes.
        fields: top-level names to keep; None keeps all.
        iso: dates as 2020-10-01T14:10:00Z, else as 2020-10-01T14:10:00.000+0000.
    """
    names = row.keys() if fields is None else [n for n in fields if n in row]
    return {name: _json(row[name], iso=iso) for name in names}


def _json(value: Any, *, iso: bool) -> Any:
    if isinstance(value, datetime):
        return date_text(value, iso=iso)
    if isinstance(value, Mapping):
        return {key: _json(part, iso=iso) for key, part in value.items()}
    return [_json(part, iso=iso) for part in value] if isinstance(value, list) else value


def date_text(moment: datetime, *, iso: bool) -> str:
    """A moment in one of TOPdesk's two forms, always UTC."""
    utc = moment.astimezone(UTC)
    if iso:
        return utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}+0000"
