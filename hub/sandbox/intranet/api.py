"""The reference open API of an intranet: objects by kind and key, under `/v1`."""

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.security import HTTPBearer
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from hub.sandbox.intranet import apidoc
from hub.sandbox.intranet.faults import FaultBook
from hub.sandbox.intranet.models import (
    BODIES,
    MAX_TEXT,
    MAX_TITLE,
    Audiences,
    Capabilities,
    Groups,
    Item,
    Kind,
    KindCapabilities,
    Page,
    ServerInfo,
)
from hub.sandbox.intranet.options import IntranetOptions
from hub.sandbox.intranet.problems import ProblemError
from hub.sandbox.intranet.state import ObjectStore, StoredObject, make_object

API_VERSION = "1.0.0"

_LONGEST = {Kind.TILE_ITEM: MAX_TITLE, Kind.FRESHNESS: None, Kind.TIMELINE: MAX_TEXT}

ExternalId = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._~:@-]*$",
        max_length=200,
        description="The key of the object, chosen by its maker and never changed.",
        examples=["topdesk:majors:1f0c"],
    ),
]
IfMatch = Annotated[
    str | None, Header(description="Only when the object has this version; `*`: when it exists.")
]
IfNoneMatch = Annotated[
    str | None, Header(description="Only when it has another version; `*`: when there is none.")
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        description="The same key and request again give the kept answer of the first.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=200, description="Objects in one page.")]
Cursor = Annotated[
    str | None, Query(max_length=400, description="`next_cursor` of the page before.")
]


@dataclass(frozen=True)
class Parts:
    """What the API works on."""

    options: IntranetOptions
    store: ObjectStore
    faults: FaultBook


def api_router(parts: Parts) -> APIRouter:
    """Return the whole API; tokens are looked at by the gate before it."""
    bearer = HTTPBearer(auto_error=False, description="A token that the intranet gave out.")
    router = APIRouter(prefix="/v1", dependencies=[Depends(bearer)])
    router.include_router(_about(parts))
    for kind in Kind:
        router.include_router(_reading(kind, parts))
        router.include_router(_writing(kind, parts))
    return router


def _about(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["about"])

    @router.get("/capabilities", responses=apidoc.answers(401))
    async def capabilities() -> Capabilities:
        """What this intranet can do: per kind, and for which audiences."""
        return Capabilities(
            server=ServerInfo(name=parts.options.name, version=API_VERSION),
            kinds={kind: _abilities(kind) for kind in Kind},
            audiences=Audiences(everyone=True, groups=list(parts.options.groups)),
        )

    return router


def _abilities(kind: Kind) -> KindCapabilities:
    return KindCapabilities(
        upsert=True,
        delete=True,
        conditional=True,
        batch_max=1,
        max_title=_LONGEST[kind],
        locales=["nl", "en"],
        identity="keyed",
    )


def _reading(kind: Kind, parts: Parts) -> APIRouter:
    router, body = APIRouter(tags=[kind.value]), BODIES[kind]
    item, page = Item[body], Page[body]  # type: ignore[valid-type]  # the model of this kind

    @router.get(
        f"/{kind}",
        response_model=page,
        responses=apidoc.answers(401, 422),
        summary=f"List every {kind}",
        operation_id=f"list_{kind.name.lower()}",
    )
    async def list_objects(limit: Limit = 50, cursor: Cursor = None) -> JSONResponse:
        """List the objects of this kind in order of their key."""
        found, more = parts.store.page(kind, _read_cursor(cursor), limit)
        following = _cursor(found[-1].external_id) if more else None
        content = {"items": [one.as_item() for one in found], "next_cursor": following}
        return JSONResponse(content)

    @router.get(
        f"/{kind}/{{external_id}}",
        response_model=item,
        responses={**apidoc.answers(304, 401, 404, 422), 200: apidoc.versioned("The object")},
        summary=f"Read one {kind}",
        operation_id=f"get_{kind.name.lower()}",
    )
    async def get_object(external_id: ExternalId, if_none_match: IfNoneMatch = None) -> Response:
        """Read one object."""
        found = parts.store.get(kind, external_id)
        if found is None:
            raise ProblemError(404, "not-found", "No object of this kind has this key.")
        if _names(if_none_match, found, weak=True):
            return Response(status_code=304, headers={"ETag": found.etag})
        return _item(found, 200)

    return router


def _writing(kind: Kind, parts: Parts) -> APIRouter:
    router, body_model = APIRouter(tags=[kind.value]), BODIES[kind]
    item = Item[body_model]  # type: ignore[valid-type]  # the model of this kind

    async def put_object(
        request: Request,
        external_id: ExternalId,
        body: BaseModel,
        *,
        if_match: IfMatch = None,
        if_none_match: IfNoneMatch = None,
        idempotency_key: IdempotencyKey = None,  # noqa: ARG001  # documented here, kept by the gate
    ) -> Response:
        """Create an object or replace it whole; an equal body changes nothing."""
        _check_audience(body, parts.options.groups)
        old = parts.store.get(kind, external_id)
        helpful = parts.faults.take("PUT", request.url.path, "exists500") is None
        _check_conditions(old, if_match, if_none_match, helpful=helpful)
        content = await request.json()  # as it was sent, so that its maker recognises it
        if parts.faults.take("PUT", request.url.path, "swallow") is not None:
            made = make_object(kind, external_id, content, parts.store.now())
        else:
            made = parts.store.put(kind, external_id, content)
            request.state.applied = True
        if old is None and not helpful:
            raise ProblemError(500, "already-exists", "An object with this key already exists.")
        return _item(made, 201 if old is None else 200)

    # FastAPI reads the body's model from the annotation, and each kind has its own.
    put_object.__annotations__["body"] = body_model
    router.put(
        f"/{kind}/{{external_id}}",
        response_model=item,
        responses={
            **apidoc.answers(400, 401, 403, 412, 413, 422, 500),
            200: apidoc.versioned("Replaced, or already so", replay=True),
            201: {**apidoc.versioned("Created", replay=True), "model": item},
        },
        summary=f"Create or replace a {kind}",
        operation_id=f"put_{kind.name.lower()}",
    )(put_object)

    @router.delete(
        f"/{kind}/{{external_id}}",
        status_code=204,
        responses=apidoc.answers(401, 403, 404, 412, 422),
        summary=f"Take a {kind} away",
        operation_id=f"delete_{kind.name.lower()}",
    )
    async def delete_object(
        request: Request, external_id: ExternalId, if_match: IfMatch = None
    ) -> Response:
        """Take one object away."""
        old = parts.store.get(kind, external_id)
        if old is None and if_match is None:
            raise ProblemError(404, "not-found", "No object of this kind has this key.")
        _check_conditions(old, if_match, None, helpful=True)
        if parts.faults.take("DELETE", request.url.path, "swallow") is None:
            request.state.applied = parts.store.delete(kind, external_id)
        return Response(status_code=204)

    return router


def _item(found: StoredObject, status: int) -> JSONResponse:
    return JSONResponse(found.as_item(), status, headers={"ETag": found.etag})


def _check_audience(body: BaseModel, known: tuple[str, ...]) -> None:
    audience: Any = getattr(body, "audience", None)
    if isinstance(audience, Groups) and not set(audience.groups) <= set(known):
        names = ", ".join(known)
        raise ProblemError(422, "unknown-audience", f"Groups of this intranet are: {names}.")


def _check_conditions(
    old: StoredObject | None, if_match: str | None, if_none_match: str | None, *, helpful: bool
) -> None:
    """Honour RFC 9110's conditions on a write; an unhelpful intranet answers 500 where it exists."""
    if if_match is not None and not _names(if_match, old, weak=False):
        raise ProblemError(412, "precondition-failed", "Read the object again; it has changed.")
    if not _names(if_none_match, old, weak=True):
        return
    if not helpful:
        raise ProblemError(500, "already-exists", "An object with this key already exists.")
    raise ProblemError(412, "precondition-failed", "The object already exists.")


def _names(condition: str | None, found: StoredObject | None, *, weak: bool) -> bool:
    """Whether a condition header names the version of an object (RFC 9110, section 13.1)."""
    if condition is None or found is None:
        return False
    tags = [tag.strip() for tag in condition.split(",")]
    if weak:
        tags = [tag.removeprefix("W/") for tag in tags]
    return "*" in tags or found.etag in tags


def _cursor(external_id: str) -> str:
    return base64.urlsafe_b64encode(external_id.encode()).decode().rstrip("=")


def _read_cursor(cursor: str | None) -> str:
    if not cursor:
        return ""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        after = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except (ValueError, binascii.Error) as error:
        detail = "Send `next_cursor` of the page before, or none to begin."
        raise ProblemError(422, "unknown-cursor", detail) from error
    return after
