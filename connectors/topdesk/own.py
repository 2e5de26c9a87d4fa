"""Tickets of the person who looks: asked for one caller, proven row by row, stored nowhere.

A server that ignores a condition sends everyone's tickets with status 200. So a caller counts only
when exactly one person has exactly this value, and one row of anybody else drops the whole answer.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from connectors.topdesk.client import TopdeskClient
from connectors.topdesk.models import OwnRow, is_key
from connectors.topdesk.settings import CallerField, OwnTicketSettings, OwnTitle, TopdeskSettings
from hub.contract import Answered, Finding, OwnTicket
from hub.errors import BadConfigError, PermissionMissingError, RejectedError, RetryableError
from hub.events.text import plain_text

MOST = 50  # tickets on one page
LONGEST = 200  # characters of a value by which somebody is found
MAX_TEXT = 120
NOBODY = "00000000-0000-0000-0000-000000000000"
_FIELDS = ("id", "number", "caller", "category", "processingStatus", "closed", "closedDate")
_DATES = ("callDate", "creationDate", "modificationDate")


async def answer(
    client: TopdeskClient, settings: TopdeskSettings, asker: str, now: datetime
) -> Answered:
    """The tickets of the one caller with exactly this value.

    Raises:
        RejectedError: nobody has it, or more than one.
        BadConfigError: `own_tickets` is not set.
        RetryableError: the answer can't be believed.
    """
    chosen = settings.own_tickets
    if chosen is None:
        raise BadConfigError("Own tickets are off: set `own_tickets` in the instance's settings.")
    caller = await _caller(client, chosen, asker)
    conditions = (f"caller.id=={quoted(caller)}", _recent(chosen, now))
    raw, more = await client.newest(conditions, fields(chosen), MOST)
    rows = [_row(one, caller) for one in raw]
    shown = [row for row in rows if _may_show(row, chosen, now)]
    return Answered([_ticket(row, settings, chosen) for row in shown], more)


def fields(chosen: OwnTicketSettings) -> tuple[str, ...]:
    """What is asked of an incident; a title only where it is shown."""
    text = ("briefDescription",) if chosen.text is OwnTitle.BRIEF_DESCRIPTION else ()
    return (*_FIELDS, *_DATES, *text)


def quoted(value: str) -> str:
    """A value as FIQL takes it, whatever stands in it.

    Raises:
        RejectedError: it is empty, too long, or holds what no such value has.
    """
    if not value.strip() or len(value) > LONGEST or not value.isprintable():
        raise RejectedError("The service desk can't be asked by this value: nobody has it.")
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


async def findings(client: TopdeskClient, settings: TopdeskSettings) -> list[Finding]:
    """Whether callers can be found, and whether a condition on them counts."""
    if settings.own_tickets is None:
        return []
    name = settings.own_tickets.match.value
    try:
        found = await client.persons((f"{name}=={quoted(NOBODY)}",), ("id", name))
        rows, _ = await client.newest((f"caller.id=={quoted(NOBODY)}",), ("id",), 1)
    except PermissionMissingError:
        advice = "give the operator's permission group the right to read persons."
        return [Finding("failed", "right to read persons", advice)]
    except BadConfigError as error:
        return [Finding("failed", "own tickets", str(error))]
    if found or rows:
        advice = (
            "the server ignores conditions, so no own tickets are shown: ask TOPdesk's support."
        )
        return [Finding("failed", "own tickets: conditions on the caller", advice)]
    return [Finding("ok", f"own tickets by {name}")]


async def _caller(client: TopdeskClient, chosen: OwnTicketSettings, asker: str) -> str:
    name = chosen.match.value
    conditions = (f"{name}=={quoted(asker)}", "archived==false")
    found = await client.persons(conditions, ("id", name, "archived"))
    if any(not _is(one, chosen.match, asker) for one in found):
        raise RetryableError(
            "TOPdesk sent persons that nobody asked for, so its conditions do not count: nothing "
            "was shown. Run `hub check`."
        )
    if len(found) != 1:
        many = "several persons" if found else "nobody"
        raise RejectedError(f"TOPdesk knows {many} by this {name}: its tickets are not shown.")
    return str(found[0]["id"])


def _is(row: Any, field: CallerField, asker: str) -> bool:
    """Whether this is that person; addresses are the same whatever the case of their letters."""
    if not isinstance(row, Mapping) or not is_key(row.get("id")) or row.get("archived"):
        return False
    value = row.get(field.value)
    if not isinstance(value, str):
        return False
    if field is CallerField.EMAIL:
        return value.casefold() == asker.casefold()
    return value == asker


def _recent(chosen: OwnTicketSettings, now: datetime) -> str:
    if not chosen.closed_days:
        return "closed==false"
    return f"(closed==false,closedDate=ge={_limit(chosen, now):%Y-%m-%dT%H:%M:%SZ})"


def _limit(chosen: OwnTicketSettings, now: datetime) -> datetime:
    return now - timedelta(days=chosen.closed_days)


def _row(raw: Any, caller: str) -> OwnRow:
    """One row, proven to be of this caller.

    Raises:
        RetryableError: it is not, or can't be understood; then nothing of the answer counts.
    """
    try:
        row = OwnRow.model_validate(raw)
    except ValidationError as error:
        raise RetryableError("TOPdesk sent a ticket that can't be read: none was shown.") from error
    if row.caller is None or row.caller.id != caller:
        raise RetryableError(
            "TOPdesk sent a ticket of somebody else, so its filter does not count: the whole "
            "answer was dropped. Run `hub check`."
        )
    return row


def _may_show(row: OwnRow, chosen: OwnTicketSettings, now: datetime) -> bool:
    if row.category is None or not {row.category.id, row.category.name} & set(chosen.categories):
        return False
    if not row.closed:
        return True
    return row.closed_date is not None and row.closed_date >= _limit(chosen, now)


def _ticket(row: OwnRow, settings: TopdeskSettings, chosen: OwnTicketSettings) -> OwnTicket:
    title = row.brief_description if chosen.text is OwnTitle.BRIEF_DESCRIPTION else ""
    number = plain_text(row.number, MAX_TEXT)
    address = {"origin": settings.origin(), "id": row.id, "number": quote(number, safe="")}
    return OwnTicket(
        number=number,
        status=plain_text(row.processing_status or "", MAX_TEXT),
        opened_at=row.call_date or row.creation_date,
        changed_at=row.modification_date,
        closed_at=row.closed_date if row.closed else None,
        title=plain_text(title or "", MAX_TEXT),
        url=chosen.link.format(**address),
    )
