"""Persons, their accounts, what these are found by, and what waits for a human."""

from alembic import op
import sqlalchemy as sa
import hub.store.tables


revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def short(length: int) -> sa.String:
    return sa.String(length=length).with_variant(sa.Text(), 'postgresql')


def upgrade() -> None:
    op.create_table('person',
    sa.Column('id', short(36), nullable=False),
    sa.Column('state', short(16), nullable=False),
    sa.Column('since', hub.store.tables.Moment(length=27), nullable=False),
    sa.Column('until', hub.store.tables.Moment(length=27), nullable=True),
    sa.Column('made_at', hub.store.tables.Moment(length=27), nullable=False),
    sa.Column('name', sa.Text(), nullable=True),
    sa.Column('attributes', hub.store.tables.Json(), nullable=True),
    sa.Column('merged_into', short(36), nullable=True),
    sa.Column('merged_from', hub.store.tables.Json(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person'))
    )
    op.create_index('ix_person_merged_into', 'person', ['merged_into'])
    op.create_table('account',
    sa.Column('subject', sa.Integer(), nullable=False),
    sa.Column('person', short(36), nullable=True),
    sa.Column('tier', short(16), nullable=False),
    sa.Column('evidence', hub.store.tables.Json(), nullable=False),
    sa.Column('since', hub.store.tables.Moment(length=27), nullable=False),
    sa.ForeignKeyConstraint(['person'], ['person.id'], name=op.f('fk_account_person')),
    sa.ForeignKeyConstraint(['subject'], ['subject.id'], name=op.f('fk_account_subject'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('subject', name=op.f('pk_account'))
    )
    op.create_index('ix_account_person', 'account', ['person'])
    op.create_table('anchor',
    sa.Column('subject', sa.Integer(), nullable=False),
    sa.Column('kind', short(16), nullable=False),
    sa.Column('value', short(255), nullable=False),
    sa.ForeignKeyConstraint(['subject'], ['subject.id'], name=op.f('fk_anchor_subject'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('subject', 'kind', 'value', name=op.f('pk_anchor'))
    )
    op.create_index('ix_anchor_value', 'anchor', ['value'])
    op.create_table('review',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('subject', sa.Integer(), nullable=False),
    sa.Column('person', short(36), nullable=False),
    sa.Column('tier', short(16), nullable=False),
    sa.Column('evidence', hub.store.tables.Json(), nullable=False),
    sa.Column('state', short(16), nullable=False),
    sa.Column('opened_at', hub.store.tables.Moment(length=27), nullable=False),
    sa.Column('ended_at', hub.store.tables.Moment(length=27), nullable=True),
    sa.ForeignKeyConstraint(['person'], ['person.id'], name=op.f('fk_review_person')),
    sa.ForeignKeyConstraint(['subject'], ['subject.id'], name=op.f('fk_review_subject'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review')),
    sa.UniqueConstraint('subject', 'person', name=op.f('uq_review_subject'))
    )
    op.create_index('ix_review_state', 'review', ['state'])
    op.create_table('erased',
    sa.Column('digest', short(64), nullable=False),
    sa.Column('person', short(36), nullable=False),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_erased'))
    )
    op.create_table('policy',
    sa.Column('name', short(32), nullable=False),
    sa.Column('body', hub.store.tables.Json(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_policy'))
    )


def downgrade() -> None:
    for name in ('policy', 'erased', 'review', 'anchor', 'account', 'person'):
        op.drop_table(name)
