"""Who is there already: by externalId, then by userName or name, each an exact match of ours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hub.contract import Delivery, Sought
from hub.errors import RejectedError
from hub.events.objects import Kind
from hub.targets.scim.client import Scim
from hub.targets.scim.models import PATHS, Resource

FEW = 10  # so many are searched for one by one; for more everybody is listed once
FRESH = timedelta(minutes=5)  # as long as the list is believed; a create that it lacks meets a 409


@dataclass
class Listing:
    """Everybody of one kind, as listed; what the hub makes is added."""

    at: datetime
    by_key: dict[str, list[Resource]] = field(default_factory=dict)
    by_name: dict[str, list[Resource]] = field(default_factory=dict)
    everybody: list[Resource] = field(default_factory=list)

    def add(self, kind: Kind, one: Resource) -> None:
        """One more."""
        self.everybody.append(one)
        if one.external_id:
            self.by_key.setdefault(one.external_id, []).append(one)
        if name := name_of(kind, one):
            self.by_name.setdefault(name.casefold(), []).append(one)


class People:
    """Finds resources by what we know of them."""

    def __init__(self, api: Scim, now: Callable[[], datetime]) -> None:
        self._api, self._now = api, now
        self._lists: dict[Kind, Listing] = {}
        self._ignored: set[Kind] = set()  # kinds of which the server can't find one

    def forget(self) -> None:
        """Something went wrong: what was listed may no longer be true."""
        self._lists.clear()

    def made(self, kind: Kind, one: Resource) -> None:
        """The hub made it."""
        if listing := self._lists.get(kind):
            listing.add(kind, one)

    async def all_of(self, kind: Kind) -> Listing:
        """Everybody of a kind."""
        listing = self._lists.get(kind)
        if listing is None or self._now() - listing.at > FRESH:
            listing = Listing(self._now())
            async for one in self._api.all(PATHS[kind]):
                listing.add(kind, one)
            self._lists[kind] = listing
        return listing

    async def find(self, kind: Kind, key: str, *, many: bool = False) -> Resource | None:
        """The one with our key.

        Raises:
            RejectedError: several have it.
        """
        return _only(await self._by(kind, "externalId", key, many=many), "externalId")

    async def candidates(self, people: Sequence[Sought]) -> Sequence[Resource]:
        """Whoever may be one of these; everybody where there are many, or it can't be asked."""
        if len(people) > FEW or Kind.PERSON in self._ignored:
            listing = await self.all_of(Kind.PERSON)
            return listing.everybody
        found: list[Resource] = []
        for one in people:
            asked = {"externalId": one.key, "userName": one.user_name, "emails.value": one.mail}
            for attribute, value in asked.items():
                some = await self._api.search(PATHS[Kind.PERSON], attribute, value) if value else ()
                if some is None:
                    self._ignored.add(Kind.PERSON)
                    return (await self.all_of(Kind.PERSON)).everybody
                found += some
        return found

    async def like(self, kind: Kind, item: Delivery, *, many: bool = False) -> Resource | None:
        """The one that would stand in the way of a new one: the same userName, or group's name.

        Raises:
            RejectedError: several do.
        """
        attribute, name = _named(kind, item)
        return _only(await self._by(kind, attribute, name, many=many), attribute)

    async def _by(
        self, kind: Kind, attribute: str, value: str, *, many: bool
    ) -> Sequence[Resource]:
        if not many and kind not in self._ignored:
            found = await self._api.search(PATHS[kind], attribute, value)
            exact = [one for one in found or () if _is(kind, one, attribute, value)]
            if found is not None and len(exact) == len(found):
                return exact
            self._ignored.add(kind)  # it ignored the filter, or knows none: list them
        listing = await self.all_of(kind)
        if attribute == "externalId":
            return listing.by_key.get(value, ())
        return listing.by_name.get(value.casefold(), ())


def name_of(kind: Kind, one: Resource) -> str | None:
    """What two of a kind can't both have."""
    return one.user_name if kind == Kind.PERSON else one.display_name


def _named(kind: Kind, item: Delivery) -> tuple[str, str]:
    if kind == Kind.PERSON:
        return "userName", str(item.body["user_name"])
    return "displayName", str(item.body["name"])


def _is(kind: Kind, one: Resource, attribute: str, value: str) -> bool:
    if attribute == "externalId":
        return one.external_id == value
    return (name_of(kind, one) or "").casefold() == value.casefold()


def _only(found: Sequence[Resource], attribute: str) -> Resource | None:
    different = {one.id: one for one in found}
    if len(different) > 1:
        raise RejectedError(
            f"{len(different)} accounts there have the same {attribute}: which is meant can't be "
            "known. Remove or rename all but one there."
        )
    return next(iter(different.values()), None)
