"""Where the SCIM server reads and writes: what the hub keeps, within one call."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from scim2_models import (
    ForbiddenException,
    InvalidValueException,
    NotFoundException,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    ScimFilter,
    ScimProvider,
    SearchRequest,
    TooManyException,
    UniquenessException,
)
from scim2_server.storage import ScimStorage, SearchPage

from connectors.scim_in import mapping
from connectors.scim_in.filters import Equals, equals_in, matching
from connectors.scim_in.mapping import FAMILIES, Json, ValueFault
from connectors.scim_in.settings import ScimInSettings
from hub.contract import Batch, Kept, Record, Ref, Removal
from hub.events.base import Family
from hub.events.group import GROUP, MEMBER, membership_key
from hub.events.person import ALIAS

MOST = 2_000
DELETED = "deleted"
Any_ = Resource[Any]


class KeptStorage(ScimStorage):
    """Users and Groups of one instance, in one call.

    Args:
        namespace: the instance, in whose numbering references stand.
        at: the moment of the call, UTC.
        most: so many resources at most are looked at one by one for a filter without an index.
    """

    def __init__(
        self,
        kept: Kept,
        provider: ScimProvider,
        config: ScimInSettings,
        namespace: str,
        *,
        at: datetime,
        most: int = MOST,
    ) -> None:
        self._kept, self._provider, self._config = kept, provider, config
        self._namespace, self._at, self._most = namespace, at, most

    # --- what the server asks ------------------------------------------------------------------

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Any_:
        """Return one resource, whole."""
        del response_parameters
        return self._made(resource_type, self._found(resource_type, resource_id))

    def search(
        self,
        resource_types: list[ResourceType],
        search_request: SearchRequest[Any],
        *,
        position: Any = None,
    ) -> SearchPage:
        """Return one page; only what an index can't tell is looked at one by one."""
        del position
        start = search_request.start_index_0 or 0
        count = MOST if search_request.count is None else search_request.count
        wanted = search_request.filter
        if wanted is None and len(resource_types) == 1:
            (one,) = resource_types
            total, records = self._kept.page(_family(one), start, count)
            return SearchPage(total, [self._made(one, record) for record in records])
        found = [
            self._made(one, record)
            for one in resource_types
            for record in self._candidates(one, wanted)
        ]
        kept = matching(found, wanted)
        return SearchPage(len(kept), kept[start : start + count])

    def create(self, resource_type: ResourceType, resource: Any_) -> Any_:
        """Store a new resource; who was deleted and is pushed again is the same one."""
        doc = _dumped(resource)
        record = self._record(resource_type, str(uuid.uuid4()), doc, self._at)
        self._refuse_forgotten(_family(resource_type), record)
        self._unique(resource_type, record)
        if back := self._back(resource_type, record):
            record = self._record(resource_type, back.key, doc, back.at)
        self._store(resource_type, record, doc)
        return self.get(resource_type, record.key)

    def update(
        self,
        resource_type: ResourceType,
        resource: Any_,
        *,
        expected_version: str | None = None,
    ) -> Any_:
        """Make the resource look like it."""
        old = self._found(resource_type, str(resource.id), expected_version)
        doc = _dumped(resource)
        record = self._record(resource_type, old.key, doc, old.at)
        self._refuse_forgotten(_family(resource_type), record)
        self._unique(resource_type, record)
        self._store(resource_type, record, doc, old)
        return self.get(resource_type, old.key)

    def delete(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        expected_version: str | None = None,
    ) -> None:
        """Stage the removal; the hub weighs it with the others of the day."""
        old = self._found(resource_type, resource_id, expected_version)
        role = MEMBER if _family(resource_type) is Family.PERSON else GROUP
        gone = [Removal(old.key, _family(resource_type), DELETED)]
        gone += [Removal(one.key, Family.MEMBERSHIP, DELETED) for one in self._links(role, old.key)]
        self._kept.store(Batch(records=gone))

    def change_members(self, key: str, members: Mapping[str, bool]) -> None:
        """Let these users into a group, or out of it; nobody else is looked at."""
        if key not in self._kept.get(Family.GROUP, [key]):
            raise NotFoundException(detail="There is no such Group.")
        names = {one: membership_key(key, one) for one in members}
        there = self._kept.get(Family.MEMBERSHIP, list(names.values()))
        fresh = [one for one, inside in members.items() if inside and names[one] not in there]
        gone = [one for one, inside in members.items() if not inside and names[one] in there]
        self._store_members(key, sorted(fresh), [names[one] for one in sorted(gone)])

    # --- looking -------------------------------------------------------------------------------

    def _found(
        self, resource_type: ResourceType, resource_id: str, expected: str | None = None
    ) -> Record:
        record = self._kept.get(_family(resource_type), [resource_id]).get(resource_id)
        if record is None:
            raise NotFoundException(detail=f"There is no such {resource_type.name}.")
        if expected is not None and mapping.version(self._doc(record)) != expected:
            raise PreconditionFailedException
        return record

    def _candidates(
        self, resource_type: ResourceType, wanted: ScimFilter[Any] | None
    ) -> Sequence[Record]:
        family = _family(resource_type)
        for one in equals_in(wanted):
            found = self._by_index(family, one)
            if found is not None:
                return found
        total, records = self._kept.page(family, 0, self._most)
        if total > self._most:
            raise TooManyException(
                detail=f"Filter by id, externalId, userName or displayName: there are {total}."
            )
        return records

    def _by_index(self, family: Family, one: Equals) -> Sequence[Record] | None:
        """Those that may match; None: no index says so."""
        match one.name:
            case "id":
                return list(self._kept.get(family, [one.value]).values())
            case "externalid":
                return self._kept.find(family, self._external(one.value))
            case "username" if family is Family.PERSON:
                return self._kept.find(family, self._index(mapping.USER_NAME, one.value))
            case "displayname" if family is Family.GROUP:
                return self._kept.find(family, self._index(mapping.DISPLAY_NAME, one.value))
            case "members" | "members.value" if family is Family.GROUP:
                keys = {link.container for link in self._links(MEMBER, one.value)}
                return list(self._kept.get(family, sorted(keys)).values())
        return None

    def _external(self, value: str) -> Ref:
        return Ref(mapping.EXTERNAL_ID, self._namespace, ALIAS, value)

    def _index(self, role: str, value: str) -> Ref:
        return Ref(role, self._namespace, mapping.INDEX, mapping.folded(value))

    def _links(self, role: str, key: str) -> Sequence[Record]:
        """Memberships of a group, or of a user."""
        kind = GROUP if role == GROUP else mapping.ACCOUNT
        return self._kept.find(Family.MEMBERSHIP, Ref(role, self._namespace, kind, key))

    def _members(self, key: str) -> list[str]:
        """Keys of the users who are in a group, and are there."""
        keys = [_value(link, MEMBER) for link in self._links(GROUP, key)]
        there = self._kept.get(Family.PERSON, keys)
        return sorted(one for one in keys if one in there)

    # --- writing -------------------------------------------------------------------------------

    def _record(
        self, resource_type: ResourceType, key: str, doc: Json, made_at: datetime | None
    ) -> Record:
        try:
            if _family(resource_type) is Family.GROUP:
                return mapping.group(key, doc, self._namespace, made_at)
            return mapping.person(key, doc, self._config, self._namespace, made_at)
        except ValueFault as fault:
            raise InvalidValueException(detail=f"{fault} is empty or too long.") from None

    def _refuse_forgotten(self, family: Family, record: Record) -> None:
        if any(self._kept.is_forgotten(family, one) for one in mapping.aliases(record)):
            raise ForbiddenException(
                detail="This account asked to be forgotten: take it out of the scope."
            )

    def _unique(self, resource_type: ResourceType, record: Record) -> None:
        """One user name and one externalId name one resource."""
        family = _family(resource_type)
        roles = {mapping.USER_NAME, mapping.EXTERNAL_ID}
        for ref in (one for one in record.refs if one.role in roles):
            if any(one.key != record.key for one in self._kept.find(family, ref)):
                name = "externalId" if ref.role == mapping.EXTERNAL_ID else "userName"
                raise UniquenessException(detail=f"Another {resource_type.name} has this {name}.")

    def _back(self, resource_type: ResourceType, record: Record) -> Record | None:
        """The same one as it was before it was deleted, where there is no doubt about that."""
        if _family(resource_type) is not Family.PERSON:
            return None
        for ref in mapping.aliases(record):
            for one in reversed(self._kept.find(Family.PERSON, ref, gone=True)):
                if mapping.same_human(one, record):
                    return one
        return None

    def _store(
        self, resource_type: ResourceType, record: Record, doc: Json, old: Record | None = None
    ) -> None:
        if old is None or (record.payload, set(record.refs)) != (old.payload, set(old.refs)):
            self._kept.store(Batch(records=[record]))
        if _family(resource_type) is Family.GROUP:
            wanted = {str(one["value"]) for one in doc.get("members") or ()}
            there = {_value(link, MEMBER): link.key for link in self._links(GROUP, record.key)}
            gone = [there[one] for one in sorted(there.keys() - wanted)]
            self._store_members(record.key, sorted(wanted - there.keys()), gone)

    def _store_members(self, key: str, fresh: Sequence[str], gone: Sequence[str]) -> None:
        """Users who come into a group, and memberships that end."""
        if len(self._kept.get(Family.PERSON, fresh)) < len(fresh):
            raise InvalidValueException(detail="A member is no user that was pushed here.")
        rows: list[Record | Removal] = [
            mapping.membership(key, one, self._namespace) for one in fresh
        ]
        rows += [Removal(one, Family.MEMBERSHIP, DELETED) for one in gone]
        if rows:
            self._kept.store(Batch(records=rows))

    # --- showing -------------------------------------------------------------------------------

    def _doc(self, record: Record) -> Json:
        if record.payload.family is Family.GROUP:
            return mapping.group_doc(record, self._members(record.key))
        return mapping.user_doc(record)

    def _made(self, resource_type: ResourceType, record: Record) -> Any_:
        doc = self._doc(record)
        meta: Mapping[str, Any] = {
            "resourceType": resource_type.name,
            "created": record.at,
            "lastModified": record.changed_at,
            "version": mapping.version(doc),
        }
        model: Any = self._provider.model_for(resource_type)
        made: Any_ = model.model_validate({**doc, "id": record.key, "meta": meta})
        return made


def _family(resource_type: ResourceType) -> Family:
    return FAMILIES[str(resource_type.name)]


def _value(record: Record, role: str) -> str:
    return next(one.value for one in record.refs if one.role == role)


def _dumped(resource: Any_) -> Json:
    dumped: Json = resource.model_dump(mode="json")
    return {name: value for name, value in dumped.items() if name not in {"id", "meta"}}
