"""Sessions of visitors on personal pages."""

from alembic import op
import sqlalchemy as sa
import hub.store.tables


revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def short(length: int) -> sa.String:
    return sa.String(length=length).with_variant(sa.Text(), 'postgresql')


def upgrade() -> None:
    moment = hub.store.tables.Moment(length=27)
    op.create_table('session',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('digest', short(64), nullable=False),
    sa.Column('person', short(36), nullable=False),
    sa.Column('how', short(16), nullable=False),
    sa.Column('device', short(64), nullable=False),
    sa.Column('opened_at', moment, nullable=False),
    sa.Column('used_at', moment, nullable=False),
    sa.Column('until', moment, nullable=False),
    sa.Column('idle', sa.Integer(), nullable=True),
    sa.Column('ends', moment, nullable=False),
    sa.ForeignKeyConstraint(['person'], ['person.id'], name=op.f('fk_session_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_session')),
    sa.UniqueConstraint('digest', name=op.f('uq_session_digest'))
    )
    op.create_index(op.f('ix_session_person'), 'session', ['person'])
    op.create_index(op.f('ix_session_ends'), 'session', ['ends'])


def downgrade() -> None:
    op.drop_table('session')
