"""Triggers that keep the audit trail append-only, also for whoever types SQL by mistake.

Who owns the database can remove them; what is changed then is found by `hub audit verify`.
"""

import sqlalchemy as sa

_SQLITE = (
    (
        "CREATE TRIGGER audit_insert BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE "
        "seq = NEW.seq OR prev = NEW.prev) BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
    ),
    (
        "CREATE TRIGGER audit_update BEFORE UPDATE ON audit "
        "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
    ),
    (
        "CREATE TRIGGER audit_delete BEFORE DELETE ON audit "
        "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
    ),
    (
        "CREATE TRIGGER audit_value_insert BEFORE INSERT ON audit_value WHEN EXISTS (SELECT 1 FROM "
        "audit_value WHERE seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
    ),
    (
        "CREATE TRIGGER audit_value_update BEFORE UPDATE ON audit_value WHEN NEW.seq <> OLD.seq OR "
        "NEW.erased IS NULL OR NEW.erased <= coalesce(OLD.erased, OLD.seq) "
        "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
    ),
    (
        "CREATE TRIGGER audit_value_delete BEFORE DELETE ON audit_value "
        "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
    ),
)
_POSTGRESQL = (
    (
        "CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit is append-only'; END $$"
    ),
    (
        "CREATE TRIGGER audit_change BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_append_only()"
    ),
    (
        "CREATE TRIGGER audit_truncate BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
    ),
    (
        "CREATE TRIGGER audit_value_update BEFORE UPDATE ON audit_value FOR EACH ROW WHEN "
        "(NEW.seq <> OLD.seq OR NEW.erased IS NULL OR NEW.erased <= coalesce(OLD.erased, OLD.seq)) "
        "EXECUTE FUNCTION audit_append_only()"
    ),
    (
        "CREATE TRIGGER audit_value_delete BEFORE DELETE ON audit_value "
        "FOR EACH ROW EXECUTE FUNCTION audit_append_only()"
    ),
    (
        "CREATE TRIGGER audit_value_truncate BEFORE TRUNCATE ON audit_value "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
    ),
)


def guard(tx: sa.Connection) -> None:
    """Put the triggers on the tables of the trail."""
    for statement in _SQLITE if tx.dialect.name == "sqlite" else _POSTGRESQL:
        tx.exec_driver_sql(statement)
