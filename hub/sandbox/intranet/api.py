"""The reference open API of an intranet: objects by kind and key, under `/v1`."""

import base64
import binascii
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.security import HTTPBearer
from starlette.responses import JSONResponse, Response

from hub.sandbox.intranet import apidoc
from hub.sandbox.intranet.about import (
    Asked,
    Audiences,
    Capabilities,
    FoundAccounts,
    KindCapabilities,
    ServerInfo,
)
from hub.sandbox.intranet.batch import batches
from hub.sandbox.intranet.models import BODIES, MAX_TEXT, MAX_TITLE, Closed, Item, Kind, Page
from hub.sandbox.intranet.problems import ProblemError
from hub.sandbox.intranet.writing import Condition, Parts, delete, item_response, names, put

API_VERSION = "1.3.0"

_LONGEST = {Kind.TILE_ITEM: MAX_TITLE, Kind.TIMELINE: MAX_TEXT}

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


def api_router(parts: Parts) -> APIRouter:
    """Return the whole API; tokens are looked at by the gate before it.

    One router, because each that is included in another makes FastAPI prepare its routes again.
    """
    bearer = HTTPBearer(auto_error=False, description="A token that the intranet gave out.")
    router = APIRouter(prefix="/v1", dependencies=[Depends(bearer)])
    _about(router, parts)
    if Kind.PERSON in parts.options.kinds:
        _accounts(router, parts)
    for kind in parts.options.kinds:
        _reading(router, kind, parts)
        _writing(router, kind, parts)
    if parts.options.batch_max > 1:
        batches(router, parts)
    return router


def _about(router: APIRouter, parts: Parts) -> None:
    @router.get("/capabilities", tags=["about"], responses=apidoc.answers(401))
    async def capabilities() -> Capabilities:
        """What this intranet can do: per kind, and for which audiences."""
        return Capabilities(
            server=ServerInfo(name=parts.options.name, version=API_VERSION),
            at_once=parts.options.at_once,
            kinds={kind: _abilities(kind, parts.options.batch_max) for kind in parts.options.kinds},
            audiences=Audiences(everyone=True, groups=parts.directory.group_names()),
        )


def _accounts(router: APIRouter, parts: Parts) -> None:
    @router.get(
        "/accounts",
        tags=["accounts"],
        responses=apidoc.answers(401, 422),
        operation_id="find_accounts",
    )
    async def accounts(asked: Annotated[Asked, Query()], request: Request) -> FoundAccounts:
        """Find accounts by one value, names and addresses whatever their case."""
        given = asked.given()
        if len(given) != 1 or len(request.query_params.multi_items()) != 1:
            detail = "Ask for one of user_name, mail and external_id."
            raise ProblemError(422, "invalid", detail)
        return FoundAccounts(items=parts.directory.find(*given[0]))


def _abilities(kind: Kind, batch_max: int) -> KindCapabilities:
    return KindCapabilities(
        upsert=True,
        delete=True,
        conditional=True,
        batch_max=1 if kind is Kind.PHOTO else max(1, batch_max),
        max_title=_LONGEST.get(kind),
        locales=["nl", "en"],
        identity="keyed",
    )


def _reading(router: APIRouter, kind: Kind, parts: Parts) -> None:
    body = BODIES[kind]
    item, page = Item[body], Page[body]  # type: ignore[valid-type]  # the model of this kind

    @router.get(
        f"/{kind}",
        tags=[kind.value],
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
        tags=[kind.value],
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
        if names(if_none_match, found, weak=True):
            return Response(status_code=304, headers={"ETag": found.etag})
        return item_response(found, 200)


def _writing(router: APIRouter, kind: Kind, parts: Parts) -> None:
    body_model = BODIES[kind]
    item = Item[body_model]  # type: ignore[valid-type]  # the model of this kind

    async def put_object(
        request: Request,
        external_id: ExternalId,
        body: Closed,
        *,
        if_match: IfMatch = None,
        if_none_match: IfNoneMatch = None,
        idempotency_key: IdempotencyKey = None,  # noqa: ARG001  # documented here, kept by the gate
    ) -> Response:
        """Create an object or replace it whole; an equal body changes nothing."""
        content = await request.json()  # as it was sent, so that its maker recognises it
        where = Condition(kind, external_id, if_match, if_none_match)
        written = put(parts, where, body, content)
        request.state.applied = written.applied
        return written.response()

    # FastAPI reads the body's model from the annotation, and each kind has its own.
    put_object.__annotations__["body"] = body_model
    router.put(
        f"/{kind}/{{external_id}}",
        tags=[kind.value],
        response_model=item,
        responses={
            **apidoc.answers(400, 401, 403, 409, 412, 413, 422, 500),
            200: apidoc.versioned("Replaced, or already so", replay=True),
            201: {**apidoc.versioned("Created", replay=True), "model": item},
        },
        summary=f"Create or replace a {kind}",
        operation_id=f"put_{kind.name.lower()}",
    )(put_object)

    @router.delete(
        f"/{kind}/{{external_id}}",
        tags=[kind.value],
        status_code=204,
        responses=apidoc.answers(401, 403, 404, 412, 422),
        summary=f"Take a {kind} away",
        operation_id=f"delete_{kind.name.lower()}",
    )
    async def delete_object(
        request: Request, external_id: ExternalId, if_match: IfMatch = None
    ) -> Response:
        """Take one object away."""
        written = delete(parts, Condition(kind, external_id, if_match, None))
        request.state.applied = written.applied
        return written.response()


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
