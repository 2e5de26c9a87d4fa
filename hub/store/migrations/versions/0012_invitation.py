"""One-time codes, and the logins that they made known."""

from alembic import op
import sqlalchemy as sa
import hub.store.tables


revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def short(length: int) -> sa.String:
    return sa.String(length=length).with_variant(sa.Text(), 'postgresql')


def upgrade() -> None:
    moment = hub.store.tables.Moment(length=27)
    op.create_table('invitation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('digest', short(64), nullable=False),
    sa.Column('person', short(36), nullable=False),
    sa.Column('channel', short(8), nullable=False),
    sa.Column('state', short(16), nullable=False),
    sa.Column('made_at', moment, nullable=False),
    sa.Column('until', moment, nullable=False),
    sa.Column('sent_at', moment, nullable=True),
    sa.Column('ended_at', moment, nullable=True),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('handover', short(64), nullable=True),
    sa.Column('handover_until', moment, nullable=True),
    sa.ForeignKeyConstraint(['person'], ['person.id'], name=op.f('fk_invitation_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitation')),
    sa.UniqueConstraint('digest', name=op.f('uq_invitation_digest'))
    )
    for name in ('person', 'until', 'handover'):
        op.create_index(op.f(f'ix_invitation_{name}'), 'invitation', [name])
    op.create_table('login',
    sa.Column('issuer', short(255), nullable=False),
    sa.Column('subject', short(255), nullable=False),
    sa.Column('person', short(36), nullable=False),
    sa.Column('since', moment, nullable=False),
    sa.ForeignKeyConstraint(['person'], ['person.id'], name=op.f('fk_login_person')),
    sa.PrimaryKeyConstraint('issuer', 'subject', name=op.f('pk_login'))
    )
    op.create_index(op.f('ix_login_person'), 'login', ['person'])


def downgrade() -> None:
    op.drop_table('login')
    op.drop_table('invitation')
