"""Pictures of accounts."""

from alembic import op
import sqlalchemy as sa
import hub.store.tables


revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('photo',
    sa.Column('subject', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64).with_variant(sa.Text(), 'postgresql'), nullable=False),
    sa.Column('data', sa.LargeBinary(), nullable=False),
    sa.Column('at', hub.store.tables.Moment(length=27), nullable=False),
    sa.ForeignKeyConstraint(['subject'], ['subject.id'], name=op.f('fk_photo_subject'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('subject', 'sha256', name=op.f('pk_photo'))
    )


def downgrade() -> None:
    op.drop_table('photo')
