"""A SCIM server's addresses, queries and paging (RFC 7644). Knows no objects of ours."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote

from hub.errors import RetryableError
from hub.http import Answer, Http
from hub.targets.scim.fields import Schemas
from hub.targets.scim.models import BulkDone, Listed, Provider, Resource, read_as, resource_of

CONTENT = "application/scim+json"
ANSWERS = (200, 201, 204, 400, 404, 409, 412, 413, 422, 501)  # those that mean something per item
PAGE = 200
MOST = 1_000_000  # resources in one list


class Scim:
    """One server."""

    def __init__(self, http: Http) -> None:
        self.http = http

    async def provider(self) -> tuple[Provider, Answer]:
        """What it supports."""
        answer = await self.http.get("ServiceProviderConfig")
        return read_as(Provider, answer), answer

    async def schemas(self) -> Schemas:
        """What its resources are made of; nothing, where it does not say."""
        answer = await self.http.get("Schemas", expect=(200, 400, 403, 404, 405, 501))
        return read_as(Schemas, answer) if answer.status == 200 else Schemas()

    async def get(self, path: str, remote_id: str) -> Resource | None:
        """One resource; None when it is not there.

        Raises:
            RetryableError: a 404 that is not the server's own word.
        """
        answer = await self.http.get(f"{path}/{quote(remote_id, safe='')}", expect=(200, 404))
        if is_absent(answer):
            return None
        return resource_of(answer)

    async def search(self, path: str, attribute: str, value: str) -> list[Resource] | None:
        """Those that the server finds; None: it can't search by this attribute.

        What comes must be looked at: some servers ignore a filter.
        """
        params = {"filter": f"{attribute} eq {json.dumps(value, ensure_ascii=False)}"}
        answer = await self.http.get(path, params=params, expect=(200, 400, 501))
        return read_as(Listed, answer).resources if answer.status == 200 else None

    async def all(self, path: str, page: int = PAGE) -> AsyncIterator[Resource]:
        """Every resource of a kind, page by page; the first as large as the server likes it.

        Canaille 0.3.6 fails where a page's size is asked for (measured), and hands over everybody.

        Raises:
            RetryableError: the list goes round in a circle.
        """
        start, seen = 1, set[str]()
        while True:
            params = {"startIndex": str(start), "count": str(page)} if seen else {}
            listed = read_as(Listed, await self.http.get(path, params=params))
            fresh = [one for one in listed.resources if one.id not in seen]
            if listed.resources and not fresh:
                raise RetryableError(f"The list of {path} goes round in a circle: try again later.")
            for one in fresh:
                seen.add(one.id)
                yield one
            start += len(listed.resources)
            if not listed.resources or start > listed.total or start > MOST:
                return

    async def create(self, path: str, values: Mapping[str, Any]) -> Answer:
        """A new resource; any of `ANSWERS`."""
        return await self.http.send("POST", path, expect=ANSWERS, body=values)

    async def patch(
        self, path: str, remote_id: str, values: Mapping[str, Any], version: str | None
    ) -> Answer:
        """A change; any of `ANSWERS`."""
        where = f"{path}/{quote(remote_id, safe='')}"
        return await self.http.send(
            "PATCH", where, expect=ANSWERS, headers=_if_match(version), body=values
        )

    async def delete(self, path: str, remote_id: str, version: str | None) -> Answer:
        """Take a resource away; any of `ANSWERS`."""
        where = f"{path}/{quote(remote_id, safe='')}"
        return await self.http.send("DELETE", where, expect=ANSWERS, headers=_if_match(version))

    async def bulk(self, values: Mapping[str, Any]) -> BulkDone:
        """Many operations in one request.

        Raises:
            RejectedError: it is too large, or refused as a whole: nothing was done.
        """
        return read_as(BulkDone, await self.http.send("POST", "Bulk", body=values))


def is_absent(answer: Answer) -> bool:
    """Whether the server itself says that there is no such resource.

    Raises:
        RetryableError: a bare 404, as from a proxy or another server: no word about it.
    """
    if answer.status != 404:
        return False
    if "json" not in answer.headers.get("content-type", ""):
        raise RetryableError(
            f"{answer.url} answered 404, but not as a SCIM server does: check `url`."
        )
    return True


def _if_match(version: str | None) -> dict[str, str]:
    return {"If-Match": version} if version else {}
