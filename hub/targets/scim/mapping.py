"""Pure: objects as SCIM resources, and how to make one that stands there look like them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from scim2_models import (
    Address,
    Context,
    Email,
    EnterpriseUser,
    Group,
    Manager,
    Name,
    PhoneNumber,
    User,
)

from hub.contract import Delivery
from hub.events.objects import GroupEntry, Kind, PersonEntry
from hub.targets.scim.fields import ENTERPRISE, EVERYTHING, EXTERNAL_ID, Fields
from hub.targets.scim.models import Resource

WORK, MOBILE = "work", "mobile"
_LISTS = {"emails": (WORK,), "phoneNumbers": (WORK, MOBILE), "addresses": (WORK,)}
_INSIDE = {"emails": "value", "phoneNumbers": "value", "addresses": "formatted"}
_PLAIN = ("userName", "displayName", "title", "preferredLanguage", "userType", "active")
_NAMES = ("formatted", "givenName", "familyName")
_BOARD = ("department", "organization")  # of the enterprise extension
_MANAGER = f"{ENTERPRISE}:manager"

Operation = dict[str, Any]


def resource(
    kind: Kind, key: str, body: Mapping[str, Any], fields: Fields = EVERYTHING
) -> dict[str, Any]:
    """The whole resource, for a create; of it what the server keeps."""
    made = _user(key, PersonEntry(**body)) if kind == Kind.PERSON else _group(key, body)
    return fields.kept(made.model_dump(scim_ctx=Context.RESOURCE_CREATION_REQUEST))


def with_manager(item: Delivery) -> Delivery:
    """A person whose manager is named as the server does; by none where that is not known."""
    if item.kind != Kind.PERSON or not item.body.get("manager"):
        return item
    above = item.requires.get((Kind.PERSON, str(item.body["manager"])))
    return replace(item, body={**item.body, "manager": above})


def _group(key: str, body: Mapping[str, Any]) -> Group:
    return Group(display_name=GroupEntry(**body).name, external_id=key)


def _user(key: str, entry: PersonEntry) -> User[EnterpriseUser]:
    phones = [(entry.phone, WORK), (entry.mobile, MOBILE)]
    made = User[EnterpriseUser](
        external_id=key,
        user_name=entry.user_name,
        name=Name(
            formatted=entry.display_name,
            given_name=entry.given_name,
            family_name=entry.family_name,
        ),
        display_name=entry.display_name,
        title=entry.title,
        preferred_language=entry.locale,
        user_type="External" if entry.external else "Employee",
        active=entry.active,
        emails=[Email(value=entry.mail, type=WORK, primary=True)] if entry.mail else None,
        phone_numbers=[PhoneNumber(value=one, type=kind) for one, kind in phones if one] or None,
        addresses=[Address(formatted=entry.office, type=WORK)] if entry.office else None,
    )
    above = Manager(value=entry.manager) if entry.manager else None
    if entry.department or entry.organisation or above:
        made[EnterpriseUser] = EnterpriseUser(
            department=entry.department, organization=entry.organisation, manager=above
        )
    return made


def ours(kind: Kind, values: Mapping[str, Any]) -> dict[str, Any]:
    """Our fields of a resource by path; absent ones are left out."""
    if kind == Kind.GROUP:
        return {"displayName": values.get("displayName")}
    found: dict[str, Any] = {name: values.get(name) for name in _PLAIN}
    name = values.get("name") or {}
    found |= {f"name.{one}": name.get(one) for one in _NAMES}
    board = values.get(ENTERPRISE) or {}
    found |= {f"{ENTERPRISE}:{one}": board.get(one) for one in _BOARD}
    above = board.get("manager")
    found[_MANAGER] = above.get("value") if isinstance(above, Mapping) else above
    for many, types in _LISTS.items():
        for one in types:
            found[f'{many}[type eq "{one}"]'] = _of_type(values.get(many), one, _INSIDE[many])
    return {path: value for path, value in found.items() if value not in {None, ""}}


def _of_type(listed: Any, kind: str, inside: str) -> Any:
    for one in listed or ():
        if isinstance(one, Mapping) and str(one.get("type", "")).lower() == kind:
            return one.get(inside)
    return None


def changes(
    kind: Kind, key: str, body: Mapping[str, Any], there: Resource, fields: Fields = EVERYTHING
) -> list[Operation]:
    """Operations of a PATCH that make our fields so; none where they are so already."""
    wanted = ours(kind, resource(kind, key, body))
    found = ours(kind, there.values())
    known = not fields.keeps_id or there.external_id == key
    operations = [] if known else [_set(EXTERNAL_ID, key)]
    for path in filter(fields.has, sorted(wanted.keys() | found.keys())):
        if not _same(path, wanted.get(path), found.get(path)):
            operations += _change(path, wanted.get(path), found.get(path))
    return operations


def _same(path: str, wanted: Any, found: Any) -> bool:
    if path == "userName" and isinstance(found, str) and isinstance(wanted, str):
        return wanted.casefold() == found.casefold()  # caseExact is false (RFC 7643, 4.1.1)
    return bool(wanted == found)


def _change(path: str, wanted: Any, found: Any) -> Iterator[Operation]:
    many, _, rest = path.partition("[")
    if wanted is None:
        yield {"op": "remove", "path": path}
    elif not rest:
        yield _set(path, {"value": wanted} if path == _MANAGER else wanted)
    elif found is None:
        kind = rest.split('"')[1]
        yield {"op": "add", "path": many, "value": [{_INSIDE[many]: wanted, "type": kind}]}
    else:
        yield _set(f"{path}.{_INSIDE[many]}", wanted)


def _set(path: str, value: Any) -> Operation:
    return {"op": "replace", "path": path, "value": value}


def differing(
    kind: Kind,
    key: str,
    body: Mapping[str, Any],
    there: Mapping[str, Any],
    fields: Fields = EVERYTHING,
) -> list[str]:
    """Fields of ours in which what stands there differs from this body.

    Not the manager, who is named by our key in the one and by the server's id in the other.
    """
    wanted, found = ours(kind, resource(kind, key, body)), ours(kind, there)
    paths = filter(fields.has, (wanted.keys() | found.keys()) - {_MANAGER})
    return sorted(path for path in paths if not _same(path, wanted.get(path), found.get(path)))


def mails(values: Mapping[str, Any]) -> list[str]:
    """Every address of a user, whatever its kind."""
    listed = values.get("emails") or ()
    found = [one.get("value") for one in listed if isinstance(one, Mapping)]
    return [str(one) for one in found if one]


def patch(operations: Sequence[Operation]) -> dict[str, Any]:
    """A PATCH request's body."""
    schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
    return {"schemas": [schema], "Operations": list(operations)}


def bulk(
    kind: Kind,
    made: Sequence[tuple[str, Mapping[str, Any]]],
    path: str,
    fields: Fields = EVERYTHING,
) -> dict[str, Any]:
    """A Bulk request that makes these, by key and body."""
    schema = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    operations = [
        {
            "method": "POST",
            "path": f"/{path}",
            "bulkId": key,
            "data": resource(kind, key, body, fields),
        }
        for key, body in made
    ]
    return {"schemas": [schema], "Operations": operations}


SWITCHED_OFF = [_set("active", value=False)]


def added(ids: Sequence[str]) -> list[Operation]:
    """Make these members of a group."""
    return [{"op": "add", "path": "members", "value": [{"value": one} for one in ids]}]


def removed(ids: Sequence[str]) -> list[Operation]:
    """Take these out of a group, and nobody else."""
    return [{"op": "remove", "path": f'members[value eq "{one}"]'} for one in ids]
