"""What the sandbox intranet remembers: objects, idempotent answers and the request log."""

import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hub.sandbox.intranet.models import Kind

KEPT_ANSWERS = 10_000
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:@-]{0,199}", re.ASCII)


def canonical(body: Mapping[str, Any]) -> str:
    """Write a body so that equal bodies are equal texts."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest(text: str) -> str:
    """Return a short SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def plain(text: str) -> str:
    """Write a body that is JSON canonically, so that its spelling does not matter."""
    try:
        return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        return text


def mark(method: str, path: str, text: str) -> str:
    """Tell requests apart that carry the same idempotency key."""
    return digest(f"{method} {path}\n{plain(text)}")


@dataclass(frozen=True)
class StoredObject:
    """One object; `etag` is quoted as the header needs it, the times are UTC."""

    kind: Kind
    external_id: str
    etag: str
    body: Mapping[str, Any]
    updated_at: datetime
    created_at: datetime

    def as_item(self) -> dict[str, Any]:
        """Return the shape in which the API gives it."""
        return {
            "external_id": self.external_id,
            "etag": self.etag,
            "body": dict(self.body),
            "updated_at": self.updated_at.isoformat(),
        }


def make_object(
    kind: Kind, external_id: str, body: Mapping[str, Any], at: datetime
) -> StoredObject:
    """Build an object; its version follows from its key and content alone."""
    version = digest(f"{kind}\n{external_id}\n{canonical(body)}")
    return StoredObject(kind, external_id, f'"{version}"', body, at, at)


INDEXED: Mapping[Kind, tuple[str, ...]] = {
    Kind.PERSON: ("user_name", "mail"),
    Kind.MEMBERSHIP: ("group", "person"),
    Kind.PHOTO: ("person",),
}


class ObjectStore:
    """Objects by kind and external id, in memory; `now` is the clock of their changes.

    Attributes:
        pictures: the bytes of photos, by external id.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self._objects: dict[Kind, dict[str, StoredObject]] = {kind: {} for kind in Kind}
        self._index: dict[tuple[Kind, str, str], dict[str, None]] = {}
        self._left: dict[str, StoredObject] = {}
        self.pictures: dict[str, bytes] = {}

    def get(self, kind: Kind, external_id: str) -> StoredObject | None:
        """Return one object, or None when there is none."""
        return self._objects[kind].get(external_id)

    def put(self, kind: Kind, external_id: str, body: Mapping[str, Any]) -> StoredObject:
        """Create or replace; an equal body leaves the object as it was."""
        made = make_object(kind, external_id, body, self.now())
        old = self.get(kind, external_id)
        if old is not None and old.etag == made.etag:
            return old
        if old is not None:
            made = replace(made, created_at=old.created_at)
        self._forget(old)
        self._objects[kind][external_id] = made
        for entry in _entries(made):
            self._index.setdefault(entry, {})[external_id] = None
        if kind == Kind.PERSON:
            self._left.pop(external_id, None)
        return made

    def delete(self, kind: Kind, external_id: str) -> bool:
        """Take an object away; False when there was none. A person who leaves is remembered."""
        old = self._objects[kind].pop(external_id, None)
        self._forget(old)
        if kind == Kind.PHOTO:
            self.pictures.pop(external_id, None)
        if old is not None and kind == Kind.PERSON:
            self._left[external_id] = old
        return old is not None

    def left(self, external_id: str) -> StoredObject | None:
        """Return a person who was here and is no more, as last seen."""
        return self._left.get(external_id)

    def having(self, kind: Kind, field: str, value: str) -> list[StoredObject]:
        """Return the objects with this value in an indexed field, whatever its case."""
        found = self._index.get((kind, field, value.casefold()), ())
        return [self._objects[kind][key] for key in found]

    def of_kind(self, kind: Kind) -> list[StoredObject]:
        """Return the objects of a kind in order of their key."""
        return sorted(self._objects[kind].values(), key=lambda one: one.external_id)

    def page(self, kind: Kind, after: str, limit: int) -> tuple[list[StoredObject], bool]:
        """Return at most `limit` objects after a key, and whether there are more."""
        rest = [one for one in self.of_kind(kind) if one.external_id > after]
        return rest[:limit], len(rest) > limit

    def clear(self) -> None:
        """Forget everything."""
        for objects in self._objects.values():
            objects.clear()
        self._index.clear()
        self._left.clear()
        self.pictures.clear()

    def _forget(self, old: StoredObject | None) -> None:
        if old is None:
            return
        for entry in _entries(old):
            self._index[entry].pop(old.external_id, None)

    def __iter__(self) -> Iterator[StoredObject]:
        return iter([one for objects in self._objects.values() for one in objects.values()])

    def __len__(self) -> int:
        return sum(len(objects) for objects in self._objects.values())


def _entries(one: StoredObject) -> Iterator[tuple[Kind, str, str]]:
    for field in INDEXED.get(one.kind, ()):
        value = one.body.get(field)
        if value is not None:
            yield one.kind, field, str(value).casefold()


@dataclass(frozen=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def header(self, name: bytes) -> str | None:
        """Return a header; `name` in lower case."""
        found = [value for key, value in self.headers if key.lower() == name]
        return found[0].decode("latin-1") if found else None


class IdempotentAnswers:
    """Answers kept by idempotency key, the oldest forgotten first."""

    def __init__(self, limit: int = KEPT_ANSWERS) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, tuple[str, Answer]] = OrderedDict()

    def find(self, key: str) -> tuple[str, Answer] | None:
        """Return the fingerprint of the first request with this key, and its answer."""
        return self._kept.get(key)

    def keep(self, key: str, fingerprint: str, answer: Answer) -> None:
        """Remember the answer of a request that was carried out."""
        self._kept[key] = (fingerprint, answer)
        if len(self._kept) > self._limit:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()


@dataclass(frozen=True)
class LoggedRequest:
    """One request to the API: when (UTC), what, and how it ended.

    `status` is None when the answer broke off. `applied` says that the intranet carried it out,
    whatever the caller was told; `replayed` that a kept answer was given again. An operation of a
    batch follows its batch, as the request that it would have been (`in_batch`).
    """

    at: datetime
    method: str
    path: str
    query: str
    status: int | None
    idempotency_key: str | None
    digest: str
    body: str
    applied: bool = False
    replayed: bool = False
    in_batch: bool = False
