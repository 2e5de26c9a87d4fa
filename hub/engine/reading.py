"""One run of one stream: read, take in, settle; or fail, and say so once."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from hub.contract import (
    Batch,
    Checkpoint,
    Gone,
    LooksUp,
    Present,
    ReadRequest,
    Record,
    Removal,
    Stream,
    Unknown,
)
from hub.engine import configuration, intake, previewing, quarantine, settle
from hub.engine.ahead import TOGETHER, ahead, merged
from hub.engine.configuration import Source
from hub.engine.previewing import Agreed
from hub.errors import (
    AuthFailedError,
    BadConfigError,
    HubError,
    PermissionMissingError,
    RateLimitedError,
    RejectedError,
    RetryableError,
    StreamLostError,
)
from hub.events.base import PERSONAL
from hub.store import objects, streams, subjects, waiting
from hub.store.store import Store, StoreDownError, Tx
from hub.store.streams import Reading

PROBE = timedelta(minutes=10)  # for faults that only a person can mend; spares locked accounts
LOOK_UPS_AT_ONCE = 5
PATIENCE = 300.0  # seconds for one batch
MOST = 50_000  # rows in one batch, which is one transaction
LONGEST = 86400.0  # seconds that a source may ask us to stay away
SAID = (Present, Gone, Unknown)  # an answer; anything else, or none, says nothing


@dataclass(frozen=True, slots=True)
class Report:
    """What one run came to.

    Attributes:
        outcome: complete | failed | received | refused (a delta's position: a sweep must follow)
            | previewed (what it would change waits in `hold`).
        health: ok, or why it failed: auth, permission, configuration, unreachable, broken,
            quarantined.
        counts: accepted, new, same, suspects, removed, held ... by name.
        hold: the hash of a hold that this run opened or changed.
    """

    instance: str
    stream: str
    outcome: str
    health: str
    counts: Mapping[str, int]
    reason: str | None = None
    hold: str | None = None


@dataclass
class Run:
    """One run of one stream that was taken.

    Attributes:
        together: rows of several batches that may be stored in one transaction.
    """

    source: Source
    stream: Stream
    reading: Reading
    store: Store
    now: Callable[[], datetime]
    log: Any
    point: Callable[[str], None]
    rng: random.Random
    veil: Callable[[str], str] = str
    together: int = TOGETHER
    agreed: Agreed = field(default_factory=Agreed)
    counts: Counter[str] = field(default_factory=Counter)

    async def execute(self) -> Report:
        """Read and settle; a failure is booked and told, not raised.

        Raises:
            StreamLostError: another worker took the stream; nothing more was written.
            StoreDownError: the store is away; the source is not to blame, and nothing is booked.
        """
        try:
            if (shown := await self._look_first()) is not None:
                return shown
            await self._read()
            await self._weigh(self.counts)
            return await self._settle()
        except (StreamLostError, StoreDownError):
            raise
        except RejectedError as error:
            return await (self._refused(error) if self._is_delta else self._failed(error))
        except Exception as error:  # noqa: BLE001  a plug-in's bug must not stop the others
            return await self._failed(error)

    async def _look_first(self) -> Report | None:
        """People under changed settings: what would change waits; None: it may be carried out."""
        if not (self.reading.previews and PERSONAL.issuperset(self.stream.families)):
            return None
        asked = self.source, self.stream.name, self.now()
        agreed = await self.store.read(previewing.agreed, *asked)
        if agreed is None:
            look = previewing.Look(self.reading)
            async with contextlib.aclosing(self._batches(None)) as batches:
                async for batch in batches:
                    await self.store.read(look.take, batch)
            await self._weigh(look.rows)
            suspects = await self.store.read(look.suspects)
            look.conclude(suspects, await self._ask(suspects))
            if (shown := await self.store.write(self._show, look)) is not None:
                return shown
        self.agreed = agreed or Agreed()
        self.reading = replace(self.reading, changed=False)
        return None

    async def _weigh(self, counts: Mapping[str, int]) -> None:
        """Whether this source of people is of any use; only a sweep says it of everything.

        Raises:
            QuarantinedError: it is not.
        """
        if self._is_delta or not PERSONAL.issuperset(self.stream.families):
            return
        name, limits = self.source.id, self.source.quarantine
        quarantine.weigh_rows(counts, limits, name)
        refused, of = await self.store.read(objects.refused_people, name)
        quarantine.weigh_objects(refused, of, limits, name)

    def _show(self, tx: Tx, look: previewing.Look) -> Report | None:
        streams.guard(tx, self.reading)
        hold = previewing.show(tx, look, self.source, self.now())
        if not look.lines:
            return None
        previewing.rest(tx, look, self.now())
        name, counts = self.stream.name, dict(look.counts())
        if hold is not None:
            self.log.warning("preview_waits", instance=self.source.id, stream=name, hold=hold)
        return Report(self.source.id, name, "previewed", "ok", counts, hold=hold)

    async def _batches(self, since: str | None) -> AsyncGenerator[Batch, None]:
        position = Checkpoint(since) if since is not None else None
        reading: Literal["sweep", "delta"] = "delta" if self.reading.kind == "delta" else "sweep"
        request = ReadRequest(self.stream.name, reading, position)
        batches = aiter(self.source.connector.read(request))
        groups = ahead(lambda: _next(batches), self.together)
        async with contextlib.aclosing(groups):
            async for group in groups:
                yield merged(group)

    async def _read(self) -> None:
        async with contextlib.aclosing(self._batches(self.reading.since)) as batches:
            async for batch in batches:
                self.point("read")
                self.counts += await self.store.write(self._apply, batch)
                self.point("committed")

    def _apply(self, tx: Tx, batch: Batch) -> Counter[str]:
        now, reopen = self.now(), self.source.reopen
        counts = intake.apply(tx, self.reading, batch, now=now, reopen=reopen, then=self._project)
        self.point("staged")
        return counts

    def _project(self, tx: Tx, changed: Sequence[intake.Changed]) -> None:
        configuration.project_changed(tx, changed, self.now())

    async def _settle(self) -> Report:
        if self._is_delta:  # it has not seen everything: absence says nothing
            return await self.store.write(self._conclude, settle.Doubts((), ()), {})
        doubts = await self.store.write(settle.doubts, self.reading, self.stream, self.now())
        if self.reading.changed:
            # absence under a configuration that was just changed is shown, never acted on
            self.counts["suspects_after_change"] = len(doubts.suspects)
            doubts = settle.Doubts((), ())
        answers = await self._ask([*doubts.suspects, *doubts.rechecks])
        return await self.store.write(self._conclude, doubts, answers)

    async def _ask(self, rows: Sequence[Any]) -> dict[int, settle.Answer]:
        return await ask_source(self.source, rows, self.stream.look_ups)

    def _conclude(
        self, tx: Tx, doubts: settle.Doubts, answers: Mapping[int, settle.Answer]
    ) -> Report:
        now, reading = self.now(), self.reading
        rows = [*doubts.suspects, *doubts.rechecks]
        proof = proof_of(rows, answers)
        self.counts["suspects"] += len(doubts.suspects)
        self.counts += intake.take_in(tx, reading, Batch(proof), now=now, reopen=self.source.reopen)
        unknown = [row for row in rows if isinstance(answers.get(row.id), Unknown)]
        agreed = self.agreed.gone
        for confirm, some in (
            (self.stream.confirm, [row for row in unknown if row.id not in agreed]),
            (1, [row for row in unknown if row.id in agreed]),  # somebody saw that they would go
        ):
            settle.count_absent(tx, reading, some, confirm, now)
        silent = [row for row in rows if not isinstance(answers.get(row.id), SAID)]
        settle.keep_unverified(tx, reading, silent, now)
        absent = [row for row in doubts.suspects if not isinstance(answers.get(row.id), Present)]
        evidence = settle.Evidence(len(proof), absent, self.source.removals, agreed)
        verdict = settle.decide(tx, reading, self.stream.families, evidence, now=now)
        intake.remove(tx, reading, verdict.apply, now)
        self.counts["removed"] += len(verdict.apply)
        changed = self._weigh_configuration(tx)
        hold = verdict.opened or changed
        self.counts["unverified"] += len(silent)
        self._complete(tx)
        counts = {name: number for name, number in self.counts.items() if number}
        return Report(self.source.id, self.stream.name, "complete", "ok", counts, hold=hold)

    def _weigh_configuration(self, tx: Tx) -> str | None:
        """What a changed mapping altered: held where it shows, accepted where it does not."""
        agreed = self.agreed.persons(tx)
        while configuration.project_dirty(tx, self.now(), agreed=agreed):
            pass  # what the source changed goes on; only what is left is the configuration's
        opened = configuration.weigh(tx, self.source.id, self.now())
        held = configuration.held_subjects(tx, self.source.id)
        free = [row for row in waiting.pending(tx, self.source.id) if row.id not in held]
        intake.accept_pending(tx, self.reading, free, self.now())
        return opened

    def _complete(self, tx: Tx) -> None:
        source, name, now = self.source, self.stream.name, self.now()
        every = self._every(tx)
        due = now + every * self.rng.uniform(0.95, 1.0) if every else None
        if streams.complete(tx, self.reading, fingerprint=source.fingerprint, due=due):
            self.log.warning("source_back", instance=source.id, stream=name)
        if self.agreed.seen or self.reading.previews:
            previewing.carried_out(tx, source, name)
        if not self._is_delta:
            subjects.clear_unreadable(tx, source.id, name, self.reading.run)
        if not self._has_unverified(tx):
            # a row that nobody could vouch for must not look fresh
            news = bool(self.counts["accepted"] or self.counts["removed"])
            configuration.renew_freshness(
                tx, source, self.stream, as_of=self.reading.started, now=now, news=news
            )
        streams.end_run(tx, self.reading, outcome="complete", counts=dict(self.counts), now=now)

    def _every(self, tx: Tx) -> timedelta | None:
        """The pause: without a position for deltas there is nothing to read until a sweep is due."""
        usual, sweeps = self.stream.every, self.stream.sweep_every
        if sweeps is not None and streams.guard(tx, self.reading).delta_checkpoint is None:
            usual = sweeps
        return self.source.every or usual

    @property
    def _is_delta(self) -> bool:
        return self.reading.kind == "delta"

    def _has_unverified(self, tx: Tx) -> bool:
        if self._is_delta:  # it asked about none: what the last sweep left open is open still
            return waiting.unverified(tx, self.source.id, self.stream.name)
        return bool(self.counts["unverified"])

    async def _refused(self, error: RejectedError) -> Report:
        """The source does not know the position any more: only a sweep can help."""
        name = self.stream.name
        reason = self.veil(str(error))
        self.log.warning("delta_refused", instance=self.source.id, stream=name, reason=reason)
        await self.store.write(self._book_refusal, reason)
        return Report(self.source.id, name, "refused", "ok", {}, reason=reason)

    def _book_refusal(self, tx: Tx, reason: str) -> None:
        now = self.now()
        streams.forget_position(tx, self.reading, now)
        streams.end_run(tx, self.reading, outcome="refused", counts={}, now=now, reason=reason)

    async def _failed(self, error: Exception) -> Report:
        every = self.source.every or self.stream.every or PROBE
        health, wait = _judge(error, every)
        told = str(error) if isinstance(error, HubError) else _bug(self.source, error)
        reason = self.veil(told)
        due = self.now() + wait
        if await self.store.write(self._book_failure, health, reason, due):
            self.log.warning(
                "source_down",
                instance=self.source.id,
                stream=self.stream.name,
                health=health,
                reason=reason,
            )
        return Report(self.source.id, self.stream.name, "failed", health, {}, reason=reason)

    def _book_failure(self, tx: Tx, health: str, reason: str, due: datetime) -> bool:
        if health == quarantine.HEALTH:  # what it handed over is not gone on with
            streams.guard(tx, self.reading, sweep_open=False, checkpoint=None)
        news = streams.fail(tx, self.reading, health=health, reason=reason, due=due)
        now = self.now()
        streams.end_run(tx, self.reading, outcome="failed", counts={}, now=now, reason=reason)
        return news


async def _next(batches: AsyncIterator[Batch]) -> Batch | None:
    """The next batch; None at the end.

    Raises:
        RetryableError: the source let us wait for too long, drop by drop perhaps.
        RejectedError: the batch is larger than any page.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            batch = await anext(batches, None)
    except TimeoutError as error:
        raise RetryableError(
            f"The source took more than {PATIENCE:.0f} seconds for one page: the reading was "
            "broken off, and nothing was concluded from it."
        ) from error
    if batch is not None and (rows := len(batch.records) + len(batch.unreadable)) > MOST:
        raise RejectedError(
            f"The connector handed over {rows} rows in one batch; at most {MOST} are taken at once: "
            "nothing of it was stored. Is this all that the source should send? If so, report it "
            "to the connector's author: a batch is a page."
        )
    return batch


async def ask_source(source: Source, rows: Sequence[Any], most: int) -> dict[int, settle.Answer]:
    """Look at most so many up, a few side by side; a fault is an answer that proves nothing."""
    connector = source.connector
    if not isinstance(connector, LooksUp):
        return {row.id: Unknown() for row in rows}
    gate = asyncio.Semaphore(LOOK_UPS_AT_ONCE)

    async def ask(row: Any) -> settle.Answer:
        async with gate:
            try:
                return await connector.look_up(row.family, row.key)
            except Exception as error:  # noqa: BLE001  no answer is no proof, whatever failed
                return error

    asked = rows[:most]
    answers = await asyncio.gather(*(ask(row) for row in asked))
    return {row.id: answer for row, answer in zip(asked, answers, strict=True)}


def proof_of(rows: Sequence[Any], answers: Mapping[int, settle.Answer]) -> list[Record | Removal]:
    """Look-up answers as rows to take in: states, and proven removals."""
    proof: list[Record | Removal] = []
    for row in rows:
        answer = answers.get(row.id)
        if isinstance(answer, Present):
            proof.append(answer.record)
        elif isinstance(answer, Gone):
            proof.append(Removal(row.key, row.family, answer.reason))
    return proof


def _judge(error: Exception, every: timedelta) -> tuple[str, timedelta]:
    """How the stream stands, and when to look again."""
    if isinstance(error, RateLimitedError) and error.retry_after is not None:
        return "unreachable", max(every, timedelta(seconds=min(error.retry_after, LONGEST)))
    for kind, health, wait in (
        (quarantine.QuarantinedError, quarantine.HEALTH, quarantine.REST),
        (RetryableError, "unreachable", every),
        (AuthFailedError, "auth", PROBE),
        (PermissionMissingError, "permission", PROBE),
        (BadConfigError, "configuration", PROBE),
        (RejectedError, "refused", PROBE),
    ):
        if isinstance(error, kind):
            return health, wait
    return "broken", PROBE


def _bug(source: Source, error: Exception) -> str:
    """A plug-in's own fault: its text may hold anything, so only its kind is told."""
    return (
        f"The connector {source.connector_name} broke with {type(error).__name__}: this is a fault "
        "in the connector. Report it to its author; the other instances go on."
    )
