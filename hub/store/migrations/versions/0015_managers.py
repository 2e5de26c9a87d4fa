"""Everybody's accounts on targets are looked at again: they name managers from now on."""

from alembic import op


revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute('UPDATE person SET stale = true WHERE NOT stale')


def downgrade() -> None:
    pass
