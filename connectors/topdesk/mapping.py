"""Pure: an incident of TOPdesk becomes a record, or the reason why it is no longer shown."""

import re
from datetime import datetime
from urllib.parse import quote

from pydantic import HttpUrl, TypeAdapter

from connectors.topdesk.models import Row
from connectors.topdesk.scrub import names_someone
from connectors.topdesk.settings import (
    BranchField,
    ExpectedField,
    PublishRule,
    ResolvedWhen,
    TextField,
    TitleSource,
    TopdeskSettings,
)
from hub.contract import Gone, Present, Record
from hub.events.base import Text
from hub.events.incident import Incident, IncidentState
from hub.events.text import cut, plain_text

MAX_TITLE = 120
MAX_WORKAROUND = 200
MAX_READ = 1000  # nothing beyond is ever shown
MAX_NAME = 80

_URL = TypeAdapter(HttpUrl)
# "31-01-2023 13:13 [GMT +0:00] Example Operator: " opens each entry of a memo field.
_MEMO_HEADER = re.compile(
    r"^[^\S\n]*\d{1,2}-\d{1,2}-\d{4}[^\S\n]+\d{1,2}:\d{2}(?:[^\S\n]*\[[^\]\n]*\])?[^\S\n]*"
    r"[^:\n]{0,120}:?[^\S\n]*$"
    r"|^[^\S\n]*\d{1,2}-\d{1,2}-\d{4}[^\S\n]+\d{1,2}:\d{2}[^\S\n]*\[[^\]\n]*\][^:\n]{0,120}:",
    re.MULTILINE,
)
_LINE_BREAK = re.compile(r"<\s*br\s*/?\s*>|\r\n?", re.IGNORECASE)


class NoBeginningError(ValueError):
    """An incident without callDate and creationDate: nobody could say since when."""


def clauses(settings: TopdeskSettings) -> tuple[str, ...]:
    """The conditions, in FIQL, that select what may be shown."""
    published = ("publishToSsd==true",) if _needs_publishing(settings) else ()
    return ("majorCall==true", *published, "closed==false")


def broken_clauses(row: Row, settings: TopdeskSettings) -> frozenset[str]:
    """The conditions that the row does not meet; none: it may be shown."""
    met = {
        "majorCall==true": row.major_call is True,
        "publishToSsd==true": row.publish_to_ssd is True,
        "closed==false": row.closed is False and not _archived(row),
    }
    return frozenset(clause for clause in clauses(settings) if not met[clause])


def fields(settings: TopdeskSettings) -> tuple[str, ...]:
    """The fields to ask for: what decides and what can be shown; never a person or a request."""
    asked = ["id", "status", "majorCall", "publishToSsd", "closed", "closedDate"]
    asked += ["completed", "completedDate", "callDate", "creationDate", "modificationDate"]
    asked += ["category"]
    if settings.text is TitleSource.TITLE:
        asked.append(_top(settings.text_field))
    if settings.workaround_field:
        asked.append(_top(settings.workaround_field))
    if settings.expected_field is not ExpectedField.NONE:
        asked.append(settings.expected_field)
    if settings.branch_field is not BranchField.NONE:
        asked.append(settings.branch_field)
    if _shows_number(settings):
        asked.append("number")
    return tuple(dict.fromkeys(asked))


def record(row: Row, settings: TopdeskSettings) -> Record:
    """The record of one incident. Its payload holds no modification date: that alone is no news.

    Raises:
        NoBeginningError: nothing says when it began.
    """
    return Record(
        key=row.id,
        payload=_incident(row, settings),
        container="solved" if row.closed or _archived(row) else "open",
        revision=int(row.modification_date.timestamp()) * 1000,
        changed_at=row.modification_date,
    )


def judge(row: Row, settings: TopdeskSettings) -> Present | Gone:
    """What a single incident, looked up, says about a major that we knew.

    Raises:
        NoBeginningError: nothing says when it began.
    """
    if not row.major_call:
        return Gone("demoted")
    if _needs_publishing(settings) and not row.publish_to_ssd:
        return Gone("unpublished")
    if not _solved(row, settings):
        if _archived(row):
            return Gone("archived")
        if row.closed:
            return Gone("closed")
    return Present(record(row, settings))


