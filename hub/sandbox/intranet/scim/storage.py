"""Where the SCIM server reads and writes: the objects of the intranet."""

from collections.abc import Sequence
from typing import Any

from scim2_models import (
    NotFoundException,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    ScimFilter,
    ScimProvider,
    SearchRequest,
)
from scim2_models.path import CompareOperator, Comparison
from scim2_server.storage import AsyncScimStorage, SearchPage
from scim2_server.utils import parametrize

from hub.sandbox.intranet.directory import Directory
from hub.sandbox.intranet.scim.kinds import Found, Groups, Resources, Users
from hub.sandbox.intranet.scim.mapping import id_of, key_of
from hub.sandbox.intranet.state import ObjectStore, canonical, digest

Any_ = Resource[Any]
Row = tuple[ResourceType, str]


class IntranetStorage(AsyncScimStorage):
    """Users and Groups; nothing is awaited, so that no request meets half of another."""

    def __init__(self, store: ObjectStore, directory: Directory, provider: ScimProvider) -> None:
        self._provider = provider
        self._resources: dict[str, Resources] = {
            "User": Users(store, directory),
            "Group": Groups(store, directory),
        }

    def clear(self) -> None:
        """Forget what SCIM said."""
        for one in self._resources.values():
            one.clear()

    async def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Any_:
        """Return one resource, whole."""
        del response_parameters
        return self._made(resource_type, self._found(resource_type, resource_id))

    async def search(
        self,
        resource_types: list[ResourceType],
        search_request: SearchRequest[Any],
        *,
        position: Any = None,
    ) -> SearchPage:
        """Return one page; only what a filter or an order needs is built."""
        del position
        rows = [row for one in resource_types for row in self._rows(one, search_request.filter)]
        start = search_request.start_index_0 or 0
        stop = None if search_request.count is None else start + search_request.count
        if search_request.filter is None and search_request.sort_by is None:
            return SearchPage(len(rows), self._built(rows[start:stop]))
        built = _matching(self._built(rows), search_request.filter)
        return SearchPage(len(built), _ordered(built, search_request)[start:stop])

    async def create(self, resource_type: ResourceType, resource: Any_) -> Any_:
        """Make an object of it."""
        key = self._of(resource_type).create(_dumped(resource))
        return self._made(resource_type, self._found(resource_type, id_of(key)))

    async def update(
        self,
        resource_type: ResourceType,
        resource: Any_,
        *,
        expected_version: str | None = None,
    ) -> Any_:
        """Make the object look like it."""
        found = self._found(resource_type, str(resource.id), expected_version)
        self._of(resource_type).write(found.key, _dumped(resource))
        return self._made(resource_type, self._found(resource_type, str(resource.id)))

    async def delete(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        expected_version: str | None = None,
    ) -> None:
        """Take it away: a person is switched off."""
        found = self._found(resource_type, resource_id, expected_version)
        self._of(resource_type).delete(found.key)

    def _of(self, resource_type: ResourceType) -> Resources:
        return self._resources[str(resource_type.name)]

    def _found(
        self, resource_type: ResourceType, resource_id: str, expected: str | None = None
    ) -> Found:
        key = key_of(resource_id)
        found = None if key is None else self._of(resource_type).get(key)
        if found is None:
            raise NotFoundException(detail=f"There is no such {resource_type.name}.")
        if expected is not None and _version(found) != expected:
            raise PreconditionFailedException
        return found

    def _rows(self, resource_type: ResourceType, wanted: ScimFilter[Any] | None) -> Sequence[Row]:
        resources = self._of(resource_type)
        node = None if wanted is None else wanted.ast
        keys = None
        if isinstance(node, Comparison) and node.op == CompareOperator.eq:
            name = str(node.attr_path).rpartition(":")[2].casefold()
            keys = resources.among(name, node.value) if isinstance(node.value, str) else None
        return [
            (resource_type, key) for key in (resources.keys() if keys is None else sorted(keys))
        ]

    def _built(self, rows: Sequence[Row]) -> list[Any_]:
        found = [(resource_type, self._of(resource_type).get(key)) for resource_type, key in rows]
        return [self._made(of, one) for of, one in found if one is not None]

    def _made(self, resource_type: ResourceType, found: Found) -> Any_:
        meta = {
            "resourceType": resource_type.name,
            "created": found.created,
            "lastModified": found.changed,
            "version": _version(found),
        }
        model: Any = self._provider.model_for(resource_type)
        made: Any_ = model.model_validate({**found.doc, "id": id_of(found.key), "meta": meta})
        return made


def _matching(resources: list[Any_], wanted: ScimFilter[Any] | None) -> list[Any_]:
    if wanted is None:
        return resources
    if wanted.models:
        return [one for one in resources if wanted.match(one)]
    of = {type(one): parametrize(ScimFilter, type(one))(str(wanted)) for one in resources}
    return [one for one in resources if of[type(one)].match(one)]


def _ordered(resources: list[Any_], asked: SearchRequest[Any]) -> list[Any_]:
    """By the wanted value, what has none last, then by id; downwards all of it turns round."""
    if asked.sort_by is None:
        return resources

    def place(one: Any_) -> tuple[bool, Any, str]:
        value = asked.sort_value(one)
        return value is None, "" if value is None else value, str(one.id)

    down = asked.sort_order == SearchRequest.SortOrder.descending
    return sorted(resources, key=place, reverse=down)


def _dumped(resource: Any_) -> dict[str, Any]:
    dumped: dict[str, Any] = resource.model_dump(mode="json")
    return {name: value for name, value in dumped.items() if name not in {"id", "meta"}}


def _version(found: Found) -> str:
    """Of what the resource says itself: the groups that a user is in are the groups' own."""
    own = {name: value for name, value in found.doc.items() if name != "groups"}
    return f'W/"{digest(canonical(own))}"'
