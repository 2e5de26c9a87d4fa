"""The audit trail as a chain of digests: how a row is sealed, and what was done to it since.

A row's digest covers its header, the digest of the row before it, and the digest of its values with
a random nonce. The values stand beside the chain: without the nonce, which goes with them, nobody
can find out what an erased value was.
"""

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import orjson

from hub.events.base import canonical

GENESIS = "0" * 64
ERASE = "audit erase"  # the action of a row that says which values were replaced by what

Kind = Literal["altered", "values", "gap", "cut", "replaced", "stray"]

WORDS: Mapping[Kind, str] = {
    "altered": "was altered: its digest does not follow from what it says",
    "values": "says something else than it said: its values were altered, or taken away",
    "gap": "does not follow from the row before it: rows were taken away or put in there",
    "cut": "was exported as the head and is not there: the end of the trail was cut off",
    "replaced": "is not the row that was exported as the head: it, or rows before it, were replaced",
    "stray": "has values and is not there: it was taken away",
}


@dataclass(frozen=True, slots=True)
class Head:
    """The newest row of the trail at some moment.

    Attributes:
        at: when it was written down, UTC.
    """

    at: datetime
    seq: int
    digest: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the trail, and at which row."""

    seq: int
    kind: Kind

    @property
    def words(self) -> str:
        """For people."""
        return f"row {self.seq} {WORDS[self.kind]}"


def sealed(text: str) -> tuple[str, str]:
    """A new nonce, and the digest of these values under it."""
    nonce = secrets.token_hex(32)
    return nonce, values_digest(nonce, text)


def values_digest(nonce: str, text: str) -> str:
    """The digest of values as they are stored."""
    return hashlib.sha256((nonce + text).encode()).hexdigest()


def row_digest(prev: str, at: str, actor: str, action: str, body: str) -> str:
    """The digest of one row.

    Args:
        prev: digest of the row before it; GENESIS for the first.
        at: as it is stored.
        actor: who.
        action: what was done.
        body: digest of the values.
    """
    header = {"action": action, "actor": actor, "at": at, "body": body, "prev": prev}
    return hashlib.sha256(canonical(header).encode()).hexdigest()


@dataclass
class Verifier:
    """Goes through the trail from its first row to its last, and collects what is wrong.

    Args:
        heads: what was exported earlier.

    Attributes:
        rows: how many it saw.
        seq: of the last of them; None before the first.
        digest: of the last of them.
    """

    heads: Iterable[Head] = ()
    rows: int = field(default=0, init=False)
    seq: int | None = field(default=None, init=False)
    digest: str = field(default=GENESIS, init=False)

    def __post_init__(self) -> None:
        self._heads: dict[int, set[str]] = {}
        for head in self.heads:
            self._heads.setdefault(head.seq, set()).add(head.digest)
        self._found: list[Fault] = []
        self._replaced: dict[int, tuple[int, str]] = {}  # by which row, and the values' digest

    def take(self, row: Any) -> None:
        """The next row: seq, prev, digest, at, actor, action, body, nonce, what, erased.

        `at` and `what` are the texts that are stored; the values of a row without any are None.
        """
        if row.prev != self.digest:
            self._found.append(Fault(row.seq, "gap"))
        if row.digest != row_digest(row.prev, row.at, row.actor, row.action, row.body):
            self._found.append(Fault(row.seq, "altered"))
        if self._heads.pop(row.seq, {row.digest}) != {row.digest}:
            self._found.append(Fault(row.seq, "replaced"))
        self._values(row)
        self.rows, self.seq, self.digest = self.rows + 1, row.seq, row.digest

    def _values(self, row: Any) -> None:
        found = None if row.nonce is None else values_digest(row.nonce, row.what)
        if found is not None and row.erased is not None:
            self._replaced[row.seq] = (row.erased, found)
        elif found != row.body:
            self._found.append(Fault(row.seq, "values"))
        elif row.action == ERASE:
            self._vouch(row.seq, orjson.loads(row.what)["rows"])

    def _vouch(self, by: int, rows: Mapping[str, str]) -> None:
        for seq, digest in rows.items():
            if self._replaced.get(int(seq)) == (by, digest):
                del self._replaced[int(seq)]

    def faults(self, strays: Iterable[int] = ()) -> list[Fault]:
        """What is wrong, the first row first.

        Args:
            strays: rows that have values, and are not in the trail.
        """
        return sorted({*self._found, *self._at_the_end(strays)}, key=lambda one: one.seq)

    def _at_the_end(self, strays: Iterable[int]) -> Iterator[Fault]:
        for seq in strays:
            yield Fault(seq, "stray")
        for seq in self._replaced:
            yield Fault(seq, "values")
        for seq in self._heads:
            cut = self.seq is None or seq > self.seq
            yield Fault(seq, "cut" if cut else "replaced")
