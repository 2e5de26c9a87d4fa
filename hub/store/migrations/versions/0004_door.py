"""Deltas, hints, calls from outside, and short ways to the few subjects that wait."""

from alembic import op
import sqlalchemy as sa
import hub.store.tables


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

WAITING = ('staged', 'pending_fingerprint', 'unverified_at')


def upgrade() -> None:
    for name in ('delta_at', 'taken_at', 'hinted'):
        op.add_column('stream', sa.Column(name, hub.store.tables.Moment(length=27), nullable=True))
    for name in WAITING:
        where = sa.text(f'{name} IS NOT NULL')
        op.create_index(
            f'ix_subject_{name}', 'subject', ['instance'],
            sqlite_where=where, postgresql_where=where,
        )
    op.create_table('signature',
    sa.Column('digest', sa.String(length=64).with_variant(sa.Text(), 'postgresql'), nullable=False),
    sa.Column('until', hub.store.tables.Moment(length=27), nullable=False),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_signature'))
    )
    op.create_index(op.f('ix_signature_until'), 'signature', ['until'])


def downgrade() -> None:
    op.drop_table('signature')
    for name in WAITING:
        op.drop_index(f'ix_subject_{name}', table_name='subject')
    for name in ('delta_at', 'taken_at', 'hinted'):
        op.drop_column('stream', name)
