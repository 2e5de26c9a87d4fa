"""What waits to be sent is found by an index of its own; objects may require others."""

from alembic import op
import sqlalchemy as sa
import hub.store.tables


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    waiting = sa.text("status = 'waiting'")
    op.create_index('ix_object_ahead', 'object', ['target', 'state', 'id'], unique=False,
        sqlite_where=waiting, postgresql_where=waiting)
    op.create_table('requirement',
    sa.Column('object', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=32).with_variant(sa.Text(), 'postgresql'), nullable=False),
    sa.Column('key', sa.String(length=255).with_variant(sa.Text(), 'postgresql'), nullable=False),
    sa.Column('target', sa.String(length=64).with_variant(sa.Text(), 'postgresql'), nullable=False),
    sa.ForeignKeyConstraint(['object'], ['object.id'], name=op.f('fk_requirement_object'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('object', 'kind', 'key', name=op.f('pk_requirement'))
    )
    op.create_index('ix_requirement_required', 'requirement', ['target', 'kind', 'key'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_requirement_required', table_name='requirement')
    op.drop_table('requirement')
    op.drop_index('ix_object_ahead', table_name='object')
