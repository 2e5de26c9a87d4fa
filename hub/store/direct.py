"""Statements handed to the driver as they are, with nothing in between.

SQLAlchemy takes 66 us for a statement that it knows already and 38 us for a text, SQLite and its
driver take 5 of them. Where a caller waits for the answer, as with received records, a dozen
statements are all that there is, so those go this way. PostgreSQL is over there: the way is long
anyhow, and SQLAlchemy notices a connection that broke. Whoever listens hears each statement.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

Tx = sa.Connection
Value = Callable[[Any], Any] | None


def run(tx: Tx, text: str, values: Any = ()) -> Any:
    """Run a text in the driver's own style; the result has `fetchall` and `rowcount`.

    Raises:
        sqlalchemy.exc.DBAPIError: as SQLAlchemy would raise it.
    """
    if tx.dialect.name != "sqlite" or tx.engine.dispatch.before_cursor_execute:
        return tx.exec_driver_sql(text, values)
    driver: Any = tx.connection.dbapi_connection
    try:
        return driver.execute(text, values)
    except tx.dialect.loaded_dbapi.Error as error:
        base: Any = tx.dialect.loaded_dbapi.Error
        raise sa.exc.DBAPIError.instance(text, values, error, base, dialect=tx.dialect) from error


def rows(names: Sequence[str]) -> Any:
    """A kind of rows with these columns; what has no name goes by its place."""
    kind: Any = namedtuple  # noqa: PYI024  its names are known only now
    return kind("Row", names, rename=True)._make


class Statement:
    """A statement that is made into text once for each database; its values come by name.

    Args:
        statement: with `bindparam`s for all that varies, no list among them; an insert names
            every column that has a default in Python.
    """

    def __init__(self, statement: sa.Select[Any] | sa.sql.dml.UpdateBase) -> None:
        self._statement = statement
        self._made: dict[str, _Made] = {}

    def run(self, tx: Tx, values: Mapping[str, Any] | None = None) -> Any:
        """As `run` does."""
        made = self._for(tx)
        return run(tx, made.text, made.given(values or {}))

    def all(self, tx: Tx, values: Mapping[str, Any] | None = None) -> list[Any]:
        """The rows, by the columns' names."""
        made = self._for(tx)
        found = run(tx, made.text, made.given(values or {})).fetchall()
        return [made.row(one) for one in found]

    def first(self, tx: Tx, values: Mapping[str, Any] | None = None) -> Any:
        """The first of the rows; None: there is none."""
        return next(iter(self.all(tx, values)), None)

    def _for(self, tx: Tx) -> "_Made":
        made = self._made.get(tx.dialect.name)
        if made is None:
            made = self._made[tx.dialect.name] = _made(self._statement, tx.dialect)
        return made


@dataclass(frozen=True, slots=True)
class _Made:
    """The text; how each value goes in, and how each column comes out."""

    text: str
    values: Sequence[tuple[str, Value]]
    fixed: Mapping[str, Any]
    by_place: bool
    shape: Any
    columns: Sequence[tuple[int, Callable[[Any], Any]]]

    def given(self, values: Mapping[str, Any]) -> Any:
        found = {**self.fixed, **values} if self.fixed else values
        if self.by_place:
            return tuple([one(found[name]) if one else found[name] for name, one in self.values])
        return {name: one(found[name]) if one else found[name] for name, one in self.values}

    def row(self, found: Sequence[Any]) -> Any:
        if not self.columns:
            return self.shape(found)
        values = list(found)
        for place, change in self.columns:
            values[place] = change(values[place])
        return self.shape(values)


def _made(statement: Any, dialect: sa.Dialect) -> _Made:
    compiled = statement.compile(dialect=dialect)
    names = compiled.positiontup if compiled.positional else list(compiled.bind_names.values())
    kinds = {name: bind.type for bind, name in compiled.bind_names.items()}
    columns = list(getattr(statement, "selected_columns", None) or statement.exported_columns)
    changes = [_kind(one.type, dialect).result_processor(dialect, None) for one in columns]
    return _Made(
        compiled.string,
        [(name, _kind(kinds[name], dialect).bind_processor(dialect)) for name in names],
        {name: one for name, one in compiled.params.items() if one is not None},
        bool(compiled.positional),
        rows([getattr(one, "name", "") for one in columns]),
        [(place, change) for place, change in enumerate(changes) if change is not None],
    )


def _kind(kind: Any, dialect: sa.Dialect) -> Any:
    return kind.dialect_impl(dialect)
