"""The audit trail is chained over digests; what its rows say stands beside it, and can be erased."""

import hashlib
import json
import secrets
from datetime import UTC, datetime
from typing import Any

from alembic import op
import sqlalchemy as sa
import hub.store.tables
from hub.store.append_only import guard


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

GENESIS = '0' * 64
AT = "%Y-%m-%dT%H:%M:%S.%fZ"


def short(length: int) -> sa.String:
    return sa.String(length=length).with_variant(sa.Text(), 'postgresql')


def written(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(',', ':'), ensure_ascii=False)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def upgrade() -> None:
    rows = [tuple(row) for row in op.get_bind().execute(sa.text(
        'SELECT seq, prev, digest, at, actor, action, what FROM audit ORDER BY seq'))]
    op.drop_table('audit')
    op.create_table('audit',
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('prev', short(64), nullable=False),
    sa.Column('digest', short(64), nullable=False),
    sa.Column('at', hub.store.tables.Moment(length=27), nullable=False),
    sa.Column('actor', short(128), nullable=False),
    sa.Column('action', short(64), nullable=False),
    sa.Column('body', short(64), nullable=False),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_audit')),
    sa.UniqueConstraint('prev', name=op.f('uq_audit_prev'))
    )
    op.create_table('audit_value',
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('nonce', short(64), nullable=False),
    sa.Column('what', hub.store.tables.Json(), nullable=False),
    sa.Column('erased', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['seq'], ['audit.seq'], name=op.f('fk_audit_value_seq')),
    sa.ForeignKeyConstraint(['erased'], ['audit.seq'], name=op.f('fk_audit_value_erased')),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_audit_value'))
    )
    if rows:
        carry_over(rows)
    guard(op.get_bind())


def carry_over(rows: list[Any]) -> None:
    """Every row under its own number, and one that says how the old chain stood."""
    bind, prev, broken, last = op.get_bind(), GENESIS, None, GENESIS
    moment = datetime.now(UTC).strftime(AT)
    for seq, was, digest, at, actor, action, what in rows:
        if broken is None and (was, digest) != (last, old(last, at, actor, action, what)):
            broken = seq
        last = digest
        prev = put(bind, seq, prev, at, actor, action, what)
    told = {'rows': len(rows), 'head': last, 'first_broken': broken}
    put(bind, rows[-1][0] + 1, prev, moment, 'hub', 'audit carried over', written(told))
    if bind.dialect.name == 'postgresql':
        bind.execute(sa.text("SELECT setval(pg_get_serial_sequence('audit', 'seq'), :last)"),
            {'last': rows[-1][0] + 1})


def old(prev: str, at: str, actor: str, action: str, what: str) -> str:
    """The digest that a row had."""
    at = datetime.fromisoformat(at).isoformat()
    return sha(written({'prev': prev, 'at': at, 'actor': actor, 'action': action, 'what': json.loads(what)}))


def put(bind: Any, seq: int, prev: str, at: str, actor: str, action: str, what: str) -> str:
    nonce = secrets.token_hex(32)
    body = sha(nonce + what)
    digest = sha(written({'prev': prev, 'at': at, 'actor': actor, 'action': action, 'body': body}))
    bind.execute(sa.text('INSERT INTO audit (seq, prev, digest, at, actor, action, body) '
        'VALUES (:seq, :prev, :digest, :at, :actor, :action, :body)'),
        {'seq': seq, 'prev': prev, 'digest': digest, 'at': at, 'actor': actor, 'action': action, 'body': body})
    bind.execute(sa.text('INSERT INTO audit_value (seq, nonce, what) VALUES (:seq, :nonce, :what)'),
        {'seq': seq, 'nonce': nonce, 'what': what})
    return digest


def downgrade() -> None:
    bind = op.get_bind()
    rows = [tuple(row) for row in bind.execute(sa.text(
        'SELECT a.seq, a.at, a.actor, a.action, v.what FROM audit a '
        'JOIN audit_value v ON v.seq = a.seq ORDER BY a.seq'))]
    op.drop_table('audit_value')
    op.drop_table('audit')
    if bind.dialect.name == 'postgresql':
        op.execute('DROP FUNCTION audit_append_only()')
    op.create_table('audit',
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('prev', short(64), nullable=False),
    sa.Column('digest', short(64), nullable=False),
    sa.Column('at', hub.store.tables.Moment(length=27), nullable=False),
    sa.Column('actor', short(128), nullable=False),
    sa.Column('action', short(64), nullable=False),
    sa.Column('what', hub.store.tables.Json(), nullable=False),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_audit'))
    )
    prev = GENESIS
    for seq, at, actor, action, what in rows:
        digest = old(prev, at, actor, action, what)
        bind.execute(sa.text('INSERT INTO audit (seq, prev, digest, at, actor, action, what) '
            'VALUES (:seq, :prev, :digest, :at, :actor, :action, :what)'),
            {'seq': seq, 'prev': prev, 'digest': digest, 'at': at, 'actor': actor, 'action': action, 'what': what})
        prev = digest
    if rows and bind.dialect.name == 'postgresql':
        bind.execute(sa.text("SELECT setval(pg_get_serial_sequence('audit', 'seq'), :last)"),
            {'last': rows[-1][0]})
