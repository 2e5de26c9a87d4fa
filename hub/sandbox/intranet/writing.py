"""Writes to objects: what a request and an operation of a batch have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse, Response

from hub.sandbox.intranet import pictures
from hub.sandbox.intranet.directory import Directory
from hub.sandbox.intranet.faults import FaultBook
from hub.sandbox.intranet.models import Closed, Groups, Kind
from hub.sandbox.intranet.options import IntranetOptions
from hub.sandbox.intranet.problems import ProblemError
from hub.sandbox.intranet.state import IdempotentAnswers, ObjectStore, StoredObject, make_object

_GROUPS_SHOWN = 20


@dataclass(frozen=True)
class Parts:
    """What the API works on."""

    options: IntranetOptions
    store: ObjectStore
    faults: FaultBook
    answers: IdempotentAnswers
    directory: Directory


@dataclass(frozen=True)
class Condition:
    """Which object, and in which state it must be."""

    kind: Kind
    external_id: str
    if_match: str | None = None
    if_none_match: str | None = None

    @property
    def path(self) -> str:
        """The address of the object."""
        return f"/v1/{self.kind}/{self.external_id}"


@dataclass(frozen=True)
class Written:
    """What a write did; `problem` is what the caller hears all the same."""

    status: int
    stored: StoredObject | None = None
    applied: bool = False
    problem: ProblemError | None = None

    def response(self) -> Response:
        """Return the answer to a request of its own."""
        if self.problem is not None:
            return self.problem.answer()
        if self.stored is None:
            return Response(status_code=self.status)
        return item_response(self.stored, self.status)


def put(parts: Parts, where: Condition, body: Closed, content: Mapping[str, Any]) -> Written:
    """Create an object or replace it whole; an equal body changes nothing.

    Raises:
        ProblemError: an unknown audience, a user name that is taken, a person or group that is
            not there, a picture without its bytes, or the condition does not hold.
    """
    _check_audience(body, parts)
    parts.directory.check(where.external_id, body)
    content, picture = pictures.taken_in(parts.store, where.external_id, body, content)
    old = parts.store.get(where.kind, where.external_id)
    helpful = parts.faults.take("PUT", where.path, "exists500") is None
    _check_conditions(old, where, helpful=helpful)
    swallowed = parts.faults.take("PUT", where.path, "swallow") is not None
    if swallowed:
        made = make_object(where.kind, where.external_id, content, parts.store.now())
    else:
        made = parts.store.put(where.kind, where.external_id, content)
        if picture is not None:
            parts.store.pictures[where.external_id] = picture
    problem = None
    if old is None and not helpful:
        problem = ProblemError(500, "already-exists", "An object with this key already exists.")
    return Written(201 if old is None else 200, made, not swallowed, problem)


def delete(parts: Parts, where: Condition) -> Written:
    """Take one object away; a person is switched off, and memberships end with their ends.

    Raises:
        ProblemError: it is not there, or the condition does not hold.
    """
    old = parts.store.get(where.kind, where.external_id)
    if old is None and where.if_match is None:
        raise ProblemError(404, "not-found", "No object of this kind has this key.")
    _check_conditions(old, where, helpful=True)
    swallowed = parts.faults.take("DELETE", where.path, "swallow") is not None
    applied = not swallowed and parts.store.delete(where.kind, where.external_id)
    if applied:
        parts.directory.end_with(where.kind, where.external_id)
    return Written(204, applied=applied)


def item_response(found: StoredObject, status: int) -> JSONResponse:
    """Return an object with its version."""
    return JSONResponse(found.as_item(), status, headers={"ETag": found.etag})


def names(condition: str | None, found: StoredObject | None, *, weak: bool) -> bool:
    """Whether a condition header names the version of an object (RFC 9110, section 13.1)."""
    if condition is None or found is None:
        return False
    tags = [tag.strip() for tag in condition.split(",")]
    if weak:
        tags = [tag.removeprefix("W/") for tag in tags]
    return "*" in tags or found.etag in tags


def _check_audience(body: Closed, parts: Parts) -> None:
    audience: Any = getattr(body, "audience", None)
    if not isinstance(audience, Groups):
        return
    if not all(parts.directory.knows_group(one) for one in audience.groups):
        shown = ", ".join(parts.directory.group_names()[:_GROUPS_SHOWN])
        raise ProblemError(422, "unknown-audience", f"Groups of this intranet are: {shown}.")


def _check_conditions(old: StoredObject | None, where: Condition, *, helpful: bool) -> None:
    """Honour RFC 9110's conditions on a write; an unhelpful intranet answers 500 where it exists."""
    if where.if_match is not None and not names(where.if_match, old, weak=False):
        raise ProblemError(412, "precondition-failed", "Read the object again; it has changed.")
    if not names(where.if_none_match, old, weak=True):
        return
    if not helpful:
        raise ProblemError(500, "already-exists", "An object with this key already exists.")
    raise ProblemError(412, "precondition-failed", "The object already exists.")
