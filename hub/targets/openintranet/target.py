"""Objects to an intranet that serves the reference open API.

A create asks `If-None-Match: *`, a change `If-Match: VERSION`, so that nobody's work is overwritten
unseen; a repeat whose first try did arrive finds its own object and is done. `Idempotency-Key` is
the delivery's token. An intranet may give a kept answer for that key though the object has been
changed since, so a replayed answer is believed only after a look. Several items go in one batch
where the intranet offers it, one by one otherwise; what is concluded from an answer is the same.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from hub.contract import (
    Account,
    Capabilities,
    Context,
    Delivery,
    Finding,
    Outcome,
    Remote,
    Sought,
    Target,
)
from hub.errors import HubError, RateLimitedError, RejectedError
from hub.events.objects import Kind
from hub.targets.openintranet.check import check
from hub.targets.openintranet.client import OpenApi
from hub.targets.openintranet.mapping import differing, to_api, to_send, with_ends
from hub.targets.openintranet.models import Item, OpenIntranetSettings
from hub.targets.openintranet.reasons import reason_of
from hub.targets.openintranet.said import Said, of_answer, of_result

ASKED_AT_ONCE = 8
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:@-]{0,199}", re.ASCII)


class OpenIntranetTarget(Target[OpenIntranetSettings]):
    """One intranet; batches from the moment that it has said that it takes them."""

    name = "openintranet"
    settings = OpenIntranetSettings

    def __init__(self, config: OpenIntranetSettings, context: Context) -> None:
        super().__init__(config, context)
        bearer = {"Authorization": f"Bearer {config.token.get_secret_value()}"}
        self.api = OpenApi(context.http(config.address(), headers=bearer))
        self._batch_max: Mapping[Kind, int] = {}

    def address(self) -> str:
        """The normalised `url`."""
        return self.config.address()

    async def capabilities(self) -> Capabilities:
        """As the intranet says itself."""
        can = (await self.api.capabilities())[0].capabilities()
        self._batch_max = {kind: ability.batch_max for kind, ability in can.kinds.items()}
        return can

    async def check(self) -> Sequence[Finding]:
        """Reachable, token, right to write, kinds, groups, clock."""
        return await check(self.config, self.api, self.context.now)

    async def publish(self, items: Sequence[Delivery]) -> Sequence[Outcome]:
        """One batch where the intranet takes it, else one request per item; outcomes in order.

        A fault that concerns every item (login, no answer, asked to slow down) is raised while
        nothing was told yet; after that it would hide what was done, so the rest becomes `retry`.
        """
        items = [with_ends(item) for item in items]
        together = [item for item in items if KEY.fullmatch(item.key)]
        most = min((self._batch_max.get(item.kind, 1) for item in together), default=1)
        if 1 < len(together) <= most:
            return await self._batch(items)
        return await self._one_by_one(items)

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

    async def accounts(self, people: Sequence[Sought]) -> Sequence[Account]:
        """Each is asked for by key, user name and address, a few at a time."""
        gate = asyncio.Semaphore(ASKED_AT_ONCE)

        async def ask(name: str, value: str) -> Sequence[Account]:
            async with gate:
                return await self.api.accounts(name, value)

        asked = [ask(name, value) for one in people for name, value in _asked(one).items() if value]
        return [account for found in await asyncio.gather(*asked) for account in found]

    async def close(self) -> None:
        """Close the connections."""
        await self.api.http.aclose()

    # --- one by one

    async def _one_by_one(self, items: Sequence[Delivery]) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        for item in items:
            try:
                outcomes.append(await self._one(item))
            except RejectedError as error:
                outcomes.append(Outcome("rejected", str(error)))
            except HubError as error:
                if not outcomes:
                    raise
                return [*outcomes, *[_later(error)] * (len(items) - len(outcomes))]
        return outcomes

    async def _one(self, item: Delivery) -> Outcome:
        if not KEY.fullmatch(item.key):
            return _unfit(item)
        return await (self._put(item) if item.state == "present" else self._delete(item))

    async def _put(self, item: Delivery) -> Outcome:
        with_key = {**_condition(item), "Idempotency-Key": item.token}
        answer = await self.api.put(item.kind, item.key, to_send(item), with_key)
        return await self._concluded(item, of_answer(answer, item.key))

    async def _delete(self, item: Delivery) -> Outcome:
        headers = {**_condition(item), "Idempotency-Key": item.token}
        answer = await self.api.delete(item.kind, item.key, headers)
        return await self._concluded(item, of_answer(answer, item.key))

    # --- many at once

    async def _batch(self, items: Sequence[Delivery]) -> Sequence[Outcome]:
        """An outcome per item; a look that fails afterwards hides nothing of what was done."""
        asked = [item for item in items if KEY.fullmatch(item.key)]
        results = await self.api.batch([_operation(item) for item in asked])
        outcomes: list[Outcome] = []
        trouble: HubError | None = None
        for item, result in zip(asked, results, strict=True):
            said = of_result(result)
            if trouble is not None and self._needs_a_look(item, said):
                outcomes.append(_later(trouble))
                continue
            try:
                outcomes.append(await self._concluded(item, said))
            except HubError as error:
                trouble = error
                outcomes.append(_later(error))
        told = iter(outcomes)
        return [next(told) if KEY.fullmatch(item.key) else _unfit(item) for item in items]

    # --- what an answer means, whichever way it came

    async def _concluded(self, item: Delivery, said: Said) -> Outcome:
        if item.state == "absent":
            return await self._taken_away(item, said)
        if said.replay and not await self._stands(item):
            answer = await self.api.put(item.kind, item.key, to_send(item), _condition(item))
            said = of_answer(answer, item.key)
        if said.status in {200, 201} and said.etag is not None:
            return Outcome("done", remote_id=item.key, remote_version=said.etag)
        if self._needs_a_look(item, said):
            return await self._settled(item)
        return _refused(item, said)

    async def _taken_away(self, item: Delivery, said: Said) -> Outcome:
        if said.status in {204, 404}:
            return Outcome("done")
        if self._needs_a_look(item, said):
            found = await self.api.get(item.kind, item.key)
            return _conflict(found) if found else Outcome("done")
        return _refused(item, said)

    @staticmethod
    def _needs_a_look(item: Delivery, said: Said) -> bool:
        exists = said.status == 500 and said.problem.exists and item.state == "present"
        moved = said.status in {409, 412} and not (said.problem.taken or said.problem.incomplete)
        return said.replay or exists or moved

    async def _stands(self, item: Delivery) -> bool:
        found = await self.api.get(item.kind, item.key)
        return found is not None and found.body == to_api(item.body)

    async def _settled(self, item: Delivery) -> Outcome:
        """What stands there decides: ours, somebody else's, or nothing."""
        found = await self.api.get(item.kind, item.key)
        if found is None:
            known = item.remote_version is not None
            return Outcome("gone" if known else "retry", "it no longer exists on the intranet")
        if found.body != to_api(item.body):
            return _conflict(found)
        return Outcome("done", remote_id=item.key, remote_version=found.etag)


