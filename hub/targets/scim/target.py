"""Persons, groups and memberships to any SCIM 2.0 server (RFC 7643, RFC 7644).

What stands there is looked for before anything is made: by externalId, then by userName, and only
one exact match counts, whatever the server's filter gives. A person is never deleted, only switched
off. Fields that are not ours are never written: changes are PATCHes of those that differ.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from hub.contract import (
    Ability,
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
from hub.http import Answer
from hub.targets.scim import mapping
from hub.targets.scim.check import check
from hub.targets.scim.client import CONTENT, Scim, is_absent
from hub.targets.scim.fields import EVERYTHING, Fields, fields_of
from hub.targets.scim.memberships import Memberships
from hub.targets.scim.models import (
    PATHS,
    Done,
    Problem,
    Provider,
    Resource,
    resource_of,
)
from hub.targets.scim.people import FEW, People
from hub.targets.scim.reasons import refused, words
from hub.targets.scim.settings import Existing, ScimSettings

MOST = 100  # items of one call, whatever Bulk bears
IN_THE_WAY = (
    "an account with this userName, or a group of this name, stands there already, and the hub did "
    "not make it: link it, rename it, or set `existing: adopt`"
)


class ScimTarget(Target[ScimSettings]):
    """One SCIM server."""

    name: ClassVar[str] = "scim"
    settings = ScimSettings

    def __init__(self, config: ScimSettings, context: Context) -> None:
        super().__init__(config, context)
        headers = {
            "Authorization": f"Bearer {config.token.get_secret_value()}",
            "Accept": CONTENT,
            "Content-Type": CONTENT,
        }
        self.api = Scim(context.http(config.address(), headers=headers))
        self._people = People(self.api, context.now)
        self._memberships = Memberships(self.api, self._people)
        self._provider: Provider | None = None
        self._fields: Mapping[Kind, Fields] = dict.fromkeys(PATHS, EVERYTHING)

    def address(self) -> str:
        """The normalised `url`."""
        return self.config.address()

    async def capabilities(self) -> Capabilities:
        """As ServiceProviderConfig says."""
        self._provider, _ = await self.api.provider()
        told = await self.api.schemas()
        self._fields = {kind: fields_of(told, kind) for kind in PATHS}
        bulk = self._provider.bulk
        most = max(1, min(MOST, bulk.max_operations)) if bulk.supported else 1
        account = Ability(
            conditional=self._provider.etag.supported, batch_max=most, identity="searchable"
        )
        kinds = {
            Kind.PERSON: replace(account, own_ids=True),
            Kind.GROUP: account,
            Kind.MEMBERSHIP: Ability(batch_max=MOST),
        }
        return Capabilities(kinds=kinds, at_once=self.config.at_once)

    async def check(self) -> Sequence[Finding]:
        """Reachable, token, PATCH, searching, versions."""
        return await check(self.config, self.api)

    async def publish(self, items: Sequence[Delivery]) -> Sequence[Outcome]:
        """Creates in one Bulk where the server has it, everything else one by one."""
        try:
            if items[0].kind == Kind.MEMBERSHIP:
                return await self._members(items)
            return await self._accounts([mapping.with_manager(one) for one in items])
        except HubError:
            self._people.forget()
            raise

    async def find(self, kind: Kind, keys: Sequence[str]) -> Mapping[str, Remote]:
        """Those of the keys that exist; of persons also those that are switched off."""
        if kind == Kind.MEMBERSHIP:
            return await self._memberships.find(keys)
        many = len(keys) > FEW
        found = {key: await self._people.find(kind, key, many=many) for key in keys}
        return {key: _remote(kind, key, one) for key, one in found.items() if one is not None}

    async def list_remote(self, kind: Kind) -> AsyncIterator[Remote]:
        """Everything that has an externalId, which is how ours are known."""
        if kind == Kind.MEMBERSHIP:
            async for remote in self._memberships.all():
                yield remote
            return
        async for one in self.api.all(PATHS[kind]):
            if one.external_id:
                yield _remote(kind, one.external_id, one)

    def differs(self, kind: Kind, body: Mapping[str, Any], remote: Remote) -> Sequence[str]:
        """Fields of ours that were changed there."""
        if kind == Kind.MEMBERSHIP:
            return ()
        return mapping.differing(kind, remote.key, body, remote.body, self._fields[kind])

    async def accounts(self, people: Sequence[Sought]) -> Sequence[Account]:
        """Whoever the server finds for these, each of their addresses apart."""
        found = {one.id: one for one in await self._people.candidates(people)}
        return [
            Account(one.id, one.external_id, one.user_name, mail)
            for one in found.values()
            for mail in [*mapping.mails(one.values()), None]
        ]

    async def close(self) -> None:
        """Close the connections."""
        await self.api.http.aclose()

    # --- accounts: persons and groups

    async def _accounts(self, items: Sequence[Delivery]) -> Sequence[Outcome]:
        told: dict[int, Outcome] = {}
        fresh = await self._fresh(items) if len(items) > 1 and await self._has_bulk() else []
        if len(fresh) > 1:
            told |= await self._bulk([(place, items[place]) for place in fresh])
        return await _each(items, self._one, told)

    async def _has_bulk(self) -> bool:
        if self._provider is None:
            await self.capabilities()
        return self._provider is not None and self._provider.bulk.supported

    async def _known(self, kind: Kind) -> Fields:
        if self._provider is None:
            await self.capabilities()
        return self._fields[kind]

    async def _fresh(self, items: Sequence[Delivery]) -> list[int]:
        """Places of items that surely don't stand there, and that nothing stands in the way of."""
        many = len(items) > FEW
        places = []
        for place, item in enumerate(items):
            if item.state == "absent" or item.remote_id:
                continue
            try:
                there = await self._people.find(
                    item.kind, item.key, many=many
                ) or await self._people.like(item.kind, item, many=many)
            except RejectedError:
                continue  # said of this one later
            if there is None:
                places.append(place)
        return places

    async def _bulk(self, fresh: Sequence[tuple[int, Delivery]]) -> dict[int, Outcome]:
        """Outcomes by place; those that are left out are tried one by one."""
        kind = fresh[0][1].kind
        made = [(item.key, item.body) for _, item in fresh]
        done = await self.api.bulk(mapping.bulk(kind, made, PATHS[kind], self._fields[kind]))
        by_key = {one.bulk_id: one for one in done.operations if one.bulk_id}
        told = {}
        for place, item in fresh:
            one = by_key.get(item.key)
            if one is not None and one.code == 201 and one.location:
                told[place] = self._created(item, one)
            elif one is not None and 400 <= one.code < 500 and one.code not in {409, 429}:
                told[place] = Outcome("rejected", words(one.code, _problem(one)))
        return told

    def _created(self, item: Delivery, one: Done) -> Outcome:
        remote_id = (one.location or "").rstrip("/").rpartition("/")[2]
        name = {"userName": item.body.get("user_name"), "displayName": item.body.get("name")}
        made = Resource.model_validate(
            {"id": remote_id, "externalId": item.key, "meta": {"version": one.version}, **name}
        )
        return self._stands(item.kind, made)

    async def _one(self, item: Delivery) -> Outcome:
        if item.state == "absent":
            return await self._absent(item)
        there = await self._there(item)
        if there is None and item.remote_id:
            return Outcome("gone", "it no longer exists there")
        if there is not None:
            return await self._changed(item, there)
        if (like := await self._people.like(item.kind, item)) is not None:
            return await self._in_the_way(item, like)
        return await self._create(item)

    async def _there(self, item: Delivery) -> Resource | None:
        if item.remote_id:
            return await self.api.get(PATHS[item.kind], item.remote_id)
        found = await self._people.find(item.kind, item.key)
        return await self.api.get(PATHS[item.kind], found.id) if found else None

    async def _in_the_way(self, item: Delivery, like: Resource) -> Outcome:
        adopts = self.config.existing is Existing.ADOPT and item.kind == Kind.PERSON
        if not adopts or like.external_id:
            return Outcome("rejected", IN_THE_WAY)
        there = await self.api.get(PATHS[item.kind], like.id)
        return Outcome("retry") if there is None else await self._changed(item, there)

    async def _create(self, item: Delivery) -> Outcome:
        path = PATHS[item.kind]
        fields = await self._known(item.kind)
        values = mapping.resource(item.kind, item.key, item.body, fields)
        answer = await self.api.create(path, values)
        if answer.status in {200, 201}:
            return self._stands(item.kind, await self._with_version(path, resource_of(answer)))
        if answer.status == 409:
            return await self._exists(item, answer)
        return _refused(answer)

    async def _exists(self, item: Delivery, answer: Answer) -> Outcome:
        """Somebody was faster, or an account that the search does not show; never tried for ever."""
        self._people.forget()
        found = await self._people.find(item.kind, item.key)
        there = await self.api.get(PATHS[item.kind], found.id) if found else None
        return await self._changed(item, there) if there else _refused(answer)

    async def _changed(self, item: Delivery, there: Resource) -> Outcome:
        if _is_foreign(item, there):
            return _conflict(there)
        fields = await self._known(item.kind)
        operations = mapping.changes(item.kind, item.key, item.body, there, fields)
        if not operations:
            return self._stands(item.kind, there)
        return await self._patched(item, there, operations)

    async def _patched(
        self, item: Delivery, there: Resource, operations: Sequence[mapping.Operation]
    ) -> Outcome:
        path, version = PATHS[item.kind], await self._version(there)
        answer = await self.api.patch(path, there.id, mapping.patch(operations), version)
        if answer.status == 200:
            return self._stands(item.kind, await self._with_version(path, resource_of(answer)))
        if answer.status == 204:
            after = await self.api.get(path, there.id)
            return Outcome("gone") if after is None else self._stands(item.kind, after)
        if answer.status == 412:
            return _conflict(there)
        return Outcome("gone") if is_absent(answer) else _refused(answer)

    async def _absent(self, item: Delivery) -> Outcome:
        there = await self._there(item)
        if there is None or (item.kind == Kind.PERSON and not there.active):
            return Outcome("done")
        if _is_foreign(item, there):
            return _conflict(there)
        if item.kind == Kind.PERSON:
            outcome = await self._patched(item, there, mapping.SWITCHED_OFF)
            return Outcome("done") if outcome.status in {"done", "gone"} else outcome
        answer = await self.api.delete(PATHS[item.kind], there.id, await self._version(there))
        if answer.status == 412:
            return _conflict(there)
        gone = answer.status in {200, 204} or is_absent(answer)
        return Outcome("done") if gone else _refused(answer)

    async def _version(self, there: Resource) -> str | None:
        """What to name in If-Match; None where the server keeps no versions."""
        if self._provider is None:
            await self.capabilities()
        kept = self._provider is not None and self._provider.etag.supported
        return there.meta.version if kept else None

    async def _with_version(self, path: str, made: Resource) -> Resource:
        """The version is asked for where the answer to a write did not say it."""
        if made.meta.version is not None or await self._version(made) is not None:
            return made
        if self._provider is None or not self._provider.etag.supported:
            return made
        return await self.api.get(path, made.id) or made

    def _stands(self, kind: Kind, there: Resource) -> Outcome:
        self._people.made(kind, there)
        return Outcome("done", remote_id=there.id, remote_version=_version_of(kind, there))

    # --- memberships

    async def _members(self, items: Sequence[Delivery]) -> Sequence[Outcome]:
        """Those of one group together, in order."""
        groups: dict[str, list[int]] = {}
        told: dict[int, Outcome] = {}
        try:
            for place, item in enumerate(items):
                group = await self._group(item, told, place)
                if group is not None:
                    groups.setdefault(group, []).append(place)
            for group, places in groups.items():
                outcomes = await self._memberships.put(group, [items[one] for one in places])
                told |= dict(zip(places, outcomes, strict=True))
        except HubError as error:
            if not any(one.status == "done" and one.remote_id for one in told.values()):
                raise
            return [told.get(place) or _later(error) for place in range(len(items))]
        return [told[place] for place in range(len(items))]

    async def _group(self, item: Delivery, told: dict[int, Outcome], place: int) -> str | None:
        try:
            group = await self._memberships.group_of(item)
        except RejectedError as error:
            told[place] = Outcome("rejected", str(error))
            return None
        if group is None:
            told[place] = Outcome("done")
        return group


