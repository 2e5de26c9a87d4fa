"""A copy of all tables but pictures in a SQLite file, whatever revision they have."""

from pathlib import Path

import sqlalchemy as sa

from hub.store.migrate import current, upgrade

LEFT_OUT = {"alembic_version", "lease", "photo"}  # a copy sends nothing, so it needs no pictures
ROWS = 1000  # rows in memory at once


def copy(source: sa.Connection, path: Path) -> None:
    """Write what `source` sees into a new SQLite file of the same revision."""
    engine = sa.create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as target:
            upgrade(target, current(source) or "head")
            _fill(source, target)
    finally:
        engine.dispose()


def _fill(source: sa.Connection, target: sa.Connection) -> None:
    old, new = sa.MetaData(), sa.MetaData()
    old.reflect(source)
    new.reflect(target)
    for table in new.sorted_tables:
        if table.name in old.tables and table.name not in LEFT_OUT:
            _rows(source, target, old.tables[table.name], table)


def _rows(source: sa.Connection, target: sa.Connection, old: sa.Table, new: sa.Table) -> None:
    columns = [old.c[one.name] for one in new.columns if one.name in old.c]
    found = source.execution_options(yield_per=ROWS).execute(sa.select(*columns))
    for part in found.mappings().partitions():
        target.execute(new.insert(), [dict(row) for row in part])
