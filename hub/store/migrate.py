"""Bringing a store up to date, with Alembic, inside the caller's transaction."""

import sqlalchemy as sa

HEAD = "0002"


def upgrade(tx: sa.Connection, revision: str = "head") -> None:
    """Make or update the tables. Alembic is loaded only when there is something to do."""
    if current(tx) == (HEAD if revision == "head" else revision):
        return
    from alembic import command  # noqa: PLC0415  a start with nothing to do stays fast
    from alembic.config import Config  # noqa: PLC0415  the same

    config = Config()
    config.set_main_option("script_location", "hub.store:migrations")
    config.attributes["connection"] = tx
    command.upgrade(config, revision)


def current(tx: sa.Connection) -> str | None:
    """The revision of the tables; None where there are none."""
    if not sa.inspect(tx).has_table("alembic_version"):
        return None
    found = tx.execute(sa.text("select version_num from alembic_version")).scalar()
    return None if found is None else str(found)
