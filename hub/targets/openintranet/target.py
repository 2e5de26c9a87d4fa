"""Objects to an intranet that serves the reference open API.

A create asks `If-None-Match: *`, a change `If-Match: VERSION`, so that nobody's work is overwritten
unseen; a repeat whose first try did arrive finds its own object and is done. `Idempotency-Key` is
the delivery's token. An intranet may give a kept answer for that key though the object has been
changed since, so a replayed answer is believed only after a look.
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from hub.contract import Capabilities, Context, Delivery, Finding, Outcome, Remote, Target
from hub.errors import HubError, RateLimitedError, RejectedError
from hub.events.objects import Kind
from hub.http import Answer
from hub.targets.openintranet.check import check
from hub.targets.openintranet.client import OpenApi, is_absent
from hub.targets.openintranet.mapping import differing, to_api
from hub.targets.openintranet.models import Item, OpenIntranetSettings, problem_of, read_as
from hub.targets.openintranet.reasons import reason_of

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:@-]{0,199}", re.ASCII)


class OpenIntranetTarget(Target[OpenIntranetSettings]):
    """One intranet, one object a request."""

    name = "openintranet"
    settings = OpenIntranetSettings

    def __init__(self, config: OpenIntranetSettings, context: Context) -> None:
        super().__init__(config, context)
        bearer = {"Authorization": f"Bearer {config.token.get_secret_value()}"}
        self.api = OpenApi(context.http(config.address(), headers=bearer))

    def address(self) -> str:
        """The normalised `url`."""
        return self.config.address()

    async def capabilities(self) -> Capabilities:
        """As the intranet says itself."""
        return (await self.api.capabilities())[0].capabilities()

    async def check(self) -> Sequence[Finding]:
        """Reachable, token, right to write, kinds, groups, clock."""
        return await check(self.config, self.api, self.context.now)

    async def publish(self, items: Sequence[Delivery]) -> Sequence[Outcome]:
        """One request per item, in order.

        A fault that concerns every item (login, no answer, asked to slow down) is raised while
        nothing was told yet; after that it would hide what was done, so the rest becomes `retry`.
        """
        outcomes: list[Outcome] = []
        for item in items:
            try:
                outcomes.append(await self._one(item))
            except RejectedError as error:
                outcomes.append(Outcome("rejected", str(error)))
            except HubError as error:
                if not outcomes:
                    raise
                return [*outcomes, *_later(len(items) - len(outcomes), error)]
        return outcomes

    async def find(self, kind: Kind, keys: Sequence[str]) -> Mapping[str, Remote]:
        """Those of the keys that exist."""
        found = [await self.api.get(kind, key) for key in keys if KEY.fullmatch(key)]
        return {item.external_id: _remote(item) for item in found if item}

    async def list_remote(self, kind: Kind) -> AsyncIterator[Remote]:
        """Everything of this kind, page by page."""
        async for item in self.api.items(kind):
            yield _remote(item)

    def differs(self, kind: Kind, body: Mapping[str, Any], remote: Remote) -> Sequence[str]:
        """Fields that were changed there; notation and fields of others are no change."""
        return differing(kind, body, remote.body)

    async def close(self) -> None:
        """Close the connections."""
        await self.api.http.aclose()

    async def _one(self, item: Delivery) -> Outcome:
        if not KEY.fullmatch(item.key):
            return Outcome("rejected", f"The key {item.key!r} has signs that the API refuses.")
        return await (self._put(item) if item.state == "present" else self._delete(item))

    async def _put(self, item: Delivery) -> Outcome:
        headers, body = _condition(item), to_api(item.body)
        with_key = {**headers, "Idempotency-Key": item.token}
        answer = await self.api.put(item.kind, item.key, body, with_key)
        if "idempotent-replay" in answer.headers and not await self._stands(item, body):
            answer = await self.api.put(item.kind, item.key, body, headers)
        if answer.status in {200, 201}:
            return _done(item, read_as(Item, answer))
        if answer.status in {409, 412} or (answer.status == 500 and problem_of(answer).exists):
            return await self._settled(item, body)
        return _refused(item, answer)

    async def _delete(self, item: Delivery) -> Outcome:
        match = {"If-Match": item.remote_version} if item.remote_version else {}
        headers = {**match, "Idempotency-Key": item.token}
        answer = await self.api.delete(item.kind, item.key, headers)
        if answer.status == 204 or is_absent(answer):
            return Outcome("done")
        if answer.status in {409, 412}:
            found = await self.api.get(item.kind, item.key)
            return _conflict(found) if found else Outcome("done")
        return _refused(item, answer)

    async def _stands(self, item: Delivery, body: Mapping[str, Any]) -> bool:
        found = await self.api.get(item.kind, item.key)
        return found is not None and found.body == body

    async def _settled(self, item: Delivery, body: Mapping[str, Any]) -> Outcome:
        """What stands there decides: ours, somebody else's, or nothing."""
        found = await self.api.get(item.kind, item.key)
        if found is None:
            known = item.remote_version is not None
            return Outcome("gone" if known else "retry", "it no longer exists on the intranet")
        return _done(item, found) if found.body == body else _conflict(found)


def _condition(item: Delivery) -> dict[str, str]:
    if item.remote_version is not None:
        return {"If-Match": item.remote_version}
    return {} if item.remote_id is not None else {"If-None-Match": "*"}


def _done(item: Delivery, stored: Item) -> Outcome:
    if stored.external_id != item.key:
        return Outcome("retry", "the intranet answered with another object")
    return Outcome("done", remote_id=item.key, remote_version=stored.etag)


def _conflict(found: Item) -> Outcome:
    reason = "somebody else changed it on the intranet"
    return Outcome("conflict", reason, remote_id=found.external_id, remote_version=found.etag)


def _refused(item: Delivery, answer: Answer) -> Outcome:
    reason = reason_of(answer, item.body)
    passes = answer.status in {200, 201, 204, 404, 500}
    return Outcome("retry" if passes else "rejected", reason)


def _later(count: int, error: HubError) -> list[Outcome]:
    after = error.retry_after if isinstance(error, RateLimitedError) else None
    return [Outcome("retry", str(error), after)] * count


def _remote(item: Item) -> Remote:
    return Remote(item.external_id, item.external_id, item.etag, item.body)
