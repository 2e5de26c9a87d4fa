"""Persons into groups and out of them: a PATCH for each group, of nobody but those named."""

from collections.abc import AsyncIterator, Sequence

from hub.contract import Delivery, Outcome, Remote
from hub.errors import RejectedError
from hub.events.objects import Kind, member_ends, member_key
from hub.targets.scim import mapping
from hub.targets.scim.client import Scim, is_absent
from hub.targets.scim.models import PATHS, Resource
from hub.targets.scim.people import People
from hub.targets.scim.reasons import refused

GROUPS = PATHS[Kind.GROUP]


class Memberships:
    """A membership's remote id is `GROUP/PERSON`, both as the server calls them."""

    def __init__(self, api: Scim, people: People) -> None:
        self._api, self._people = api, people

    async def group_of(self, item: Delivery) -> str | None:
        """The group that a call about this item concerns, as the server calls it."""
        ids = await self._ids(item)
        return ids[0] if ids else None

    async def put(self, group: str, items: Sequence[Delivery]) -> list[Outcome]:
        """Outcomes of items of one group and state."""
        people = [(await self._ids(item) or ("", ""))[1] for item in items]
        present = items[0].state == "present"
        operations = mapping.added(people) if present else mapping.removed(people)
        answer = await self._api.patch(GROUPS, group, mapping.patch(operations), None)
        if answer.status in {200, 204}:
            return [_done(f"{group}/{one}" if present else None) for one in people]
        if not present and is_absent(answer):
            return [_done(None) for _ in people]
        if len(items) > 1:
            return [one for item in items for one in await self.put(group, [item])]
        if not present and answer.status == 400:
            return [await self._taken_out(group, people[0])]
        return [Outcome("gone" if is_absent(answer) else "rejected", refused(answer))]

    async def _taken_out(self, group: str, person: str) -> Outcome:
        """Some refuse to take out who is not in: look."""
        found = await self._api.get(GROUPS, group)
        if found is not None and person in {one.value for one in found.members}:
            return Outcome("rejected", "the server refused to take the person out of the group")
        return Outcome("done")

    async def _ids(self, item: Delivery) -> tuple[str, str] | None:
        """Group and person as the server calls them; None: there is nothing to take away."""
        if item.remote_id:
            group, _, person = item.remote_id.partition("/")
            return group, person
        if item.state == "absent":
            found = await self.find([item.key])
            return _parts(found[item.key]) if item.key in found else None
        ends = ((Kind.GROUP, item.body["group"]), (Kind.PERSON, item.body["person"]))
        ids = [item.requires.get(end) or await self._known(*end) for end in ends]
        return ids[0], ids[1]

    async def _known(self, kind: Kind, key: str) -> str:
        found = await self._people.find(kind, key)
        if found is None:
            raise RejectedError(f"The {kind} {key} does not stand there.")
        return found.id

    async def find(self, keys: Sequence[str]) -> dict[str, Remote]:
        """Those of the keys that stand there."""
        found: dict[str, Remote] = {}
        for group in dict.fromkeys(member_ends(key)[0] for key in keys):
            there = await self._people.find(Kind.GROUP, group)
            if there is not None and (whole := await self._api.get(GROUPS, there.id)):
                found |= {one.key: one async for one in self._of(group, whole) if one.key in keys}
        return found

    async def all(self) -> AsyncIterator[Remote]:
        """Every membership of a group and a person that have our keys."""
        for key, groups in (await self._people.all_of(Kind.GROUP)).by_key.items():
            whole = await self._api.get(GROUPS, groups[0].id)
            if whole is not None:
                async for one in self._of(key, whole):
                    yield one

    async def _of(self, key: str, group: Resource) -> AsyncIterator[Remote]:
        keys = {
            one.id: person
            for person, found in (await self._people.all_of(Kind.PERSON)).by_key.items()
            for one in found
        }
        for member in group.members:
            if person := keys.get(member.value):
                body = {"group": key, "person": person}
                yield Remote(member_key(key, person), f"{group.id}/{member.value}", None, body)


def _parts(remote: Remote) -> tuple[str, str]:
    group, _, person = remote.remote_id.partition("/")
    return group, person


def _done(remote_id: str | None) -> Outcome:
    return Outcome("done", remote_id=remote_id)
