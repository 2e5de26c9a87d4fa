"""Pictures of persons: what came in is looked at, and shown as nothing but a picture."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from hub.sandbox.intranet.models import Closed, Kind, Photo
from hub.sandbox.intranet.problems import ProblemError
from hub.sandbox.intranet.state import ObjectStore

_BEGINNINGS = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}


def taken_in(
    store: ObjectStore, key: str, body: Closed, content: Mapping[str, Any]
) -> tuple[Mapping[str, Any], bytes | None]:
    """Return the body as it is kept, and the bytes of a picture beside it.

    Bytes that are there already need not be sent again.

    Raises:
        ProblemError: the bytes are missing, or not those that the body tells of.
    """
    if not isinstance(body, Photo):
        return content, None
    told = {name: value for name, value in content.items() if name != "content"}
    data = store.pictures.get(key, b"") if body.content is None else _bytes(body.content)
    if hashlib.sha256(data).hexdigest() != body.sha256 or len(data) != body.size:
        raise ProblemError(422, "invalid", "Send `content`: the bytes that `sha256` tells of.")
    if not data.startswith(_BEGINNINGS[body.media_type]):
        raise ProblemError(422, "invalid", "The bytes are not of this media type.")
    return told, data


def _bytes(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except (ValueError, binascii.Error) as error:
        raise ProblemError(422, "invalid", "`content` is not base64.") from error


class Album:
    """Pictures over the objects; who is not shown has none."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def digest(self, person: str) -> str | None:
        """Return what names the picture of a person; None: there is none."""
        found = self._of(person)
        return None if found is None else str(found.body["sha256"])

    def response(self, person: str) -> Response | None:
        """Return the picture itself; None: there is none."""
        found = self._of(person)
        if found is None:
            return None
        headers = {
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-cache",
            "ETag": found.etag,
        }
        data = self._store.pictures[found.external_id]
        return Response(data, media_type=str(found.body["media_type"]), headers=headers)

    def _of(self, person: str) -> Any:
        found = self._store.having(Kind.PHOTO, "person", person)
        return next((one for one in found if one.body["person"] == person), None)