def _asked(one: Sought) -> dict[str, str | None]:
    return {"external_id": one.key, "user_name": one.user_name, "mail": one.mail}


def _condition(item: Delivery) -> dict[str, str]:
    if item.remote_version is not None:
        return {"If-Match": item.remote_version}
    if item.state == "absent" or item.remote_id is not None:
        return {}
    return {"If-None-Match": "*"}


def _operation(item: Delivery) -> dict[str, object]:
    """As the API writes it in a batch: what a request of its own says in address and headers."""
    headers = _condition(item)
    made: dict[str, object] = {"kind": item.kind, "external_id": item.key}
    if item.state == "present":
        made |= {"op": "put", "body": to_send(item), "idempotency_key": item.token}
    else:
        made["op"] = "delete"
    if "If-Match" in headers:
        made["if_match"] = headers["If-Match"]
    if "If-None-Match" in headers:
        made["if_none_match"] = headers["If-None-Match"]
    return made


def _unfit(item: Delivery) -> Outcome:
    return Outcome("rejected", f"The key {item.key!r} has signs that the API refuses.")


def _conflict(found: Item) -> Outcome:
    reason = "somebody else changed it on the intranet"
    return Outcome("conflict", reason, remote_id=found.external_id, remote_version=found.etag)


def _refused(item: Delivery, said: Said) -> Outcome:
    reason = reason_of(said.status, said.problem, item.body)
    passes = said.status in {200, 201, 204, 404, 429} or said.status >= 500
    passes = passes or said.problem.incomplete
    return Outcome("retry", reason, said.after) if passes else Outcome("rejected", reason)


def _later(error: HubError) -> Outcome:
    after = error.retry_after if isinstance(error, RateLimitedError) else None
    return Outcome("retry", str(error), after)


def _remote(item: Item) -> Remote:
    return Remote(item.external_id, item.external_id, item.etag, item.body)
