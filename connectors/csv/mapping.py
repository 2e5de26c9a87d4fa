"""Pure: rows of a table become records of persons."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.csv.columns import Column
from connectors.csv.faults import Fault, unreadable
from connectors.csv.models import Layout, Row, Table
from connectors.csv.settings import CsvSettings
from hub.contract import Record, Ref, Unreadable
from hub.events.person import MANAGER, Person
from hub.events.text import plain_text

LONGEST = 200  # characters of one cell that are kept
KEY_LONGEST = 200
_TEXTS = (
    Column.USER_NAME, Column.MAIL, Column.GIVEN_NAME, Column.INFIX, Column.FAMILY_NAME,
    Column.PARTNER_NAME, Column.EMPLOYEE_NUMBER, Column.EMPLOYER, Column.TITLE, Column.DEPARTMENT,
    Column.OFFICE, Column.PHONE, Column.MOBILE, Column.CONTACT_MAIL,
)  # fmt: skip
_YES = frozenset({"ja", "j", "yes", "y", "true", "waar", "1", "x", "actief", "active", ""})
_NO = frozenset({"nee", "n", "no", "false", "onwaar", "0", "inactief", "inactive"})
_DAY = re.compile(r"(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})(?:[T ]0{1,2}:00(?::00(?:\.0+)?)?)?Z?")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}", re.IGNORECASE)
_BARE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NEVER = frozenset({"9999", "2999"})  # what exports write for "no end"


class CellError(ValueError):
    """A cell that can't be understood; `values` name the column, never what stands in it."""

    def __init__(self, fault: Fault, **values: str | int) -> None:
        super().__init__(fault)
        self.fault, self.values = fault, values

    def row(self, line: int, key: str | None = None) -> Unreadable:
        """The row that it stands in."""
        return unreadable(self.fault, key, line=line, **self.values)


def records(
    table: Table, config: CsvSettings, namespace: str
) -> tuple[list[Record], list[Unreadable]]:
    """The people of a file, and the lines that could not be understood.

    Args:
        namespace: the numbering that the keys are of; managers are named in it.
    """
    layout = table.layout
    found: dict[str, Record] = {}
    twice: dict[str, list[int]] = {}
    wanted = len(layout.headings)
    faults = [
        unreadable(Fault.CELLS, line=line, number=number, wanted=wanted)
        for line, number in table.broken
    ]
    lines: dict[str, int] = {}
    for row in table.rows:
        try:
            key = key_of(row, layout)
        except CellError as error:
            faults.append(error.row(row.line))
            continue
        if key in lines:
            twice.setdefault(key, [lines[key]]).append(row.line)
            continue
        lines[key] = row.line
        try:
            found[key] = record(key, row, layout, config, namespace)
        except CellError as error:
            faults.append(error.row(row.line, key))
    for key, where in twice.items():  # which of them is meant, nobody can say
        found.pop(key, None)
        shown = ", ".join(map(str, where))
        faults.append(unreadable(Fault.SAME_KEY, key, lines=shown))
    return list(found.values()), faults


def key_of(row: Row, layout: Layout) -> str:
    """What names the row.

    Raises:
        CellError: it is empty, or a mail address.
    """
    parts = [row.cells[place] for place in layout.key]
    names = ", ".join(f"`{layout.headings[place]}`" for place in layout.key)
    if not all(parts):
        raise CellError(Fault.KEY_EMPTY, columns=names)
    key = "/".join(parts)
    if _ADDRESS.search(key):
        raise CellError(Fault.KEY_ADDRESS, columns=names)
    if len(key) > KEY_LONGEST:
        raise CellError(Fault.KEY_LONG, columns=names, most=KEY_LONGEST)
    return key


def record(key: str, row: Row, layout: Layout, config: CsvSettings, namespace: str) -> Record:
    """One person.

    Raises:
        CellError: a cell can't be understood.
    """
    cells = {column: row.cells[place] for column, place in layout.places.items()}
    values: dict[str, Any] = {
        str(column): text
        for column in _TEXTS
        if (text := plain_text(cells.get(column, ""), LONGEST))
    }
    values.setdefault("employer", config.employer)
    values |= _days(cells, layout, config)
    values["enabled"] = _enabled(cells, layout)
    values["external"] = config.external
    values["display_name"] = _shown(cells, values)
    return Record(key=key, payload=Person(**values), refs=_manager(cells, config, namespace))


def _manager(cells: Mapping[Column, str], config: CsvSettings, namespace: str) -> tuple[Ref, ...]:
    """Whose key stands in the column; a name or an address there tells nothing for sure."""
    value = cells.get(Column.MANAGER, "")
    if not value or _ADDRESS.search(value) or len(value) > KEY_LONGEST or len(config.key) > 1:
        return ()
    return (Ref(role=MANAGER, namespace=namespace, kind="person", value=value),)


def _shown(cells: Mapping[Column, str], values: Mapping[str, Any]) -> str:
    given = plain_text(cells.get(Column.DISPLAY_NAME, ""), LONGEST)
    parts = (values.get(name) for name in ("given_name", "infix", "family_name"))
    if shown := given or " ".join(part for part in parts if part):
        return shown
    raise CellError(Fault.NO_NAME)


def _enabled(cells: Mapping[Column, str], layout: Layout) -> bool:
    said = cells.get(Column.ENABLED, "").casefold()
    if said in _YES:
        return True
    if said in _NO:
        return False
    raise CellError(Fault.NEITHER, column=_named(layout, Column.ENABLED))


def _days(
    cells: Mapping[Column, str], layout: Layout, config: CsvSettings
) -> dict[str, date | datetime | None]:
    """The last day of a contract is worked, so it ends when that day is over."""
    days: dict[Column, date | None] = {}
    for column in (Column.BIRTH_DATE, Column.STARTS, Column.ENDS):
        try:
            days[column] = day(cells.get(column, ""), day_first=config.day_first)
        except ValueError as error:
            raise CellError(Fault.NO_DATE, column=_named(layout, column)) from error
    ends = days[Column.ENDS]
    return {
        "birth_date": days[Column.BIRTH_DATE],
        "starts": _midnight(days[Column.STARTS], config),
        "ends": _midnight(ends + timedelta(days=1) if ends else None, config),
    }


def _midnight(found: date | None, config: CsvSettings) -> datetime | None:
    return datetime.combine(found, time(), ZoneInfo(config.time_zone)) if found else None


def day(text: str, *, day_first: bool) -> date | None:
    """A day: `2026-04-03`, `3-4-2026`, `03/04/2026`, `20260403`; also with a time of midnight.

    Raises:
        ValueError: it is none.
    """
    if not text or text[:4] in _NEVER or text[-4:] in _NEVER:
        return None
    if bare := _BARE.fullmatch(text):
        return date(*map(int, bare.groups()))
    if not (match := _DAY.fullmatch(text)):
        raise ValueError("no date")
    first, second, third = match.groups()
    if len(first) == 4:
        return date(int(first), int(second), int(third))
    if len(third) != 4:
        raise ValueError("a year has four digits")
    month, of_month = (second, first) if day_first else (first, second)
    return date(int(third), int(month), int(of_month))


def _named(layout: Layout, column: Column) -> str:
    return layout.headings[layout.places[column]]
