"""Many rows in one statement, handed to the driver as they are.

SQLAlchemy's own way costs 200 to 400 us for each statement and 10 us for each row. And while the
event loop computes, the writer thread gets the interpreter back only once in a while: a statement
for each row then takes milliseconds a row (measured: 1,850 us against 8 us with an idle loop), so
rows go in one statement. Everything else is written by SQLAlchemy as usual.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from hub.events.base import JsonText, canonical
from hub.store.database import Tx
from hub.store.tables import Json, Moment

MOST = 500  # rows in one statement
PARAMETERS = 30_000  # in one statement; SQLite takes 32,766 and PostgreSQL 65,535


def insert(
    tx: Tx, table: sa.Table, rows: Sequence[Mapping[str, Any]], *, returning: Sequence[str] = ()
) -> list[Any]:
    """Insert rows that all name the same columns.

    Args:
        tx: the transaction.
        table: where to; a default of the column's in Python is not asked.
        rows: column name to value.
        returning: columns to give back; the rows' order is the database's own.
    """
    if not rows:
        return []
    names = tuple(rows[0])
    shape = _Shape(tx, table, names, returning)
    found: list[Any] = []
    for part in _parts(rows, len(names)):
        result = tx.exec_driver_sql(shape.text(len(part)), shape.values(part))
        found += result.all() if returning else ()
    return found


def where_in(
    tx: Tx, table: sa.Table, column: str, values: Iterable[Any], columns: Sequence[str], **same: Any
) -> Iterator[Any]:
    """Rows whose column is one of these values, and others equal; few columns, in one statement.

    The values must be of the column's plain type (text or whole number): Moment and Json columns
    come back as the text that is stored.
    """
    fixed = " AND ".join(f"{_name(tx, table, name)} = {_mark(tx)}" for name in same)
    asked = ", ".join(_name(tx, table, name) for name in columns)
    for part in _parts(list(values), 1):
        marks = ", ".join([_mark(tx)] * len(part))
        text = (
            f"SELECT {asked} FROM {_table(tx, table)} WHERE "  # noqa: S608  # nosec B608  # our own tables' names; values are bound
            f"{fixed + ' AND ' if fixed else ''}{_name(tx, table, column)} IN ({marks})"
        )
        yield from tx.exec_driver_sql(text, (*same.values(), *part))


class _Shape:
    """An insert statement into certain columns of a table, for any number of rows."""

    def __init__(
        self, tx: Tx, table: sa.Table, names: Sequence[str], returning: Sequence[str]
    ) -> None:
        columns = ", ".join(_name(tx, table, name) for name in names)
        self._head = f"INSERT INTO {_table(tx, table)} ({columns}) VALUES "  # noqa: S608  # nosec B608  # as above
        self._row = f"({', '.join([_mark(tx)] * len(names))})"
        back = ", ".join(_name(tx, table, name) for name in returning)
        self._tail = f" RETURNING {back}" if back else ""
        self._names = names
        self._coders = [
            (place, coder)
            for place, name in enumerate(names)
            if (coder := _coder(table.c[name].type)) is not None
        ]

    def text(self, number: int) -> str:
        return f"{self._head}{', '.join([self._row] * number)}{self._tail}"

    def values(self, rows: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
        flat: list[Any] = []
        for row in rows:
            start = len(flat)
            flat.extend(row.values())
            for place, coder in self._coders:
                flat[start + place] = coder(flat[start + place])
        return tuple(flat)


def _parts(rows: Sequence[Any], width: int) -> Iterator[Sequence[Any]]:
    size = min(MOST, PARAMETERS // width)
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _mark(tx: Tx) -> str:
    return "?" if tx.dialect.paramstyle == "qmark" else "%s"


def _name(tx: Tx, table: sa.Table, name: str) -> str:
    return tx.dialect.identifier_preparer.format_column(table.c[name])


def _table(tx: Tx, table: sa.Table) -> str:
    return tx.dialect.identifier_preparer.format_table(table)


def _coder(kind: Any) -> Callable[[Any], Any] | None:
    if isinstance(kind, Moment):
        return _moment
    return _json if isinstance(kind, Json) else None


def _moment(value: datetime | None) -> str | None:
    if value is None:
        return None
    return value.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def _json(value: Any) -> str | None:
    if value is None or isinstance(value, JsonText):
        return value
    return canonical(value)
