"""Many rows in one statement, handed to the driver as they are.

SQLAlchemy's own way costs 200 to 400 us for each statement and 10 us for each row. And while the
event loop computes, the writer thread gets the interpreter back only once in a while: a statement
for each row then takes milliseconds a row (measured: 1,850 us against 8 us with an idle loop), so
rows go in one statement. Everything else is written by SQLAlchemy as usual.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from hub.store import direct
from hub.store.database import Tx
from hub.store.tables import Json, Moment, json_out, moment_out

MOST = 500  # rows in one statement
KEPT = 8  # statements of a shape: pages of a source are nearly all of one size
PARAMETERS = 30_000  # in one statement; SQLite takes 32,766 and PostgreSQL 65,535


def insert(
    tx: Tx, table: sa.Table, rows: Sequence[Mapping[str, Any]], *, returning: Sequence[str] = ()
) -> list[Any]:
    """Insert rows that all name the same columns, in the same order.

    Args:
        tx: the transaction.
        table: where to; a default of the column's in Python is not asked.
        rows: column name to value.
        returning: columns to give back; the rows' order is the database's own.
    """
    if not rows:
        return []
    shape = _shape(tx.dialect, table, tuple(rows[0]), tuple(returning))
    found: list[Any] = []
    for part in _parts(rows, len(rows[0])):
        result = direct.run(tx, shape.text(len(part)), shape.values(part))
        found += result.fetchall() if returning else ()
    return found


def where_in(
    tx: Tx, table: sa.Table, column: str, values: Iterable[Any], columns: Sequence[str], **same: Any
) -> Iterator[Any]:
    """Rows whose column is one of these values, and others equal; few columns, in one statement.

    The values must be of the column's plain type (text or whole number): Moment and Json columns
    come back as the text that is stored.
    """
    head, row = _select(tx.dialect, table, column, tuple(columns), tuple(same))
    for part in _parts(list(values), 1):
        marks = ", ".join([_mark(tx.dialect)] * len(part))
        found = direct.run(tx, f"{head} ({marks})", (*same.values(), *part))
        yield from map(row, found.fetchall())


@lru_cache(maxsize=64)
def _select(
    dialect: sa.Dialect,
    table: sa.Table,
    column: str,
    columns: tuple[str, ...],
    same: tuple[str, ...],
) -> tuple[str, Any]:
    asked = ", ".join(_name(dialect, table, name) for name in columns)
    fixed = "".join(f"{_name(dialect, table, name)} = {_mark(dialect)} AND " for name in same)
    name = _name(dialect, table, column)
    text = f"SELECT {asked} FROM {_table(dialect, table)} WHERE {fixed}{name} IN"  # noqa: S608  # nosec B608  # our own tables' names; values are bound
    return text, direct.rows(columns)


def update(tx: Tx, head: str, tail: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """Run `HEAD FROM (VALUES ...) AS v TAIL`, where a row's values are `v.column1`, `v.column2` ...

    Args:
        tx: the transaction.
        head: `UPDATE object SET ...`.
        tail: `WHERE ...`, which ties `v` to the table.
        rows: plain values, as the columns store them.

    Returns:
        How many rows were changed.
    """
    changed = 0
    for part in _parts(rows, len(rows[0]) if rows else 1):
        marks = f"({', '.join([_mark(tx.dialect)] * len(part[0]))})"
        text = f"{head} FROM (VALUES {', '.join([marks] * len(part))}) AS v {tail}"
        values = tuple(one for row in part for one in row)
        changed += direct.run(tx, text, values).rowcount
    return changed


class _Shape:
    """An insert statement into certain columns of a table, for any number of rows."""

    def __init__(
        self, dialect: sa.Dialect, table: sa.Table, names: tuple[str, ...], back: tuple[str, ...]
    ) -> None:
        columns = ", ".join(_name(dialect, table, name) for name in names)
        self._head = f"INSERT INTO {_table(dialect, table)} ({columns}) VALUES "  # noqa: S608  # nosec B608  # as above
        self._row = f"({', '.join([_mark(dialect)] * len(names))})"
        wanted = ", ".join(_name(dialect, table, name) for name in back)
        self._tail = f" RETURNING {wanted}" if wanted else ""
        kinds = [table.c[name].type for name in names]
        self._moments = [place for place, kind in enumerate(kinds) if isinstance(kind, Moment)]
        self._jsons = [place for place, kind in enumerate(kinds) if isinstance(kind, Json)]
        self._texts: dict[int, str] = {}

    def text(self, number: int) -> str:
        if number not in self._texts:
            if len(self._texts) > KEPT:
                self._texts.clear()
            self._texts[number] = f"{self._head}{', '.join([self._row] * number)}{self._tail}"
        return self._texts[number]

    def values(self, rows: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
        flat: list[Any] = []
        written: dict[datetime, str | None] = {}  # the same moment in every row, nearly always
        for row in rows:
            start = len(flat)
            flat.extend(row.values())
            for place in self._moments:
                value = flat[start + place]
                if value is not None:
                    if value not in written:
                        written[value] = moment_out(value)
                    flat[start + place] = written[value]
            for place in self._jsons:
                flat[start + place] = json_out(flat[start + place])
        return tuple(flat)


@lru_cache(maxsize=64)
def _shape(
    dialect: sa.Dialect, table: sa.Table, names: tuple[str, ...], back: tuple[str, ...]
) -> _Shape:
    return _Shape(dialect, table, names, back)


def _parts(rows: Sequence[Any], width: int) -> Iterator[Sequence[Any]]:
    size = min(MOST, PARAMETERS // width)
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _mark(dialect: sa.Dialect) -> str:
    return "?" if dialect.paramstyle == "qmark" else "%s"


def _name(dialect: sa.Dialect, table: sa.Table, name: str) -> str:
    return dialect.identifier_preparer.format_column(table.c[name])


def _table(dialect: sa.Dialect, table: sa.Table) -> str:
    return dialect.identifier_preparer.format_table(table)
