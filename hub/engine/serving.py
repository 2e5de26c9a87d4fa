"""A protocol that a connector speaks: one call, one transaction, answered after the commit.

Whatever a call takes away is weighed at once. A protocol brings people one by one, so that whoever left
within the last day counts too: many small steps are no way around the limits.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.contract import Batch, Call, Record, Ref, Reply, Serves, Stream
from hub.engine import configuration, intake, provisioning, settle
from hub.engine.configuration import Source
from hub.errors import BadConfigError
from hub.events.base import Family
from hub.events.payloads import load
from hub.store import erasure, named, streams
from hub.store.database import savepoint
from hub.store.store import Tx
from hub.store.streams import Reading

WINDOW = timedelta(days=1)  # whoever left so recently counts beside those who leave now
NO_CHANGE = frozenset({"GET", "HEAD"})


class NothingStoredError(Exception):
    """The call changes nothing: its transaction is undone, and this is the answer."""

    def __init__(self, answer: Reply) -> None:
        super().__init__("nothing is stored")
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Serving:
    """One call of one instance.

    Attributes:
        stream: what is stored belongs to it.
        take: takes the stream, in the given transaction.
    """

    source: Source
    stream: Stream
    call: Call
    take: Callable[[Tx], Reading]
    now: datetime
    log: Any

    def read(self, tx: Tx) -> Reply:
        """The answer to a call that may change nothing."""
        return self._speaks().serve(self.call, StoredKept(tx, self.source.id))

    def store(self, tx: Tx) -> Reply:
        """The answer; what it stored is settled and projected too.

        Raises:
            NothingStoredError: the call was refused, or changed nothing.
        """
        speaks = self._speaks()
        reading = self.take(tx)
        kept = StoredKept(tx, self.source.id, lambda batch: self._take_in(tx, reading, batch))
        answer = speaks.serve(self.call, kept)
        if answer.status >= 400 or not kept.stored:
            raise NothingStoredError(answer)
        removed = self._settle(tx, reading)
        counts = dict(kept.stored) | ({"removed": len(removed)} if removed else {})
        streams.end_run(tx, reading, outcome="received", counts=counts, now=self.now)
        self._bring_up_to_date(tx, removed)
        return answer

    def _speaks(self) -> Serves:
        connector = self.source.connector
        if not isinstance(connector, Serves):
            raise BadConfigError(
                f"{self.source.id} ({self.source.connector_name}) serves no protocol."
            )
        return connector

    def _take_in(self, tx: Tx, reading: Reading, batch: Batch) -> intake.Counts:
        how: dict[str, Any] = {"now": self.now, "reopen": self.source.reopen}
        return intake.take_rows(tx, reading, batch, then=self._project, **how)

    def _settle(self, tx: Tx, reading: Reading) -> Sequence[Any]:
        """Removals within the limits are applied; above them all of them wait in the hold.

        Accounts apart from groups: a group that loses too many holds up nobody who leaves.
        """
        apply: list[Any] = []
        begin = since(tx, self.source.id, "removal", self.now)
        for families in _kinds(self.stream.families):
            names = [str(family) for family in families]
            recent = named.removed_since(tx, self.source.id, names, begin)
            evidence = settle.Evidence(absent=recent, limits=self.source.removals)
            apply += settle.decide(tx, reading, families, evidence, now=self.now).apply
        intake.remove(tx, reading, apply, self.now)
        return apply

    def _project(self, tx: Tx, changed: Sequence[intake.Changed]) -> None:
        """A fault in what is shown must not cost the data: it is projected again later."""
        try:
            with savepoint(tx):
                configuration.project_changed(tx, changed, self.now)
        except Exception as error:
            self.log.exception("project_failed", error=type(error).__name__)
            intake.leave_dirty(tx, changed)

    def _bring_up_to_date(self, tx: Tx, removed: Sequence[Any]) -> None:
        """Who was removed, and everybody's accounts on targets, weighed with those of the day."""
        try:
            with savepoint(tx):
                configuration.project_these(tx, [row.id for row in removed], self.now)
                provisioning.provision(tx, self.now, recent=WINDOW)
        except Exception as error:
            self.log.exception("project_failed", error=type(error).__name__)


def _kinds(families: Collection[Family]) -> list[frozenset[Family]]:
    accounts = frozenset(families) & {Family.PERSON}
    return [one for one in (accounts, frozenset(families) - accounts) if one]


def since(tx: Tx, holder: str, action: str, now: datetime) -> datetime:
    """From when on losses count: a day back, or the last release, after which they count anew."""
    return max(now - WINDOW, named.released_at(tx, holder, action) or now - WINDOW)


@dataclass
class StoredKept:
    """What the store has of one instance; see `hub.contract.Kept`."""

    tx: Tx
    instance: str
    take_in: Callable[[Batch], intake.Counts] | None = None
    stored: intake.Counts = field(default_factory=intake.Counts)

    def get(self, family: Family, keys: Collection[str]) -> Mapping[str, Record]:
        """Those of the subjects that are there, by key."""
        rows = named.by_keys(self.tx, self.instance, str(family), keys)
        return {one.key: one for one in self._records(rows)}

    def find(self, family: Family, ref: Ref, *, gone: bool = False) -> Sequence[Record]:
        """Subjects with this very reference, in order of appearance."""
        words = ref.role, ref.namespace, ref.kind, ref.value
        return self._records(named.by_ref(self.tx, self.instance, str(family), words, gone=gone))

    def page(self, family: Family, start: int, count: int) -> tuple[int, Sequence[Record]]:
        """How many subjects are there, and so many of them."""
        total, rows = named.page(self.tx, self.instance, str(family), start, count)
        return total, self._records(rows)

    def is_forgotten(self, family: Family, ref: Ref) -> bool:
        """Whether somebody with this alias asked to be forgotten."""
        name = erasure.alias(ref.role, ref.value)
        return bool(erasure.among(self.tx, self.instance, str(family), [name]))

    def store(self, batch: Batch) -> None:
        """Take records and removals in.

        Raises:
            BadConfigError: the call may change nothing.
        """
        if self.take_in is None:
            raise BadConfigError("A call that only reads must not store: mend the connector.")
        self.stored += self.take_in(batch)

    def _records(self, rows: Sequence[Any]) -> list[Record]:
        refs = named.refs_of(self.tx, [row.id for row in rows])
        return [_record(row, refs[row.id]) for row in rows]


def _record(row: Any, refs: Sequence[Any]) -> Record:
    return Record(
        key=row.key,
        payload=load(row.family, row.version, row.state),
        container=row.container,
        at=row.at,
        revision=row.revision,
        changed_at=row.looked_at,
        refs=tuple(Ref(one.role, one.namespace, one.kind, one.value) for one in refs),
    )
