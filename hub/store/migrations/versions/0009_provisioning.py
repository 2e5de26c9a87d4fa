"""Persons whose accounts on targets are to be brought up to date."""

from alembic import op
import sqlalchemy as sa


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('person', sa.Column('stale', sa.Boolean(), server_default=sa.true(), nullable=False))
    op.create_index(
        'ix_person_stale', 'person', ['id'],
        sqlite_where=sa.text('stale'), postgresql_where=sa.text('stale'),
    )


def downgrade() -> None:
    op.drop_index('ix_person_stale', 'person')
    op.drop_column('person', 'stale')
