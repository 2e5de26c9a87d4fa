"""The reference open API: its addresses, headers and paging."""

from collections.abc import AsyncIterator
from urllib.parse import quote

from hub.contract import Account
from hub.errors import RetryableError
from hub.events.objects import Kind
from hub.http import Answer, Http
from hub.targets.openintranet.models import Can, Found, Item, Page, Result, Results, read_as

ANSWERS = (200, 201, 204, 400, 404, 409, 412, 413, 422, 500)  # those that mean something per item
PROBE = "intranet-hub-check"  # a key and a version that no object has


class OpenApi:
    """One intranet."""

    def __init__(self, http: Http) -> None:
        self.http = http

    async def capabilities(self) -> tuple[Can, Answer]:
        """What it can do, and the answer with its `Date`."""
        answer = await self.http.get("v1/capabilities")
        return read_as(Can, answer), answer

    async def get(self, kind: Kind, key: str) -> Item | None:
        """One object; None when it is not there."""
        answer = await self.http.get(_path(kind, key), expect=(200, 404))
        return None if is_absent(answer) else read_as(Item, answer)

    async def put(self, kind: Kind, key: str, body: object, headers: dict[str, str]) -> Answer:
        """Create or replace; any of `ANSWERS`."""
        path = _path(kind, key)
        return await self.http.send("PUT", path, expect=ANSWERS, headers=headers, body=body)

    async def delete(self, kind: Kind, key: str, headers: dict[str, str]) -> Answer:
        """Take away; any of `ANSWERS`."""
        return await self.http.send("DELETE", _path(kind, key), expect=ANSWERS, headers=headers)

    async def batch(self, operations: list[dict[str, object]]) -> list[Result]:
        """Many writes in one request; a result for each, in order.

        Raises:
            RejectedError: the batch as a whole is refused, nothing was done.
            HubError: any other: nobody knows what was done.
        """
        body = {"operations": operations}
        answer = await self.http.send("POST", "v1/batch", expect=(207,), body=body)
        results = read_as(Results, answer).results
        asked = [one["external_id"] for one in operations]
        if [one.external_id for one in results] != asked:
            raise RetryableError(f"{answer.url} answered about other objects than it was asked.")
        return results

    async def items(self, kind: Kind) -> AsyncIterator[Item]:
        """Every object of a kind.

        Raises:
            RetryableError: among others when a page sends us round in a circle.
        """
        cursor: str | None = ""
        seen = set()
        while cursor is not None:
            if cursor in seen:
                raise RetryableError(f"The list of {kind} goes round in a circle: try again later.")
            seen.add(cursor)
            params = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
            page = read_as(Page, await self.http.get(f"v1/{kind}", params=params))
            for item in page.items:
                yield item
            cursor = page.next_cursor

    async def accounts(self, name: str, value: str) -> list[Account]:
        """Accounts with exactly this value of `user_name`, `mail` or `external_id`."""
        answer = await self.http.get("v1/accounts", params={name: value})
        key = value if name == "external_id" else None
        return [
            Account(one.id, key, one.user_name, one.mail) for one in read_as(Found, answer).items
        ]

    async def try_right(self, kind: Kind) -> None:
        """Whether the token may write, without writing: no object has this key and version.

        Raises:
            PermissionMissingError: it may only read.
        """
        await self.delete(kind, PROBE, {"If-Match": f'"{PROBE}"'})


def is_absent(answer: Answer) -> bool:
    """Whether the intranet itself says that there is no such object.

    Raises:
        RetryableError: a bare 404, as from a proxy or another server: no word about the object.
    """
    if answer.status != 404:
        return False
    if "problem+json" not in answer.headers.get("content-type", ""):
        raise RetryableError(
            f"{answer.url} answered 404, but not as the reference open API does: check `url`."
        )
    return True


def _path(kind: Kind, key: str) -> str:
    return f"v1/{kind}/{quote(key, safe='._~:@-')}"