async def _each(
    items: Sequence[Delivery],
    one: Callable[[Delivery], Awaitable[Outcome]],
    told: Mapping[int, Outcome],
) -> Sequence[Outcome]:
    """One by one what was not told yet; a fault hides nothing of what was done before it."""
    outcomes: dict[int, Outcome] = dict(told)
    for place, item in enumerate(items):
        if place in outcomes:
            continue
        try:
            outcomes[place] = await one(item)
        except RejectedError as error:
            outcomes[place] = Outcome("rejected", str(error))
        except HubError as error:
            if not outcomes:
                raise
            later = _later(error)
            return [outcomes.get(number, later) for number in range(len(items))]
    return [outcomes[place] for place in range(len(items))]


def _is_foreign(item: Delivery, there: Resource) -> bool:
    """Whether somebody else changed it since the hub did."""
    return None not in {item.remote_version, there.meta.version} and (
        item.remote_version != there.meta.version
    )


def _conflict(there: Resource) -> Outcome:
    reason = "somebody else changed it there"
    return Outcome("conflict", reason, remote_id=there.id, remote_version=there.meta.version)


def _refused(answer: Answer) -> Outcome:
    passes = answer.status in {200, 201, 204, 404, 501}
    return Outcome("retry" if passes else "rejected", refused(answer))


def _problem(one: Done) -> Problem:
    return Problem.model_validate(one.response or {})


def _later(error: HubError) -> Outcome:
    after = error.retry_after if isinstance(error, RateLimitedError) else None
    return Outcome("retry", str(error), after)


def _remote(kind: Kind, key: str, one: Resource) -> Remote:
    return Remote(key, one.id, _version_of(kind, one), one.values(), away=not one.active)


def _version_of(kind: Kind, one: Resource) -> str | None:
    """Of persons only: a member that the hub adds itself makes another version of a group."""
    return one.meta.version if kind == Kind.PERSON else None
