"""What comes by request: proven, understood, stored and projected in one transaction."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast

from hub.contract import Received, Receives, Stream
from hub.engine import configuration, intake
from hub.engine.configuration import Source
from hub.engine.delivery.riding import Ride
from hub.errors import BadConfigError
from hub.events.base import PERSONAL
from hub.store import calls, persons, streams, subjects, trail
from hub.store.calls import Signature
from hub.store.database import savepoint
from hub.store.store import Tx
from hub.store.streams import Reading

LONGEST = 16  # characters of an order's name in the audit trail


@dataclass(frozen=True, slots=True)
class Receiving:
    """One request for one stream.

    Attributes:
        take: takes the stream, in the given transaction.
        call: the signature of the call, where it came with one: it counts once.
        actor: the administrator who typed it; None: it came from a system.
        rides: fetch what is due to their targets, in the same transaction.
    """

    source: Source
    stream: Stream
    received: Received
    take: Callable[[Tx], Reading]
    now: datetime
    log: Any
    call: Signature | None = None
    actor: str | None = None
    rides: Collection[Ride] = ()

    def store(self, tx: Tx) -> Counter[str]:
        """Take the data in; what was accepted, counted.

        Raises:
            RejectedError: it can't be understood, or was taken before; nothing is stored.
            BadConfigError: the instance's connector receives nothing.
        """
        if self.call is not None:
            calls.note(tx, self.call, self.now)
        return self._intake(tx)

    def _intake(self, tx: Tx) -> Counter[str]:
        given, connector = self.received, self._receives()
        previous = _previous(tx, self.source.id, self.stream, given)
        data = {**given.data, "previous": previous}
        batch = connector.receive(Received(given.stream, data))
        reading = self.take(tx)
        reopen, then = self.source.reopen, self._project
        counts = intake.take_rows(tx, reading, batch, now=self.now, reopen=reopen, then=then)
        streams.end_run(tx, reading, outcome="received", counts=dict(counts), now=self.now)
        if self.actor is not None and counts["accepted"]:
            self._note(tx, self.actor, previous)
        if counts["accepted"]:
            for ride in self.rides:
                ride.take(tx)
        return counts

    def _receives(self) -> Receives:
        if not _is_able(type(self.source.connector)):
            raise BadConfigError(
                f"{self.source.id} ({self.source.connector_name}) receives no data."
            )
        return cast("Receives", self.source.connector)

    def _note(self, tx: Tx, actor: str, previous: Mapping[str, Any] | None) -> None:
        """What a person changed by hand; of people only which event says so."""
        given, name = self.received, self.source.id
        key = str(given.data.get("id"))
        found = subjects.newest_events(tx, instance_id=name, key=key, family=None, limit=1)
        what = {"instance": name, "stream": given.stream, "order": given.data.get("action")}
        for row in found:
            what |= {"subject": f"{name}/{row.key}", "event": row.body["id"]}
            if row.family not in PERSONAL:
                what["fields"] = trail.fields(previous, row.body["data"])
        action = "receive"
        if person := _person(tx, name, key):
            what["person"], action = person, f"people {_word(what['order'])}"
        trail.note(tx, actor=actor, action=action, what=what, now=self.now)

    def _project(self, tx: Tx, changed: Sequence[intake.Changed]) -> None:
        """A fault in what is shown must not cost the data: it is projected again later."""
        try:
            with savepoint(tx):
                configuration.project_changed(tx, changed, self.now)
        except Exception as error:
            self.log.exception("project_failed", error=type(error).__name__)
            intake.leave_dirty(tx, changed)


@cache  # a look at each of its names takes as long as a statement
def _is_able(kind: type[Any]) -> bool:
    return issubclass(kind, Receives)


def _previous(tx: Tx, instance: str, stream: Stream, received: Received) -> Any:
    """The state that the request builds on: that of the subject named by `id`, if it is known."""
    key = str(received.data.get("id"))
    rows = subjects.states(tx, instance, [str(family) for family in stream.families], key)
    return next(iter(rows), None)


def _person(tx: Tx, instance: str, key: str) -> str | None:
    """Whose account this is."""
    row = persons.named(tx, instance, key)
    return None if row is None else row.person


def _word(order: Any) -> str:
    """What was asked for, where it is a word at all."""
    text = str(order)
    return text if text.isalpha() and len(text) <= LONGEST else "receive"
