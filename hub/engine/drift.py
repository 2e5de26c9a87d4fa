"""Drift: what stands on a target beside what was delivered, and its repair.

Looking changes nothing. What seems to differ is asked for once more, between two looks into the
ledger, so that a delivery that happens meanwhile is no drift.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from hub.contract import Ability, Remote, Target
from hub.errors import BadConfigError, HubError, RejectedError, RetryableError
from hub.events.objects import Kind, member_ends
from hub.store import ledger, links, objects, streams, trail
from hub.store.store import Store, Tx

What = Literal["missing", "changed", "moved", "left"]
AT_ONCE = 50  # keys in one question to a target


@dataclass(frozen=True, slots=True)
class Drifted:
    """One object that does not stand as it was delivered.

    Attributes:
        what: missing: it is not there; changed: its content is another; moved: the content is
            ours, its version is another; left: it was taken away, and still stands there.
        row: the object as the store has it.
        fields: those that were changed.
        blocked: why a repair would not be sent now (`watch`, `paused`); empty: it would.
    """

    what: What
    row: Any
    fields: Sequence[str] = ()
    blocked: str = ""

    @property
    def mark(self) -> dict[str, int]:
        """Names this object at this moment of its ledger, for `repair`."""
        return {"id": self.row.id, "seq": self.row.seq, "done_seq": self.row.done_seq}

    def shown(self) -> dict[str, Any]:
        """As screens and scripts see it."""
        names = ("target", "instance", "kind", "key")
        about = {name: getattr(self.row, name) for name in names}
        more = {"fields": list(self.fields), "blocked": self.blocked}
        return about | {"what": self.what} | more


@dataclass
class Looked:
    """What a look at one target came to.

    Attributes:
        compared: objects that were delivered, or taken away, and were looked for.
        waiting: objects whose last delivery was not answered yet; they are sent again anyhow.
        not_ours: objects of others beside ours, never touched.
        notes: what could not be looked at, in words.
        error: why the look ended early; None when it is whole.
    """

    target: str
    compared: int = 0
    waiting: int = 0
    not_ours: int = 0
    drifted: list[Drifted] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    error: HubError | None = None

    def shown(self) -> dict[str, Any]:
        """As JSON values."""
        names = ("target", "compared", "waiting", "not_ours", "notes")
        about = {name: getattr(self, name) for name in names}
        error = None if self.error is None else str(self.error)
        return about | {"error": error, "drifted": [one.shown() for one in self.drifted]}


@dataclass
class Look:
    """One look at one target.

    Attributes:
        step: called for each object that was compared, to show progress.
    """

    target_id: str
    target: Target[Any]
    store: Store
    step: Callable[[], None] = lambda: None

    async def look(self) -> Looked:
        """Compare what stands there with the ledger. Never raises for the target's sake."""
        looked = Looked(self.target_id)
        if not self.target.remote:
            return looked
        try:
            for kind in await self.store.read(self._kinds):
                await self._kind(looked, Kind(kind))
        except Exception as raised:  # noqa: BLE001  a target's bug must not hide the others
            looked.error = raised if isinstance(raised, HubError) else _bug(self.target, raised)
        looked.drifted = await self.store.read(_with_reasons, looked.drifted)
        return looked

    def _kinds(self, tx: Tx) -> list[str]:
        row = ledger.targets(tx).get(self.target_id)
        if row is None:
            return []
        if row.address != self.target.address() or row.address_wanted is not None:
            raise BadConfigError(
                f"The address of {self.target_id} was changed, so what was delivered stands "
                "elsewhere: look at `hub hold list`, or put the old address back."
            )
        return ledger.ledger_kinds(tx, self.target_id)

    async def _kind(self, looked: Looked, kind: Kind) -> None:
        ability = (await self.target.capabilities()).kinds.get(kind)
        if reason := _cannot(kind, ability):
            looked.notes.append(reason)
            return
        rows = {row.key: row for row in await self.store.read(self._rows, kind)}
        open_rows, suspects, others = dict(rows), [], set()
        async for remote in self._remotes(looked, kind, rows):
            row = open_rows.pop(remote.key, None)
            if row is not None and self._judge(looked, row, remote):
                suspects.append(remote.key)
            elif remote.key not in rows:
                others.add(remote.key)
        suspects += [key for key, row in open_rows.items() if self._judge(looked, row, None)]
        looked.drifted += [one async for one in self._confirmed(kind, suspects)]
        ours = {row.key for row in await self.store.read(self._rows, kind, others)}
        looked.not_ours += len(others - ours)

    def _rows(self, tx: Tx, kind: Kind, keys: Collection[str] | None = None) -> list[Any]:
        rows = ledger.ledger(tx, self.target_id, str(kind), keys)
        others = links.keys(tx, self.target_id) if kind is Kind.MEMBERSHIP else set()
        # a target finds who is in a group by our own keys, which accounts of others do not have
        return [row for row in rows if member_ends(row.key)[1] not in others] if others else rows

    async def _remotes(
        self, looked: Looked, kind: Kind, keys: Collection[str]
    ) -> AsyncIterator[Remote]:
        """All of the list; or, where there is none, what is found of ours."""
        try:
            async for remote in self.target.list_remote(kind):
                yield remote
        except RejectedError:
            looked.notes.append(f"There is no list of {kind}: what is not ours was not counted.")
            for part in _parts(keys):
                for remote in (await self.target.find(kind, part)).values():
                    yield remote

    def _judge(self, looked: Looked, row: Any, remote: Remote | None) -> bool:
        """Count one object; whether it seems to differ."""
        if row.done_seq == 0:
            return False  # never sent: delivery finds out by itself
        self.step()
        looked.waiting += _in_doubt(row)
        looked.compared += not _in_doubt(row)
        return self._compare(row, remote) is not None

    def _compare(self, row: Any, remote: Remote | None) -> Drifted | None:
        if row.done_seq == 0 or _in_doubt(row):
            return None
        if row.done_state != "present":
            still = remote is not None and not remote.away and row.state == "absent"
            return Drifted("left", row) if still else None
        if remote is None:
            return Drifted("missing", row)
        if fields := self.target.differs(Kind(row.kind), row.done_body, remote):
            return Drifted("changed", row, tuple(fields))
        moved = None not in (row.remote_version, remote.version)
        return Drifted("moved", row) if moved and remote.version != row.remote_version else None

    async def _confirmed(self, kind: Kind, keys: Collection[str]) -> AsyncIterator[Drifted]:
        for part in _parts(keys):
            before = {row.id: row for row in await self.store.read(self._rows, kind, part)}
            found = await self.target.find(kind, part)
            for row in await self.store.read(self._rows, kind, part):
                one = self._compare(row, found.get(row.key))
                if one is not None and row.id in before and _same(row, before[row.id]):
                    yield one


