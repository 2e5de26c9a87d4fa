"""Queries on streams and instances: taking a stream, sweeps, health."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa

from hub.errors import StreamLostError
from hub.store import lease
from hub.store.direct import Statement
from hub.store.store import Tx
from hub.store.tables import instance, run, stream, tile

SWEEP_LIFE = timedelta(hours=24)
SETTINGS = (
    24  # characters of a fingerprint that tell of settings; the rest is the connector's version
)
KEPT, PRUNED_EVERY = 500, 50  # runs


@dataclass(frozen=True, slots=True)
class Reading:
    """One taken reading of one stream: whoever holds it may write while its epoch stands.

    Attributes:
        kind: what is read; `received` also stands for what an administrator released.
        since: the position to resume from; None from the start. Of a delta: where it goes on.
        keeps_due: set when a hint asked for it before its time: the rhythm stays as it was.
        changed: the first complete sweep after a changed configuration is not here yet.
        previews: the same of changed settings, and not only of another version of the connector.
        traceparent: W3C trace context of this run.
    """

    instance: str
    connector: str
    stream: str
    partition: str
    epoch: int
    sweep: int
    run: int
    since: str | None
    changed: bool
    traceparent: str
    started: datetime
    kind: Literal["sweep", "delta", "received"] = "sweep"
    keeps_due: datetime | None = None
    previews: bool = False

    @property
    def source(self) -> str:
        """The CloudEvents source."""
        return f"/{self.connector}/{self.instance}"

    @property
    def where(self) -> sa.ColumnElement[bool]:
        """The stream's row."""
        return _is(self.instance, self.stream, self.partition)


def _is(instance_id: str, name: str, partition: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        stream.c.instance == instance_id, stream.c.stream == name, stream.c.partition == partition
    )


_OF_A_RUN = ("instance", "stream", "reading", "started", "traceparent")
# statements that are made once: putting one together costs four times as much as running it
_HERE = sa.and_(
    stream.c.instance == sa.bindparam("w_instance"),
    stream.c.stream == sa.bindparam("w_stream"),
    stream.c.partition == sa.bindparam("w_partition"),
)
_ROW = Statement(sa.select(stream).where(_HERE))
_NEW_RUN = Statement(
    run.insert().values({name: sa.bindparam(name) for name in _OF_A_RUN}).returning(run.c.id)
)
_END_RUN = Statement(
    run.update()
    .where(run.c.id == sa.bindparam("w_id"))
    .values({name: sa.bindparam(f"v_{name}") for name in ("outcome", "counts", "ended", "reason")})
)
_INSTANCES = Statement(sa.select(instance))


@cache
def _setting(names: tuple[str, ...]) -> Statement:
    return Statement(_changing(names))


@cache
def _guarding(names: tuple[str, ...]) -> Statement:
    mine = stream.c.epoch == sa.bindparam("w_epoch")
    changing = _changing(names).where(mine).values(epoch=stream.c.epoch)
    return Statement(changing.returning(stream))


def _changing(names: tuple[str, ...]) -> sa.Update:
    values = {
        stream.c[name]: sa.bindparam(f"v_{name}", type_=stream.c[name].type) for name in names
    }
    return stream.update().where(_HERE).values(values)


