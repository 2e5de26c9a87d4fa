"""Settle: what absence means. Suspects are looked up, removals weighed, doubts become a hold."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.contract import Gone, Present, Stream, Unknown
from hub.engine import departures
from hub.events.base import PERSONAL, Family
from hub.settings.removals import Removals
from hub.store import holds, streams, subjects, waiting
from hub.store.store import Tx
from hub.store.streams import Reading
from hub.store.waiting import Piece

Answer = Present | Gone | Unknown | Exception
REMOVALS = Removals.by_default()  # the defaults
MARGIN = timedelta(seconds=1)  # a row at an outer edge may have fallen between two readings


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
class Evidence:
    """What this run knows of what is absent.

    Attributes:
        answered: look-ups that gave proof either way.
        absent: suspects that were not found again, whatever was said about them.
        limits: how many people may leave at once.
        agreed: subjects of which an administrator saw that they would go, and said yes.
    """

    answered: int = 0
    absent: Sequence[Any] = ()
    limits: Removals = REMOVALS
    agreed: Collection[int] = frozenset()


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
    whose = reading.instance, reading.stream, reading.sweep
    but = row.incomplete or []
    pieces = [] if None in but else list(union(row.finished or []))
    suspects = waiting.unseen(tx, *whose, pieces=pieces, but=but)
    suspects.sort(key=lambda one: one.staged is not None)  # first those of whom nothing is known
    if stream.recheck is None:
        return Doubts(suspects, ())
    known = {one.id for one in suspects}
    late = waiting.overdue(tx, *whose, now - stream.recheck)
    return Doubts(suspects, [one for one in late if one.id not in known])


def union(finished: Sequence[Mapping[str, Any]]) -> Iterator[Piece]:
    """What finished slices cover together, a little less at its outer edges."""
    for container in {part["container"] for part in finished}:
        spans = [_span(part) for part in finished if part["container"] == container]
        for start, end in _joined(spans):
            yield Piece(
                container,
                start + MARGIN if start > BEGINNING else None,
                end - MARGIN if end < END else None,
            )


BEGINNING = datetime.min.replace(tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)
Span = tuple[datetime, datetime]


def _span(part: Mapping[str, Any]) -> Span:
    start, end = part["start"], part["end"]
    return (
        datetime.fromisoformat(start) if start else BEGINNING,
        datetime.fromisoformat(end) if end else END,
    )


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Spans that touch or overlap are one; in order."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            start, end = joined[-1][0], max(end, joined.pop()[1])  # noqa: PLW2901  one grows
        joined.append((start, end))
    return joined


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
    tx: Tx, reading: Reading, families: Collection[Family], evidence: Evidence, *, now: datetime
) -> Verdict:
    """Weigh what is staged: apply it, or put all of it into the one open hold."""
    streams.guard(tx, reading)
    named = {str(family) for family in families}
    staged = waiting.staged(tx, reading.instance, named)
    go = [row for row in staged if row.id in evidence.agreed and row.stream == reading.stream]
    gone = {row.id for row in go}
    staged = [row for row in staged if row.id not in gone]
    stay = _kept(tx, reading.instance, families, staged)
    fresh = [row for row in staged if row.id not in stay]
    old = holds.find_open(tx, reading.instance, "removal")
    others = [one for one in (old.content if old else []) if one["family"] not in families]
    own_hold = old is not None and len(others) < len(old.content)
    people = PERSONAL.issuperset(families)
    if people:
        waits = own_hold and not _is_firm(reading)
        apart = stay | set(evidence.agreed)
        leaving = [*fresh, *(row for row in evidence.absent if row.id not in apart)]
        much = waits or departures.too_many(tx, reading.instance, leaving, evidence.limits)
    else:
        much = not evidence.answered and _too_much(tx, reading.instance, named, staged)
    if not fresh or not much:
        if others:  # of another stream, which has its own say
            holds.put_open(tx, reading.instance, "removal", others, now)
        else:
            holds.close_if_open(tx, old, now)
        # what another stream staged waits until a reading of that stream ends well
        own = [row for row in fresh if row.stream == reading.stream]
        return Verdict([*go, *own], held=len(staged) - len(own))
    content = sorted([*others, *map(_line, staged)], key=lambda one: int(one["subject"]))
    news = holds.put_open(tx, reading.instance, "removal", content, now)
    return Verdict(go, held=len(staged), opened=news)


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


def _is_firm(reading: Reading) -> bool:
    """Whether it saw everything, under the same configuration: only then may a hold of people end."""
    return reading.kind == "sweep" and not reading.changed


def _too_much(tx: Tx, instance_id: str, families: Collection[str], staged: Sequence[Any]) -> bool:
    """Incidents: from two or more to none (DESIGN, thresholds).

    Of those that go on, or of those that are shown: what was solved long ago keeps nothing alive.
    """
    going_on = [row for row in staged if row.ended_at is None]
    if len(going_on) >= 2 and not waiting.one_stays(tx, instance_id, families):
        return True
    shown = subjects.shown(tx, [row.id for row in staged])
    return len(shown) >= 2 and not waiting.one_stays(tx, instance_id, families, shown=True)


def _line(row: Any) -> dict[str, Any]:
    return {"subject": row.id, "key": row.key, "family": row.family, "reason": row.staged}
