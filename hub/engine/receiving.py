"""What comes by request: proven, understood, stored and projected in one transaction."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.contract import Received, Receives, Stream
from hub.engine import configuration, intake
from hub.engine.configuration import Source
from hub.errors import BadConfigError
from hub.store import calls, streams, subjects
from hub.store.calls import Signature
from hub.store.store import Tx
from hub.store.streams import Reading


@dataclass(frozen=True, slots=True)
class Receiving:
    """One request for one stream.

    Attributes:
        take: takes the stream, in the given transaction.
        call: the signature of the call, where it came with one: it counts once.
    """

    source: Source
    stream: Stream
    received: Received
    take: Callable[[Tx], Reading]
    now: datetime
    log: Any
    call: Signature | None = None

    def store(self, tx: Tx) -> Counter[str]:
        """Take the data in; what was accepted, counted.

        Raises:
            RejectedError: it can't be understood, or was taken before; nothing is stored.
            BadConfigError: the instance's connector receives nothing.
        """
        if self.call is not None:
            calls.note(tx, self.call, self.now)
        counts = self._intake(tx)
        try:
            with tx.begin_nested():
                configuration.project_dirty(tx, self.now)
        except Exception as error:  # the data is safe; what it shows is tried again
            self.log.exception("project_failed", error=type(error).__name__)
        return counts

    def _intake(self, tx: Tx) -> Counter[str]:
        connector, given = self.source.connector, self.received
        if not isinstance(connector, Receives):
            raise BadConfigError(
                f"{self.source.id} ({self.source.connector_name}) receives no data."
            )
        data = {**given.data, "previous": _previous(tx, self.source.id, self.stream, given)}
        batch = connector.receive(Received(given.stream, data))
        reading = self.take(tx)
        counts = intake.take_in(tx, reading, batch, now=self.now, reopen=self.source.reopen)
        streams.end_run(tx, reading, outcome="received", counts=dict(counts), now=self.now)
        return counts


def _previous(tx: Tx, instance: str, stream: Stream, received: Received) -> Any:
    """The state that the request builds on: that of the subject named by `id`, if it is known."""
    keys = {(str(family), str(received.data.get("id"))) for family in stream.families}
    rows = subjects.by_keys(tx, instance, keys)
    row = next(iter(rows.values()), None)
    return row.state if row is not None and row.removed_at is None else None