def _cannot(kind: Kind, ability: Ability | None) -> str:
    if ability is None:
        return f"This intranet has no {kind} any more: those were not compared."
    if ability.identity == "none":
        return f"This intranet can't find a {kind} again: those were not compared."
    return ""


def _parts(keys: Collection[str]) -> Iterator[list[str]]:
    listed = list(keys)
    for start in range(0, len(listed), AT_ONCE):
        yield listed[start : start + AT_ONCE]


def _in_doubt(row: Any) -> bool:
    """Whether a call was begun of which the end is not known."""
    refused = row.status in {"rejected", "dropped"}
    return bool(row.intent is not None and not refused and row.seq > row.done_seq)


def _same(row: Any, before: Any) -> bool:
    names = ("seq", "done_seq", "intent", "remote_version")
    return all(getattr(row, name) == getattr(before, name) for name in names)


def _with_reasons(tx: Tx, found: Sequence[Drifted]) -> list[Drifted]:
    """Each with the reason why it would not be sent now."""
    instances = streams.instances(tx)
    return [
        replace(one, blocked=_blocked(one.row, instances.get(one.row.instance))) for one in found
    ]


def _blocked(row: Any, instance: Any) -> str:
    if row.withdrawn or instance is None:
        return ""
    if instance.paused:
        return "paused"
    return "" if instance.mode in ledger.SENDING else str(instance.mode)


def _bug(target: Target[Any], error: Exception) -> HubError:
    """A plug-in's own fault: its text may hold anything, so only its kind is told."""
    fault = RetryableError(
        f"The target {target.name} broke with {type(error).__name__}: this is a fault in the "
        "target. Report it to its author."
    )
    fault.__cause__ = error
    return fault


def repair(tx: Tx, marks: Sequence[Mapping[str, int]], *, actor: str, now: datetime) -> list[int]:
    """Make exactly these objects ahead, as they are desired now; what moved on since is left.

    Args:
        marks: as `Drifted.mark` gave them.

    Returns:
        The ids of those that are to be sent.
    """
    sent = [
        one["id"]
        for one in marks
        if ledger.send_again(tx, one["id"], now, seq=one["seq"], done_seq=one["done_seq"])
    ]
    names = [f"{row.target}/{row.kind}/{row.key}" for row in objects.by_ids(tx, sent)]
    trail.note(tx, actor=actor, action="repair", what={"objects": names}, now=now)
    return sent
