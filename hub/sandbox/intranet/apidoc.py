"""How the answers of the API are documented, and the OpenAPI 3.1 document itself."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from hub.sandbox.intranet import problems
from hub.sandbox.intranet.models import Problem

_TEXTS = {
    304: "Not changed since the version in If-None-Match",
    400: "The body is not JSON",
    401: "A valid token is missing",
    403: "The token may only read",
    404: "There is no such object",
    409: "Its user name is taken, or a person or group that it names is not there",
    412: "If-Match or If-None-Match does not hold; nothing was changed",
    413: "The body is larger than 64 KiB (of a photo: 1 MiB), or the batch than `batch_max` operations "
    "or 8 MiB",
    422: "Invalid request, unknown audience group, or an idempotency key used for another request",
    429: "Too many requests",
    500: "Something went wrong; type `already-exists` means that the object is there",
    503: "Not available now",
}
_ETAG = {"ETag": {"description": "Version of the object.", "schema": {"type": "string"}}}
_REPLAY = {
    "Idempotent-Replay": {
        "description": "`true`: the kept answer of an earlier request with this key.",
        "schema": {"const": "true"},
    }
}
_RETRY = {
    "Retry-After": {
        "description": "Seconds to wait, or the HTTP date after which to try again.",
        "schema": {"type": "string"},
    }
}
_CHALLENGE = {
    "WWW-Authenticate": {"required": True, "schema": {"type": "string", "const": "Bearer"}}
}
_HEADERS: dict[int, dict[str, Any]] = {304: _ETAG, 401: _CHALLENGE, 429: _RETRY, 503: _RETRY}

_ABOUT = """
What an intranet needs to offer so that other systems can publish on it: keyed objects that look
like *this*, not messages. `PUT` creates or replaces, `DELETE` takes away, and both may be repeated
without a further effect. It is a reference, not the API of any product.

- **Versions.** Every object has an ETag; `If-Match` and `If-None-Match` guard writes (412).
- **Idempotency.** A `PUT` repeated with its `Idempotency-Key` gets the answer that it had.
- **Batches.** `POST /v1/batch` carries out many writes in one request, each for itself and in order.
- **Errors** are `application/problem+json` (RFC 9457).
- **People.** A person is there once, by `external_id` and by user name. `DELETE` switches the account
  off: it is no longer found, its memberships end, and what the person wrote stays under the name; a
  `PUT` brings it back. A membership needs its person and its group (409). Accounts that the intranet
  made itself are found at `/v1/accounts`, may be members, and are never written. The same persons and
  groups are served as SCIM 2.0 below `/scim/v2`.
- **Pictures.** A photo tells digest, kind and size of its bytes, which come beside it in base64, and
  only when they are not there yet. It is JPEG or PNG, needs its person (409), and goes with the person.
- **Pace.** 429 and 503 may carry `Retry-After`.
"""


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document answers without a success; 429 and 503 can come from everywhere."""
    return {status: _answer(status) for status in sorted({*statuses, 429, 503})}


def _answer(status: int) -> dict[str, Any]:
    documented: dict[str, Any] = {"description": _TEXTS[status]}
    if status in _HEADERS:
        documented["headers"] = _HEADERS[status]
    if status >= 400:
        schema = {"$ref": "#/components/schemas/Problem"}
        documented["content"] = {problems.MEDIA_TYPE: {"schema": schema}}
    return documented


def versioned(description: str, *, replay: bool = False) -> dict[str, Any]:
    """Document an answer that carries an ETag."""
    return {"description": description, "headers": {**_ETAG, **(_REPLAY if replay else {})}}


def document(app: FastAPI, version: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the API; it names no server, so it fits every one."""
    made = get_openapi(
        title="Reference open API of an intranet",
        version=version,
        summary="Keyed objects on an intranet: tiles, timeline posts, persons and groups.",
        description=_ABOUT.strip(),
        routes=app.routes,
        tags=[
            {"name": "about", "description": "What the intranet can do."},
            {"name": "tile-item", "description": "Rows of a tile on the dashboard."},
            {"name": "freshness", "description": "How long the rows of a tile may be believed."},
            {"name": "batch", "description": "Many writes in one request."},
            {"name": "timeline", "description": "Short messages on the timeline."},
            {"name": "person", "description": "Persons with an account."},
            {"name": "group", "description": "Groups of persons."},
            {"name": "membership", "description": "Who is in which group."},
            {"name": "photo", "description": "Pictures of persons."},
            {"name": "accounts", "description": "Who has an account, whoever made it."},
        ],
        license_info={"name": "MIT", "identifier": "MIT"},
    )
    _, schemas = models_json_schema(
        [(Problem, "serialization")], ref_template="#/components/schemas/{model}"
    )
    made["components"]["schemas"] |= schemas["$defs"]
    return made
