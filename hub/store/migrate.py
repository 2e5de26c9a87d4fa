"""Bringing a store up to date, with Alembic, inside the caller's transaction."""

import sqlalchemy as sa

from hub.errors import BadConfigError
from hub.store.append_only import guard
from hub.store.tables import PARTIAL, metadata

HEAD = "0015"


def upgrade(tx: sa.Connection, revision: str = "head") -> None:
    """Make or update the tables. Alembic is loaded only when there is something to do.

    Raises:
        BadConfigError: a newer hub made this store.
    """
    found = current(tx)
    if found == (HEAD if revision == "head" else revision):
        return
    if found is not None and found > HEAD:
        raise BadConfigError(
            f"This store was made by a newer hub (revision {found}, this one knows {HEAD}): update "
            "intranet-hub before you start it on this store."
        )
    if found is None and revision == "head" and _empty(tx):
        make(tx)
        return
    from alembic import command  # noqa: PLC0415  a start with nothing to do stays fast
    from alembic.config import Config  # noqa: PLC0415  the same

    config = Config()
    config.set_main_option("script_location", "hub.store:migrations")
    config.attributes["connection"] = tx
    command.upgrade(config, revision)


def make(tx: sa.Connection) -> None:
    """All tables at once, as the migrations would leave them; a tenth of their time."""
    metadata.create_all(tx)
    for name, rest in PARTIAL.items():
        tx.execute(sa.text(f"CREATE INDEX {name} ON {rest}"))
    guard(tx)
    tx.execute(
        sa.text(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
            "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
    )
    tx.execute(sa.text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


def _empty(tx: sa.Connection) -> bool:
    """Whether none of our tables is there, not even half made by hand."""
    return not set(sa.inspect(tx).get_table_names()) & metadata.tables.keys()


def current(tx: sa.Connection) -> str | None:
    """The revision of the tables; None where there are none."""
    if not sa.inspect(tx).has_table("alembic_version"):
        return None
    found = tx.execute(sa.text("select version_num from alembic_version")).scalar()
    return None if found is None else str(found)
