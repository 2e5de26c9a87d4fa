"""Settle: what absence means. Suspects are looked up, removals weighed, doubts become a hold."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.contract import Gone, Present, Stream, Unknown
from hub.events.base import Family
from hub.store import holds, streams, subjects
from hub.store.store import Tx
from hub.store.streams import Reading

Answer = Present | Gone | Unknown | Exception
MAX_LOOK_UPS = 200  # a run; what is left over is kept and asked about next time


@dataclass(frozen=True, slots=True)
class Doubts:
    """Whom to ask about.

    Attributes:
        suspects: absent from a finished slice.
        rechecks: shown, but outside every slice; looked up now and then.
    """

    suspects: Sequence[Any]
    rechecks: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What settling came to.

    Attributes:
        apply: staged subjects whose removal is to be applied now.
        held: how many wait in the open hold.
        opened: the hash of a hold that this run opened or changed; None otherwise.
    """

    apply: Sequence[Any]
    held: int = 0
    opened: str | None = None


def doubts(tx: Tx, reading: Reading, stream: Stream, now: datetime) -> Doubts:
    """Subjects that the finished sweep did not see, by whether it should have."""
    row = streams.guard(tx, reading)
    missing = subjects.unseen(tx, reading.instance, reading.stream, reading.sweep)
    suspects = [one for one in missing if _covered(one, row.finished or [], row.incomplete or [])]
    known = {one.id for one in suspects}
    return Doubts(suspects, _due(tx, [m for m in missing if m.id not in known], stream, now))


def _due(tx: Tx, rows: Sequence[Any], stream: Stream, now: datetime) -> list[Any]:
    if stream.recheck is None:
        return []
    late = [r for r in rows if r.looked_at is None or now - r.looked_at >= stream.recheck]
    shown = subjects.shown(tx, [row.id for row in late])
    return [row for row in late if row.id in shown]


def _covered(one: Any, finished: Sequence[Mapping[str, Any]], incomplete: Collection[Any]) -> bool:
    if None in incomplete or one.container in incomplete:
        return False
    return any(_inside(one, part) for part in finished)


def _inside(one: Any, part: Mapping[str, Any]) -> bool:
    if part["container"] not in (None, one.container):
        return False
    start = datetime.fromisoformat(part["start"]) if part["start"] else None
    end = datetime.fromisoformat(part["end"]) if part["end"] else None
    if start is None and end is None:
        return True
    if one.at is None:
        return False
    margin = timedelta(seconds=1)  # a row at the outer edge may have fallen between two readings
    return (start is None or one.at >= start + margin) and (end is None or one.at < end - margin)


def count_absent(
    tx: Tx, reading: Reading, absent: Sequence[Any], confirm: int, now: datetime
) -> None:
    """Absent without proof: counted, and staged once `confirm` complete sweeps agree."""
    streams.guard(tx, reading)
    for row in absent:
        missing = row.missing + 1
        staged = row.staged or ("missing" if missing >= confirm else None)
        subjects.set_where(tx, [row.id], missing=missing, staged=staged, looked_at=now)


def keep_unverified(tx: Tx, reading: Reading, rows: Sequence[Any], now: datetime) -> None:
    """The source could not say: kept, marked, not counted."""
    streams.guard(tx, reading)
    subjects.set_where(tx, [row.id for row in rows], unverified_at=now)


def decide(
    tx: Tx, reading: Reading, families: Collection[Family], *, answered: int, now: datetime
) -> Verdict:
    """Weigh what is staged: apply it, or put all of it into the one open hold.

    Args:
        answered: look-ups of this run that gave proof either way.
    """
    streams.guard(tx, reading)
    live = subjects.live(tx, reading.instance, [str(family) for family in families])
    staged = [row for row in live if row.staged]
    stay = _kept(tx, reading.instance, families, staged)
    fresh = [row for row in staged if row.id not in stay]
    if not fresh or answered or not _too_much(tx, live):
        holds.close_if_open(tx, holds.find_open(tx, reading.instance, "removal"), now)
        # what another stream staged waits until a reading of that stream ends well
        own = [row for row in fresh if row.stream == reading.stream]
        return Verdict(own, held=len(staged) - len(own))
    content = [_line(row) for row in staged]
    news = holds.put_open(tx, reading.instance, "removal", content, now)
    return Verdict([], held=len(staged), opened=news)


def _kept(
    tx: Tx, instance_id: str, families: Collection[Family], staged: Sequence[Any]
) -> set[int]:
    """Subjects of which an administrator said that they stay, and nothing new is known since.

    One that came back, or of which the source now gives proof, is no longer among them.
    """
    row = holds.last_dropped(tx, instance_id, "removal")
    if row is None:
        return set()
    still = {(one.id, one.staged) for one in staged}
    same = [
        line
        for line in row.content
        if line["family"] not in families or (line["subject"], line["reason"]) in still
    ]
    if len(same) < len(row.content):
        holds.put_content(tx, row.id, same)
    return {line["subject"] for line in same}


def _too_much(tx: Tx, live: Sequence[Any]) -> bool:
    """Incidents: from two or more to none (DESIGN, thresholds).

    Of those that go on, or of those that are shown: what was solved long ago keeps nothing alive.
    """
    shown = subjects.shown(tx, [row.id for row in live])
    return _all_staged([row for row in live if row.ended_at is None]) or _all_staged(
        [row for row in live if row.id in shown]
    )


def _all_staged(rows: Sequence[Any]) -> bool:
    return len(rows) >= 2 and all(row.staged for row in rows)


def _line(row: Any) -> dict[str, Any]:
    return {"subject": row.id, "key": row.key, "family": row.family, "reason": row.staged}