def _incident(row: Row, settings: TopdeskSettings) -> Incident:
    since = row.call_date or row.creation_date
    if since is None:
        raise NoBeginningError("neither callDate nor creationDate is filled")
    solved = _solved(row, settings)
    category = _safe(row.category, MAX_NAME, settings)
    return Incident(
        title=_title(row, settings, category),
        state=IncidentState.SOLVED if solved else IncidentState.OPEN,
        since=since,
        solved_at=_solved_at(row, settings) if solved else None,
        expected_at=row.target_date
        if settings.expected_field is ExpectedField.TARGET_DATE
        else None,
        category={settings.language: category} if category else None,
        branch=_branch(row, settings) or None,
        workaround=_workaround(row, settings),
        details_url=_link(settings.details_url, row, settings),
        subscribe_url=_link(settings.subscribe_url, row, settings),
    )


def _title(row: Row, settings: TopdeskSettings, category: str) -> Text:
    """Free text only when nothing in it names someone; else the whole title is the neutral one."""
    free = settings.text is TitleSource.TITLE
    title = _free_text(row, settings.text_field, settings) if free else ""
    if not title:
        return neutral_title(category)
    if settings.text_template:
        branch, number = _branch(row, settings), _number(row)
        title = settings.text_template.format(
            title=title, category=category, branch=branch, number=number
        )
    return {settings.language: plain_text(title, MAX_TITLE)}


def neutral_title(category: str) -> Text:
    """A title that says nothing but the kind of service, in both languages."""
    return {
        "nl": plain_text(f"Storing {category}", MAX_TITLE),
        "en": plain_text(f"Disturbance {category}", MAX_TITLE),
    }


def _workaround(row: Row, settings: TopdeskSettings) -> Text | None:
    if settings.workaround_field is None:
        return None
    shown = _free_text(row, settings.workaround_field, settings)
    return {settings.language: cut(shown, MAX_WORKAROUND)} if shown else None


def _free_text(row: Row, field: TextField, settings: TopdeskSettings) -> str:
    """A text for staff, plain and longer than what is shown; "" when it names someone."""
    lines = _LINE_BREAK.sub("\n", row.text_of(field))
    return _safe(_MEMO_HEADER.sub("", lines), MAX_READ, settings)


def _safe(text: str | None, maximum: int, settings: TopdeskSettings) -> str:
    """Made plain before it is judged: markup inside a number would hide it."""
    shown = plain_text(text or "", maximum)
    return "" if names_someone(shown, settings.personnel_numbers) else shown


def _branch(row: Row, settings: TopdeskSettings) -> str:
    if settings.branch_field is BranchField.NONE:
        return ""
    own = settings.branch_field is BranchField.BRANCH
    return _safe(row.branch if own else row.caller_branch, MAX_NAME, settings)


def _link(template: str | None, row: Row, settings: TopdeskSettings) -> HttpUrl | None:
    if template is None:
        return None
    number = quote(_number(row), safe="")
    address = template.format(origin=settings.origin(), id=row.id, number=number)
    return _URL.validate_python(address)


def _solved(row: Row, settings: TopdeskSettings) -> bool:
    """An archived incident that was completed is solved, whatever the setting says."""
    completed, closed = bool(row.completed), bool(row.closed)
    match settings.resolved_when:
        case ResolvedWhen.COMPLETED:
            return completed
        case ResolvedWhen.CLOSED:
            return closed or (completed and _archived(row))
        case ResolvedWhen.EITHER:
            return completed or closed


def _solved_at(row: Row, settings: TopdeskSettings) -> datetime | None:
    completed = row.completed_date if row.completed else None
    closed = row.closed_date if row.closed else None
    if settings.resolved_when is ResolvedWhen.CLOSED:
        return closed or completed
    return completed or closed


def _archived(row: Row) -> bool:
    return (row.status or "").endswith("Archived")


def _needs_publishing(settings: TopdeskSettings) -> bool:
    return settings.publish is PublishRule.MAJOR_AND_PUBLISHED


def _shows_number(settings: TopdeskSettings) -> bool:
    templates = (settings.text_template, settings.details_url, settings.subscribe_url)
    return any("{number}" in template for template in templates if template)


def _number(row: Row) -> str:
    return plain_text(row.number or "", MAX_NAME)


def _top(field: str) -> str:
    return field.partition(".")[0]
