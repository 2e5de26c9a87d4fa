"""Stored payloads back into models: by family and version, upcast where the shape has moved on."""

from collections.abc import Mapping
from typing import Any

from hub.errors import BadConfigError
from hub.events.base import Family, Payload
from hub.events.group import Group, Membership
from hub.events.incident import Incident
from hub.events.maintenance import Maintenance
from hub.events.person import Person

FAMILIES: Mapping[Family, type[Payload]] = {
    Family.INCIDENT: Incident,
    Family.MAINTENANCE: Maintenance,
    Family.PERSON: Person,
    Family.GROUP: Group,
    Family.MEMBERSHIP: Membership,
}


def dump(payload: Payload) -> dict[str, Any]:
    """The payload as JSON values; absent optional fields are left out."""
    return payload.model_dump(mode="json", exclude_none=True)


def load(family: str, version: int, body: Mapping[str, Any]) -> Payload:
    """The payload of a stored body.

    Raises:
        BadConfigError: the store was written by a newer hub than this one.
    """
    model = FAMILIES[Family(family)]
    if version > model.version:
        raise BadConfigError(
            f"The store holds {family} in version {version}, this hub knows {model.version}: "
            "update intranet-hub before you start it on this store."
        )
    return model.model_validate(body)
