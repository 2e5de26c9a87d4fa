"""A file that somebody brings: the whole list of a stream, taken as one sweep.

What a file may conclude is what a reading may: whoever is missing stays until a second, different
file agrees, limits hold, and a row of unknown key makes the whole list incomplete.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from hub.contract import (
    Batch,
    Checkpoint,
    Connector,
    Finding,
    ReadRequest,
    Stream,
    TakesFiles,
    Understood,
)
from hub.engine import quarantine
from hub.engine.configuration import Source
from hub.errors import BadConfigError, Coded, RejectedError, RetryableError
from hub.store import calls, streams, trail
from hub.store.calls import Signature
from hub.store.store import Tx

PAGE = 1000  # records in one batch


class Brought(Connector[Any]):
    """A connector that reads one file, once. It looks nobody up: a file can't be asked."""

    def __init__(self, connector: Connector[Any], batch: Batch, mark: str) -> None:
        super().__init__(connector.config, connector.context)
        self._streams, self._batch, self._mark = connector.streams(), batch, mark

    def streams(self) -> Sequence[Stream]:
        """Those of the connector whose file it is."""
        return self._streams

    async def check(self) -> Sequence[Finding]:
        """Nothing can be missing: the file is here."""
        return ()

    async def read(self, request: ReadRequest) -> AsyncIterator[Batch]:
        """Everybody in the file; the last batch says which file it was."""
        del request
        batch = self._batch
        for start in range(0, len(batch.records), PAGE):
            yield Batch(records=batch.records[start : start + PAGE])
        yield replace(batch, records=(), next_delta=Checkpoint(self._mark))


def mark_of(data: bytes) -> str:
    """What tells two files apart."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


TOO_MANY = "too-many-unreadable"


def taker(sources: Mapping[str, Source], named: str | None, *, store: bool) -> tuple[str, str]:
    """The instance and stream that a file is for.

    Args:
        sources: what is configured.
        named: the instance; None: the only one that it can be.
        store: it is to be stored, and not only looked at.

    Raises:
        BadConfigError: there is none, it is another one, or there are several.
    """
    found = {one.id: name for one in sources.values() if (name := _stream(one, store=store))}
    if named is not None and named in found:
        return named, found[named]
    if named is not None:
        raise BadConfigError(_no_taker(sources, named))
    brought = {one: name for one, name in found.items() if _stream(sources[one], store=True)}
    if len(only := brought or found) == 1:
        return next(iter(only.items()))
    if not only:
        raise BadConfigError(
            "No instance takes a file that somebody brings: write `by: upload` below `settings:` "
            "in the file of a `csv` instance, without `folder`."
        )
    raise BadConfigError(f"Several instances take files: say --instance {'|'.join(sorted(only))}.")


def _no_taker(sources: Mapping[str, Source], named: str) -> str:
    if named not in sources:
        return f"No instance is called {named}; there are: {', '.join(sorted(sources)) or 'none'}."
    return (
        f"{named} takes no file that somebody brings. If it reads a folder, put the file there and "
        f"run `hub sync {named}`; with `by: upload` instead of `folder` in its file it takes one."
    )


def _stream(source: Source, *, store: bool) -> str | None:
    """The stream that files are for: one that is only read elsewhere can be looked at."""
    connector = source.connector
    if not isinstance(connector, TakesFiles):
        return None
    uploads = connector.uploads(connector.config)
    return next(iter(uploads), None if store else connector.streams()[0].name)


def takes(source: Source, stream: str) -> bool:
    """Whether a file is stored as this stream's list, and not only looked at."""
    connector = source.connector
    return isinstance(connector, TakesFiles) and stream in connector.uploads(connector.config)


async def understand(source: Source, stream: str, data: bytes) -> Understood:
    """What stands in a file; another thread looks, because it may take a second.

    Raises:
        RejectedError: it can't be used; the message says why and what to do.
        BadConfigError: this instance takes no files.
    """
    connector = source.connector
    if not isinstance(connector, TakesFiles):
        raise BadConfigError(f"{source.id} ({source.connector_name}) takes no files.")
    try:
        return await asyncio.to_thread(connector.understand, stream, data)
    except (RetryableError, BadConfigError) as error:  # whoever brought it can mend it, at once
        raise RejectedError(str(error), coded=error.coded) from error


def brought(source: Source, understood: Understood, data: bytes) -> Source:
    """The instance as it is while this file is read."""
    return replace(source, connector=Brought(source.connector, understood.batch, mark_of(data)))


def begin(
    tx: Tx,
    source: Source,
    stream: str,
    data: bytes,
    *,
    call: Signature | None,
    actor: str,
    now: datetime,
) -> bool:
    """Note who brings a file; False: it is the one that was taken last, and says nothing new.

    Raises:
        RejectedError: this signed call was taken before.
    """
    if call is not None:
        calls.note(tx, call, now)
    mark = mark_of(data)
    same = (source.id, stream, source.fingerprint, mark)
    if any(_last(row) == same and not row.sweep_open for row in streams.all_streams(tx)):
        return False
    what = {"instance": source.id, "stream": stream, "file": mark, "bytes": len(data)}
    trail.note(tx, actor=actor, action="people import", what=what, now=now)
    return True


def _last(row: Any) -> tuple[str, str, str | None, str | None]:
    return row.instance, row.stream, row.fingerprint, row.delta_checkpoint


def check_ended(outcome: str, health: str, reason: str | None) -> None:
    """Raise what a reading of the file came to, where it did not end well.

    Raises:
        RejectedError: it failed.
    """
    if outcome == "failed":
        coded = Coded(TOO_MANY if health == quarantine.HEALTH else "not-whole")
        raise RejectedError(f"The file was not taken whole: {reason}", coded=coded)
