"""Dead letters: rows that could not be understood, objects that were refused or are uncertain."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.engine import configuration
from hub.errors import RejectedError
from hub.store import ledger, objects, outbox, subjects, trail
from hub.store.store import Tx

REFUSED = ("rejected", "uncertain", "dropped")
NAME = re.compile(r"([uo])([0-9]{1,9})", re.ASCII)


def listed(tx: Tx, *, dropped: bool = False) -> list[dict[str, Any]]:
    """Every dead letter, as JSON values: its name, what, where, since when and why.

    Args:
        dropped: those objects as well that an administrator does not want to hear of.
    """
    rows = [_row(one) for one in subjects.all_unreadable(tx)]
    statuses = REFUSED if dropped else REFUSED[:2]
    return rows + [_object(one) for one in objects.refused(tx, statuses)]


def _row(one: Any) -> dict[str, Any]:
    return {
        "id": f"u{one.id}",
        "what": "unreadable",
        "where": f"{one.instance}.{one.stream}",
        "instance": one.instance,
        "key": one.key,
        "since": one.at.isoformat(),
        "reason": one.reason,
    }


def _object(one: Any) -> dict[str, Any]:
    return {
        "id": f"o{one.id}",
        "what": one.status,
        "where": one.target,
        "instance": one.instance,
        "key": one.key,
        "since": one.changed_at.isoformat(),
        "reason": one.reason,
    }


def details(tx: Tx, name: str) -> dict[str, Any]:
    """Everything that is known of one dead letter, without its content.

    Raises:
        RejectedError: there is none of this name.
    """
    rows, refused = _of(tx, [name])
    return _row_details(rows[0]) if rows else _object_details(tx, refused[0])


def _row_details(one: Any) -> dict[str, Any]:
    run = {
        "id": one.run,
        "started": one.started.isoformat() if one.started else None,
        "reading": one.reading,
        "traceparent": one.traceparent,
    }
    return _row(one) | {"stream": one.stream, "container": one.container, "run": run}


def _object_details(tx: Tx, one: Any) -> dict[str, Any]:
    wanted = ("instance", "stream", "family", "route")
    causes = [
        {name: getattr(cause, name) for name in wanted} | {"subject": cause.key}
        for cause in objects.causes(tx, one.id)
    ]
    return _object(one) | {
        "kind": one.kind,
        "desired": one.state,
        "published": one.done_state == "present",
        "versions": {"desired": one.seq, "done": one.done_seq},
        "causes": causes,
    }


def chosen(tx: Tx, names: Sequence[str] | None) -> dict[str, list[Any]]:
    """What a replay of these is, or of all (None): objects by id, and streams to read again.

    Raises:
        RejectedError: there is none of a name.
    """
    if names is None:
        rows, refused = list(subjects.all_unreadable(tx)), objects.refused(tx)
    else:
        rows, refused = _of(tx, names)
    pairs = sorted({(one.instance, one.stream) for one in rows})
    return {
        "rows": [one.id for one in rows],
        "objects": [one.id for one in refused],
        "streams": [list(pair) for pair in pairs],
    }


def _of(tx: Tx, names: Iterable[str]) -> tuple[list[Any], list[Any]]:
    """The rows and the objects of these names."""
    asked = {name: NAME.fullmatch(name) for name in names}
    ids: dict[str, list[int]] = {"u": [], "o": []}
    for found in filter(None, asked.values()):
        ids[found[1]].append(int(found[2]))
    rows = subjects.unreadable_by_ids(tx, ids["u"])
    refused = [one for one in objects.by_ids(tx, ids["o"]) if one.status in REFUSED]
    known = {f"u{one.id}" for one in rows} | {f"o{one.id}" for one in refused}
    if unknown := sorted(asked.keys() - known):
        raise RejectedError(
            f"No dead letter is called {', '.join(unknown)}: it may be solved by now. "
            "`hub dead-letters list` shows those there are."
        )
    return rows, refused


def replay(tx: Tx, body: Mapping[str, Sequence[Any]], *, actor: str, now: datetime) -> list[int]:
    """Project refused objects anew from the current state, and make them ahead.

    Args:
        body: as `chosen` gave it; its streams are read by the caller.

    Returns:
        The ids of those that were still refused, or changed meanwhile.
    """
    rows = [one for one in objects.by_ids(tx, body["objects"]) if one.status in REFUSED]
    ledger.set_ids(tx, [one.id for one in rows if one.status == "uncertain"], intent=None)
    subjects.mark_dirty(tx, {cause.id for one in rows for cause in objects.causes(tx, one.id)})
    while configuration.project_dirty(tx, now):
        pass
    for one in rows:  # a changed one is ahead already, as a new version
        ledger.send_again(tx, one.id, now, seq=one.seq)
    what = {"objects": [_name(one) for one in rows], "streams": body["streams"]}
    trail.note(tx, actor=actor, action="replay", what=what, now=now)
    return [one.id for one in rows]


def drop(tx: Tx, names: Sequence[str], *, actor: str, now: datetime) -> dict[str, list[str]]:
    """Forget rows until they come back; stop counting refused objects until they change.

    An uncertain object is taken as done: whoever drops it has looked.

    Raises:
        RejectedError: there is none of a name; nothing was dropped.
    """
    rows, refused = _of(tx, names)
    subjects.forget_unreadable(tx, [one.id for one in rows])
    objects.drop_refused(tx, [one.id for one in refused])
    outbox.take_as_done(tx, [one.id for one in refused], now)
    what = {
        "rows": [f"{one.instance}.{one.stream}/{one.key or one.container or '?'}" for one in rows],
        "objects": [_name(one) for one in refused],
    }
    trail.note(tx, actor=actor, action="drop dead letters", what=what, now=now)
    return what


def _name(one: Any) -> str:
    return f"{one.target}/{one.kind}/{one.key}"
