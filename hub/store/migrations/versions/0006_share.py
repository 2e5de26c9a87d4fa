"""Leases per instance and target, for several processes; a request may need one of them."""

from alembic import op
import sqlalchemy as sa
import hub.store.tables


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table('lease')  # it holds nothing that outlives a process
    op.create_table('lease',
    sa.Column('name', sa.String(length=255).with_variant(sa.Text(), 'postgresql'), nullable=False),
    sa.Column('epoch', sa.Integer(), server_default='0', nullable=False),
    sa.Column('owner', sa.String(length=255).with_variant(sa.Text(), 'postgresql'), nullable=True),
    sa.Column('holder', hub.store.tables.Json(), nullable=True),
    sa.Column('expires', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_lease'))
    )
    op.add_column('request', sa.Column('needs', sa.String(length=255).with_variant(sa.Text(), 'postgresql'), nullable=True))


def downgrade() -> None:
    op.drop_column('request', 'needs')
    op.drop_table('lease')
    op.create_table('lease',
    sa.Column('name', sa.String(length=16).with_variant(sa.Text(), 'postgresql'), nullable=False),
    sa.Column('epoch', sa.Integer(), server_default='0', nullable=False),
    sa.Column('holder', hub.store.tables.Json(), nullable=True),
    sa.Column('expires', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_lease'))
    )
