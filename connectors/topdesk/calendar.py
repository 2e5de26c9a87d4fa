"""Planned work: the part of TOPdesk's change calendar that the settings choose.

Facts: change API 1.4.0. A change has no mark that says that staff may see it, so nothing is read
without a choice. The list carries neither category nor status: whether the server really chose
is found out by asking for a choice that nothing can have.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from connectors.topdesk.client import TopdeskClient
from connectors.topdesk.models import Change, is_key
from connectors.topdesk.scrub import names_someone
from connectors.topdesk.settings import MaintenanceSettings, MaintenanceTitle, TopdeskSettings
from hub.contract import Batch, Gone, Present, Record, Slice, Unknown, Unreadable
from hub.errors import BadConfigError, RetryableError
from hub.events.base import Text
from hub.events.maintenance import Maintenance, MaintenanceState
from hub.events.text import plain_text

CONTAINER = "calendar"
MAX_TITLE = 120
NOTHING = "00000000-0000-0000-0000-000000000000"  # the id of no status, category, type or branch
EDGE = timedelta(minutes=1)  # around one change, whatever the server takes for within a period
_CHOICES = {
    "status": "statuses",
    "category": "categories",
    "type": "types",
    "branch": "branches",
}

Params = dict[str, str | Sequence[str]]


def window(chosen: MaintenanceSettings, now: datetime) -> tuple[datetime, datetime]:
    """The planned beginnings that are read, in whole hours, so that two readings are alike."""
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return hour - timedelta(days=chosen.days_back), hour + timedelta(days=chosen.days_ahead)


def params(chosen: MaintenanceSettings, start: datetime, end: datetime) -> Params:
    """What the calendar is asked: a period, and everything that was chosen."""
    asked: Params = {
        "start": _stamp(start),
        "end": _stamp(end),
        "cardType": [str(one) for one in chosen.card_types],
    }
    return asked | {name: list(values) for name, values in _choices(chosen).items()}


def _choices(chosen: MaintenanceSettings) -> Mapping[str, Sequence[str]]:
    named = {name: getattr(chosen, setting) for name, setting in _CHOICES.items()}
    return {name: values for name, values in named.items() if values}


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


async def read(client: TopdeskClient, settings: TopdeskSettings, now: datetime) -> Batch:
    """The chosen changes that are planned to begin around now.

    Raises:
        BadConfigError: the server does not choose as it was asked.
        RetryableError: the calendar can't be read.
    """
    chosen = _on(settings)
    start, end = window(chosen, now)
    rows = await client.changes(params(chosen, start, end))
    if rows:
        await prove(client, chosen, start, end)
    batch = _batch(rows, settings)
    return Batch(
        batch.records, batch.unreadable, (Slice(CONTAINER, start, end),), ignored=batch.ignored
    )


async def prove(
    client: TopdeskClient, chosen: MaintenanceSettings, start: datetime, end: datetime
) -> None:
    """Make sure that the server takes notice of each choice.

    Raises:
        BadConfigError: it sends changes for a choice that nothing can have.
    """
    for name in _choices(chosen):
        if await client.changes(params(chosen, start, end) | {name: NOTHING}):
            raise BadConfigError(
                f"TOPdesk takes no notice of {name} in the change calendar, so changes that nobody "
                f"chose would be shown. Remove `{_CHOICES[name]}` from `maintenance`, and choose "
                "by something else; or update TOPdesk."
            )


async def look_up(
    client: TopdeskClient, settings: TopdeskSettings, key: str
) -> Present | Gone | Unknown:
    """One change: as the calendar lists it now, or proof that it is no longer among the chosen.

    Raises:
        RetryableError: the answer is not a change that can be understood.
    """
    chosen = _on(settings)
    body = await client.change(key)
    if body is None:
        return Unknown()
    start, end = _times(key, body)
    rows = await client.changes(params(chosen, start - EDGE, end + EDGE))
    own = [row for row in rows if isinstance(row, dict) and row.get("id") == key]
    batch = _batch(own, settings)
    if batch.unreadable:
        raise RetryableError(f"TOPdesk's answer about change {key} can't be understood.")
    present = [one for one in batch.records if isinstance(one, Record)]
    return Present(present[0]) if present else Gone("not chosen any more")


def _times(key: str, body: Mapping[str, Any]) -> tuple[datetime, datetime]:
    times = {"start": body.get("startDate"), "end": body.get("endDate")}
    whole = {"id": key, "cardType": "", "currentState": "", **times}
    try:
        found = Change.model_validate(whole)
    except ValidationError as error:
        raise RetryableError(f"Change {key} does not say when it is planned.") from error
    return found.start, found.end


def _on(settings: TopdeskSettings) -> MaintenanceSettings:
    if settings.maintenance is None:
        raise BadConfigError("Planned changes are off: add `maintenance` to the settings.")
    return settings.maintenance


def _batch(rows: Sequence[Any], settings: TopdeskSettings) -> Batch:
    """Entries as records; another kind of card than chosen is dropped and counted."""
    wanted = {str(one) for one in _on(settings).card_types}
    records: list[Record] = []
    unreadable: list[Unreadable] = []
    ignored = 0
    for found in map(_change, rows):
        if isinstance(found, Unreadable):
            unreadable.append(found)
        elif found.card_type not in wanted:
            ignored += 1
        else:
            records.append(record(found, settings))
    return Batch(tuple(records), tuple(unreadable), ignored=ignored)


def _change(raw: Any) -> Change | Unreadable:
    key = raw.get("id") if isinstance(raw, dict) else None
    known = key if is_key(key) else None
    try:
        found = Change.model_validate(raw)
        MaintenanceState(found.current_state)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        where = sorted({".".join(map(str, fault["loc"])) or "row" for fault in faults})
        return Unreadable(f"not as expected: {', '.join(where)}", known, CONTAINER)
    except ValueError:
        return Unreadable("not as expected: currentState", known, CONTAINER)
    return found


def record(row: Change, settings: TopdeskSettings) -> Record:
    """The record of one change; it stands in time where it is planned to begin."""
    return Record(
        key=row.id,
        payload=Maintenance(
            title=_title(row, settings),
            state=MaintenanceState(row.current_state),
            start=row.start,
            end=max(row.start, row.end),
        ),
        container=CONTAINER,
        at=row.start,
    )


def _title(row: Change, settings: TopdeskSettings) -> Text:
    """The change's title only when it names nobody, else a neutral one in both languages."""
    own = _on(settings).text is MaintenanceTitle.BRIEF_DESCRIPTION
    shown = plain_text(row.brief_description or "", MAX_TITLE) if own else ""
    if not shown or names_someone(shown, settings.personnel_numbers):
        return {"nl": "Gepland onderhoud", "en": "Planned maintenance"}
    return {settings.language: shown}