def _bound(
    instance_id: str, name: str, partition: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    here = {"w_instance": instance_id, "w_stream": name, "w_partition": partition}
    return here | {f"v_{name}": value for name, value in values.items()}


def ensure(tx: Tx, instance_id: str, name: str, partition: str = "") -> None:
    """Make the stream's row if it is new."""
    where = _is(instance_id, name, partition)
    if tx.execute(sa.select(stream.c.epoch).where(where)).first() is None:
        tx.execute(
            stream.insert().values(
                instance=instance_id, stream=name, partition=partition, health="unknown"
            )
        )


def raise_epochs(tx: Tx) -> None:
    """A new owner of the store: whoever still writes for an older one is refused."""
    tx.execute(stream.update().values(epoch=stream.c.epoch + 1))


def forgive(tx: Tx, known: Mapping[str, str], now: datetime) -> list[Any]:
    """After a start: what failed is tried at once, perhaps it was mended meanwhile.

    A refused login waits out its time, because a hub that is started again and again would lock the
    account; it is tried at once when the source is configured otherwise now.

    Args:
        known: per instance the fingerprint of its configuration.

    Returns:
        The streams that go on waiting.
    """
    kept = [
        row
        for row in tx.execute(sa.select(stream).where(stream.c.health == "auth"))
        if row.due and row.due > now and known.get(row.instance) == row.sweep_fingerprint
    ]
    tx.execute(stream.update().where(stream.c.health != "ok").values(due=None))
    for row in kept:
        same = _is(row.instance, row.stream, row.partition)
        tx.execute(stream.update().where(same).values(due=row.due))
    return kept


def take(
    tx: Tx,
    *,
    instance_id: str,
    connector: str,
    name: str,
    fingerprint: str,
    traceparent: str,
    now: datetime,
    partition: str = "",
    received: bool = False,
    sweep_every: timedelta | None = None,
    full: bool = False,
) -> Reading:
    """Take a stream: a new epoch, and the open sweep where it can be resumed, else a new one.

    Args:
        sweep_every: between two sweeps it is read by deltas, where a position for them is known;
            None: every reading is a sweep.
        full: a sweep, whatever is due.

    Raises:
        StreamLostError: another process owns the instance.
    """
    lease.claim(tx, lease.INSTANCE + instance_id)
    here = _bound(instance_id, name, partition, {})
    row = _ROW.first(tx, here)
    if row is None:
        ensure(tx, instance_id, name, partition)
        row = _ROW.first(tx, here)
    delta = not full and _delta_will_do(row, fingerprint, sweep_every, now)
    kind: Literal["sweep", "delta", "received"] = "delta" if delta else "sweep"
    kind = "received" if received else kind
    resumes = kind == "sweep" and _resumable(row, fingerprint, now)
    values: dict[str, Any] = {"epoch": row.epoch + 1}
    if not received:
        values |= {"taken_at": now, "hinted": None}
    if kind == "sweep" and not resumes:
        values |= _new_sweep(row, fingerprint, now)
    _setting(tuple(values)).run(tx, _bound(instance_id, name, partition, values))
    run_id = _start_run(tx, instance_id, name, reading=kind, traceparent=traceparent, now=now)
    early = row.hinted is not None and row.due is not None and row.due > now
    return Reading(
        instance=instance_id,
        connector=connector,
        stream=name,
        partition=partition,
        epoch=row.epoch + 1,
        sweep=values.get("sweep", row.sweep),
        run=run_id,
        since=row.delta_checkpoint if kind == "delta" else row.checkpoint if resumes else None,
        changed=not received and row.fingerprint not in (None, fingerprint),
        traceparent=traceparent,
        started=row.sweep_started if resumes else now,
        kind=kind,
        keeps_due=row.due if early else None,
        previews=kind == "sweep" and _other_settings(row.fingerprint, fingerprint),
    )


def _other_settings(known: str | None, fingerprint: str) -> bool:
    return known is not None and known[:SETTINGS] != fingerprint[:SETTINGS]


def _new_sweep(row: Any, fingerprint: str, now: datetime) -> dict[str, Any]:
    return {
        "sweep": row.sweep + 1,
        "sweep_open": True,
        "sweep_started": now,
        "sweep_fingerprint": fingerprint,
        "checkpoint": None,
        "finished": [],
        "incomplete": [],
    }


def _delta_will_do(
    row: Any, fingerprint: str, sweep_every: timedelta | None, now: datetime
) -> bool:
    """A sweep comes first, after a changed configuration, and once its time is there.

    One that began must end well first: its position for deltas may be stored already.
    """
    return bool(
        sweep_every is not None
        and not row.sweep_open
        and row.delta_checkpoint is not None
        and row.fingerprint == fingerprint
        and row.complete_at is not None
        and now - row.complete_at < sweep_every
    )


def _resumable(row: Any, fingerprint: str, now: datetime) -> bool:
    return bool(
        row.sweep_open
        and row.checkpoint is not None
        and row.sweep_fingerprint == fingerprint
        and now - row.sweep_started < SWEEP_LIFE
    )


def _start_run(
    tx: Tx, instance_id: str, name: str, *, reading: str, traceparent: str, now: datetime
) -> int:
    values = {
        "instance": instance_id,
        "stream": name,
        "reading": reading,
        "started": now,
        "traceparent": traceparent,
    }
    return int(_NEW_RUN.first(tx, values).id)


def guard(tx: Tx, reading: Reading, **values: Any) -> Any:
    """The first statement of every write of a reading: is the stream still ours?

    Raises:
        StreamLostError: another worker took it; nothing of this transaction is kept.
    """
    here = _bound(reading.instance, reading.stream, reading.partition, values)
    row = _guarding(tuple(values)).first(tx, here | {"w_epoch": reading.epoch})
    if row is None:
        raise StreamLostError(f"{reading.instance}.{reading.stream} was taken by another worker.")
    return row


def complete(tx: Tx, reading: Reading, *, fingerprint: str, due: datetime | None) -> bool:
    """The reading is complete and settled. True when this ends an outage.

    Only a sweep says what exists, so only a sweep moves `complete_at`.
    """
    values: dict[str, Any] = {"delta_at": reading.started}
    if reading.kind == "sweep":
        values = {
            "sweep_open": False,
            "checkpoint": None,
            "fingerprint": fingerprint,
            "complete_at": reading.started,
        }
    row = guard(tx, reading, due=reading.keeps_due or due, failures=0, **values)
    return set_health(tx, reading, row, "ok", None)


def make_due(tx: Tx, instance_id: str, name: str) -> None:
    """Read this stream as soon as possible."""
    where = sa.and_(stream.c.instance == instance_id, stream.c.stream == name)
    tx.execute(stream.update().where(where).values(due=None))


def forget_position(tx: Tx, reading: Reading, now: datetime) -> None:
    """The source refused where deltas go on: the next reading is a sweep, at once."""
    guard(tx, reading, delta_checkpoint=None, due=now)


def set_health(tx: Tx, reading: Reading, row: Any, health: str, reason: str | None) -> bool:
    """Note how the stream stands. True when that is news."""
    news = row.health != health and not (row.health == "unknown" and health == "ok")
    values: dict[str, Any] = {"health": health, "reason": reason}
    if row.health != health:
        values["since"] = reading.started
    tx.execute(stream.update().where(reading.where).values(values))
    return news


def fail(tx: Tx, reading: Reading, *, health: str, reason: str, due: datetime) -> bool:
    """The reading failed; the open sweep stays. True when the outage is news."""
    failures = guard(tx, reading, due=due).failures + 1
    row = guard(tx, reading, failures=failures)
    return set_health(tx, reading, row, health, reason)


def end_run(
    tx: Tx, reading: Reading, *, outcome: str, counts: Any, now: datetime, reason: str | None = None
) -> None:
    """Close the run's row; now and then the oldest complete ones of its stream are forgotten."""
    values = {"v_outcome": outcome, "v_counts": counts, "v_ended": now, "v_reason": reason}
    _END_RUN.run(tx, values | {"w_id": reading.run})
    if reading.run % PRUNED_EVERY == 0:
        same = sa.and_(run.c.instance == reading.instance, run.c.stream == reading.stream)
        old = sa.and_(run.c.id < reading.run - KEPT, run.c.outcome == "complete")
        tx.execute(run.delete().where(same, old))


def all_streams(tx: Tx) -> Sequence[Any]:
    """Every stream's row."""
    return tx.execute(sa.select(stream).order_by(stream.c.instance, stream.c.stream)).all()


def last_runs(tx: Tx) -> dict[tuple[str, str], Any]:
    """The newest ended run per stream."""
    newest = (
        sa.select(sa.func.max(run.c.id))
        .where(run.c.outcome.is_not(None))
        .group_by(run.c.instance, run.c.stream)
    )
    rows = tx.execute(sa.select(run).where(run.c.id.in_(newest))).all()
    return {(row.instance, row.stream): row for row in rows}


def instances(tx: Tx) -> dict[str, Any]:
    """Every instance that the store knows, by id."""
    return {row.id: row for row in _INSTANCES.all(tx)}


def put_instance(tx: Tx, instance_id: str, **values: Any) -> None:
    """Make or change an instance's row."""
    where = instance.c.id == instance_id
    if tx.execute(sa.select(instance.c.id).where(where)).first() is None:
        tx.execute(instance.insert().values(id=instance_id, **values))
    else:
        tx.execute(instance.update().where(where).values(values))


def tile_tokens(tx: Tx) -> Sequence[Any]:
    """The unguessable paths: tile, audience, view, token."""
    return tx.execute(sa.select(tile).order_by(tile.c.tile, tile.c.audience, tile.c.view)).all()


def ensure_tile(tx: Tx, name: str, audience: str, view: str, token: str) -> None:
    """Keep the path of this tile if it has one, else this token is it."""
    where = sa.and_(tile.c.tile == name, tile.c.audience == audience, tile.c.view == view)
    if tx.execute(sa.select(tile.c.token).where(where)).first() is None:
        tx.execute(tile.insert().values(tile=name, audience=audience, view=view, token=token))
