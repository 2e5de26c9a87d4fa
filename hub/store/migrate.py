"""Bringing a store up to date, with Alembic, inside the caller's transaction."""

import sqlalchemy as sa

HEAD = "0001"


def upgrade(tx: sa.Connection) -> None:
    """Make or update the tables. Alembic is loaded only when there is something to do."""
    if _current(tx) == HEAD:
        return
    from alembic import command  # noqa: PLC0415  a start with nothing to do stays fast
    from alembic.config import Config  # noqa: PLC0415  the same

    config = Config()
    config.set_main_option("script_location", "hub.store:migrations")
    config.attributes["connection"] = tx
    command.upgrade(config, "head")


def _current(tx: sa.Connection) -> str | None:
    if not sa.inspect(tx).has_table("alembic_version"):
        return None
    found = tx.execute(sa.text("select version_num from alembic_version")).scalar()
    return None if found is None else str(found)
