"""Retention: once a day what is old enough is forgotten, quietly; it is no removal."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.store import invitations, retention, sessions
from hub.store.store import Store


@dataclass(frozen=True, slots=True)
class Keep:
    """How long events, runs with answered requests, and what is personal are kept."""

    events: timedelta = timedelta(days=400)
    runs: timedelta = timedelta(days=90)
    people: timedelta = timedelta(days=90)


async def forget(store: Store, keep: Keep, now: datetime) -> int:
    """Forget what is older, a small part in each transaction; how many rows."""
    total = 0
    for work, age in (
        (retention.forget_events, keep.events),
        (retention.forget_runs, keep.runs),
        (retention.forget_requests, keep.runs),
        (retention.forget_facts_of_people, keep.people),
        (retention.forget_people, keep.people),
        (retention.forget_persons, keep.people),
        (invitations.forget_ended, keep.people),
        (sessions.forget_ended, timedelta(0)),
    ):
        while number := await store.write(work, now - age):
            total += number
    return total
