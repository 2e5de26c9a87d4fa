"""A lease, for stores that several machines can reach."""

from alembic import op
import sqlalchemy as sa
import hub.store.tables


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('lease',
    sa.Column('name', sa.String(length=16).with_variant(sa.Text(), 'postgresql'), nullable=False),
    sa.Column('epoch', sa.Integer(), server_default='0', nullable=False),
    sa.Column('holder', hub.store.tables.Json(), nullable=True),
    sa.Column('expires', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_lease'))
    )


def downgrade() -> None:
    op.drop_table('lease')
