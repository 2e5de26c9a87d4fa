"""Notices: what a person was told about a topic."""

from alembic import op
import sqlalchemy as sa
import hub.store.tables


revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def short(length: int) -> sa.String:
    return sa.String(length=length).with_variant(sa.Text(), 'postgresql')


def upgrade() -> None:
    moment = hub.store.tables.Moment(length=27)
    op.create_table('told',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person', short(36), nullable=False),
    sa.Column('topic', short(330), nullable=False),
    sa.Column('told', hub.store.tables.Json(), nullable=True),
    sa.Column('wanted', hub.store.tables.Json(), nullable=True),
    sa.Column('status', short(16), nullable=False),
    sa.Column('due', moment, nullable=True),
    sa.Column('expires', moment, nullable=True),
    sa.Column('tried_at', moment, nullable=True),
    sa.Column('sent_at', moment, nullable=True),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('token', short(64), nullable=True),
    sa.Column('token_until', moment, nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_told')),
    sa.UniqueConstraint('person', 'topic', name=op.f('uq_told_person'))
    )
    op.create_index(op.f('ix_told_status'), 'told', ['status'])
    op.create_index(op.f('ix_told_token'), 'told', ['token'])


def downgrade() -> None:
    op.drop_table('told')
