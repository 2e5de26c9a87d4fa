"""Groups whose objects on targets are to be brought up to date; who is named by a membership."""

from alembic import op
import sqlalchemy as sa


revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'stale_group',
        sa.Column('subject', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['subject'], ['subject.id'], name=op.f('fk_stale_group_subject'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('subject', name=op.f('pk_stale_group')),
    )
    op.create_index('ix_ref_value', 'ref', ['value'])


def downgrade() -> None:
    op.drop_index('ix_ref_value', 'ref')
    op.drop_table('stale_group')
